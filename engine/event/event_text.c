/*
 * Bytes from outside as text. Output is raw bytes and may be cut anywhere; a
 * value holds valid UTF-8 only (RFC 3629: no overlong forms, no surrogates,
 * nothing beyond U+10FFFF).
 */
#include <string.h>

#include "engine/base/text.h"
#include "engine/event/event.h"

/* The range of the second byte after each first one: what makes the difference
 * between RFC 3629 and the mere pattern of bits. */
static const struct lead {
    unsigned char first, last; /* of the first byte */
    unsigned char low, high;   /* of the second byte */
    unsigned char length;
} leads[] = {
    {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static const struct lead *find_lead(unsigned char byte)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
        if (byte >= leads[i].first && byte <= leads[i].last)
            return &leads[i];
    return NULL;
}

/* How many bytes at `bytes` agree with one sequence; `*whole` when it is all. */
static size_t match(const unsigned char *bytes, size_t length, bool *whole)
{
    const struct lead *lead = find_lead(bytes[0]);
    *whole = false;
    if (!lead)
        return 0;
    size_t count = 1;
    for (; count < lead->length && count < length; count++) {
        unsigned char low = count == 1 ? lead->low : 0x80;
        unsigned char high = count == 1 ? lead->high : 0xbf;
        if (bytes[count] < low || bytes[count] > high)
            return count;
    }
    *whole = count == lead->length;
    return count;
}

size_t event_text_pending(const char *bytes, size_t length)
{
    const unsigned char *source = (const unsigned char *)bytes;
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        bool whole = false;
        const unsigned char *start = source + length - back;
        if (*start < 0x80)
            return 0;
        if (match(start, back, &whole) == back)
            return whole ? 0 : back;
    }
    return 0;
}

struct value *event_text_value(struct arena *arena, const char *bytes,
                               size_t length)
{
    const unsigned char *source = (const unsigned char *)bytes;
    CLEANUP(text_free) struct text text = {0};
    size_t start = 0; /* of the valid bytes not yet copied */
    for (size_t i = 0; i < length;) {
        if (source[i] < 0x80) {
            i++;
            continue;
        }
        bool whole = false;
        size_t count = match(source + i, length - i, &whole);
        if (whole) {
            i += count;
            continue;
        }
        text_append(&text, bytes + start, i - start);
        text_append(&text, "\xef\xbf\xbd", 3);
        start = ++i;
    }
    if (start == 0)
        return value_make_bytes(arena, bytes, length);
    text_append(&text, bytes + start, length - start);
    return value_make_bytes(arena, text_string(&text), text.length);
}
