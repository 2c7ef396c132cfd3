/*
 * Files of a tree in, workflows out. The index of the repository itself, if it
 * has one, is not read: what a workflow is called and contains stands in its
 * own bytes, and those are what the digest is of.
 */
#include "marketplace/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/digest.h"
#include "engine/base/text.h"
#include "marketplace/limits.h"
#include "marketplace/reference.h"

static const char *const folders[] = {"workflows", "templates"};

enum { TEXT_LIMIT = 1024 };

void index_digest(const void *bytes, size_t length,
                  char digest[MARKETPLACE_DIGEST])
{
    struct digest computed = digest_compute(bytes, length);
    char hex[65];
    digest_print(&computed, hex);
    snprintf(digest, MARKETPLACE_DIGEST, "sha256:%s", hex);
}

static bool is_workflow_file(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static void add_problem(struct arena *arena, struct marketplace_index *index,
                        const char *path, const char *text)
{
    const size_t size = sizeof *index->problems;
    index->problems =
        arena_grow(arena, index->problems, index->problem_count * size,
                   (index->problem_count + 1) * size);
    index->problems[index->problem_count++] = (struct marketplace_problem){
        arena_string(arena, path), arena_string(arena, text)};
}

/* A string of the document, cut to what a list can show; "" when there is none.
 */
static const char *short_text(struct arena *arena, const struct value *map,
                              const char *name)
{
    const char *text = value_string_at(map, name);
    if (!text)
        return "";
    size_t length = strnlen(text, TEXT_LIMIT);
    if (text[length] != '\0')
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    return arena_copy(arena, text, length);
}

/* Strings that are collected, each once. */
struct images {
    const char *items[LOCK_IMAGE_LIMIT];
    size_t count;
    bool too_many;
};

static void add_image(struct images *images, const char *image)
{
    for (size_t i = 0; i < images->count; i++)
        if (strcmp(images->items[i], image) == 0)
            return;
    if (images->count < LOCK_IMAGE_LIMIT)
        images->items[images->count++] = image;
    else
        images->too_many = true;
}

/* Every string that stands under the name `image`, wherever that is: the reader
 * of the document has bounded how deep. */
static void collect_images(const struct value *value, struct images *images)
{
    for (size_t i = 0; value_is(value, VALUE_LIST) && i < value->list.count;
         i++)
        collect_images(value->list.items[i], images);
    for (size_t i = 0; value_is(value, VALUE_MAP) && i < value->map.count;
         i++) {
        const struct member *member = &value->map.members[i];
        const char *text = value_string(member->value);
        if (text && text[0] && strcmp(member->name, "image") == 0)
            add_image(images, text);
        else
            collect_images(member->value, images);
    }
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The images of a workflow; NULL: too many to list them all. */
static const struct value *list_images(struct arena *arena,
                                       const struct value *spec)
{
    struct images images = {.count = 0};
    struct value *list = value_make_list(arena);
    collect_images(spec, &images);
    if (images.too_many)
        return NULL;
    qsort(images.items, images.count, sizeof *images.items, compare_texts);
    for (size_t i = 0; i < images.count; i++)
        value_append(arena, list, value_make_string(arena, images.items[i]));
    return list;
}

static void describe(struct arena *arena, const struct value *document,
                     struct marketplace_entry *entry)
{
    const struct value *metadata = value_get(document, "metadata");
    const struct value *labels = value_get(metadata, "labels");
    const struct value *notes = value_get(metadata, "annotations");
    const struct value *spec = value_get(document, "spec");
    const struct value *parameters = value_get(spec, "config");
    entry->name = arena_string(arena, value_string_at(metadata, "name"));
    entry->category =
        short_text(arena, labels, "marketplace.testkube.io/category");
    entry->component =
        short_text(arena, labels, "marketplace.testkube.io/component");
    entry->display_name =
        short_text(arena, notes, "marketplace.testkube.io/display-name");
    entry->description =
        short_text(arena, notes, "marketplace.testkube.io/description");
    if (entry->description[0] == '\0')
        entry->description = short_text(arena, spec, "description");
    entry->parameters = parameters ? value_copy(arena, parameters) : NULL;
}

static int add_entry(struct arena *arena, const char *path,
                     const struct value *document,
                     struct marketplace_index *index, struct error *error)
{
    const size_t size = sizeof *index->entries;
    const char *kind = value_string_at(document, "kind");
    const char *name = value_string(value_path(document, "metadata.name"));
    bool template = kind && strcmp(kind, "TestWorkflowTemplate") == 0;
    if (!kind || (strcmp(kind, "TestWorkflow") != 0 && !template))
        return 0;
    if (!name || !reference_workflow_is_valid(name)) {
        add_problem(arena, index, path,
                    template ? "a template without a usable name"
                             : "a workflow without a usable name");
        return 0;
    }
    const struct marketplace_entry *other = index_find(index, name);
    const struct value *images =
        list_images(arena, value_get(document, "spec"));
    if (other || !images) {
        add_problem(
            arena, index, path,
            other
                ? arena_format(arena, "its name '%s' is taken by '%s'", name,
                               other->path)
                : arena_format(arena, "more than %d images", LOCK_IMAGE_LIMIT));
        return 0;
    }
    if (index->count == WORKFLOW_COUNT_LIMIT)
        return error_set(error, ERROR_TRUST,
                         "length-exceeded: more than %d workflows",
                         WORKFLOW_COUNT_LIMIT);
    index->entries = arena_grow(arena, index->entries, index->count * size,
                                (index->count + 1) * size);
    struct marketplace_entry *entry = &index->entries[index->count++];
    entry->path = arena_string(arena, path);
    entry->images = images;
    entry->template = template;
    describe(arena, document, entry);
    return 0;
}

int index_add_file(struct arena *arena, const char *path, const char *bytes,
                   size_t length, struct marketplace_index *index,
                   struct error *error)
{
    CLEANUP(arena_free) struct arena *scratch = arena_new();
    struct diagnostics diagnostics = diagnostics_make(scratch, path);
    const struct value *documents =
        value_read_yaml(scratch, bytes, length, &diagnostics);
    size_t first = index->count;
    if (!documents) {
        const char *why =
            diagnostics.count > 0 ? diagnostics.items[0].text : "not YAML";
        add_problem(arena, index, path, why);
        return 0;
    }
    for (size_t i = 0; i < value_count(documents); i++)
        if (add_entry(arena, path, value_item(documents, i), index, error) < 0)
            return -1;
    for (size_t i = first; i < index->count; i++)
        index_digest(bytes, length, index->entries[i].digest);
    return 0;
}

static int compare_entries(const void *a, const void *b)
{
    const struct marketplace_entry *first = a, *second = b;
    return strcmp(first->name, second->name);
}

static int read_folder(struct arena *arena, struct repository *repository,
                       const char *commit, const char *folder,
                       struct marketplace_index *index, struct error *error)
{
    struct tree_files files;
    if (repository_list(arena, repository, commit, folder, &files, error) < 0)
        return -1;
    for (size_t i = 0; i < files.count; i++) {
        CLEANUP(arena_free) struct arena *scratch = arena_new();
        struct error unreadable = {0};
        struct wire bytes;
        if (!is_workflow_file(files.items[i].path))
            continue;
        if (repository_read_blob(scratch, repository, files.items[i].blob,
                                 &bytes, &unreadable) < 0)
            add_problem(arena, index, files.items[i].path, unreadable.text);
        else if (index_add_file(arena, files.items[i].path,
                                (const char *)bytes.bytes, bytes.length, index,
                                error) < 0)
            return -1;
    }
    return 0;
}

int index_read(struct arena *arena, struct repository *repository,
               const char *commit, struct marketplace_index *index,
               struct error *error)
{
    *index = (struct marketplace_index){0};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (read_folder(arena, repository, commit, folders[i], index, error) <
            0)
            return -1;
    if (index->count > 0)
        qsort(index->entries, index->count, sizeof *index->entries,
              compare_entries);
    return 0;
}

const struct marketplace_entry *
index_find(const struct marketplace_index *index, const char *name)
{
    for (size_t i = 0; i < index->count; i++)
        if (strcmp(index->entries[i].name, name) == 0)
            return &index->entries[i];
    return NULL;
}
