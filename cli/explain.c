/* The table of codes -> sections of docs/diagnostics.md, which a test compares with
 * what stands there. */
#include "cli/explain.h"

#include <string.h>
#include <strings.h>

#include "engine/base/diagnostics.h"

enum { LINE_WIDTH = 80 };

/* A paragraph, broken between words. */
static void append_paragraph(struct text *text, const char *words)
{
    size_t column = 0;
    while (*words) {
        size_t length = strcspn(words, " ");
        if (column > 0 && column + 1 + length > LINE_WIDTH) {
            text_append_character(text, '\n');
            column = 0;
        } else if (column > 0) {
            text_append_character(text, ' ');
            column++;
        }
        text_append(text, words, length);
        column += length;
        words += length + (words[length] == ' ');
    }
    text_append_string(text, "\n\n");
}

static void append_section(struct text *text, const struct diagnostic_code *row)
{
    static const char *const names[] = {
        [SEVERITY_ERROR] = "Error",
        [SEVERITY_WARNING] = "Warning",
        [SEVERITY_NOTE] = "Note",
    };
    CLEANUP(text_free) struct text meaning = {0};
    text_append_format(&meaning, "%s. %s", names[row->severity], row->meaning);
    text_append_format(text, "### %s: %s\n\n", row->code, row->title);
    append_paragraph(text, text_string(&meaning));
    text_append_format(text, "```yaml\n%s```\n\n", row->example);
    append_paragraph(text, row->remedy);
}

static int refuse(const char *code, struct error *error)
{
    const char *names[1000] = {NULL};
    size_t count = 0;
    for (const struct diagnostic_code *row = diagnostics_codes();
         row->code && count < 999; row++)
        names[count++] = row->code;
    const char *nearest = diagnostics_nearest(code, names);
    return error_set(error, ERROR_USAGE,
                     "unknown code '%.100s'%s%s%s; --explain all prints all",
                     code, nearest ? ", did you mean '" : "",
                     nearest ? nearest : "", nearest ? "'?" : "");
}

static const struct diagnostic_code *find_any_case(const char *code)
{
    const struct diagnostic_code *row = diagnostics_codes();
    while (row->code && strcasecmp(row->code, code) != 0)
        row++;
    return row->code ? row : NULL;
}

int explain_append(struct text *text, const char *code, struct error *error)
{
    const struct diagnostic_code *one = find_any_case(code);
    if (one) {
        append_section(text, one);
    } else if (strcmp(code, "all") == 0) {
        for (one = diagnostics_codes(); one->code; one++)
            append_section(text, one);
    } else {
        return refuse(code, error);
    }
    text->data[--text->length] = '\0'; /* no blank line at the end */
    return 0;
}
