#pragma once
/* Patterns of paths: * ? [abc] {a,b} within a name, ** for any folders. */
#include "engine/expression/expression.h"

/* Patterns that name files or, with `!` in front, take files out. */
struct glob;

/* An empty set; relative patterns are below `folder`. */
struct glob *glob_make(struct arena *arena, const char *folder);

/* Adds one pattern. -1 with ERROR_INPUT. */
int glob_add(struct glob *glob, const char *pattern, struct error *error);

/* Whether a pattern was added that names files. */
bool glob_names_files(const struct glob *glob);

/* Whether a file at this absolute, clean path is meant. */
bool glob_matches(const struct glob *glob, const char *path);

/* The paths of the files that are meant, sorted; a list of strings. NULL with
 * ERROR_INPUT when more than the limits allow would have to be looked at. */
struct value *glob_find(const struct glob *glob,
                        const struct expression_files *files,
                        struct error *error);
