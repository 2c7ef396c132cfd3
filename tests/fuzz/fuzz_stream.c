/*
 * Output of a container, in chunks: the first byte says how large they are. What
 * comes out must not depend on it, and every byte that is no control line comes
 * out.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/runtime/stream.h"

struct counter {
    struct event_sink sink; /* first */
    size_t output, others;
    struct text text;
};

/* What may be the name of an artifact stays below a folder, and is harmless on a
 * terminal: said in other words than event_artifact_fault does. */
static void check_name(const struct value *name)
{
    const char *bytes = name->string.bytes;
    size_t length = name->string.length;
    if (event_artifact_fault(bytes, length) != NULL)
        return;
    CLEANUP(text_free) struct text path = {0};
    text_append_format(&path, "/%s/", bytes);
    assert(path.length == length + 2 && length <= 1024);
    assert(!strstr(path.data, "//") && !strstr(path.data, "/./") &&
           !strstr(path.data, "/../"));
    for (size_t i = 0; i < length; i++)
        assert((unsigned char)bytes[i] >= 0x20 && bytes[i] != 0x7f);
    struct error error = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    text_clear(&path);
    text_append_character(&path, '"');
    for (size_t i = 0; i < length; i++)
        text_append_format(&path,
                           bytes[i] == '"' || bytes[i] == '\\' ? "\\%c" : "%c",
                           bytes[i]);
    text_append_character(&path, '"');
    /* The reader of JSON takes nothing that is not UTF-8. */
    const struct value *back =
        value_read_json(arena, path.data, path.length, &error);
    assert(value_equal(back, name));
    (void)back;
}

static int count(struct event_sink *sink, const struct event *event,
                 struct error *error)
{
    struct counter *counter = (struct counter *)sink;
    (void)error;
    if (event->kind == EVENT_OUTPUT) {
        assert(event->length > 0);
        counter->output += event->length;
        text_append(&counter->text, event->text, event->length);
        return 0;
    }
    counter->others++;
    assert(event->step[0] != '\0');
    if (event->kind == EVENT_ARTIFACT)
        check_name(value_get(event->data, "name"));
    text_append_format(&counter->text, "\x01%d %s\x02", (int)event->kind,
                       event->step);
    return 0;
}

static struct counter feed(const uint8_t *data, size_t size, size_t chunk)
{
    struct counter counter = {.sink = {count}};
    struct error error = {0};
    struct stream *stream = stream_new("7", &counter.sink);
    enum status status;
    for (size_t at = 0; at < size; at += chunk) {
        size_t part = size - at < chunk ? size - at : chunk;
        int result = stream_feed(stream, (const char *)data + at, part, &error);
        assert(result == 0);
        (void)result;
    }
    int result = stream_finish(stream, &error);
    assert(result == 0);
    (void)result;
    bool done = stream_is_done(stream, &status);
    if (counter.others == 0 && !done)
        assert(counter.output == size);
    stream_free(stream);
    return counter;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct counter whole = feed(data + 1, size - 1, size);
    struct counter parts = feed(data + 1, size - 1, (size_t)data[0] % 64 + 1);
    assert(whole.output == parts.output && whole.others == parts.others);
    assert(whole.text.length == parts.text.length);
    assert(whole.text.length == 0 ||
           memcmp(whole.text.data, parts.text.data, whole.text.length) == 0);
    text_free(&whole.text);
    text_free(&parts.text);
    return 0;
}
