#pragma once
/*
 * A failure as a value: fixed size, on the caller's stack, owning nothing. It is
 * filled by the function that knows, prefixed on the way up, printed once by cli.
 * `struct error *error` is the last parameter, never NULL, and starts as {0}.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kind decides the exit code of the program (cli/exit.c). */
enum error_kind {
    ERROR_NONE,
    ERROR_USAGE,    /* the command line is wrong: 2 */
    ERROR_INPUT,    /* a document is wrong: 3 */
    ERROR_TRUST,    /* refused by trust or policy: 4 */
    ERROR_REMOTE,   /* another machine or its answer: 5 */
    ERROR_SYSTEM,   /* this machine: file, process, sandbox, database: 5 */
    ERROR_DEADLINE, /* the run's own deadline passed: 6 */
    ERROR_ABORTED,  /* stopped by the user: 130 */
};

/* Where in a text: line and column from 1 (column in characters), offset in
 * bytes from 0. Line 0 means that the place is not known. */
struct mark {
    uint32_t line;
    uint32_t column;
    uint32_t offset;
    uint32_t source; /* which text: 0 is that of the document itself; see
                        diagnostics.h */
};

struct place {
    char file[256]; /* "" when the failure is not in a file; cut when longer */
    struct mark mark;
};

struct error {
    enum error_kind kind;
    struct place place;
    char text[512]; /* lower case, no full stop; cut when longer */
};

/* Fills `error` unless it already holds one: the first failure is kept.
 * Always returns -1, so that `return error_set(...)` is the whole error path. */
int error_set(struct error *error, enum error_kind kind, const char *format,
              ...) __attribute__((format(printf, 3, 4)));

/* As error_set, with the text of errno added: "cannot open 'x': <reason>". */
int error_set_system(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "context: " in front of the text. Always returns -1. */
int error_context(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Names the place of the failure, unless it is known already. `file` may be
 * NULL (not known at this level). Always returns -1. */
int error_place(struct error *error, const char *file, struct mark mark);

static inline bool error_is_set(const struct error *error)
{
    return error->kind != ERROR_NONE;
}
