#pragma once
/* Ceilings of what one document may hold, and why. Tested from both sides. */
enum {
    VALUE_BYTES_LIMIT = 16 * 1024 * 1024, /* a text: a Job is at most 1.5 MiB */
    VALUE_DEPTH_LIMIT = 100,              /* nesting: the stack stays small */
    VALUE_NODES_LIMIT = 1000000,          /* nodes, alias expansion included */
    VALUE_ALIAS_LIMIT = 10000,            /* nodes made by aliases: no bombs */
    VALUE_SCALAR_LIMIT = 4 * 1024 * 1024, /* one scalar: a script, a file */
    VALUE_DOCUMENTS_LIMIT = 10000,        /* documents of a stream */
    VALUE_NAME_LIMIT = 1024,              /* a map's key */
};
