#pragma once
/* The file of known marketplaces, and the locks that keep writers apart. */
#include "marketplace/marketplace.h"

/* The list from the text of `file` (a name for messages). ERROR_INPUT. */
int settings_parse(struct arena *arena, const char *file, const char *text,
                   size_t length, struct marketplace_list *list,
                   struct error *error) MUST_CHECK;

/* Writes the list, sorted by name, in one step (mode 0600). ERROR_SYSTEM. */
int settings_write(const struct marketplace_places *places,
                   const struct marketplace_list *list,
                   struct error *error) MUST_CHECK;

/* A new list with `market` in the place of the one of its name. */
struct marketplace_list settings_with(struct arena *arena,
                                      const struct marketplace_list *list,
                                      const struct marketplace *market);

/* The same without `name`. */
struct marketplace_list settings_without(struct arena *arena,
                                         const struct marketplace_list *list,
                                         const char *name);

/* Takes the lock of `file` (made when missing), waiting up to `seconds`. The
 * descriptor, which the caller closes; -1 with ERROR_SYSTEM: another program
 * holds it, or it cannot be made. */
int settings_lock(const char *file, size_t seconds, struct error *error);
