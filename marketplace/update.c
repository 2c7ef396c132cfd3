/*
 * Known marketplaces: add, update, remove.
 *
 * The order of an update: fetch into a folder beside the cache (with the
 * cache's objects in sight), look at the head there, and only when everything
 * is good move the packs into the cache and record the head. A refusal or a
 * crash at any point leaves the recorded head, and the objects that it needs,
 * as they were.
 *
 * Two locks: one for the cache of a URL, held through the fetch; one for the
 * file of marketplaces, held while it is read and written again.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "marketplace/authenticate.h"
#include "marketplace/cache.h"
#include "marketplace/fetch.h"
#include "marketplace/index.h"
#include "marketplace/limits.h"
#include "marketplace/reference.h"
#include "marketplace/settings.h"

static void close_lock(const int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}
#define LOCKED __attribute__((cleanup(close_lock))) int

static size_t seconds_of(const struct marketplace_fetch *options)
{
    return options->seconds ? options->seconds : FETCH_SECONDS;
}

static int check_relation(struct repository *repository,
                          const struct marketplace *market, const char *head,
                          bool allowed, struct error *error)
{
    enum relation relation = RELATION_NONE;
    if (!market->head || allowed)
        return 0;
    if (repository_has_commit(repository, market->head) &&
        repository_relate(repository, market->head, head, &relation, error) < 0)
        return -1;
    if (relation == RELATION_SAME || relation == RELATION_NEWER)
        return 0;
    return error_set(
        error, ERROR_TRUST,
        relation == RELATION_OLDER
            ? "rollback: the head %.12s is older than %.12s, which was "
              "accepted before (--allow-rollback takes it)"
            : "not-descendant: the head %.12s does not follow %.12s, which "
              "was accepted before (--allow-rollback takes it)",
        head, market->head);
}

/* Everything that is asked of the new head change->after; fills `change`. */
static int judge(struct arena *arena, struct repository *repository,
                 const struct marketplace *market,
                 const struct marketplace_fetch *options,
                 struct marketplace_change *change, struct error *error)
{
    struct authentication who;
    struct marketplace_index index;
    struct wire commit;
    char unchecked[SSH_FINGERPRINT];
    const char *head = change->after;
    if (repository_read_commit(arena, repository, head, &commit, error) < 0)
        return -1;
    if (authenticate_commit(arena, market, commit, clock_now(), &who, error) <
        0)
        return error_context(error, "commit %.12s", head);
    if (check_relation(repository, market, head, options->allow_rollback,
                       error) < 0 ||
        index_read(arena, repository, head, &index, error) < 0)
        return -1;
    authenticate_guess(arena, commit, unchecked);
    change->before = market->head;
    change->signer = who.signer[0] ? arena_string(arena, who.signer) : NULL;
    change->principals = who.principals;
    if (market->tofu && !market->head && unchecked[0])
        change->unchecked = arena_string(arena, unchecked);
    change->workflows = index.count;
    change->problems = index.problems;
    change->problem_count = index.problem_count;
    return 0;
}

/* The incoming repository of one update; removed at the end of it. */
static int make_incoming(const struct cache_paths *paths, bool shared,
                         const char *have, struct error *error)
{
    if (folder_remove(paths->incoming, error) < 0 || /* of a crash */
        repository_make(paths->incoming, shared ? paths->objects : NULL,
                        error) < 0)
        return -1;
    if (!have)
        return 0;
    CLEANUP(repository_close)
    struct repository *repository = repository_open(paths->incoming, error);
    return repository ? repository_set_reference(repository, "refs/heads/have",
                                                 have, error)
                      : -1;
}

static int fetch_and_judge(struct arena *arena, const struct cache_paths *paths,
                           const struct marketplace *market,
                           const struct marketplace_fetch *options,
                           struct marketplace_change *change,
                           struct error *error)
{
    bool complete = cache_is_complete(paths, market->head);
    char head[COMMIT_NAME];
    struct fetch fetch = {
        .url = market->url,
        .ca = market->ca,
        .have = complete ? market->head : NULL,
        .seconds = seconds_of(options),
        .bytes_limit = FETCH_BYTES_LIMIT,
        .objects_limit = FETCH_OBJECT_LIMIT,
    };
    if (make_incoming(paths, complete, fetch.have, error) < 0 ||
        fetch_head(paths->incoming, &fetch, head, error) < 0)
        return -1;
    CLEANUP(repository_close)
    struct repository *repository = repository_open(paths->incoming, error);
    change->after = arena_string(arena, head);
    if (!repository ||
        judge(arena, repository, market, options, change, error) < 0)
        return -1;
    if (fetch.have && strcmp(fetch.have, head) == 0)
        return 0;
    return cache_accept(paths, !complete, error);
}

/* Fetches, judges and moves into the cache; records nothing. The lock of the
 * cache is held. */
static int refresh(struct arena *arena, const struct cache_paths *paths,
                   const struct marketplace *market,
                   const struct marketplace_fetch *options,
                   struct marketplace_change *change, struct error *error)
{
    struct error ignored = {0};
    *change = (struct marketplace_change){0};
    int result = fetch_and_judge(arena, paths, market, options, change, error);
    (void)!folder_remove(paths->incoming, &ignored);
    if (result < 0)
        return error_context(error, "marketplace '%s'", market->name);
    return 0;
}

static const char *lock_of(struct arena *arena,
                           const struct marketplace_places *places)
{
    return arena_format(arena, "%s.lock", places->settings);
}

/* Puts what was accepted into the file. `known`: the marketplace is there
 * already, and must be the same still. */
static int record(struct arena *arena, const struct marketplace_places *places,
                  struct marketplace *market, bool known, struct error *error)
{
    enum { WAIT = 10 };
    struct marketplace_list list;
    const struct marketplace *other = NULL;
    LOCKED lock = settings_lock(lock_of(arena, places), WAIT, error);
    if (lock < 0 || marketplace_list_read(arena, places, &list, error) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++)
        if (strcmp(list.items[i].name, market->name) == 0)
            other = &list.items[i];
    if (known != !!other || (other && strcmp(other->url, market->url) != 0))
        return error_set(error, ERROR_SYSTEM,
                         "marketplace '%s' was changed by another assay "
                         "meanwhile",
                         market->name);
    if (!known && list.count == MARKETPLACE_COUNT_LIMIT)
        return error_set(error, ERROR_USAGE,
                         "%d marketplaces are known, which is the limit",
                         MARKETPLACE_COUNT_LIMIT);
    struct marketplace_list result = settings_with(arena, &list, market);
    return settings_write(places, &result, error);
}

static void take_over(struct arena *arena, struct marketplace *market,
                      const struct marketplace_change *change)
{
    char now[CLOCK_TEXT];
    clock_print(clock_now(), now);
    market->head = change->after;
    market->signer = change->signer;
    market->updated = arena_string(arena, now);
}

static int check_trust(const struct marketplace *market, struct error *error)
{
    int rules =
        market->tofu + (market->signer_count > 0) + !!market->allowed_signers;
    if (rules == 0)
        return error_set(error, ERROR_TRUST,
                         "no-trust: say whose signature is trusted: --signer "
                         "SHA256:... or --allowed-signers FILE; or --tofu to "
                         "take the first head unchecked");
    if (rules > 1)
        return error_set(error, ERROR_USAGE,
                         "give one of --signer, --allowed-signers and --tofu");
    if (market->signer_count > MARKETPLACE_SIGNER_LIMIT)
        return error_set(error, ERROR_USAGE,
                         "--signer: at most %d keys, use --allowed-signers",
                         MARKETPLACE_SIGNER_LIMIT);
    for (size_t i = 0; i < market->signer_count; i++)
        if (!ssh_fingerprint_is_valid(market->signers[i]))
            return error_set(error, ERROR_USAGE,
                             "--signer: expected SHA256: and 43 characters, "
                             "as `ssh-keygen -lf KEY.pub` prints it, found "
                             "'%.100s'",
                             market->signers[i]);
    return 0;
}

/* A file that is named in the settings must mean the same from any folder. */
static int make_absolute(struct arena *arena, const char **file,
                         struct error *error)
{
    char path[PATH_MAX];
    if (!*file)
        return 0;
    if (!realpath(*file, path)) {
        error_set_system(error, "cannot read '%.200s'", *file);
        error->kind = ERROR_INPUT;
        return -1;
    }
    *file = arena_string(arena, path);
    return 0;
}

int marketplace_add(struct arena *arena,
                    const struct marketplace_places *places,
                    struct marketplace *market,
                    const struct marketplace_fetch *options,
                    struct marketplace_change *change, struct error *error)
{
    struct marketplace_list list;
    if (!reference_name_is_valid(market->name))
        return error_set(error, ERROR_USAGE,
                         "the name '%.100s' is not usable: 1 to %d of a-z, "
                         "0-9 and '-', not beginning with '-'",
                         market->name, MARKETPLACE_NAME_LIMIT);
    if (fetch_check_url(market->url, error) < 0 ||
        check_trust(market, error) < 0 ||
        make_absolute(arena, &market->ca, error) < 0 ||
        make_absolute(arena, &market->allowed_signers, error) < 0 ||
        marketplace_list_read(arena, places, &list, error) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++)
        if (strcmp(list.items[i].name, market->name) == 0)
            return error_set(error, ERROR_USAGE,
                             "marketplace '%s' is known already, as %s "
                             "(`assay marketplace remove %s` forgets it)",
                             market->name, list.items[i].url, market->name);
    market->head = NULL;
    struct cache_paths paths = cache_paths_make(arena, places, market->url);
    LOCKED lock = settings_lock(paths.lock, seconds_of(options), error);
    if (lock < 0 || refresh(arena, &paths, market, options, change, error) < 0)
        return -1;
    take_over(arena, market, change);
    return record(arena, places, market, false, error);
}

int marketplace_update(struct arena *arena,
                       const struct marketplace_places *places,
                       const char *name,
                       const struct marketplace_fetch *options,
                       struct marketplace_change *change, struct error *error)
{
    struct marketplace_list list;
    if (marketplace_list_read(arena, places, &list, error) < 0)
        return -1;
    struct marketplace *market = marketplace_find(&list, name, error);
    if (!market)
        return -1;
    struct cache_paths paths = cache_paths_make(arena, places, market->url);
    LOCKED lock = settings_lock(paths.lock, seconds_of(options), error);
    /* Read again: another update may have recorded a newer head. */
    if (lock < 0 || marketplace_list_read(arena, places, &list, error) < 0 ||
        !(market = marketplace_find(&list, name, error)) ||
        refresh(arena, &paths, market, options, change, error) < 0)
        return -1;
    take_over(arena, market, change);
    return record(arena, places, market, true, error);
}

int marketplace_remove(struct arena *arena,
                       const struct marketplace_places *places,
                       const char *name, struct error *error)
{
    enum { WAIT = 10 };
    struct marketplace_list list;
    LOCKED lock = settings_lock(lock_of(arena, places), WAIT, error);
    if (lock < 0 || marketplace_list_read(arena, places, &list, error) < 0)
        return -1;
    const struct marketplace *market = marketplace_find(&list, name, error);
    if (!market)
        return -1;
    struct marketplace_list rest = settings_without(arena, &list, name);
    if (settings_write(places, &rest, error) < 0)
        return -1;
    for (size_t i = 0; i < rest.count; i++)
        if (strcmp(rest.items[i].url, market->url) == 0)
            return 0; /* another name for the same cache */
    return cache_remove(arena, places, market->url, error);
}
