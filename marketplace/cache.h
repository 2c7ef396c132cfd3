#pragma once
/* Where the objects of a URL are kept, and how new ones get there. */
#include "marketplace/marketplace.h"
#include "marketplace/repository.h"

/* The paths of one URL, named after its digest; nothing is made. */
struct cache_paths {
    const char *folder;   /* the bare repository */
    const char *objects;  /* its objects */
    const char *incoming; /* of an update that is under way */
    const char *lock;
};
struct cache_paths cache_paths_make(struct arena *arena,
                                    const struct marketplace_places *places,
                                    const char *url);

/* Whether the cache holds `head` and is in a state that a fetch may build upon;
 * with many small packs it is not, so that it is fetched anew. */
bool cache_is_complete(const struct cache_paths *paths, const char *head);

/* Moves the packs of `incoming` into the cache, which is made when missing.
 * With `whole` they replace all others. ERROR_SYSTEM. */
int cache_accept(const struct cache_paths *paths, bool whole,
                 struct error *error) MUST_CHECK;

/* The cache of a marketplace, open. NULL with ERROR_SYSTEM and what to do. */
struct repository *cache_open(struct arena *arena,
                              const struct marketplace_places *places,
                              const struct marketplace *market,
                              struct error *error);

int cache_remove(struct arena *arena, const struct marketplace_places *places,
                 const char *url, struct error *error) MUST_CHECK;
