/*
 * Paths as texts: nothing is looked up in a file system. What depends on the
 * current folder asks for the name `workingDir`, which is known where the
 * expression is about, in the pod.
 */
#include <string.h>

#include "engine/expression/evaluation.h"
#include "engine/expression/path.h"

static void drop_last(struct text *text, size_t floor)
{
    while (text->length > floor && text->data[text->length - 1] != '/')
        text->length--;
    if (text->length > floor)
        text->length--;
    if (text->data)
        text->data[text->length] = '\0';
}

static void append_part(struct text *text, const char *part, size_t length,
                        bool rooted)
{
    if (text->length > (rooted ? 1 : 0))
        text_append_character(text, '/');
    text_append(text, part, length);
}

/* The shortest path of the same meaning: no "//", "." or "a/..", none of ".."
 * at the root; "." when nothing is left. */
static void append_clean(struct text *text, const char *path, size_t length)
{
    const char *end = path + length;
    bool rooted = length > 0 && path[0] == '/';
    size_t floor = rooted ? 1 : 0; /* what `..` cannot take away */
    if (rooted)
        text_append_character(text, '/');
    while (path < end) {
        const char *slash = memchr(path, '/', (size_t)(end - path));
        size_t part = (size_t)((slash ? slash : end) - path);
        bool up = part == 2 && memcmp(path, "..", 2) == 0;
        if (up && text->length > floor) {
            drop_last(text, floor);
        } else if (up && !rooted) {
            append_part(text, path, part, rooted);
            floor = text->length;
        } else if (!up && part > 0 && !(part == 1 && path[0] == '.')) {
            append_part(text, path, part, rooted);
        }
        path += part + 1;
    }
    if (text->length == 0)
        text_append_character(text, '.');
}

static void append_joined(struct text *text, const char *parent,
                          const char *path)
{
    CLEANUP(text_free) struct text joined = {0};
    text_append_string(&joined, parent);
    text_append_character(&joined, '/');
    text_append_string(&joined, path);
    append_clean(text, text_string(&joined), joined.length);
}

void path_append_absolute(struct text *text, const char *base, const char *path)
{
    if (path[0] == '/')
        append_clean(text, path, strlen(path));
    else
        append_joined(text, base, path);
}

/* A path as a C string; NULL with the error set. */
static const char *path_argument(struct call *call, size_t index)
{
    size_t length;
    const char *path = call_text(call, index, &length);
    if (path && memchr(path, '\0', length))
        return call_fail(call, "a path cannot hold a NUL byte");
    return path;
}

const struct value *function_makepath(struct call *call)
{
    const char *parent = path_argument(call, 0);
    const char *path = parent ? path_argument(call, 1) : NULL;
    if (!path)
        return NULL;
    CLEANUP(text_free) struct text text = {0};
    if (path[0] == '/' || parent[0] == '\0')
        text_append_string(&text, path);
    else
        append_joined(&text, parent, path);
    return call_string(call, &text);
}

static const struct expression *static_string(struct call *call,
                                              const struct text *text)
{
    const struct value *value = call_string(call, text);
    return value ? node_of_value(call->arena, value, call->node->offset) : NULL;
}

/* The same call with `workingDir` as its second argument. */
static const struct expression *with_working_folder(struct call *call,
                                                    const char *name)
{
    static const char folder[] = "workingDir";
    struct argument *arguments =
        arena_allocate(call->arena, 2 * sizeof *arguments);
    arguments[0].expression =
        node_of_value(call->arena, call->values[0], call->node->offset);
    arguments[1].expression =
        node_of_name(call->arena, folder, strlen(folder), call->node->offset);
    return node_of_call(call->arena, name, arguments, 2, call->node->offset);
}

const struct expression *function_abspath(struct call *call)
{
    const char *path = path_argument(call, 0);
    const char *base = path && call->count > 1 ? path_argument(call, 1) : "";
    if (!path || !base)
        return NULL;
    CLEANUP(text_free) struct text text = {0};
    if (path[0] != '/' && call->count == 1)
        return with_working_folder(call, "abspath");
    path_append_absolute(&text, base, path);
    return static_string(call, &text);
}

/* Whether `path` begins with the part `from` of `length` bytes. */
static size_t shared_parts(const char *from, const char *to)
{
    size_t shared = 0;
    for (size_t i = 0;; i++) {
        bool ends = (from[i] == '/' || from[i] == '\0') &&
                    (to[i] == '/' || to[i] == '\0');
        if (ends)
            shared = i;
        if (from[i] != to[i] || from[i] == '\0')
            return shared;
    }
}

/* From the clean folder `from` to the clean path `to`. */
static int append_relative(struct text *text, const char *from, const char *to)
{
    if (strcmp(from, ".") == 0)
        from = "";
    if ((from[0] == '/') != (to[0] == '/'))
        return -1;
    size_t shared = from[0] == '\0' ? 0 : shared_parts(from, to);
    from += shared;
    to += shared;
    while (*from == '/')
        from++;
    while (*to == '/')
        to++;
    if (strncmp(from, "..", 2) == 0 && (from[2] == '/' || from[2] == '\0'))
        return -1;
    for (const char *at = from; *at != '\0';) {
        append_part(text, "..", 2, false);
        at += strcspn(at, "/");
        at += *at == '/';
    }
    if (*to != '\0' && strcmp(to, ".") != 0)
        append_part(text, to, strlen(to), false);
    if (text->length == 0)
        text_append_character(text, '.');
    return 0;
}

const struct expression *function_relpath(struct call *call)
{
    const char *path = path_argument(call, 0);
    if (path && call->count == 1)
        return with_working_folder(call, "relpath");
    const char *folder = path ? path_argument(call, 1) : NULL;
    if (!folder)
        return NULL;
    CLEANUP(text_free) struct text from = {0};
    CLEANUP(text_free) struct text to = {0};
    CLEANUP(text_free) struct text text = {0};
    append_clean(&from, folder, strlen(folder));
    append_clean(&to, path, strlen(path));
    if (append_relative(&text, text_string(&from), text_string(&to)) < 0)
        return call_fail(call,
                         "there is no way from '%.60s' to '%.60s' without "
                         "knowing the current folder",
                         text_string(&from), text_string(&to));
    return static_string(call, &text);
}
