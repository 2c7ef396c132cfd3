#pragma once
/* Changes of value trees, as writing objects needs them. */
#include "engine/value/value.h"

/* Takes a member out of a map; nothing when it is not there. */
void tree_drop(struct arena *arena, struct value *map, const char *name);

/* The map that is the member `name`, made when there is none. */
struct value *tree_map(struct arena *arena, struct value *map,
                       const char *name);

/* Sets a member unless it is there. */
void tree_default(struct arena *arena, struct value *map, const char *name,
                  struct value *item);
void tree_default_string(struct arena *arena, struct value *map,
                         const char *name, const char *text);

/* Whether a list of strings holds `text`; the list without it. */
bool tree_holds(const struct value *list, const char *text);
struct value *tree_without(struct arena *arena, const struct value *list,
                           const char *text);

/* The entry of a list of maps whose member `key` is `text`, or NULL. */
struct value *tree_entry(const struct value *list, const char *key,
                         const char *text);

/* RFC 7396: null takes away, maps are merged, all else replaces. The result may
 * share parts with both and lives in `arena`. */
struct value *tree_merge(struct arena *arena, const struct value *target,
                         const struct value *patch);

/* The same with the lists of Kubernetes that have keys merged by them
 * (containers by name), `$patch: delete` and `$patch: replace`. */
struct value *tree_merge_strategic(struct arena *arena,
                                   const struct value *target,
                                   const struct value *patch);

/* RFC 6902: add, remove, replace and test. NULL with ERROR_INPUT. */
struct value *tree_edit(struct arena *arena, const struct value *target,
                        const struct value *operations, struct error *error);
