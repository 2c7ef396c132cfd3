#pragma once
/* One UTF-8 sequence at a time (RFC 3629: no surrogates, no overlong forms). */
#include <stddef.h>
#include <stdint.h>

/* Decodes the sequence at the start of `length` bytes into `code`. Returns its
 * length, 1 to 4, or 0 when it is not valid UTF-8 (or `length` is 0). */
static inline size_t utf8_decode(const char *bytes, size_t length,
                                 uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (length == 0)
        return 0;
    unsigned char first = (unsigned char)bytes[0];
    size_t size = first < 0x80             ? 1
                  : (first & 0xE0) == 0xC0 ? 2
                  : (first & 0xF0) == 0xE0 ? 3
                  : (first & 0xF8) == 0xF0 ? 4
                                           : 0;
    if (size == 0 || size > length)
        return 0;
    uint32_t result = size == 1 ? first : first & (0x7FU >> size);
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)bytes[i] & 0xC0) != 0x80)
            return 0;
        result = result << 6 | ((unsigned char)bytes[i] & 0x3F);
    }
    if (result < least[size] || result > 0x10FFFF ||
        (result >= 0xD800 && result <= 0xDFFF))
        return 0;
    *code = result;
    return size;
}

/* Writes `code`, a Unicode scalar value, as UTF-8; returns its length. */
static inline size_t utf8_encode(uint32_t code, char bytes[4])
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    bytes[0] = (char)((0xF00U >> size & 0xF0) | code);
    return size;
}

/* Whether this byte is one of the second to fourth bytes of a sequence. */
static inline int utf8_continues(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}
