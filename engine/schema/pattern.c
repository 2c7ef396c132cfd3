/*
 * In: the tree of a regular expression. Out: whether a text matches. The tree is
 * written as a small program, and all threads of the program advance together
 * over the text (Thompson 1968; Pike's machine without captures), so that no input
 * makes it slow. A program has at most PATTERN_PROGRAM_LIMIT instructions; each
 * stands at most once in a set of threads, and targets always lie inside it.
 */
#include "engine/schema/pattern.h"

#include <string.h>

#include "engine/schema/limits.h"
#include "engine/schema/pattern_tree.h"

enum operation {
    OPERATION_CLASS,
    OPERATION_START,
    OPERATION_END,
    OPERATION_BOUNDARY,
    OPERATION_INSIDE, /* of a word or of what is between words */
    OPERATION_SPLIT,
    OPERATION_MATCH,
};

struct instruction {
    enum operation operation;
    unsigned next, other; /* other: the second way of a split */
    struct class class;
};

struct pattern {
    struct instruction *program;
    unsigned count;
    unsigned start;
};

/* Writes the program backwards, each part with the place that follows it. */
struct writer {
    struct arena *arena;
    struct pattern *pattern;
    unsigned work;
    bool full;
};

static unsigned emit(struct writer *writer, struct instruction instruction)
{
    struct pattern *pattern = writer->pattern;
    if (pattern->count >= PATTERN_PROGRAM_LIMIT) {
        writer->full = true;
        return 0;
    }
    size_t size = sizeof *pattern->program;
    if ((pattern->count & (pattern->count - 1)) == 0)
        pattern->program =
            arena_grow(writer->arena, pattern->program, pattern->count * size,
                       (pattern->count ? 2 * pattern->count : 1) * size);
    pattern->program[pattern->count] = instruction;
    return pattern->count++;
}

static unsigned write_node(struct writer *writer, const struct node *node,
                           unsigned next);

static unsigned write_repeat(struct writer *writer, const struct node *node,
                             unsigned next)
{
    unsigned end = next;
    if (node->greatest == UNBOUNDED) {
        unsigned split = emit(writer, (struct instruction){
                                          .operation = OPERATION_SPLIT,
                                          .other = next,
                                      });
        unsigned body = write_node(writer, node->left, split);
        writer->pattern->program[split].next = body;
        next = split;
    }
    for (unsigned i = node->least;
         node->greatest != UNBOUNDED && i < node->greatest && !writer->full;
         i++)
        next = emit(writer, (struct instruction){
                                .operation = OPERATION_SPLIT,
                                .next = write_node(writer, node->left, next),
                                .other = end,
                            });
    for (unsigned i = 0; i < node->least && !writer->full; i++)
        next = write_node(writer, node->left, next);
    return next;
}

/* Returns where `node` starts, with `next` after it. */
static unsigned write_node(struct writer *writer, const struct node *node,
                           unsigned next)
{
    /* Parts that emit nothing can be repeated too: they count as well. */
    if (++writer->work > 10 * PATTERN_PROGRAM_LIMIT)
        writer->full = true;
    if (writer->full)
        return 0;
    struct instruction instruction = {.next = next, .class = node->class};
    switch (node->kind) {
    case NODE_EMPTY:
        return next;
    case NODE_SEQUENCE:
        return write_node(writer, node->left,
                          write_node(writer, node->right, next));
    case NODE_EITHER:
        instruction.operation = OPERATION_SPLIT;
        instruction.next = write_node(writer, node->left, next);
        instruction.other = write_node(writer, node->right, next);
        return emit(writer, instruction);
    case NODE_REPEAT:
        return write_repeat(writer, node, next);
    case NODE_CLASS:
        instruction.operation = OPERATION_CLASS;
        return emit(writer, instruction);
    case NODE_START:
        instruction.operation = OPERATION_START;
        return emit(writer, instruction);
    case NODE_END:
        instruction.operation = OPERATION_END;
        return emit(writer, instruction);
    case NODE_BOUNDARY:
        instruction.operation = OPERATION_BOUNDARY;
        return emit(writer, instruction);
    case NODE_INSIDE:
        instruction.operation = OPERATION_INSIDE;
        return emit(writer, instruction);
    }
    return next;
}

struct pattern *pattern_compile(struct arena *arena, const char *text,
                                size_t length, struct error *error)
{
    struct node *tree = pattern_read(arena, text, length, error);
    if (!tree)
        return NULL;
    struct pattern *pattern = arena_allocate(arena, sizeof *pattern);
    struct writer writer = {arena, pattern, 0, false};
    unsigned match =
        emit(&writer, (struct instruction){.operation = OPERATION_MATCH});
    pattern->start = write_node(&writer, tree, match);
    if (!writer.full)
        return pattern;
    error_set(error, ERROR_INPUT, "the pattern repeats too much");
    return NULL;
}

/* The threads that wait for the next character, each place at most once. */
struct threads {
    const struct pattern *pattern;
    unsigned count;
    unsigned round; /* of `seen` */
    unsigned waiting[PATTERN_PROGRAM_LIMIT];
    unsigned todo[PATTERN_PROGRAM_LIMIT]; /* places still to be followed */
    unsigned seen[PATTERN_PROGRAM_LIMIT];
};

/* What surrounds the place between two characters. */
struct gap {
    bool first, last, boundary;
};

static bool passes(enum operation operation, const struct gap *gap)
{
    return operation == OPERATION_START      ? gap->first
           : operation == OPERATION_END      ? gap->last
           : operation == OPERATION_BOUNDARY ? gap->boundary
                                             : !gap->boundary;
}

static void visit(struct threads *threads, unsigned *todo, unsigned place)
{
    if (threads->seen[place] == threads->round)
        return;
    threads->seen[place] = threads->round;
    threads->todo[(*todo)++] = place;
}

/* Adds the threads that are reached from `place` without a character. True when
 * one of them has matched. */
static bool follow(struct threads *threads, unsigned place,
                   const struct gap *gap)
{
    unsigned todo = 0;
    visit(threads, &todo, place);
    while (todo > 0) {
        unsigned here = threads->todo[--todo];
        const struct instruction *at = &threads->pattern->program[here];
        if (at->operation == OPERATION_MATCH)
            return true;
        if (at->operation == OPERATION_CLASS) {
            threads->waiting[threads->count++] = here;
        } else if (at->operation == OPERATION_SPLIT) {
            visit(threads, &todo, at->next);
            visit(threads, &todo, at->other);
        } else if (passes(at->operation, gap)) {
            visit(threads, &todo, at->next);
        }
    }
    return false;
}

static bool class_has(const struct class *class, uint32_t code)
{
    for (size_t i = 0; i < class->count; i++)
        if (code >= class->ranges[i].low && code <= class->ranges[i].high)
            return !class->inverted;
    return class->inverted;
}

static bool is_word(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
           (code >= 'a' && code <= 'z') || code == '_';
}

/* Moves the threads that accept `code`, and starts one more. */
static bool step(struct threads *now, struct threads *later, uint32_t code,
                 const struct gap *gap)
{
    later->count = 0;
    later->round++;
    for (unsigned i = 0; i < now->count; i++) {
        const struct instruction *at = &now->pattern->program[now->waiting[i]];
        if (class_has(&at->class, code) && follow(later, at->next, gap))
            return true;
    }
    return follow(later, later->pattern->start, gap);
}

bool pattern_match(const struct pattern *pattern, const char *text,
                   size_t length)
{
    const char *at = text, *end = text + length;
    bool next_word = length > 0 && is_word((unsigned char)*at);
    struct threads sets[2];
    for (unsigned i = 0; i < 2; i++) {
        sets[i].pattern = pattern;
        sets[i].count = 0;
        sets[i].round = 1;
        memset(sets[i].seen, 0, pattern->count * sizeof *sets[i].seen);
    }
    struct threads *now = &sets[0], *later = &sets[1];
    struct gap gap = {true, length == 0, next_word};
    if (follow(now, pattern->start, &gap))
        return true;
    while (at < end) {
        uint32_t code = next_code(&at, end);
        bool word = is_word(code);
        next_word = at < end && is_word((unsigned char)*at);
        gap = (struct gap){false, at == end, word != next_word};
        if (step(now, later, code, &gap))
            return true;
        struct threads *swap = now;
        now = later;
        later = swap;
    }
    return false;
}
