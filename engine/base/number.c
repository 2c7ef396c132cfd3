/*
 * Numbers <-> text. The C library converts, but only strings of digits with an
 * exponent pass between us and it: there is no decimal point in them, so the
 * process's locale has no say.
 *
 * Shortest digits: a double that has a decimal form of up to 15 digits prints as
 * that form at 15 digits; 17 always suffice. Only subnormal numbers hold fewer
 * than 15 and are tried from one digit on. At a power of two the interval of a
 * double is lopsided, so that the nearest form of 16 digits may miss it while the
 * next one above hits.
 */
#include "engine/base/number.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIGITS_MOST = 17,
    /* The longest exact midpoint between two doubles has 767 digits; a digit
     * beyond these only says "a little more". */
    DIGITS_KEPT = 780,
    EXPONENT_MOST = 20000000, /* beyond: infinite or zero at any length */
};

/* digits d1 d2 ... with the value 0.d1d2... * 10^point */
struct decimal {
    bool negative;
    size_t count;
    int point;
    char digits[DIGITS_KEPT + 2];
};

size_t number_print_int(int64_t integer, char text[NUMBER_TEXT])
{
    return (size_t)snprintf(text, NUMBER_TEXT, "%" PRId64, integer);
}

static double decimal_to_double(const struct decimal *decimal)
{
    char text[DIGITS_KEPT + 32];
    snprintf(text, sizeof text, "%s%.*se%d", decimal->negative ? "-" : "",
             (int)decimal->count, decimal->digits,
             decimal->point - (int)decimal->count);
    return strtod(text, NULL);
}

/* `number` (positive, finite) rounded to `count` digits. */
static void round_to(double number, size_t count, struct decimal *decimal)
{
    char text[64];
    snprintf(text, sizeof text, "%.*e", (int)count - 1, number);
    *decimal = (struct decimal){0};
    const char *at = text;
    for (; *at != '\0' && *at != 'e'; at++)
        if (*at >= '0' && *at <= '9') /* not the locale's decimal point */
            decimal->digits[decimal->count++] = *at;
    decimal->point = *at == 'e' ? 1 + (int)strtol(at + 1, NULL, 10) : 1;
}

/* The next larger decimal of as many digits. */
static void step_up(struct decimal *decimal)
{
    size_t at = decimal->count;
    while (at > 0 && decimal->digits[at - 1] == '9')
        decimal->digits[--at] = '0';
    if (at > 0) {
        decimal->digits[at - 1]++;
        return;
    }
    decimal->digits[0] = '1';
    decimal->point++;
}

static void shortest(double number, struct decimal *decimal)
{
    size_t count = number < DBL_MIN ? 1 : 15;
    for (; count < DIGITS_MOST; count++) {
        round_to(number, count, decimal);
        if (decimal_to_double(decimal) == number)
            break;
        step_up(decimal);
        if (decimal_to_double(decimal) == number)
            break;
    }
    if (count == DIGITS_MOST)
        round_to(number, count, decimal);
    while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0')
        decimal->count--;
}

static size_t print_plain(const struct decimal *decimal, char *text)
{
    size_t length = 0;
    int count = (int)decimal->count;
    if (decimal->point <= 0) {
        text[length++] = '0';
        text[length++] = '.';
    }
    for (int i = decimal->point; i < 0; i++)
        text[length++] = '0';
    for (int i = 0; i < count || i < decimal->point; i++) {
        if (i == decimal->point && i > 0)
            text[length++] = '.';
        text[length++] = '0';
        if (i < count)
            text[length - 1] = decimal->digits[i];
    }
    text[length] = '\0';
    return length;
}

static size_t print_exponent(const struct decimal *decimal, char *text)
{
    size_t length = 0;
    text[length++] = decimal->digits[0];
    if (decimal->count > 1) {
        text[length++] = '.';
        memcpy(text + length, decimal->digits + 1, decimal->count - 1);
        length += decimal->count - 1;
    }
    int printed =
        snprintf(text + length, NUMBER_TEXT / 2, "e%+d", decimal->point - 1);
    return length + (size_t)printed;
}

size_t number_print_float(double number, char text[NUMBER_TEXT])
{
    size_t sign = 0;
    if (signbit(number) && !isnan(number))
        text[sign++] = '-';
    double magnitude = fabs(number);
    const char *word = isnan(number)      ? "nan"
                       : isinf(number)    ? "inf"
                       : magnitude == 0.0 ? "0"
                                          : NULL;
    if (word) {
        size_t length = strlen(word);
        memcpy(text + sign, word, length + 1);
        return sign + length;
    }
    struct decimal decimal;
    shortest(magnitude, &decimal);
    bool plain = magnitude >= 1e-6 && magnitude < 1e21;
    return sign + (plain ? print_plain : print_exponent)(&decimal, text + sign);
}

static unsigned digit_value(char character)
{
    if (character >= '0' && character <= '9')
        return (unsigned)(character - '0');
    if (character >= 'a' && character <= 'f')
        return (unsigned)(character - 'a') + 10;
    if (character >= 'A' && character <= 'F')
        return (unsigned)(character - 'A') + 10;
    return 16;
}

bool number_parse_unsigned(const char *digits, size_t length, unsigned base,
                           uint64_t *result)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = digit_value(digits[i]);
        if (digit >= base || __builtin_mul_overflow(sum, base, &sum) ||
            __builtin_add_overflow(sum, digit, &sum))
            return false;
    }
    *result = sum;
    return length > 0;
}

bool number_apply_sign(uint64_t magnitude, bool negative, int64_t *result)
{
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *result = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

/* Takes one digit; leading zeros only move the point. */
static void take_digit(struct decimal *decimal, char digit, bool fraction)
{
    bool leading = decimal->count == 0 && digit == '0';
    if (leading && fraction)
        decimal->point--;
    if (!leading && !fraction)
        decimal->point++;
    if (leading)
        return;
    if (decimal->count < DIGITS_KEPT)
        decimal->digits[decimal->count++] = digit;
    else if (digit != '0')
        decimal->digits[DIGITS_KEPT] = '1';
}

/* Digits and one point. Returns where they end; NULL when there is no digit. */
static const char *take_mantissa(struct decimal *decimal, const char *at,
                                 const char *end)
{
    bool fraction = false;
    bool any = false;
    for (; at < end; at++) {
        if (*at == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (*at < '0' || *at > '9')
            break;
        any = true;
        take_digit(decimal, *at, fraction);
    }
    return any ? at : NULL;
}

/* The exponent after the letter, or false. Saturates. */
static bool take_exponent(const char *at, const char *end, int *exponent)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return false;
    int sum = 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        if (sum < EXPONENT_MOST)
            sum = sum * 10 + (*at - '0');
    }
    *exponent = negative ? -sum : sum;
    return true;
}

bool number_parse_float(const char *text, size_t length, double *result)
{
    const char *end = text + length;
    struct decimal decimal = {0};
    if (length > EXPONENT_MOST)
        return false;
    decimal.negative = length > 0 && text[0] == '-';
    if (length > 0 && (text[0] == '-' || text[0] == '+'))
        text++;
    const char *at = take_mantissa(&decimal, text, end);
    if (!at)
        return false;
    int exponent = 0;
    if (at < end && *at != 'e' && *at != 'E')
        return false;
    if (at < end && !take_exponent(at + 1, end, &exponent))
        return false;
    if (decimal.count == DIGITS_KEPT && decimal.digits[DIGITS_KEPT] == '1')
        decimal.count++;
    if (decimal.count == 0) {
        *result = decimal.negative ? -0.0 : 0.0;
        return true;
    }
    decimal.point += exponent;
    *result = decimal_to_double(&decimal);
    return !isinf(*result);
}
