/* Bytes to base64 text and back, three bytes as four digits (RFC 4648). */
#include "engine/base/base64.h"

#include <stdint.h>

char *base64_encode(struct arena *arena, const char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    char *made = arena_allocate(arena, (length + 2) / 3 * 4 + 1);
    char *out = made;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        unsigned group = (unsigned)(unsigned char)bytes[i] << 16;
        if (left > 1)
            group |= (unsigned)(unsigned char)bytes[i + 1] << 8;
        if (left > 2)
            group |= (unsigned char)bytes[i + 2];
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = left > 1 ? digits[group >> 6 & 63] : '=';
        *out++ = left > 2 ? digits[group & 63] : '=';
    }
    *out = '\0';
    return made;
}

/* The six bits of a base64 digit; -1: it is none. */
static int digit_value(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    if (digit == '+')
        return 62;
    return digit == '/' ? 63 : -1;
}

char *base64_decode(struct arena *arena, const char *text, size_t length,
                    size_t *decoded)
{
    if (length % 4 != 0)
        return NULL;
    size_t padding = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    char *bytes = arena_allocate(arena, length / 4 * 3 + 1);
    uint32_t bits = 0;
    size_t count = 0;
    for (size_t i = 0; i < length - padding; i++) {
        int value = digit_value(text[i]);
        if (value < 0)
            return NULL;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0)
            bytes[count++] = (char)(bits >> (6 - i % 4 * 2) & 0xff);
    }
    /* The digits beyond the last whole byte hold nothing. */
    if (padding > 0 && (bits & (padding == 1 ? 3U : 15U)) != 0)
        return NULL;
    *decoded = count;
    bytes[count] = '\0';
    return bytes;
}
