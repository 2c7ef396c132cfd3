#pragma once
/* Ceilings of the expression language, and why. Tested from both sides. */
enum {
    EXPRESSION_BYTES_LIMIT = 64 * 1024,            /* one expression */
    EXPRESSION_TEMPLATE_BYTES_LIMIT = 1024 * 1024, /* one text: a script */
    EXPRESSION_DEPTH_LIMIT = 200,         /* nesting: the stack stays small */
    EXPRESSION_BLOCK_DEPTH_LIMIT = 50,    /* if within if */
    EXPRESSION_RESOLVE_DEPTH_LIMIT = 800, /* nesting and names behind names */
    EXPRESSION_LITERAL_DEPTH_LIMIT =
        100, /* JSON in an expression, and json() */
    EXPRESSION_LITERAL_NODES_LIMIT = 200000,
    EXPRESSION_STEPS_LIMIT = 2000000, /* nodes, or 64 bytes of text each */
    EXPRESSION_ITEMS_LIMIT = 100000,  /* a list that a function makes */
    EXPRESSION_STRING_LIMIT = 16 * 1024 * 1024, /* a text that is made */
    EXPRESSION_GLOB_ENTRIES_LIMIT = 200000, /* files and folders looked at */
    EXPRESSION_GLOB_PATTERNS_LIMIT = 100,   /* {a,b} counts as two */
    EXPRESSION_GLOB_PARTS_LIMIT = 64,       /* folders in a path or pattern */
    EXPRESSION_GLOB_BYTES_LIMIT = 4096,     /* of one pattern: PATH_MAX */
    EXPRESSION_JQ_SECONDS_LIMIT = 10,       /* one jq program, as in Testkube */
    EXPRESSION_JQ_SECONDS_TOTAL =
        30, /* all of a process, one after the other */
    EXPRESSION_JQ_MEMORY_LIMIT = 256 * 1024 * 1024,
    EXPRESSION_MEMORY_LIMIT = 128 * 1024 * 1024, /* all that one call makes */
};
