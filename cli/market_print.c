/* Marketplaces as text. Everything here came from strangers, so all of it is
 * escaped on its way to a terminal. */
#include <stdio.h>
#include <string.h>

#include "cli/market.h"
#include "cli/print.h"

enum { NAME_WIDTH = 11, COLUMN_LIMIT = 16, CELL_LIMIT = 100 };

static size_t cell_width(const char *cell)
{
    size_t width = 0;
    for (; *cell && width < CELL_LIMIT; cell++)
        width += ((unsigned char)*cell & 0xc0) != 0x80;
    return width;
}

/* One escaped cell, cut to what a line can show. */
static const char *make_cell(struct arena *arena, const char *string)
{
    CLEANUP(text_free) struct text text = {0};
    if (!string || string[0] == '\0')
        return "-";
    text_append_escaped(&text, string, strlen(string), false);
    size_t length = 0, width = 0;
    while (length < text.length && width < CELL_LIMIT) {
        length++;
        while (length < text.length &&
               ((unsigned char)text.data[length] & 0xc0) == 0x80)
            length++;
        width++;
    }
    if (length == text.length)
        return arena_copy(arena, text.data, length);
    return arena_format(arena, "%.*s...", (int)length, text.data);
}

void market_print_table(struct text *text, const char *const *cells,
                        size_t rows, size_t columns)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    size_t widths[COLUMN_LIMIT] = {0};
    const char **made =
        arena_allocate(arena, (rows * columns + 1) * sizeof *made);
    for (size_t i = 0; i < rows * columns; i++) {
        made[i] = make_cell(arena, cells[i]);
        size_t width = cell_width(made[i]);
        if (width > widths[i % columns])
            widths[i % columns] = width;
    }
    for (size_t i = 0; i < rows * columns; i++) {
        bool last = i % columns == columns - 1;
        text_append_string(text, made[i]);
        size_t gap = widths[i % columns] - cell_width(made[i]) + 2;
        for (; !last && gap > 0; gap--)
            text_append_character(text, ' ');
        if (last)
            text_append_character(text, '\n');
    }
}

void market_print_fact(struct text *text, const char *name, const char *value)
{
    if (!value || value[0] == '\0')
        return;
    text_append_format(text, "%-*s ", NAME_WIDTH, name);
    text_append_escaped(text, value, strlen(value), false);
    text_append_character(text, '\n');
}

/* Files of a marketplace that are not usable: told, and not in the way. */
void market_warn_problems(const char *name,
                          const struct marketplace_change *change)
{
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < change->problem_count; i++) {
        CLEANUP(text_free) struct text line = {0};
        text_append_format(&line, "assay: %s: not usable: %s: %s", name,
                           change->problems[i].path, change->problems[i].text);
        text_append_escaped(&text, line.data, line.length, false);
        text_append_character(&text, '\n');
    }
    fputs(text_string(&text), stderr);
}

static void append_signer(struct text *text,
                          const struct marketplace_change *change)
{
    CLEANUP(text_free) struct text line = {0};
    if (change->signer)
        text_append_format(&line, ", signed by %s", change->signer);
    else
        text_append_string(&line, ", signature not checked");
    if (change->principals)
        text_append_format(&line, " (%s)", change->principals);
    text_append_escaped(text, text_string(&line), line.length, false);
}

void market_print_change(const char *name, bool added,
                         const struct marketplace_change *change)
{
    CLEANUP(text_free) struct text text = {0};
    bool same = change->before && strcmp(change->before, change->after) == 0;
    if (same)
        text_append_format(&text, "%s: nothing new at %.12s", name,
                           change->after);
    else if (added)
        text_append_format(&text, "%s: added at %.12s", name, change->after);
    else
        text_append_format(&text, "%s: %.12s -> %.12s", name, change->before,
                           change->after);
    text_append_format(&text, ", %zu workflow%s", change->workflows,
                       change->workflows == 1 ? "" : "s");
    append_signer(&text, change);
    text_append_character(&text, '\n');
    if (change->unchecked)
        text_append_format(&text,
                           "this head is signed by %s; to check that from now "
                           "on, add it with --signer\n",
                           change->unchecked);
    print_text(&text);
}

/* "host = redis" and, below it, what it is for. */
static void print_parameters(struct text *text, struct arena *arena,
                             const struct value *parameters)
{
    for (size_t i = 0;
         value_is(parameters, VALUE_MAP) && i < parameters->map.count; i++) {
        const struct member *member = &parameters->map.members[i];
        const struct value *fallback = member->value;
        const char *help = NULL;
        if (value_is(fallback, VALUE_MAP)) {
            help = value_string_at(member->value, "description");
            fallback = value_get(member->value, "default");
        }
        const char *shown =
            fallback ? value_scalar_text(arena, fallback) : NULL;
        market_print_fact(text, i == 0 ? "parameters" : "",
                          arena_format(arena, "%s = %s%s%s", member->name,
                                       shown ? shown : "(must be given)",
                                       help ? "    # " : "", help ? help : ""));
    }
}

void market_print_source(struct text *text, struct arena *arena,
                         const struct marketplace_source *source)
{
    const struct marketplace_entry *entry = source->entry;
    market_print_fact(text, entry->template ? "template" : "workflow",
                      entry->name);
    market_print_fact(text, "", entry->display_name);
    market_print_fact(text, "", entry->description);
    market_print_fact(text, "category", entry->category);
    market_print_fact(text, "marketplace", source->market->name);
    market_print_fact(text, "url", source->market->url);
    market_print_fact(text, "path", entry->path);
    market_print_fact(text, "digest", entry->digest);
    market_print_fact(text, "commit", source->commit);
    market_print_fact(text, "signer",
                      source->signer ? source->signer : "(not checked)");
    for (size_t i = 0; i < value_count(entry->images); i++)
        market_print_fact(text, i == 0 ? "images" : "",
                          value_string(value_item(entry->images, i)));
    print_parameters(text, arena, entry->parameters);
}

void market_print_pulled(const struct marketplace_source *source,
                         const char *before, const char *lock)
{
    CLEANUP(text_free) struct text text = {0};
    bool same = before && strcmp(before, source->entry->digest) == 0;
    text_append_format(&text, "%s/%s@%s\n", source->market->name,
                       source->entry->name, source->entry->digest);
    market_print_fact(&text, "commit", source->commit);
    market_print_fact(&text, "signer",
                      source->signer ? source->signer : "(not checked)");
    if (before && !same)
        market_print_fact(&text, "before", before);
    market_print_fact(&text, same ? "unchanged in" : "written to", lock);
    print_text(&text);
}
