#pragma once
/*
 * The only file that calls malloc. Running out of memory ends the program with
 * one line: safe because every growing thing has a ceiling (limits headers).
 */
#include <stddef.h>

/* Zeroed memory of `size` bytes; never NULL. The caller frees it. */
void *memory_allocate(size_t size);

/* `count` * `size` grown from `pointer` (NULL for a first block); the new part
 * is not cleared. Overflow of the product aborts. The caller frees the result. */
void *memory_resize(void *pointer, size_t count, size_t size);

/* A NUL-terminated copy of `length` bytes. The caller frees it. */
char *memory_copy(const char *bytes, size_t length);

/* Frees; NULL is allowed. */
void memory_free(void *pointer);

/* Overwrites `length` bytes in a way that the compiler does not leave out. */
void memory_wipe(void *pointer, size_t length);
