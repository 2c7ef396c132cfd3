/*
 * A table in plain text: all cells first, then the widths, then the lines. Width
 * is counted in characters, which is right for all scripts but the wide ones.
 */
#include <assert.h>
#include <string.h>

#include "engine/report/style.h"

enum { COLUMNS_LIMIT = 8 };

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void table_add(struct table *table, const char *escaped, int status)
{
    const size_t size = sizeof *table->cells;
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? table->capacity * 2 : 64;
        table->cells = arena_grow(table->arena, table->cells,
                                  table->capacity * size, capacity * size);
        table->capacity = capacity;
    }
    table->cells[table->count++] =
        (struct cell){arena_string(table->arena, escaped), status};
}

static void print_cell(struct text *text, const struct cell *cell,
                       const struct report_options *options)
{
    if (cell->status)
        style_colored(text, (enum status)(cell->status - 1), cell->text,
                      options);
    else
        text_append_string(text, cell->text);
}

static void print_row(struct text *text, const struct cell *row,
                      const size_t *widths, size_t columns,
                      const struct report_options *options)
{
    while (columns > 0 && row[columns - 1].text[0] == '\0')
        columns--;
    for (size_t i = 0; i < columns; i++) {
        print_cell(text, &row[i], options);
        size_t used = width_of(row[i].text);
        for (size_t j = used; i + 1 < columns && j < widths[i] + 2; j++)
            text_append_character(text, ' ');
    }
    text_append_character(text, '\n');
}

void table_print(struct text *text, const struct table *table,
                 const struct report_options *options)
{
    size_t widths[COLUMNS_LIMIT] = {0};
    assert(table->columns > 0 && table->columns <= COLUMNS_LIMIT);
    assert(table->count % table->columns == 0);
    for (size_t i = 0; i < table->count; i++) {
        size_t width = width_of(table->cells[i].text);
        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
    for (size_t i = 0; i < table->count; i += table->columns)
        print_row(text, &table->cells[i], widths, table->columns, options);
}
