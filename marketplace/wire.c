/*
 * Bytes in, pieces of them out. The invariant: no piece reaches beyond the
 * bytes it was taken from, and a piece is taken whole or not at all.
 */
#include "marketplace/wire.h"

#include <string.h>

#include "engine/base/base64.h"

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

int wire_decode(struct arena *arena, const char *text, size_t length,
                struct wire *bytes)
{
    size_t decoded = 0;
    const char *made = base64_decode(arena, text, length, &decoded);
    if (!made || decoded == 0)
        return -1;
    *bytes = (struct wire){(const unsigned char *)made, decoded};
    return 0;
}
