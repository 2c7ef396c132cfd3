/*
 * Bytes in, pieces of them out. The invariant: no piece reaches beyond the bytes it
 * was taken from, and a piece is taken whole or not at all.
 */
#include "marketplace/wire.h"

#include <string.h>

int wire_take_number(struct wire *wire, uint32_t *number)
{
    const unsigned char *bytes = wire->bytes;
    if (wire->length < 4)
        return -1;
    *number = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
              (uint32_t)bytes[2] << 8 | bytes[3];
    wire->bytes += 4;
    wire->length -= 4;
    return 0;
}

int wire_take_string(struct wire *wire, struct wire *string)
{
    struct wire rest = *wire;
    uint32_t length;
    if (wire_take_number(&rest, &length) < 0 || length > rest.length)
        return -1;
    *string = (struct wire){rest.bytes, length};
    *wire = (struct wire){rest.bytes + length, rest.length - length};
    return 0;
}

int wire_take_integer(struct wire *wire, size_t limit, struct wire *magnitude)
{
    struct wire string;
    if (wire_take_string(wire, &string) < 0 || string.length == 0 ||
        string.length > limit + 1 || string.bytes[0] & 0x80)
        return -1;
    if (string.bytes[0] == 0) {
        if (string.length == 1 || !(string.bytes[1] & 0x80))
            return -1;
        string.bytes++;
        string.length--;
    }
    if (string.length > limit)
        return -1;
    *magnitude = string;
    return 0;
}

bool wire_is(const struct wire *wire, const char *text)
{
    return wire->length == strlen(text) &&
           memcmp(wire->bytes, text, wire->length) == 0;
}

bool wire_equal(const struct wire *a, const struct wire *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

const char *wire_word(const struct wire *wire, char word[WIRE_WORD])
{
    size_t length = wire->length < WIRE_WORD - 1 ? wire->length : WIRE_WORD - 1;
    for (size_t i = 0; i < length; i++)
        word[i] = wire->bytes[i] > ' ' && wire->bytes[i] < 0x7f
                      ? (char)wire->bytes[i]
                      : '?';
    word[length] = '\0';
    return word;
}

static int base64_value(char letter)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? (int)(found - letters) : -1;
}

unsigned char *base64_decode(struct arena *arena, const char *text,
                             size_t length, size_t *decoded)
{
    size_t padding = 0;
    if (length == 0 || length % 4 != 0)
        return NULL;
    while (padding < 2 && text[length - 1 - padding] == '=')
        padding++;
    size_t count = length / 4 * 3 - padding;
    unsigned char *bytes = arena_allocate(arena, count + 1);
    uint32_t bits = 0;
    unsigned held = 0;
    size_t made = 0;
    for (size_t i = 0; i < length - padding; i++) {
        int value = base64_value(text[i]);
        if (value < 0)
            return NULL;
        bits = (bits << 6 | (uint32_t)value) & 0xffffff;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        bytes[made++] = (unsigned char)(bits >> held);
    }
    if (made != count || (bits & ((1U << held) - 1)) != 0)
        return NULL;
    *decoded = count;
    return bytes;
}
