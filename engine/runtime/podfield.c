/*
 * A field's path and the plan in, its text out. The pod is not made by a cluster
 * here, so it has the name of its Job, the run's id as its uid, and the loopback
 * address of the machine whose network it shares.
 */
#include "engine/runtime/podfield.h"

#include <string.h>

#include "engine/base/text.h"

static const struct {
    const char *path;
    const char *place; /* in the Job; NULL: none */
    const char *value; /* when nothing is there; NULL: the run's id */
} fields[] = {
    {"metadata.name", "metadata.name", "assay"},
    {"metadata.namespace", "metadata.namespace", "default"},
    {"metadata.uid", NULL, NULL},
    {"spec.nodeName", "spec.template.spec.nodeName", "localhost"},
    {"spec.serviceAccountName", "spec.template.spec.serviceAccountName",
     "default"},
    {"status.podIP", NULL, "127.0.0.1"},
    {"status.podIPs", NULL, "127.0.0.1"},
    {"status.hostIP", NULL, "127.0.0.1"},
    {"status.hostIPs", NULL, "127.0.0.1"},
};

/* `name="value"` lines, as the kubelet writes them. */
static const char *print_pairs(struct arena *arena, const struct value *pairs)
{
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < value_count(pairs); i++) {
        text_append_format(&text, "%s=", pairs->map.members[i].name);
        value_write_json(&text, pairs->map.members[i].value, JSON_COMPACT);
        text_append_character(&text, '\n');
    }
    return arena_copy(arena, text_string(&text), text.length);
}

/* "metadata.labels" or "metadata.annotations", whole or with ['key']. */
static const char *find_pair(struct arena *arena, const struct plan *plan,
                             const char *path)
{
    static const char *const maps[] = {"metadata.labels",
                                       "metadata.annotations"};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        size_t length = strlen(maps[i]);
        if (strncmp(path, maps[i], length) != 0)
            continue;
        const struct value *pairs =
            value_path(value_path(plan->job, "spec.template"), maps[i]);
        const char *rest = path + length;
        if (*rest == '\0')
            return print_pairs(arena, pairs);
        size_t size = strlen(rest);
        if (size < 5 || strncmp(rest, "['", 2) != 0 ||
            strcmp(rest + size - 2, "']") != 0)
            return NULL;
        const char *text =
            value_string_at(pairs, arena_copy(arena, rest + 2, size - 4));
        return text ? text : "";
    }
    return NULL;
}

const char *podfield_get(struct arena *arena, const struct plan *plan,
                         const char *path)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].path, path) != 0)
            continue;
        const char *found =
            fields[i].place
                ? value_string(value_path(plan->job, fields[i].place))
                : NULL;
        if (found)
            return found;
        return fields[i].value ? fields[i].value : plan->run_id;
    }
    return find_pair(arena, plan, path);
}
