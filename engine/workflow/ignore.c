/*
 * `# assay: ignore CODE[,CODE]` in the source of a document takes findings out: at the
 * end of a line those of that line, alone on a line those of the next one. It is looked
 * for in the bytes of the file, so that it may be a comment of YAML or of a script
 * alike. Errors stay, whatever a comment says; a comment that does nothing is told
 * (W403), so that none outlives its reason.
 */
#include <ctype.h>
#include <string.h>

#include "engine/base/utf8.h"
#include "engine/workflow/limits.h"
#include "engine/workflow/private.h"

/* One code of a comment. */
struct ignore {
    char code[8];
    struct mark mark; /* of the code */
    uint32_t target;  /* the line whose findings are meant */
    bool alone;       /* nothing but the comment is on its line */
    bool used;
};

struct ignores {
    struct arena *arena;
    struct ignore *items;
    size_t count;
};

static void add(struct ignores *ignores, const struct ignore *item)
{
    size_t size = sizeof *item;
    size_t count = ignores->count;
    if (count >= WORKFLOW_IGNORES_LIMIT)
        return;
    if ((count & (count - 1)) == 0)
        ignores->items =
            arena_grow(ignores->arena, ignores->items, count * size,
                       (count ? count * 2 : 1) * size);
    ignores->items[ignores->count++] = *item;
}

/* Where the comment begins whose `assay: ignore` is at `at`; NULL: it is none. */
static const char *comment_start(const char *line, const char *at)
{
    while (at > line && (at[-1] == ' ' || at[-1] == '\t'))
        at--;
    if (at == line || at[-1] != '#')
        return NULL;
    while (at > line && at[-1] == '#')
        at--;
    return at == line || at[-1] == ' ' || at[-1] == '\t' ? at : NULL;
}

/* A place that moves on in one line. */
struct cursor {
    const char *at, *end;
    struct mark mark;
};

static void move_on(struct cursor *cursor, size_t bytes)
{
    for (; bytes > 0; bytes--) {
        cursor->mark.column += !utf8_continues(*cursor->at);
        cursor->mark.offset++;
        cursor->at++;
    }
}

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at == ' ')
        move_on(cursor, 1);
}

/* The codes of a comment, with commas between them. */
static void read_codes(struct ignores *ignores, struct cursor *cursor,
                       bool alone)
{
    bool more = true;
    while (more) {
        skip_blanks(cursor);
        struct ignore item = {
            .mark = cursor->mark,
            .target = cursor->mark.line + alone,
            .alone = alone,
        };
        size_t length = 0;
        for (; cursor->at < cursor->end && isalnum((unsigned char)*cursor->at);
             length++) {
            if (length + 1 < sizeof item.code)
                item.code[length] = *cursor->at;
            move_on(cursor, 1);
        }
        if (length > 0)
            add(ignores, &item);
        skip_blanks(cursor);
        more = length > 0 && cursor->at < cursor->end && *cursor->at == ',';
        move_on(cursor, more);
    }
}

/* Comments one below the other mean the same line. */
static void join_comments(struct ignores *ignores)
{
    for (size_t i = ignores->count; i > 1; i--) {
        struct ignore *above = &ignores->items[i - 2];
        const struct ignore *below = &ignores->items[i - 1];
        if (above->alone && below->alone && above->target == below->mark.line)
            above->target = below->target;
    }
}

static const char word[] = "assay: ignore ";

/* The word behind the next `#` that has it, or NULL. memchr is many times as fast
 * as memmem, and all of a file is searched. */
static const char *find_word(const char *at, const char *end)
{
    while ((at = memchr(at, '#', (size_t)(end - at)))) {
        at++;
        while (at < end && (*at == ' ' || *at == '\t'))
            at++;
        if ((size_t)(end - at) >= strlen(word) &&
            memcmp(at, word, strlen(word)) == 0)
            return at;
    }
    return NULL;
}

static void read_ignores(struct ignores *ignores, const char *source,
                         size_t length)
{
    const char *end = source + length;
    const char *line = source;
    uint32_t line_number = 1;
    const char *found = source;
    while ((found = find_word(found, end))) {
        const char *next;
        while ((next = memchr(line, '\n', (size_t)(found - line)))) {
            line = next + 1;
            line_number++;
        }
        const char *stop = memchr(found, '\n', (size_t)(end - found));
        const char *comment = comment_start(line, found);
        found += strlen(word);
        if (!comment)
            continue;
        struct cursor cursor = {
            .at = line,
            .end = stop ? stop : end,
            .mark = {line_number, 1, (uint32_t)(line - source), 0},
        };
        move_on(&cursor, (size_t)(found - line));
        read_codes(ignores, &cursor,
                   strspn(line, " \t") == (size_t)(comment - line));
    }
    join_comments(ignores);
}

static bool is_ignored(struct ignores *ignores, const struct diagnostic *item)
{
    bool result = false;
    if (item->severity == SEVERITY_ERROR || item->mark.source != 0)
        return false;
    for (size_t i = 0; i < ignores->count; i++) {
        struct ignore *ignore = &ignores->items[i];
        if (ignore->target == item->mark.line &&
            strcmp(ignore->code, item->code) == 0)
            result = ignore->used = true;
    }
    return result;
}

static void report_unused(struct diagnostics *diagnostics,
                          const struct ignore *ignore)
{
    static const char hint[] =
        "put it at the end of the line that is meant, or "
        "on the line before; or remove it";
    const struct diagnostic_code *known = diagnostics_code_find(ignore->code);
    if (!known)
        diagnostics_add(diagnostics, SEVERITY_NOTE, "W403", ignore->mark,
                        "assay validate --explain all prints the codes",
                        "'%s' is no code", ignore->code);
    else if (known->severity == SEVERITY_ERROR)
        diagnostics_add(diagnostics, SEVERITY_NOTE, "W403", ignore->mark,
                        "mend what it is about",
                        "'%s' is an error, which cannot be ignored",
                        ignore->code);
    else
        diagnostics_add(diagnostics, SEVERITY_NOTE, "W403", ignore->mark, hint,
                        "there is no %s on line %u to ignore", ignore->code,
                        ignore->target);
    diagnostics_extend(diagnostics, strlen(ignore->code));
}

void workflow_ignore(const char *source, size_t length,
                     struct diagnostics *diagnostics)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct ignores ignores = {.arena = arena};
    read_ignores(&ignores, source, length);
    size_t kept = 0;
    for (size_t i = 0; i < diagnostics->count; i++)
        if (!is_ignored(&ignores, &diagnostics->items[i]))
            diagnostics->items[kept++] = diagnostics->items[i];
    diagnostics->count = kept;
    for (size_t i = 0; i < ignores.count && diagnostics->dropped == 0; i++)
        if (!ignores.items[i].used)
            report_unused(diagnostics, &ignores.items[i]);
}
