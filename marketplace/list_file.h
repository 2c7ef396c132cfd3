#pragma once
/*
 * A small YAML file of ours with a version and one list: the lock, the known
 * marketplaces. Read strictly: what is not understood is an error, never empty.
 */
#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/value/value.h"

struct list_file {
    const char *heading; /* the comment that begins it, whole lines */
    const char *member;  /* the list's name */
    const char *what;    /* "a lock" */
    const char *items;   /* "workflows": at most so many ... */
    int limit;
};

/* The items of `text`. NULL: ERROR_INPUT with the place in `file`. */
const struct value *list_file_parse(struct arena *arena,
                                    const struct list_file *kind,
                                    const char *file, const char *text,
                                    size_t length, struct error *error);

/* The whole file with `items`, a list, added to `text`. */
void list_file_print(struct arena *arena, const struct list_file *kind,
                     struct value *items, struct text *text);
