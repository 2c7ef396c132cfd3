/*
 * Kubeconfig files in, one merged kubeconfig out: {apiVersion, kind, clusters,
 * users, contexts, current-context}. Follows client-go's tools/clientcmd: an
 * explicit file must exist, missing files of a list are passed over, the first
 * file that sets a name or the current context wins, fields are never mixed.
 * Invariant: each entry of the result is {name: text, <kind>: map}, its name is
 * unique in its list, and its paths do not depend on the folder of its file. The
 * working folder is never looked into for files that nobody named.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/diagnostics.h"
#include "engine/base/file.h"
#include "engine/kube/kube.h"
#include "engine/kube/kubeconfig.h"
#include "engine/kube/limits.h"

static const char *const cluster_paths[] = {"certificate-authority", NULL};
static const char *const user_paths[] = {"client-certificate", "client-key",
                                         "tokenFile", NULL};
static const char *const context_paths[] = {NULL};

const struct kube_entry_kind kube_entry_kinds[KUBE_ENTRY_KINDS] = {
    [KUBE_CLUSTER] = {"clusters", "cluster", cluster_paths},
    [KUBE_USER] = {"users", "user", user_paths},
    [KUBE_CONTEXT] = {"contexts", "context", context_paths},
};

/* What is known while one file is read. */
struct reading {
    struct arena *arena;
    const char *path;
    struct error *error;
};

static int refuse(const struct reading *reading, struct mark mark,
                  const char *text)
{
    error_set(reading->error, ERROR_INPUT, "%s", text);
    return error_place(reading->error, reading->path, mark);
}

/* The path as it stands in the file, made independent of the file's folder. */
static const char *resolve_path(const struct reading *reading,
                                const char *written)
{
    const char *slash = strrchr(reading->path, '/');
    if (written[0] == '/' || written[0] == '\0' || !slash)
        return written;
    return arena_format(reading->arena, "%.*s/%s", (int)(slash - reading->path),
                        reading->path, written);
}

static int resolve_paths(const struct reading *reading, struct value *body,
                         const char *const *names)
{
    for (; *names; names++) {
        struct value *written = value_get(body, *names);
        if (!written || value_is(written, VALUE_NULL))
            continue;
        const char *path = value_string(written);
        if (!path || strlen(path) != written->string.length)
            return refuse(
                reading, written->mark,
                arena_format(reading->arena, "'%s' must be a path", *names));
        value_set_string(reading->arena, body, *names,
                         resolve_path(reading, path));
    }
    return 0;
}

/* A program with a slash in its name is beside the file; one without is looked
 * for in PATH. */
static int resolve_program(const struct reading *reading, struct value *plugin)
{
    static const char *const names[] = {"command", NULL};
    const struct value *command = value_get(plugin, "command");
    const char *text = value_string(command);
    if (text && !strchr(text, '/'))
        return 0;
    return resolve_paths(reading, plugin, names);
}

/* A text without NUL bytes, or NULL. */
static const char *plain_text(const struct value *value)
{
    const char *text = value_string(value);
    return text && strlen(text) == value->string.length ? text : NULL;
}

static bool is_named(const struct value *list, const char *name)
{
    for (size_t i = 0; i < value_count(list); i++) {
        if (strcmp(value_string_at(value_item(list, i), "name"), name) == 0)
            return true;
    }
    return false;
}

/* Checks one entry of a file and adds it to `into`. */
static int read_entry(const struct reading *reading,
                      const struct kube_entry_kind *kind,
                      const struct value *entry, struct value *into)
{
    const char *name = plain_text(value_get(entry, "name"));
    if (!name)
        return refuse(reading, entry->mark,
                      arena_format(reading->arena,
                                   "a %s needs a 'name', which is a text",
                                   kind->name));
    if (is_named(into, name))
        return refuse(reading, entry->mark,
                      arena_format(reading->arena,
                                   "there are two of the name '%s' in '%s'",
                                   name, kind->list));
    struct value *body = value_get(entry, kind->name);
    if (!body || value_is(body, VALUE_NULL))
        body = value_make_map(reading->arena);
    if (!value_is(body, VALUE_MAP))
        return refuse(reading, body->mark,
                      arena_format(reading->arena,
                                   "expected a map in '%s', found a %s",
                                   kind->name, value_kind_name(body->kind)));
    /* A copy: an alias may put one body into several entries. */
    body = value_copy(reading->arena, body);
    if (resolve_paths(reading, body, kind->paths) < 0 ||
        resolve_program(reading, value_get(body, "exec")) < 0)
        return -1;
    struct value *made = value_make_map(reading->arena);
    value_set_string(reading->arena, made, "name", name);
    value_set(reading->arena, made, kind->name, body);
    value_append(reading->arena, into, made);
    return 0;
}

static int read_entries(const struct reading *reading,
                        const struct kube_entry_kind *kind,
                        const struct value *document, struct value *config)
{
    struct value *into = value_make_list(reading->arena);
    value_set(reading->arena, config, kind->list, into);
    const struct value *list = value_get(document, kind->list);
    if (!list || value_is(list, VALUE_NULL))
        return 0;
    if (!value_is(list, VALUE_LIST))
        return refuse(reading, list->mark,
                      arena_format(reading->arena,
                                   "expected a list in '%s', found a %s",
                                   kind->list, value_kind_name(list->kind)));
    if (value_count(list) > KUBE_ENTRIES_LIMIT)
        return refuse(reading, list->mark,
                      arena_format(reading->arena,
                                   "more than the limit of %d entries in '%s'",
                                   KUBE_ENTRIES_LIMIT, kind->list));
    for (size_t i = 0; i < value_count(list); i++) {
        if (read_entry(reading, kind, value_item(list, i), into) < 0)
            return -1;
    }
    return 0;
}

static int read_document(const struct reading *reading,
                         const struct value *document, struct value *config)
{
    if (!value_is(document, VALUE_MAP))
        return refuse(reading, document->mark,
                      "this is not a kubeconfig: expected a map");
    const struct value *kind = value_get(document, "kind");
    const char *word = value_string(kind);
    if (kind && !value_is(kind, VALUE_NULL) &&
        (!word || strcmp(word, "Config") != 0))
        return refuse(reading, kind->mark,
                      "this is not a kubeconfig: its kind is not 'Config'");
    for (int i = 0; i < KUBE_ENTRY_KINDS; i++) {
        if (read_entries(reading, &kube_entry_kinds[i], document, config) < 0)
            return -1;
    }
    const struct value *current = value_get(document, "current-context");
    if (!current || value_is(current, VALUE_NULL))
        return 0;
    if (!plain_text(current))
        return refuse(reading, current->mark,
                      "'current-context' must be a text");
    value_set_string(reading->arena, config, "current-context",
                     value_string(current));
    return 0;
}

static struct value *make_empty(struct arena *arena)
{
    struct value *config = value_make_map(arena);
    value_set_string(arena, config, "apiVersion", "v1");
    value_set_string(arena, config, "kind", "Config");
    for (int i = 0; i < KUBE_ENTRY_KINDS; i++)
        value_set(arena, config, kube_entry_kinds[i].list,
                  value_make_list(arena));
    return config;
}

struct value *kube_config_parse(struct arena *arena, const char *path,
                                const char *text, size_t length,
                                struct error *error)
{
    struct reading reading = {arena, path, error};
    struct diagnostics found = diagnostics_make(arena, path);
    const struct value *documents =
        value_read_yaml(arena, text, length, &found);
    if (!documents) {
        const struct diagnostic *first = NULL;
        for (size_t i = 0; i < found.count && !first; i++) {
            if (found.items[i].severity == SEVERITY_ERROR)
                first = &found.items[i];
        }
        refuse(&reading, first ? first->mark : (struct mark){0},
               first ? first->text : "this is not YAML");
        return NULL;
    }
    struct value *config = make_empty(arena);
    const struct value *document = value_item(documents, 0);
    if (!document || value_is(document, VALUE_NULL))
        return config;
    if (value_count(documents) > 1) {
        refuse(&reading, value_item(documents, 1)->mark,
               "a kubeconfig is one document, here begins another");
        return NULL;
    }
    return read_document(&reading, document, config) < 0 ? NULL : config;
}

/* Adds to `merged` what it does not have yet. */
static int merge(struct arena *arena, struct value *merged,
                 const struct value *config, struct error *error)
{
    for (int i = 0; i < KUBE_ENTRY_KINDS; i++) {
        const char *name = kube_entry_kinds[i].list;
        struct value *into = value_get(merged, name);
        const struct value *from = value_get(config, name);
        for (size_t k = 0; k < value_count(from); k++) {
            struct value *entry = value_item(from, k);
            if (!is_named(into, value_string_at(entry, "name")))
                value_append(arena, into, entry);
        }
        if (value_count(into) > KUBE_ENTRIES_LIMIT)
            return error_set(error, ERROR_INPUT,
                             "more than the limit of %d entries in '%s' of "
                             "all kubeconfig files",
                             KUBE_ENTRIES_LIMIT, name);
    }
    const char *current = value_string_at(merged, "current-context");
    if (!current || current[0] == '\0')
        value_set_string(arena, merged, "current-context",
                         value_string_at(config, "current-context"));
    return 0;
}

static bool is_missing(const char *path)
{
    return access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

static int read_file(struct arena *arena, const char *path,
                     struct value *merged, struct error *error)
{
    /* file_read takes "-" for standard input: here it is a file. */
    if (strcmp(path, "-") == 0)
        path = "./-";
    size_t length = 0;
    const char *text =
        file_read(arena, path, KUBE_FILE_BYTES_LIMIT, &length, error);
    if (!text)
        return error_context(error, "kubeconfig");
    const struct value *config =
        kube_config_parse(arena, path, text, length, error);
    if (!config)
        return error_context(error, "kubeconfig");
    return merge(arena, merged, config, error);
}

/* The files of a list with ':' between; those that are missing are counted. */
static int read_list(struct arena *arena, const char *list,
                     struct value *merged, struct error *error)
{
    int count = 0, read = 0;
    for (const char *next = list; *next;) {
        size_t length = strcspn(next, ":");
        const char *path = arena_copy(arena, next, length);
        next += length + (next[length] == ':');
        if (length == 0)
            continue;
        if (++count > KUBE_FILES_LIMIT)
            return error_set(error, ERROR_INPUT,
                             "more than the limit of %d kubeconfig files",
                             KUBE_FILES_LIMIT);
        if (is_missing(path))
            continue;
        if (read_file(arena, path, merged, error) < 0)
            return -1;
        read++;
    }
    if (read > 0)
        return 0;
    return error_set(error, ERROR_INPUT,
                     "there is no kubeconfig: '%.200s' does not exist; write "
                     "one, or name yours in KUBECONFIG",
                     list);
}

struct value *kube_config_read(struct arena *arena,
                               const struct kube_config_sources *sources,
                               struct error *error)
{
    struct value *merged = make_empty(arena);
    int result;
    if (sources->path && *sources->path)
        result = read_file(arena, sources->path, merged, error);
    else if (sources->list && *sources->list)
        result = read_list(arena, sources->list, merged, error);
    else if (!sources->fallback || !*sources->fallback)
        result = error_set(error, ERROR_INPUT,
                           "there is no kubeconfig: name yours in KUBECONFIG");
    else if (is_missing(sources->fallback))
        result = error_set(error, ERROR_INPUT,
                           "there is no kubeconfig: '%.200s' does not exist; "
                           "write one, or name yours in KUBECONFIG",
                           sources->fallback);
    else
        result = read_file(arena, sources->fallback, merged, error);
    return result < 0 ? NULL : merged;
}

const struct value *kube_config_entry(const struct value *config, int kind,
                                      const char *name)
{
    const struct value *list = value_get(config, kube_entry_kinds[kind].list);
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *entry = value_item(list, i);
        const char *found = value_string_at(entry, "name");
        if (found && strcmp(found, name) == 0)
            return value_get(entry, kube_entry_kinds[kind].name);
    }
    return NULL;
}
