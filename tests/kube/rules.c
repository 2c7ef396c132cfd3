/* A file of rules in, the rule for a request out. */
#include "tests/kube/rules.h"

#include <stdbool.h>
#include <string.h>

#include "engine/base/diagnostics.h"
#include "engine/base/file.h"
#include "engine/value/value.h"
#include "tests/kube/limits.h"

static int decode_rule(const struct value *map, struct rule *rule,
                       struct error *error)
{
    static const char *const known[] = {"verb",   "resource", "namespace",
                                        "status", "message",  NULL};
    if (!value_is(map, VALUE_MAP))
        return error_set(error, ERROR_INPUT, "a rule is a map");
    for (size_t i = 0; i < map->map.count; i++) {
        size_t k = 0;
        while (known[k] && strcmp(known[k], map->map.members[i].name) != 0)
            k++;
        if (!known[k])
            return error_set(error, ERROR_INPUT, "a rule has no member '%s'",
                             map->map.members[i].name);
    }
    *rule = (struct rule){
        .verb = value_string_at(map, "verb"),
        .resource = value_string_at(map, "resource"),
        .namespace_name = value_string_at(map, "namespace"),
        .status = (int)value_int_or(value_get(map, "status"), 403),
        .message = value_string_at(map, "message"),
    };
    return 0;
}

int rules_load(struct arena *arena, const char *path, struct rules *rules,
               struct error *error)
{
    size_t length = 0;
    const char *text =
        file_read(arena, path, SERVER_FILE_LIMIT, &length, error);
    if (!text)
        return -1;
    struct diagnostics found = diagnostics_make(arena, path);
    const struct value *documents =
        value_read_yaml(arena, text, length, &found);
    if (!documents) {
        error_set(error, ERROR_INPUT, "%s", found.items[0].text);
        return error_place(error, path, found.items[0].mark);
    }
    const struct value *list = value_item(documents, 0);
    rules->count = value_count(list);
    rules->items =
        arena_allocate(arena, (rules->count + 1) * sizeof *rules->items);
    for (size_t i = 0; i < rules->count; i++) {
        const struct value *map = value_item(list, i);
        if (decode_rule(map, &rules->items[i], error) < 0)
            return error_place(error, path, map ? map->mark : (struct mark){0});
    }
    return 0;
}

static bool fits(const char *wanted, const char *given)
{
    return !wanted || strcmp(wanted, given) == 0;
}

const struct rule *rules_find(const struct rules *rules, const char *verb,
                              const char *resource, const char *namespace_name)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->items[i];
        if (fits(rule->verb, verb) && fits(rule->resource, resource) &&
            fits(rule->namespace_name, namespace_name))
            return rule;
    }
    return NULL;
}
