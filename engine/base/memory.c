#include "engine/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void give_up(void)
{
    static const char line[] = "assay: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);
    (void)ignored;
    abort();
}

void *memory_allocate(size_t size)
{
    void *pointer = calloc(1, size ? size : 1);
    if (!pointer)
        give_up();
    return pointer;
}

void *memory_resize(void *pointer, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        give_up();
    void *grown = realloc(pointer, total ? total : 1);
    if (!grown)
        give_up();
    return grown;
}

char *memory_copy(const char *bytes, size_t length)
{
    if (length == SIZE_MAX)
        give_up();
    char *copy = memory_resize(NULL, length + 1, 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

void memory_free(void *pointer)
{
    free(pointer);
}

void memory_wipe(void *pointer, size_t length)
{
    if (length == 0)
        return;
    memset(pointer, 0, length);
    __asm__ __volatile__("" : : "r"(pointer) : "memory");
}
