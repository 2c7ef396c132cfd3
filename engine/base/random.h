#pragma once
#include <stddef.h>

/* Writes `digits` random lower-case hex digits and a NUL into `text`, from the
 * kernel's generator. Ends the program when the kernel has none. */
void random_hex(char *text, size_t digits);
