#pragma once
/*
 * Growing text on the heap, as a plain struct: {0} is the empty text. `data` is
 * NUL-terminated whenever it is not NULL, and may hold NUL bytes itself.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/cleanup.h"

struct text {
    char *data;
    size_t length;
    size_t capacity;
};

void text_append(struct text *text, const char *bytes, size_t length);
void text_append_string(struct text *text, const char *string);
void text_append_character(struct text *text, char character);
void text_append_format(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends bytes from outside so that they are safe on a terminal: control
 * characters except tab and, when `lines`, newline, and DEL, C1 controls, bidi
 * controls and invalid UTF-8 become \x1b-like escapes; a carriage return before
 * a newline is dropped when `lines`. */
void text_append_escaped(struct text *text, const char *bytes, size_t length,
                         bool lines);

/* The text as a C string; "" when empty. Belongs to `text`. */
const char *text_string(const struct text *text);

/* Forgets the content and keeps the memory. */
void text_clear(struct text *text);

/* Frees the memory and makes it the empty text again. */
void text_free(struct text *text);

/* For CLEANUP(text_free) struct text x = {0}; */
static inline void text_free_cleanup(struct text *text)
{
    text_free(text);
}
