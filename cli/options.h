#pragma once
/*
 * Options of a command as a table of rows that point at the variables they set.
 * The same table makes --help.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/error.h"

enum option_kind {
    OPTION_FLAG,  /* bool */
    OPTION_TEXT,  /* const char * */
    OPTION_LIST,  /* struct option_list: given several times */
    OPTION_COUNT, /* size_t */
};

enum { OPTION_LIST_LIMIT = 1000 };

struct option_list {
    const char *items[OPTION_LIST_LIMIT];
    size_t count;
};

struct option {
    const char *name; /* "runtime" for --runtime; NULL ends the table */
    char letter;      /* 'n' for -n; 0: none */
    enum option_kind kind;
    void *target;
    const char *argument; /* "NAME"; NULL for a flag */
    const char *help;
};

/* Reads `arguments`; what is no option is moved to the front, in order, and
 * counted in `*rest`. `--` ends the options. A wrong option is ERROR_USAGE with
 * the nearest known one. `*help` is set by --help and -h. */
int options_read(const struct option *options, int count, char **arguments,
                 int *rest, bool *help, struct error *error);

/* The help of a command on standard output. */
void options_help(const char *usage, const char *text,
                  const struct option *options);
