#pragma once
/* Output that comes in pieces, handed on in whole lines behind a prefix, so that the
 * lines of several sources can stand among each other. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "engine/base/text.h"

enum {
    LINES_LIMIT = 64 * 1024, /* a longer line is cut into several */
    /* Of ndjson, which cannot be cut: an event has at most 4 MiB. */
    LINES_WHOLE_LIMIT = 32 * 1024 * 1024,
};

struct lines {
    FILE *stream;
    const char *prefix; /* "name | "; "" for lines that are data */
    size_t limit;       /* bytes of one line */
    struct text rest;   /* of a line whose end has not come yet */
};

/* Takes the next bytes and writes what is complete. -1 with errno when the stream
 * cannot be written. */
int lines_feed(struct lines *lines, const char *bytes, size_t length);

/* There will be no more: writes the last line, with a newline, and frees. */
int lines_finish(struct lines *lines);
