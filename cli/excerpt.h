#pragma once
/* The line of a source that a finding is about, with a caret below. */
#include <stddef.h>

#include "engine/base/error.h"
#include "engine/base/text.h"

/* Appends the line of `mark` and one with a caret below the character, and `~` for
 * the rest of the `span` bytes from there (0: not known). A long line is cut around the
 * caret; tabs become blanks, what a terminal would act on becomes an escape. Nothing
 * when the place is not known. */
void excerpt_append(struct text *text, const char *source, size_t length,
                    struct mark mark, size_t span);

/* The column after `span` bytes from `mark`, at most that of the line's end; 0 when
 * the span is not known. */
uint32_t excerpt_end_column(const char *source, size_t length, struct mark mark,
                            size_t span);
