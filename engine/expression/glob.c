/*
 * Patterns and a tree of files -> the paths that match.
 *
 * A pattern is made absolute and clean, its {a,b} are written out, and it is cut
 * into the names between its slashes. A path matches by its names: `**` takes any
 * number of them, everything else exactly one. The walk starts at the folder in
 * front of the first wildcard and goes only where a pattern could still match.
 *
 * Invariant: matching is linear in the product of the lengths (one point to go
 * back to for `*`, a row of booleans for `**`), whatever the pattern.
 */
#include "engine/expression/glob.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/utf8.h"
#include "engine/expression/limits.h"
#include "engine/expression/path.h"

enum { PARTS = EXPRESSION_GLOB_PARTS_LIMIT };

struct part {
    const char *bytes;
    size_t length;
};

struct pattern {
    struct part parts[PARTS];
    size_t count;
    bool excludes;
};

struct glob {
    struct arena *arena;
    const char *folder;
    const struct pattern *patterns[EXPRESSION_GLOB_PATTERNS_LIMIT];
    size_t count;
};

struct glob *glob_make(struct arena *arena, const char *folder)
{
    struct glob *glob = arena_allocate(arena, sizeof *glob);
    glob->arena = arena;
    glob->folder = folder;
    return glob;
}

/* --- one name --- */

/* Bytes of the character at the start. */
static size_t character(const char *bytes, const char *end)
{
    uint32_t code;
    size_t used = utf8_decode(bytes, (size_t)(end - bytes), &code);
    return used > 0 ? used : 1;
}

static uint32_t code_of(const char *bytes, const char *end)
{
    uint32_t code = 0;
    if (utf8_decode(bytes, (size_t)(end - bytes), &code) == 0)
        code = (unsigned char)*bytes;
    return code;
}

/* The end of the class that begins at `[`; NULL when it does not end. */
static const char *class_end(const char *at, const char *end)
{
    at++;
    if (at < end && (*at == '!' || *at == '^'))
        at++;
    if (at < end && *at == ']')
        at++;
    while (at < end && *at != ']')
        at += *at == '\\' && at + 1 < end ? 2 : 1;
    return at < end ? at : NULL;
}

/* One character of a class, which `*at` is moved behind. */
static uint32_t class_character(const char **at, const char *end)
{
    if (**at == '\\' && *at + 1 < end)
        ++*at;
    uint32_t code = code_of(*at, end);
    *at += character(*at, end);
    return code;
}

static bool class_has(const char *at, const char *end, uint32_t code)
{
    at++;
    bool negated = at < end && (*at == '!' || *at == '^');
    at += negated;
    bool found = false;
    while (at < end) {
        uint32_t first = class_character(&at, end);
        uint32_t last = first;
        if (at + 1 < end && *at == '-') {
            at++;
            last = class_character(&at, end);
        }
        found |= code >= first && code <= last;
    }
    return found != negated;
}

/* Whether the pattern at *at takes the character at `name`; moves *at behind what
 * took it. A `*` takes none here. */
static bool takes(const char **at, const char *end, const char *name,
                  const char *name_end)
{
    uint32_t code = code_of(name, name_end);
    const char *stop = **at == '[' ? class_end(*at, end) : NULL;
    if (**at == '?') {
        ++*at;
        return true;
    }
    if (stop) {
        bool has = class_has(*at, stop, code);
        *at = stop + 1;
        return has;
    }
    return class_character(at, end) == code;
}

static bool name_matches(const struct part *pattern, const struct part *name)
{
    const char *at = pattern->bytes, *end = at + pattern->length;
    const char *text = name->bytes, *text_end = text + name->length;
    const char *star = NULL, *resume = NULL;
    while (text < text_end) {
        const char *next = at;
        if (at < end && *at == '*') {
            star = ++at;
            resume = text;
        } else if (at < end && takes(&next, end, text, text_end)) {
            at = next;
            text += character(text, text_end);
        } else if (star) {
            at = star;
            resume += character(resume, text_end);
            text = resume;
        } else {
            return false;
        }
    }
    while (at < end && *at == '*')
        at++;
    return at == end;
}

/* --- a path --- */

/* The names of an absolute path; false when there are too many. */
static bool cut(const char *path, struct part parts[PARTS], size_t *count)
{
    *count = 0;
    while (*path == '/') {
        size_t length = strcspn(++path, "/");
        if (length == 0)
            continue;
        if (*count == PARTS)
            return false;
        parts[(*count)++] = (struct part){path, length};
        path += length;
    }
    return true;
}

static bool is_any(const struct part *part)
{
    return part->length == 2 && memcmp(part->bytes, "**", 2) == 0;
}

/* Sets row[i] to whether the first i names of the pattern match all the names
 * given. */
static void match_parts(const struct pattern *pattern, const struct part *names,
                        size_t count, bool row[PARTS + 1])
{
    row[0] = true;
    for (size_t i = 0; i < pattern->count; i++)
        row[i + 1] = row[i] && is_any(&pattern->parts[i]);
    for (size_t j = 0; j < count; j++) {
        bool before = row[0]; /* of the row above, left of i */
        row[0] = false;
        for (size_t i = 0; i < pattern->count; i++) {
            const struct part *part = &pattern->parts[i];
            bool above = row[i + 1];
            row[i + 1] = is_any(part) ? row[i] || above
                                      : before && name_matches(part, &names[j]);
            before = above;
        }
    }
}

bool glob_matches(const struct glob *glob, const char *path)
{
    struct part names[PARTS];
    bool row[PARTS + 1];
    size_t count;
    bool matches = false;
    if (!cut(path, names, &count))
        return false;
    for (size_t i = 0; i < glob->count; i++) {
        const struct pattern *pattern = glob->patterns[i];
        if (matches && !pattern->excludes)
            continue;
        match_parts(pattern, names, count, row);
        if (row[pattern->count] && pattern->excludes)
            return false;
        matches |= row[pattern->count];
    }
    return matches;
}

/* Whether something below the folder could match. */
static bool leads_on(const struct glob *glob, const char *folder)
{
    struct part names[PARTS];
    bool row[PARTS + 1];
    size_t count;
    if (!cut(folder, names, &count))
        return false;
    for (size_t i = 0; i < glob->count; i++) {
        const struct pattern *pattern = glob->patterns[i];
        if (pattern->excludes)
            continue;
        match_parts(pattern, names, count, row);
        for (size_t j = 0; j <= pattern->count; j++)
            if ((j < pattern->count ||
                 (j > 0 && is_any(&pattern->parts[j - 1]))) &&
                row[j])
                return true;
    }
    return false;
}

/* --- adding patterns --- */

static int add_plain(struct glob *glob, const char *text, bool excludes,
                     struct error *error)
{
    if (glob->count == EXPRESSION_GLOB_PATTERNS_LIMIT)
        return error_set(error, ERROR_INPUT,
                         "more than %d patterns, each of {a,b} counted",
                         EXPRESSION_GLOB_PATTERNS_LIMIT);
    CLEANUP(text_free) struct text path = {0};
    path_append_absolute(&path, glob->folder, text);
    struct pattern *pattern = arena_allocate(glob->arena, sizeof *pattern);
    pattern->excludes = excludes;
    const char *kept = arena_string(glob->arena, text_string(&path));
    if (!cut(kept, pattern->parts, &pattern->count))
        return error_set(error, ERROR_INPUT,
                         "a pattern has more than %d folders", PARTS);
    glob->patterns[glob->count++] = pattern;
    return 0;
}

/* The first `{` and its `}`, and the number of commas between; NULL: none. */
static const char *find_braces(const char *text, const char **close)
{
    const char *open = strchr(text, '{');
    size_t depth = 0;
    for (const char *at = open; at && *at != '\0'; at++) {
        depth += *at == '{';
        depth -= *at == '}';
        *close = at;
        if (depth == 0)
            return open;
    }
    return NULL;
}

/* The end of the choice at `at`: the next comma on this level, or `close`. */
static const char *choice_end(const char *at, const char *close)
{
    size_t depth = 0;
    while (at < close && (depth > 0 || *at != ',')) {
        depth += *at == '{';
        depth -= *at == '}';
        at++;
    }
    return at;
}

/* A pattern for each choice. Each level has one brace less, and the number of
 * patterns is bounded, so this ends soon. */
static int add_choices(struct glob *glob, const char *text, bool excludes,
                       struct error *error)
{
    const char *close;
    const char *open = find_braces(text, &close);
    if (!open)
        return add_plain(glob, text, excludes, error);
    for (const char *at = open + 1; at <= close;) {
        const char *end = choice_end(at, close);
        CLEANUP(text_free) struct text one = {0};
        text_append(&one, text, (size_t)(open - text));
        text_append(&one, at, (size_t)(end - at));
        text_append_string(&one, close + 1);
        if (add_choices(glob, text_string(&one), excludes, error) < 0)
            return -1;
        at = end + 1;
    }
    return 0;
}

int glob_add(struct glob *glob, const char *pattern, struct error *error)
{
    bool excludes = pattern[0] == '!';
    if (strlen(pattern) > EXPRESSION_GLOB_BYTES_LIMIT)
        return error_set(error, ERROR_INPUT, "a pattern has more than %d bytes",
                         EXPRESSION_GLOB_BYTES_LIMIT);
    return add_choices(glob, pattern + excludes, excludes, error);
}

bool glob_names_files(const struct glob *glob)
{
    for (size_t i = 0; i < glob->count; i++)
        if (!glob->patterns[i]->excludes)
            return true;
    return false;
}

/* --- the walk --- */

struct entry {
    const char *path;
    bool folder;
};

/* What is found, folders to look into among it. */
struct walk {
    const struct glob *glob;
    const char *folder; /* the one that is being listed */
    struct entry *entries;
    size_t count, room;
    bool full;
};

static bool found(void *context, const char *name, bool is_folder)
{
    struct walk *walk = context;
    const char *slash = strcmp(walk->folder, "/") == 0 ? "" : "/";
    if (walk->count == EXPRESSION_GLOB_ENTRIES_LIMIT) {
        walk->full = true;
        return false;
    }
    if (walk->count == walk->room) {
        walk->room = walk->room * 2 + 64;
        walk->entries =
            memory_resize(walk->entries, walk->room, sizeof *walk->entries);
    }
    walk->entries[walk->count++] = (struct entry){
        arena_format(walk->glob->arena, "%s%s%s", walk->folder, slash, name),
        is_folder};
    return true;
}

/* By names: what is in a folder stands together. */
static int compare_paths(const void *left, const void *right)
{
    const char *a = ((const struct entry *)left)->path;
    const char *b = ((const struct entry *)right)->path;
    while (*a == *b && *a != '\0') {
        a++;
        b++;
    }
    int first = *a == '/' ? 1 : (unsigned char)*a;
    int second = *b == '/' ? 1 : (unsigned char)*b;
    return first - second;
}

/* The folder in front of the first wildcard of a pattern. */
static const char *root_of(struct arena *arena, const struct pattern *pattern)
{
    CLEANUP(text_free) struct text path = {0};
    for (size_t i = 0; i + 1 < pattern->count; i++) {
        const struct part *part = &pattern->parts[i];
        bool wild = false;
        for (size_t j = 0; j < part->length; j++)
            wild |= strchr("*?[\\", part->bytes[j]) != NULL;
        if (wild)
            break;
        text_append_character(&path, '/');
        text_append(&path, part->bytes, part->length);
    }
    return path.length == 0 ? "/" : arena_string(arena, text_string(&path));
}

static void list_folder(struct walk *walk, const struct expression_files *files,
                        const char *folder)
{
    walk->folder = folder;
    if (leads_on(walk->glob, folder))
        files->list(files->context, folder, found, walk);
}

/* All entries below the folders where patterns begin; some may stand there
 * twice. */
static void walk_all(struct walk *walk, const struct expression_files *files)
{
    const struct glob *glob = walk->glob;
    for (size_t i = 0; i < glob->count; i++) {
        size_t next = walk->count;
        if (glob->patterns[i]->excludes)
            continue;
        list_folder(walk, files, root_of(glob->arena, glob->patterns[i]));
        for (; next < walk->count && !walk->full; next++)
            if (walk->entries[next].folder)
                list_folder(walk, files, walk->entries[next].path);
    }
}

struct value *glob_find(const struct glob *glob,
                        const struct expression_files *files,
                        struct error *error)
{
    struct walk walk = {.glob = glob};
    struct value *list = value_make_list(glob->arena);
    walk_all(&walk, files);
    if (walk.count > 0)
        qsort(walk.entries, walk.count, sizeof *walk.entries, compare_paths);
    const char *last = "";
    for (size_t i = 0; i < walk.count; i++) {
        const char *path = walk.entries[i].path;
        if (walk.entries[i].folder || strcmp(path, last) == 0 ||
            !glob_matches(glob, path))
            continue;
        value_append(glob->arena, list, value_make_string(glob->arena, path));
        last = path;
    }
    memory_free(walk.entries);
    if (!walk.full)
        return list;
    error_set(error, ERROR_INPUT,
              "there are more than %d files and folders to look at",
              EXPRESSION_GLOB_ENTRIES_LIMIT);
    return NULL;
}
