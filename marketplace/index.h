#pragma once
/* The workflows of one commit. */
#include "marketplace/marketplace.h"
#include "marketplace/repository.h"

/* Reads every .yaml and .yml below workflows/ and templates/ of the commit. A file that cannot
 * be read becomes a problem of the index, not an error. ERROR_TRUST as
 * repository_list, and for too many workflows. */
int index_read(struct arena *arena, struct repository *repository,
               const char *commit, struct marketplace_index *index,
               struct error *error) MUST_CHECK;

/* The entries of the bytes of one file, added to `index`. */
int index_add_file(struct arena *arena, const char *path, const char *bytes,
                   size_t length, struct marketplace_index *index,
                   struct error *error) MUST_CHECK;

/* The entry of that name; NULL: none. */
const struct marketplace_entry *
index_find(const struct marketplace_index *index, const char *name);

/* "sha256:<64 hex>" of the bytes. */
void index_digest(const void *bytes, size_t length,
                  char digest[MARKETPLACE_DIGEST]);
