/*
 * A reference in, the exact bytes of one workflow out. What vouches for them is
 * checked anew each time: the recorded head is authenticated (a key may have
 * expired or been taken from the list), the commit must be that head or one of
 * its ancestors, and the bytes must have the digest that is asked for.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "marketplace/authenticate.h"
#include "marketplace/cache.h"
#include "marketplace/index.h"
#include "marketplace/lock.h"

/* A marketplace that is being looked into. */
struct opened {
    const struct marketplace *market;
    struct repository *repository;
    struct authentication who;
};

static void close_opened(struct opened *opened)
{
    if (opened->repository)
        repository_close(opened->repository);
}
#define OPENED __attribute__((cleanup(close_opened))) struct opened

static int open_market(struct arena *arena,
                       const struct marketplace_places *places,
                       const struct marketplace *market, struct opened *opened,
                       struct error *error)
{
    struct wire commit;
    opened->market = market;
    opened->repository = cache_open(arena, places, market, error);
    if (!opened->repository)
        return -1;
    if (repository_read_commit(arena, opened->repository, market->head, &commit,
                               error) < 0 ||
        authenticate_commit(arena, market, commit, clock_now(), &opened->who,
                            error) < 0)
        return error_context(error, "marketplace '%s'", market->name);
    return 0;
}

int marketplace_index_read(struct arena *arena,
                           const struct marketplace_places *places,
                           const struct marketplace *market,
                           struct marketplace_index *index, struct error *error)
{
    OPENED opened = {0};
    if (open_market(arena, places, market, &opened, error) < 0)
        return -1;
    return index_read(arena, opened.repository, market->head, index, error);
}

struct marketplace *marketplace_find(const struct marketplace_list *list,
                                     const char *name, struct error *error)
{
    CLEANUP(text_free) struct text names = {0};
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
        text_append_format(&names, "%s%s", i > 0 ? ", " : "",
                           list->items[i].name);
    }
    if (list->count == 0)
        error_set(error, ERROR_USAGE,
                  "no marketplace '%.100s': none is known yet (`assay "
                  "marketplace add NAME URL`)",
                  name);
    else
        error_set(error, ERROR_USAGE, "no marketplace '%.100s', known: %s",
                  name, text_string(&names));
    return NULL;
}

/* The workflow of that name and path as it is in a commit. */
static int read_source(struct arena *arena, const struct opened *opened,
                       const char *commit,
                       const struct marketplace_entry *wanted,
                       struct marketplace_source *source, struct error *error)
{
    struct marketplace_index index = {0};
    struct wire bytes;
    if (repository_read_file(arena, opened->repository, commit, wanted->path,
                             &bytes, error) < 0)
        return -1;
    *source = (struct marketplace_source){
        .market = opened->market,
        .commit = arena_string(arena, commit),
        .bytes = (const char *)bytes.bytes,
        .length = bytes.length,
    };
    if (opened->who.signer[0])
        source->signer = arena_string(arena, opened->who.signer);
    if (index_add_file(arena, wanted->path, source->bytes, source->length,
                       &index, error) < 0)
        return -1;
    source->entry = index_find(&index, wanted->name);
    if (source->entry)
        return 0;
    error_set(error, ERROR_INPUT,
              "'%.200s' of commit %.12s holds no workflow '%.200s'",
              wanted->path, commit, wanted->name);
    return -1;
}

static bool has_digest(const struct wire *bytes, const void *wanted)
{
    char digest[MARKETPLACE_DIGEST];
    index_digest(bytes->bytes, bytes->length, digest);
    return strcmp(digest, wanted) == 0;
}

/* The version of the head, or the older one that is pinned. */
static int read_entry(struct arena *arena, struct opened *opened,
                      const struct marketplace_entry *entry, const char *pin,
                      struct marketplace_source *source, struct error *error)
{
    char commit[COMMIT_NAME];
    memcpy(commit, opened->market->head, COMMIT_NAME);
    if (pin && strcmp(pin, entry->digest) != 0) {
        const struct version_search search = {commit, entry->path, has_digest,
                                              pin};
        int found = repository_find_version(arena, opened->repository, &search,
                                            commit, error);
        if (found == 0)
            error_set(error, ERROR_TRUST,
                      "digest-mismatch: '%s/%s' is %s, and no older version "
                      "is the pinned %s",
                      opened->market->name, entry->name, entry->digest, pin);
        if (found <= 0)
            return -1;
    }
    return read_source(arena, opened, commit, entry, source, error);
}

/* Looks for a name in one marketplace: 1 found, 0 not, -1 an error. */
static int look_into(struct arena *arena,
                     const struct marketplace_places *places,
                     const struct marketplace *market,
                     const struct marketplace_reference *reference,
                     struct marketplace_source *source, struct error *error)
{
    OPENED opened = {0};
    struct marketplace_index index;
    if (open_market(arena, places, market, &opened, error) < 0 ||
        index_read(arena, opened.repository, market->head, &index, error) < 0)
        return -1;
    const struct marketplace_entry *entry = index_find(&index, reference->name);
    if (!entry)
        return 0;
    if (read_entry(arena, &opened, entry, reference->digest, source, error) < 0)
        return -1;
    return 1;
}

static int not_found(const struct marketplace_list *list,
                     const struct marketplace_reference *reference,
                     struct error *error)
{
    if (list->count == 0)
        return error_set(error, ERROR_USAGE,
                         "no file '%.200s', and no marketplace is known that "
                         "could have it (`assay marketplace add NAME URL`)",
                         reference->name);
    return error_set(error, ERROR_USAGE,
                     "no workflow '%.200s' in %s '%s' (`assay marketplace "
                     "search` lists them)",
                     reference->name,
                     reference->market  ? "marketplace"
                     : list->count == 1 ? "marketplace"
                                        : "any marketplace, such as",
                     reference->market ? reference->market
                                       : list->items[0].name);
}

static int find_in_heads(struct arena *arena,
                         const struct marketplace_places *places,
                         const struct marketplace_list *list,
                         const struct marketplace_reference *reference,
                         struct marketplace_source *source, struct error *error)
{
    const struct marketplace *found = NULL;
    if (reference->market && !marketplace_find(list, reference->market, error))
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        const struct marketplace *market = &list->items[i];
        if (reference->market && strcmp(market->name, reference->market) != 0)
            continue;
        int result = look_into(arena, places, market, reference, source, error);
        if (result < 0)
            return -1;
        if (result > 0 && found)
            return error_set(error, ERROR_USAGE,
                             "'%s' is in several marketplaces: write '%s/%s' "
                             "or '%s/%s'",
                             reference->name, found->name, reference->name,
                             market->name, reference->name);
        if (result > 0)
            found = market;
    }
    return found ? 0 : not_found(list, reference, error);
}

static int differs(const struct lock_entry *entry, struct error *error,
                   const char *why)
{
    return error_set(error, ERROR_TRUST,
                     "lock-differs: '%s/%s' is locked to %s, %s",
                     entry->marketplace, entry->name, entry->digest, why);
}

static int read_locked(struct arena *arena,
                       const struct marketplace_places *places,
                       const struct marketplace_list *list,
                       const struct lock_entry *entry,
                       struct marketplace_source *source, struct error *error)
{
    OPENED opened = {0};
    enum relation relation = RELATION_NONE;
    const struct marketplace_entry wanted = {.name = entry->name,
                                             .path = entry->path};
    const struct marketplace *market =
        marketplace_find(list, entry->marketplace, error);
    if (!market)
        return -1;
    if (strcmp(market->url, entry->url) != 0)
        return differs(entry, error,
                       "of another URL than this marketplace has here");
    if (open_market(arena, places, market, &opened, error) < 0)
        return -1;
    if (!repository_has_commit(opened.repository, entry->commit))
        return differs(entry, error,
                       "in a commit that the cache does not have: `assay "
                       "marketplace update` may bring it");
    if (repository_relate(opened.repository, entry->commit, market->head,
                          &relation, error) < 0)
        return -1;
    if (relation != RELATION_SAME && relation != RELATION_NEWER)
        return differs(entry, error,
                       "in a commit that the trusted head does not follow");
    if (read_source(arena, &opened, entry->commit, &wanted, source, error) < 0)
        return -1;
    if (strcmp(source->entry->digest, entry->digest) != 0)
        return differs(entry, error,
                       "and its commit holds other bytes under this path");
    return 0;
}

/* The entry of the lock for the reference. NULL without an error: the head's
 * version is meant. */
static const struct lock_entry *
find_locked(struct arena *arena, const struct marketplace_reference *reference,
            const struct marketplace_lookup *lookup, struct error *error)
{
    struct lock lock = {0};
    if (lookup->lock && lock_read(arena, lookup->lock, &lock, error) < 0)
        return NULL;
    const struct lock_entry *entry =
        lock_find(&lock, reference->market, reference->name, error);
    if (error_is_set(error))
        return NULL;
    bool other = entry && reference->digest &&
                 strcmp(entry->digest, reference->digest) != 0;
    if (lookup->locked && !entry)
        error_set(error, ERROR_TRUST,
                  "not-locked: '%s' is not in '%.200s' (`assay marketplace "
                  "pull %s` puts it there)",
                  reference->name, lookup->lock ? lookup->lock : "a lock",
                  reference->name);
    else if (lookup->locked && other)
        differs(entry, error, "and another digest was asked for");
    return error_is_set(error) || other ? NULL : entry;
}

int marketplace_resolve(struct arena *arena,
                        const struct marketplace_places *places,
                        const char *text,
                        const struct marketplace_lookup *lookup,
                        struct marketplace_source *source, struct error *error)
{
    struct marketplace_reference reference;
    struct marketplace_list *list = arena_allocate(arena, sizeof *list);
    *source = (struct marketplace_source){0};
    if (marketplace_reference_parse(arena, text, &reference, error) < 0 ||
        marketplace_list_read(arena, places, list, error) < 0)
        return -1;
    const struct lock_entry *entry =
        find_locked(arena, &reference, lookup, error);
    if (error_is_set(error))
        return -1;
    if (entry)
        return read_locked(arena, places, list, entry, source, error);
    return find_in_heads(arena, places, list, &reference, source, error);
}

const char *marketplace_of(struct arena *arena,
                           const struct marketplace_places *places,
                           const char *text)
{
    struct marketplace_reference reference;
    struct marketplace_list list;
    struct error error = {0};
    if (marketplace_reference_parse(arena, text, &reference, &error) < 0 ||
        marketplace_list_read(arena, places, &list, &error) < 0)
        return NULL;
    for (size_t i = 0; i < list.count; i++) {
        const struct marketplace *market = &list.items[i];
        struct marketplace_source source;
        struct error unreadable = {0};
        if (reference.market && strcmp(market->name, reference.market) != 0)
            continue;
        if (look_into(arena, places, market, &reference, &source, &unreadable) >
            0)
            return market->name;
    }
    return NULL;
}
