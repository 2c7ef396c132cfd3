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
    EXPRESSION_STRING_LIMIT = 16 * 1024 * 1024,  /* a text that is made */
    EXPRESSION_MEMORY_LIMIT = 128 * 1024 * 1024, /* all that one call makes */
};
