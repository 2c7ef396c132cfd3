/*
 * Growing text. text_append_escaped is the one door for bytes from outside to a
 * terminal: whatever could move the cursor, change colours, reorder letters or be
 * taken for a line of ours comes out as a visible escape.
 */
#include "engine/base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"

static void reserve(struct text *text, size_t more)
{
    assert(more < SIZE_MAX / 4 && text->length < SIZE_MAX / 4);
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity)
        return;
    size_t capacity = text->capacity ? text->capacity : 64;
    while (capacity < needed)
        capacity *= 2;
    text->data = memory_resize(text->data, capacity, 1);
    text->capacity = capacity;
}

void text_append(struct text *text, const char *bytes, size_t length)
{
    reserve(text, length);
    if (length > 0)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_append_string(struct text *text, const char *string)
{
    text_append(text, string, strlen(string));
}

void text_append_character(struct text *text, char character)
{
    text_append(text, &character, 1);
}

void text_append_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    reserve(text, (size_t)length);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
    va_end(again);
    text->length += (size_t)length;
}

/* The length of the UTF-8 sequence at `bytes` (RFC 3629: no overlong forms, no
 * surrogates, at most U+10FFFF) and its code point; 0 when it is none. */
static size_t decode(const unsigned char *bytes, size_t length, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t count = bytes[0] < 0x80             ? 1
                   : (bytes[0] & 0xe0) == 0xc0 ? 2
                   : (bytes[0] & 0xf0) == 0xe0 ? 3
                   : (bytes[0] & 0xf8) == 0xf0 ? 4
                                               : 0;
    if (count == 0 || count > length)
        return 0;
    if (count == 1) {
        *code = bytes[0];
        return 1;
    }
    uint32_t value = bytes[0] & (0xffU >> (count + 1));
    for (size_t i = 1; i < count; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3fU);
    }
    if (value < least[count] || value > 0x10ffff ||
        (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *code = value;
    return count;
}

/* Characters that steer a terminal or the order of letters. */
static bool is_steering(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
           code == 0x200e || code == 0x200f || code == 0x2028 ||
           code == 0x2029 || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

/* By hand: a binary file on a terminal is nothing but these. */
static void append_byte(struct text *text, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char escape[] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    text_append(text, escape, sizeof escape);
}

void text_append_escaped(struct text *text, const char *bytes, size_t length,
                         bool lines)
{
    const unsigned char *source = (const unsigned char *)bytes;
    size_t start = 0; /* of the run of harmless bytes not yet copied */
    for (size_t i = 0; i < length;) {
        if (source[i] >= 0x20 && source[i] < 0x7f) {
            i++;
            continue;
        }
        uint32_t code = source[i];
        size_t count = decode(source + i, length - i, &code);
        bool harmless = count > 0 && (!is_steering(code) || code == '\t' ||
                                      (lines && code == '\n'));
        if (harmless) {
            i += count;
            continue;
        }
        text_append(text, bytes + start, i - start);
        if (count > 1)
            text_append_format(text, "\\u%04x", code);
        else if (!(lines && code == '\r' && i + 1 < length &&
                   source[i + 1] == '\n'))
            append_byte(text, source[i]);
        i += count ? count : 1;
        start = i;
    }
    text_append(text, bytes + start, length - start);
}

const char *text_string(const struct text *text)
{
    return text->data ? text->data : "";
}

void text_clear(struct text *text)
{
    text->length = 0;
    if (text->data)
        text->data[0] = '\0';
}

void text_free(struct text *text)
{
    memory_free(text->data);
    *text = (struct text){0};
}
