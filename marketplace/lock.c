/*
 * assay.lock <-> struct lock. A small YAML file that is kept under version
 * control: sorted, one member a line, no times, so that a difference in it is a
 * difference in what is run. Read strictly, since it decides what is run.
 */
#include "marketplace/lock.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "marketplace/fetch.h"
#include "marketplace/limits.h"
#include "marketplace/list_file.h"
#include "marketplace/reference.h"
#include "marketplace/ssh_key.h"

static const struct list_file kind = {
    .heading = "# Versions of workflows; written by `assay marketplace pull`.\n"
               "# Keep this file under version control.\n",
    .member = "workflows",
    .what = "a lock",
    .items = "workflows",
    .limit = LOCK_ENTRY_LIMIT,
};

static bool is_url(const char *text)
{
    struct error ignored = {0};
    return fetch_check_url(text, &ignored) == 0;
}

/* A path as repository_list gives it. */
static bool is_path(const char *text)
{
    return (strncmp(text, "workflows/", 10) == 0 ||
            strncmp(text, "templates/", 10) == 0) &&
           strlen(text) <= PATH_BYTES_LIMIT && !strstr(text, "..") &&
           !strstr(text, "//");
}

static const struct {
    const char *name;
    size_t offset;
    bool (*is_valid)(const char *text);
} members[] = {
    {"name", offsetof(struct lock_entry, name), reference_workflow_is_valid},
    {"marketplace", offsetof(struct lock_entry, marketplace),
     reference_name_is_valid},
    {"url", offsetof(struct lock_entry, url), is_url},
    {"commit", offsetof(struct lock_entry, commit), reference_commit_is_valid},
    {"path", offsetof(struct lock_entry, path), is_path},
    {"digest", offsetof(struct lock_entry, digest), digest_is_name},
    {"signer", offsetof(struct lock_entry, signer), ssh_fingerprint_is_valid},
};

enum { MEMBER_COUNT = sizeof members / sizeof *members };

static const char **member_of(struct lock_entry *entry, size_t row)
{
    return (const char **)(void *)((char *)entry + members[row].offset);
}

static int decode_entry(struct arena *arena, const struct value *map,
                        struct lock_entry *entry, struct error *error)
{
    for (size_t row = 0; row < MEMBER_COUNT; row++) {
        const char *name = members[row].name;
        const struct value *value = value_get(map, name);
        const char *text = value_string(value);
        bool optional =
            members[row].offset == offsetof(struct lock_entry, signer);
        if (optional && (!value || value_is(value, VALUE_NULL)))
            continue;
        if (!text || !members[row].is_valid(text))
            return error_set(error, ERROR_INPUT, "'%s' is missing or not valid",
                             name);
        *member_of(entry, row) = text;
    }
    entry->images = value_get(map, "images");
    if (!entry->images)
        entry->images = value_make_list(arena);
    bool texts = value_is(entry->images, VALUE_LIST);
    for (size_t i = 0; texts && i < value_count(entry->images); i++)
        texts = value_is(value_item(entry->images, i), VALUE_STRING);
    return texts ? 0
                 : error_set(error, ERROR_INPUT,
                             "'images' must be a list of texts");
}

int lock_parse(struct arena *arena, const char *file, const char *text,
               size_t length, struct lock *lock, struct error *error)
{
    *lock = (struct lock){0};
    const struct value *items =
        list_file_parse(arena, &kind, file, text, length, error);
    if (!items)
        return -1;
    size_t count = value_count(items);
    lock->items = arena_allocate(arena, (count + 1) * sizeof *lock->items);
    for (; lock->count < count; lock->count++) {
        const struct value *item = value_item(items, lock->count);
        if (decode_entry(arena, item, &lock->items[lock->count], error) < 0)
            return error_place(error, file, item->mark);
    }
    return 0;
}

int lock_read(struct arena *arena, const char *file, struct lock *lock,
              struct error *error)
{
    size_t length;
    *lock = (struct lock){0};
    if (access(file, F_OK) < 0 && errno == ENOENT)
        return 0;
    const char *text =
        file_read(arena, file, MARKETPLACE_FILE_LIMIT, &length, error);
    return text ? lock_parse(arena, file, text, length, lock, error) : -1;
}

static struct value *encode_entry(struct arena *arena, struct lock_entry *entry)
{
    struct value *map = value_make_map(arena);
    for (size_t row = 0; row < MEMBER_COUNT; row++) {
        const char *text = *member_of(entry, row);
        value_set(arena, map, members[row].name,
                  text ? value_make_string(arena, text)
                       : value_make_null(arena));
    }
    value_set(arena, map, "images", value_copy(arena, entry->images));
    return map;
}

static int compare_entries(const void *a, const void *b)
{
    const struct lock_entry *first = a, *second = b;
    int order = strcmp(first->marketplace, second->marketplace);
    return order != 0 ? order : strcmp(first->name, second->name);
}

void lock_print(struct text *text, const struct lock *lock)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *items = value_make_list(arena);
    for (size_t i = 0; i < lock->count; i++)
        value_append(arena, items, encode_entry(arena, &lock->items[i]));
    list_file_print(arena, &kind, items, text);
}

const struct lock_entry *lock_find(const struct lock *lock,
                                   const char *marketplace, const char *name,
                                   struct error *error)
{
    const struct lock_entry *found = NULL;
    for (size_t i = 0; i < lock->count; i++) {
        const struct lock_entry *entry = &lock->items[i];
        if (strcmp(entry->name, name) != 0 ||
            (marketplace && strcmp(entry->marketplace, marketplace) != 0))
            continue;
        if (found) {
            error_set(error, ERROR_USAGE,
                      "'%.100s' is locked from several marketplaces: write "
                      "'%s/%.100s' or '%s/%.100s'",
                      name, found->marketplace, name, entry->marketplace, name);
            return NULL;
        }
        found = entry;
    }
    return found;
}

int marketplace_lock_put(struct arena *arena, const char *file,
                         const struct marketplace_source *source,
                         const char **before, struct error *error)
{
    CLEANUP(text_free) struct text text = {0};
    struct lock lock;
    *before = NULL;
    if (lock_read(arena, file, &lock, error) < 0)
        return -1;
    struct lock_entry entry = {
        .name = source->entry->name,
        .marketplace = source->market->name,
        .url = source->market->url,
        .commit = source->commit,
        .path = source->entry->path,
        .digest = source->entry->digest,
        .signer = source->signer,
        .images = source->entry->images,
    };
    struct lock result = {
        .items = arena_allocate(arena, (lock.count + 1) * sizeof entry)};
    for (size_t i = 0; i < lock.count; i++)
        if (compare_entries(&lock.items[i], &entry) != 0)
            result.items[result.count++] = lock.items[i];
        else
            *before = lock.items[i].digest;
    if (result.count == LOCK_ENTRY_LIMIT)
        return error_set(error, ERROR_INPUT,
                         "'%.200s' holds %d workflows already", file,
                         LOCK_ENTRY_LIMIT);
    result.items[result.count++] = entry;
    qsort(result.items, result.count, sizeof *result.items, compare_entries);
    lock_print(&text, &result);
    if (text.length > MARKETPLACE_FILE_LIMIT)
        return error_set(error, ERROR_INPUT,
                         "'%.200s' would have more than %d bytes", file,
                         MARKETPLACE_FILE_LIMIT);
    return file_write_atomic(file, text_string(&text), text.length, 0644,
                             error);
}
