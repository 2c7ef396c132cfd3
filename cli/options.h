#pragma once
/*
 * Options of a command as a table of rows that point at the variables they set.
 * The same table makes --help.
 */
#include <stdbool.h>
#include <stddef.h>

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

struct command_help {
    const char *usage; /* what comes after "assay " */
    const char *text;
};

/* What each command does first: takes the options out of the `*count` arguments.
 * What is none is moved to the front, in order, and counted in `*count`; `--` ends
 * the options. Whether the command goes on; else `*code` is its exit code: the help
 * was asked for and printed, or an option is wrong and that was told. */
bool options_take(const struct option *options, const struct command_help *help,
                  int *count, char **arguments, int *code);
