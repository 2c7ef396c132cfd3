/* SipHash-2-4, by its authors' description (https://www.aumasson.jp/siphash/). */
#include "engine/entrypoint/seal.h"

#include <string.h>

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static void mix(uint64_t v[4], int rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

/* Up to eight bytes, the first one lowest. */
static uint64_t read_word(const char *bytes, size_t length)
{
    uint64_t word = 0;
    for (size_t i = 0; i < length; i++)
        word |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    return word;
}

static void take(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    mix(v, 2);
    v[0] ^= word;
}

static unsigned digit(char character)
{
    return (unsigned)(character <= '9' ? character - '0'
                                       : character - 'a' + 10);
}

uint64_t seal_make(const char *token, const char *bytes, size_t length)
{
    char key[16];
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (char)(digit(token[2 * i]) << 4 | digit(token[2 * i + 1]));
    uint64_t low = read_word(key, 8), high = read_word(key + 8, 8);
    uint64_t v[4] = {low ^ UINT64_C(0x736f6d6570736575),
                     high ^ UINT64_C(0x646f72616e646f6d),
                     low ^ UINT64_C(0x6c7967656e657261),
                     high ^ UINT64_C(0x7465646279746573)};
    size_t whole = length / 8 * 8;
    for (size_t at = 0; at < whole; at += 8)
        take(v, read_word(bytes + at, 8));
    take(v, read_word(bytes + whole, length - whole) | (uint64_t)(length & 0xFF)
                                                           << 56);
    v[2] ^= 0xFF;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
