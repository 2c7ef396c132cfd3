/*
 * marketplaces.yaml <-> struct marketplace_list. The file is ours: it is
 * rewritten as a whole by every command that changes it, and it holds, beside
 * what the user chose, the head that was accepted last, without which a
 * rollback could not be told (as known_hosts does for ssh). Read strictly: a
 * file that is not understood is an error, never an empty list.
 */
#include "marketplace/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "marketplace/fetch.h"
#include "marketplace/limits.h"
#include "marketplace/list_file.h"
#include "marketplace/reference.h"
#include "marketplace/ssh_key.h"

static const struct list_file kind = {
    .heading = "# Known marketplaces; written by `assay marketplace add` and "
               "`update`.\n",
    .member = "marketplaces",
    .what = "a file of marketplaces",
    .items = "of them",
    .limit = MARKETPLACE_COUNT_LIMIT,
};

/* The text members: where they are kept, and whether one must be there. */
static const struct {
    const char *name;
    size_t offset;
    bool required;
} members[] = {
    {"name", offsetof(struct marketplace, name), true},
    {"url", offsetof(struct marketplace, url), true},
    {"ca", offsetof(struct marketplace, ca), false},
    {"allowedSigners", offsetof(struct marketplace, allowed_signers), false},
    {"head", offsetof(struct marketplace, head), true},
    {"signer", offsetof(struct marketplace, signer), false},
    {"updated", offsetof(struct marketplace, updated), false},
};

enum { MEMBER_COUNT = sizeof members / sizeof *members };

static const char **member_of(struct marketplace *market, size_t row)
{
    return (const char **)(void *)((char *)market + members[row].offset);
}

static int decode_signers(struct arena *arena, const struct value *list,
                          struct marketplace *market, struct error *error)
{
    size_t count = value_count(list);
    if (list && !value_is(list, VALUE_LIST))
        return error_set(error, ERROR_INPUT, "'signers' must be a list");
    if (count > MARKETPLACE_SIGNER_LIMIT)
        return error_set(error, ERROR_INPUT, "more than %d signers",
                         MARKETPLACE_SIGNER_LIMIT);
    market->signers = arena_allocate(arena, (count + 1) * sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        const char *text = value_string(value_item(list, i));
        if (!text || !ssh_fingerprint_is_valid(text))
            return error_set(error, ERROR_INPUT,
                             "a signer must be a fingerprint SHA256:...");
        market->signers[market->signer_count++] = text;
    }
    return 0;
}

static int decode_market(struct arena *arena, const struct value *map,
                         struct marketplace *market, struct error *error)
{
    struct error wrong = {0};
    for (size_t row = 0; row < MEMBER_COUNT; row++) {
        const char *text = value_string_at(map, members[row].name);
        if (!text &&
            (members[row].required || value_get(map, members[row].name)))
            return error_set(error, ERROR_INPUT, "'%s' must be a text",
                             members[row].name);
        *member_of(market, row) = text;
    }
    const struct value *tofu = value_get(map, "tofu");
    if (tofu && !value_is(tofu, VALUE_BOOL))
        return error_set(error, ERROR_INPUT, "'tofu' must be true or false");
    market->tofu = value_bool_or(tofu, false);
    if (decode_signers(arena, value_get(map, "signers"), market, error) < 0)
        return -1;
    if (!reference_name_is_valid(market->name))
        return error_set(error, ERROR_INPUT,
                         "'%.80s' is no name of a "
                         "marketplace",
                         market->name);
    if (fetch_check_url(market->url, &wrong) < 0)
        return error_set(error, ERROR_INPUT, "%s", wrong.text);
    if (!reference_commit_is_valid(market->head))
        return error_set(error, ERROR_INPUT, "'head' must be a commit");
    if (market->tofu + (market->signer_count > 0) + !!market->allowed_signers !=
        1)
        return error_set(error, ERROR_INPUT,
                         "expected one of tofu, signers and allowedSigners");
    return 0;
}

int settings_parse(struct arena *arena, const char *file, const char *text,
                   size_t length, struct marketplace_list *list,
                   struct error *error)
{
    *list = (struct marketplace_list){0};
    const struct value *items =
        list_file_parse(arena, &kind, file, text, length, error);
    if (!items)
        return -1;
    size_t count = value_count(items);
    list->items = arena_allocate(arena, (count + 1) * sizeof *list->items);
    for (; list->count < count; list->count++) {
        const struct value *item = value_item(items, list->count);
        if (decode_market(arena, item, &list->items[list->count], error) < 0)
            return error_place(error, file, item->mark);
    }
    return 0;
}

int marketplace_list_read(struct arena *arena,
                          const struct marketplace_places *places,
                          struct marketplace_list *list, struct error *error)
{
    const char *file = places->settings;
    size_t length;
    *list = (struct marketplace_list){0};
    if (access(file, F_OK) < 0 && errno == ENOENT)
        return 0;
    const char *text =
        file_read(arena, file, MARKETPLACE_FILE_LIMIT, &length, error);
    return text ? settings_parse(arena, file, text, length, list, error) : -1;
}

static struct value *encode_market(struct arena *arena,
                                   struct marketplace *market)
{
    struct value *map = value_make_map(arena);
    for (size_t row = 0; row < MEMBER_COUNT; row++)
        value_set_string(arena, map, members[row].name,
                         *member_of(market, row));
    if (market->tofu)
        value_set(arena, map, "tofu", value_make_bool(arena, true));
    if (market->signer_count == 0)
        return map;
    struct value *signers = value_make_list(arena);
    for (size_t i = 0; i < market->signer_count; i++)
        value_append(arena, signers,
                     value_make_string(arena, market->signers[i]));
    value_set(arena, map, "signers", signers);
    return map;
}

static int make_folder_of(const char *file, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *slash = strrchr(file, '/');
    if (!slash || slash == file)
        return 0;
    return folder_make(arena_copy(arena, file, (size_t)(slash - file)), 0700,
                       error);
}

int settings_write(const struct marketplace_places *places,
                   const struct marketplace_list *list, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text text = {0};
    struct value *items = value_make_list(arena);
    for (size_t i = 0; i < list->count; i++)
        value_append(arena, items, encode_market(arena, &list->items[i]));
    list_file_print(arena, &kind, items, &text);
    if (make_folder_of(places->settings, error) < 0)
        return -1;
    return file_write_atomic(places->settings, text_string(&text), text.length,
                             0600, error);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct marketplace *)a)->name,
                  ((const struct marketplace *)b)->name);
}

struct marketplace_list settings_without(struct arena *arena,
                                         const struct marketplace_list *list,
                                         const char *name)
{
    struct marketplace_list result = {
        .items = arena_allocate(arena, (list->count + 1) * sizeof *list->items),
    };
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) != 0)
            result.items[result.count++] = list->items[i];
    return result;
}

struct marketplace_list settings_with(struct arena *arena,
                                      const struct marketplace_list *list,
                                      const struct marketplace *market)
{
    struct marketplace_list result =
        settings_without(arena, list, market->name);
    result.items[result.count++] = *market;
    qsort(result.items, result.count, sizeof *result.items, compare_names);
    return result;
}

int settings_lock(const char *file, size_t seconds, struct error *error)
{
    enum { STEP = 20 }; /* milliseconds between two tries */
    int64_t deadline = clock_monotonic() + (int64_t)seconds * CLOCK_SECOND;
    if (make_folder_of(file, error) < 0)
        return -1;
    int descriptor =
        open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    if (descriptor < 0)
        return error_set_system(error, "cannot lock '%.200s'", file);
    while (flock(descriptor, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK || clock_monotonic() > deadline) {
            close(descriptor);
            return error_set(error, ERROR_SYSTEM,
                             "another assay is changing the marketplaces "
                             "('%.200s' is locked)",
                             file);
        }
        usleep(STEP * 1000);
    }
    return descriptor;
}
