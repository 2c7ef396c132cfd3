/*
 * A list of blocks, each twice as large as the one before up to a ceiling; a piece
 * larger than a quarter of the next block gets a block of its own. Only the last
 * piece of the current block can grow in place.
 */
#include "engine/base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"

enum {
    FIRST_BLOCK = 1024,
    SECOND_BLOCK = 2 * FIRST_BLOCK,
    LARGEST_BLOCK = 1024 * 1024,
    ALIGNMENT = 16,
};

struct block {
    struct block *next;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct arena {
    struct block *blocks; /* the current one first */
    size_t next_size;
    size_t used;
};

static size_t round_up(size_t size)
{
    assert(size < SIZE_MAX / 2);
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

/* The arena is the first piece of its first block: most are small, and are made
 * and freed with one call of malloc each. */
struct arena *arena_new(void)
{
    struct block *block = memory_allocate(sizeof *block + FIRST_BLOCK);
    block->size = FIRST_BLOCK;
    block->used = round_up(sizeof(struct arena));
    void *piece = block->bytes;
    struct arena *arena = piece;
    *arena = (struct arena){.blocks = block, .next_size = SECOND_BLOCK};
    return arena;
}

void arena_free(struct arena *arena)
{
    struct block *block = arena ? arena->blocks : NULL;
    while (block) { /* the last one holds the arena */
        struct block *next = block->next;
        memory_free(block);
        block = next;
    }
}

static struct block *add_block(struct arena *arena, size_t size)
{
    struct block *block = memory_allocate(sizeof *block + size);
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

/* A block for one large piece goes behind the current one, which stays open. */
static void *allocate_alone(struct arena *arena, size_t size)
{
    struct block *current = arena->blocks;
    struct block *block = add_block(arena, size);
    block->used = size;
    arena->blocks = current;
    block->next = current->next;
    current->next = block;
    return block->bytes;
}

void *arena_allocate(struct arena *arena, size_t size)
{
    size = round_up(size ? size : 1);
    arena->used += size;
    struct block *block = arena->blocks;
    if (block->size - block->used < size) {
        if (size > arena->next_size / 4)
            return allocate_alone(arena, size);
        block = add_block(arena, arena->next_size);
        if (arena->next_size < LARGEST_BLOCK)
            arena->next_size *= 2;
    }
    void *piece = block->bytes + block->used;
    block->used += size;
    return piece;
}

/* Makes the current block one with `size` free bytes. */
static void make_room(struct arena *arena, size_t size)
{
    const struct block *block = arena->blocks;
    if (block->size - block->used < size)
        add_block(arena, size > arena->next_size ? size : arena->next_size);
}

void *arena_grow(struct arena *arena, void *piece, size_t old_size,
                 size_t new_size)
{
    assert(new_size >= old_size);
    size_t old_rounded = round_up(old_size ? old_size : 1);
    size_t new_rounded = round_up(new_size ? new_size : 1);
    struct block *block = arena->blocks;
    if (piece && new_rounded >= old_rounded &&
        (unsigned char *)piece + old_rounded == block->bytes + block->used &&
        block->size - block->used >= new_rounded - old_rounded) {
        block->used += new_rounded - old_rounded;
        arena->used += new_rounded - old_rounded;
        memset((unsigned char *)piece + old_size, 0, new_size - old_size);
        return piece;
    }
    /* A piece that moves gets room to grow again in place: otherwise an array
     * that is larger than a block would be copied at every step. */
    if (piece)
        make_room(arena, 2 * new_rounded);
    void *grown = arena_allocate(arena, new_size);
    if (piece && old_size > 0)
        memcpy(grown, piece, old_size);
    return grown;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
    char *copy = arena_allocate(arena, length + 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_string(struct arena *arena, const char *string)
{
    return arena_copy(arena, string, strlen(string));
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    char *text = arena_allocate(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
