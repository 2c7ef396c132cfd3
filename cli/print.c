/* All text from outside goes through text_append_escaped on its way out. */
#include "cli/print.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/excerpt.h"

static void append(struct text *text, const char *string)
{
    text_append_escaped(text, string, strlen(string), false);
}

static void append_place(struct text *text, const char *file, struct mark mark)
{
    if (!file || file[0] == '\0')
        return;
    append(text, strcmp(file, "-") == 0 ? "<stdin>" : file);
    if (mark.line > 0)
        text_append_format(text, ":%u:%u", mark.line, mark.column);
    text_append_string(text, ": ");
}

int print_error(const struct error *error)
{
    CLEANUP(text_free) struct text line = {0};
    text_append_string(&line, "assay: ");
    append_place(&line, error->place.file, error->place.mark);
    append(&line, error->text);
    text_append_character(&line, '\n');
    fflush(stdout);
    fputs(text_string(&line), stderr);
    return exit_of_error(error);
}

void print_note(const char *text)
{
    CLEANUP(text_free) struct text line = {0};
    text_append_string(&line, "assay: note: ");
    append(&line, text);
    text_append_character(&line, '\n');
    fflush(stdout);
    fputs(text_string(&line), stderr);
}

void print_diagnostics(FILE *stream, const struct diagnostics *diagnostics,
                       const char *source, size_t length)
{
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];
        append_place(&text, item->file, item->mark);
        text_append_format(
            &text, "%s[%s]: ", diagnostics_severity_name(item->severity),
            item->code);
        append(&text, item->text);
        text_append_character(&text, '\n');
        const struct diagnostics_source *other =
            diagnostics_source_of(diagnostics, item->mark);
        bool own = item->file == diagnostics->file;
        if (other || own)
            excerpt_append(&text, other ? other->text : source,
                           other ? other->length : length, item->mark,
                           item->length);
        if (item->hint) {
            text_append_string(&text, "       = hint: ");
            append(&text, item->hint);
            text_append_character(&text, '\n');
        }
    }
    if (diagnostics->dropped > 0) {
        append_place(&text, diagnostics->file, (struct mark){0});
        text_append_format(&text, "note: %zu more are not shown\n",
                           diagnostics->dropped);
    }
    fputs(text_string(&text), stream);
}

void print_text(const struct text *text)
{
    if (fwrite(text_string(text), 1, text->length, stdout) == text->length &&
        fflush(stdout) == 0)
        return;
    perror("assay: cannot write to standard output");
    exit(EXIT_NOT_RUN);
}

bool print_colours(FILE *stream, bool refused)
{
    const char *no_color = getenv("NO_COLOR");
    return !refused && !(no_color && no_color[0]) && isatty(fileno(stream));
}
