#pragma once
/* assay.lock: which version of a workflow a project uses. */
#include "marketplace/marketplace.h"

struct lock_entry {
    const char *name, *marketplace, *url, *commit, *path, *digest;
    const char *signer;         /* NULL: not checked */
    const struct value *images; /* a list of texts */
};

struct lock {
    struct lock_entry *items; /* by marketplace and name */
    size_t count;
};

/* The lock of `file`; empty when there is none. ERROR_INPUT with the place. */
int lock_read(struct arena *arena, const char *file, struct lock *lock,
              struct error *error) MUST_CHECK;

/* The same from the text of `file` (a name for messages). */
int lock_parse(struct arena *arena, const char *file, const char *text,
               size_t length, struct lock *lock,
               struct error *error) MUST_CHECK;

/* The text of a lock as it is written. */
void lock_print(struct text *text, const struct lock *lock);

/* The entry of `name` (of `marketplace`, NULL: any); NULL when there is none,
 * and with ERROR_USAGE when there are several. */
const struct lock_entry *lock_find(const struct lock *lock,
                                   const char *marketplace, const char *name,
                                   struct error *error);
