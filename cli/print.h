#pragma once
/* What the program says to people: the one place that writes to stderr. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "engine/base/diagnostics.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

/* "assay: file:line:column: text"; returns the exit code of the failure. */
int print_error(const struct error *error);

/* "assay: note: text": what the user should know though nothing failed. */
void print_note(const char *text);

/* Findings as a compiler prints them: place, severity, code, text, the source
 * line with a caret, a hint. `source` may be NULL. */
void print_diagnostics(FILE *stream, const struct diagnostics *diagnostics,
                       const char *source, size_t length);

/* Writes a text to standard output; a failed write ends the program with 5, but
 * for a reader that has gone, which ends it as SIGPIPE would. */
void print_text(const struct text *text);

/* Whether colours suit `stream`: a terminal, without NO_COLOR and --no-color. */
bool print_colours(FILE *stream, bool refused);
