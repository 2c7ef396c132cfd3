/*
 * A list of findings. Order of arrival is kept until diagnostics_sort, whose order
 * is total: two runs over the same files say the same.
 */
#include "engine/base/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct diagnostics diagnostics_make(struct arena *arena, const char *file)
{
    return (struct diagnostics){.arena = arena, .file = file};
}

const struct diagnostics_source *
diagnostics_source_of(const struct diagnostics *list, struct mark mark)
{
    bool known = mark.source > 0 && mark.source < list->source_count;
    return known ? &list->sources[mark.source] : NULL;
}

int diagnostics_add(struct diagnostics *list, enum severity severity,
                    const char *code, struct mark mark, const char *hint,
                    const char *format, ...)
{
    if (list->allow_unknown && strcmp(code, "E110") == 0)
        severity = SEVERITY_WARNING;
    if (severity == SEVERITY_ERROR)
        list->errors++;
    if (list->count >= DIAGNOSTICS_LIMIT) {
        list->dropped++;
        return -1;
    }
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);

    size_t size = sizeof *list->items;
    if ((list->count & (list->count - 1)) == 0)
        list->items = arena_grow(list->arena, list->items, list->count * size,
                                 (list->count ? list->count * 2 : 1) * size);
    const struct diagnostics_source *source = diagnostics_source_of(list, mark);
    list->items[list->count++] = (struct diagnostic){
        .severity = severity,
        .code = code,
        .file = source ? source->file : list->file,
        .mark = mark,
        .text = arena_string(list->arena, text),
        .hint = hint ? arena_string(list->arena, hint) : NULL,
    };
    return -1;
}

void diagnostics_extend(struct diagnostics *list, size_t length)
{
    if (list->count > 0 && list->dropped == 0)
        list->items[list->count - 1].length = length;
}

size_t diagnostics_count(const struct diagnostics *list, enum severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += list->items[i].severity == severity;
    return count;
}

static bool is_one_of(const char *code, const char *const *codes)
{
    for (; *codes; codes++)
        if (strcmp(*codes, code) == 0)
            return true;
    return false;
}

void diagnostics_remove(struct diagnostics *list, const char *const *codes)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].severity == SEVERITY_ERROR ||
            !is_one_of(list->items[i].code, codes))
            list->items[kept++] = list->items[i];
    list->count = kept;
}

int diagnostics_add_error(struct diagnostics *list, const char *code,
                          const struct error *error)
{
    return diagnostics_add(list, SEVERITY_ERROR, code, error->place.mark, NULL,
                           "%s", error->text);
}

static int compare(const void *left, const void *right)
{
    const struct diagnostic *a = left;
    const struct diagnostic *b = right;
    int order =
        (a->mark.source > b->mark.source) - (a->mark.source < b->mark.source);
    if (order == 0)
        order = strcmp(a->file ? a->file : "", b->file ? b->file : "");
    if (order == 0)
        order = (a->mark.line > b->mark.line) - (a->mark.line < b->mark.line);
    if (order == 0)
        order = (a->mark.column > b->mark.column) -
                (a->mark.column < b->mark.column);
    if (order == 0)
        order = strcmp(a->code, b->code);
    return order ? order : strcmp(a->text, b->text);
}

void diagnostics_sort(struct diagnostics *list)
{
    if (list->count < 2)
        return;
    qsort(list->items, list->count, sizeof *list->items, compare);
    size_t kept = 1;
    for (size_t i = 1; i < list->count; i++) {
        if (compare(&list->items[i], &list->items[kept - 1]) != 0)
            list->items[kept++] = list->items[i];
        else if (list->items[i].severity == SEVERITY_ERROR)
            list->errors--;
    }
    list->count = kept;
}

enum { NEAREST_LENGTH = 64 };

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char small_letter(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter + 'a' - 'A') : letter;
}

static size_t change_cost(char a, char b)
{
    if (a == b)
        return 0;
    return small_letter(a) == small_letter(b) ? 1 : 2;
}

/* Twice the edit distance (Levenshtein, 1966), a change of case counting one. */
static size_t distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    size_t previous[NEAREST_LENGTH + 1], current[NEAREST_LENGTH + 1];
    if (rows > NEAREST_LENGTH || columns > NEAREST_LENGTH)
        return (size_t)-1;
    for (size_t j = 0; j <= columns; j++)
        previous[j] = 2 * j;
    for (size_t i = 1; i <= rows; i++) {
        current[0] = 2 * i;
        for (size_t j = 1; j <= columns; j++) {
            size_t change = previous[j - 1] + change_cost(a[i - 1], b[j - 1]);
            size_t other = lesser(previous[j], current[j - 1]) + 2;
            current[j] = lesser(change, other);
        }
        memcpy(previous, current, (columns + 1) * sizeof *previous);
    }
    return previous[columns];
}

const char *diagnostics_nearest(const char *name, const char *const *candidates)
{
    const char *nearest = NULL;
    /* A third of the letters, but always one slip or two swapped letters. */
    size_t allowed = 2 * (strlen(name) / 3);
    size_t best = allowed < 4 ? 4 : allowed;
    for (; *candidates; candidates++) {
        size_t here = distance(name, *candidates);
        if (here <= best && here < 2 * strlen(name) &&
            (here < best || !nearest)) {
            nearest = *candidates;
            best = here;
        }
    }
    return nearest;
}
