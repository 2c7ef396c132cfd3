#pragma once
/* Paths as texts: nothing is looked up in a file system. */
#include "engine/base/text.h"

/* `path` below the folder `base` unless it is absolute, as a clean path: no "//",
 * "." or "a/.." in it. */
void path_append_absolute(struct text *text, const char *base,
                          const char *path);
