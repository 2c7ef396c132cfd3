/*
 * file(), glob() and workingDir, for whoever has files to show: the entrypoint in
 * the pod. Paths are texts until they are absolute and clean; only then is the
 * owner of the files asked.
 */
#include <string.h>

#include "engine/base/utf8.h"
#include "engine/expression/glob.h"
#include "engine/expression/limits.h"
#include "engine/expression/path.h"

/* Values hold UTF-8: other bytes become U+FFFD. */
static struct value *text_of(struct arena *arena, const char *bytes,
                             size_t length)
{
    CLEANUP(text_free) struct text text = {0};
    uint32_t code;
    size_t used;
    for (size_t at = 0; at < length; at += used) {
        used = utf8_decode(bytes + at, length - at, &code);
        if (used > 0)
            text_append(&text, bytes + at, used);
        else
            text_append_string(&text, "\xEF\xBF\xBD");
        used = used > 0 ? used : 1;
    }
    return value_make_bytes(arena, text_string(&text), text.length);
}

static int read_file(const struct expression_files *files, struct arena *arena,
                     const struct expression_call *call,
                     const struct expression **answer, struct error *error)
{
    const struct value *const *arguments = call->arguments;
    size_t count = call->count;
    const char *name = count == 1 ? value_string(arguments[0]) : NULL;
    if (count != 1)
        return error_set(error, ERROR_INPUT,
                         "file() has %zu arguments, expected 1", count);
    if (!name || strlen(name) != arguments[0]->string.length)
        return error_set(
            error, ERROR_INPUT, "file(): expected the path of a file, found %s",
            name ? "a NUL byte" : value_kind_name(arguments[0]->kind));
    CLEANUP(text_free) struct text path = {0};
    path_append_absolute(&path, files->folder, name);
    size_t length;
    const char *bytes =
        files->read(files->context, arena, text_string(&path), &length, error);
    if (!bytes)
        return error_context(error, "file()");
    *answer = expression_of_value(arena, text_of(arena, bytes, length));
    return 1;
}

static int find_files(const struct expression_files *files, struct arena *arena,
                      const struct expression_call *call,
                      const struct expression **answer, struct error *error)
{
    const struct value *const *arguments = call->arguments;
    struct glob *glob = glob_make(arena, files->folder);
    for (size_t i = 0; i < call->count; i++) {
        const char *pattern = value_string(arguments[i]);
        if (!pattern || strlen(pattern) != arguments[i]->string.length)
            return error_set(
                error, ERROR_INPUT, "glob(): expected patterns, found %s",
                pattern ? "a NUL byte" : value_kind_name(arguments[i]->kind));
        if (glob_add(glob, pattern, error) < 0)
            return error_context(error, "glob()");
    }
    if (!glob_names_files(glob))
        return error_set(error, ERROR_INPUT,
                         "glob(): expected at least one pattern without '!'");
    const struct value *paths = glob_find(glob, files, error);
    if (!paths)
        return error_context(error, "glob()");
    *answer = expression_of_value(arena, paths);
    return 1;
}

static bool is(const char *name, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(name, word, length) == 0;
}

static int answer_call(void *context, struct arena *arena,
                       const struct expression_call *call,
                       const struct expression **answer, struct error *error)
{
    if (is(call->name, call->length, "file"))
        return read_file(context, arena, call, answer, error);
    if (is(call->name, call->length, "glob"))
        return find_files(context, arena, call, answer, error);
    return 0;
}

static int answer_name(void *context, struct arena *arena, const char *name,
                       size_t length, const struct expression **answer,
                       struct error *error)
{
    const struct expression_files *files = context;
    (void)error;
    if (!is(name, length, "workingDir"))
        return 0;
    *answer = expression_of_string(arena, files->folder);
    return 1;
}

struct expression_names expression_files_names(struct expression_files *files)
{
    return (struct expression_names){
        .name = answer_name, .call = answer_call, .context = files};
}
