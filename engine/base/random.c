#include "engine/base/random.h"

#include <stdlib.h>
#include <sys/random.h>

void random_hex(char *text, size_t digits)
{
    static const char letters[] = "0123456789abcdef";
    for (size_t i = 0; i < digits;) {
        unsigned char bytes[32];
        if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
            abort();
        for (size_t j = 0; j < sizeof bytes && i < digits; j++)
            text[i++] = letters[bytes[j] & 15];
    }
    text[digits] = '\0';
}
