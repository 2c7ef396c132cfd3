#pragma once
/* Ceilings of schemas and of checking, and why. Tested from both sides. */
enum {
    SCHEMA_NODES_LIMIT = 10000,   /* schemas in one compilation */
    SCHEMA_CHAIN_LIMIT = 32,      /* schemas applied to one value in a chain */
    SCHEMA_DEPTH_LIMIT = 8000,    /* nested calls of one check: the stack */
    SCHEMA_WORK_LIMIT = 10000000, /* comparisons of one check: its time */
    SCHEMA_SHOWN_LIMIT = 60,      /* bytes of a found text in a message */
    SCHEMA_NAMES_LIMIT = 48,      /* names that a hint lists */
    PATTERN_BYTES_LIMIT = 1000,   /* a pattern as text */
    PATTERN_NESTING_LIMIT = 50,   /* groups in groups */
    PATTERN_PROGRAM_LIMIT = 2000, /* instructions: (x{100}){100} is refused */
    PATTERN_REPEAT_LIMIT = 1000,  /* n in x{n} */
};
