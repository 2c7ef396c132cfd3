#pragma once
/* A tar archive, written piece by piece: POSIX.1-2001 (ustar, and pax headers for
 * what does not fit). Regular files only. */
#include <sys/stat.h>

#include "engine/base/text.h"

enum { ARCHIVE_BLOCK = 512 };

/* Appends what stands in front of a file's bytes. `name` is relative and clean. */
void archive_append_header(struct text *text, const char *name,
                           const struct stat *status);

/* Bytes from the end of a file of that size to the next block. */
size_t archive_padding(off_t size);
