#pragma once
/* Numbers and their text, the same in every locale. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMBER_TEXT = 40 }; /* room for any number printed here */

/* Decimal digits with a sign when negative. Returns the length. */
size_t number_print_int(int64_t integer, char text[NUMBER_TEXT]);

/* The fewest digits that read back as the same double: plain for
 * 1e-6 <= |x| < 1e21 (and for 0), else like 1.5e+21 and 1e-7. Infinities are
 * "inf" and "-inf", not-a-number is "nan"; no format of ours has these words, so
 * writers treat them before. Returns the length. */
size_t number_print_float(double number, char text[NUMBER_TEXT]);

/* Digits of `base` (2 to 16) without sign or prefix, as an unsigned number.
 * False when there is none, another character, or more than 64 bits. */
bool number_parse_unsigned(const char *digits, size_t length, unsigned base,
                           uint64_t *result);

/* Gives `magnitude` its sign. False when it does not fit int64_t. */
bool number_apply_sign(uint64_t magnitude, bool negative, int64_t *result);

/* A decimal number, [+-] digits [. digits] [e [+-] digits] with at least one
 * digit before or after the point, correctly rounded. False when it has another
 * form or is too large for a double. */
bool number_parse_float(const char *text, size_t length, double *result);
