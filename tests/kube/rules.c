/* Documents in, the rule for an occasion out. The tables below are the format. */
#include "tests/kube/rules.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/diagnostics.h"
#include "engine/base/file.h"
#include "tests/kube/limits.h"

static const char *const action_names[ACTIONS] = {
    [ACTION_REFUSE] = "refuse",
    [ACTION_ANSWER_LATE] = "answer-late",
    [ACTION_LOSE_ANSWER] = "lose-answer",
    [ACTION_CUT] = "cut",
    [ACTION_EXPIRE] = "expire",
    [ACTION_REFUSE_POD] = "refuse-pod",
    [ACTION_PUT_CONTAINER] = "put-container",
    [ACTION_REWRITE_IMAGE] = "rewrite-image",
    [ACTION_UNSCHEDULABLE] = "unschedulable",
    [ACTION_PULL_ERROR] = "pull-error",
    [ACTION_PULL_SLOWLY] = "pull-slowly",
    [ACTION_INVALID_IMAGE_NAME] = "invalid-image-name",
    [ACTION_START_ERROR] = "start-error",
    [ACTION_OUT_OF_MEMORY] = "out-of-memory",
    [ACTION_EVICT] = "evict",
    [ACTION_LOSE_NODE] = "lose-node",
    [ACTION_IMAGE] = "image",
};

/* The members that are texts, and where they go. */
static const struct {
    const char *name;
    size_t offset;
} texts[] = {
    {"verb", offsetof(struct rule, pattern.verb)},
    {"resource", offsetof(struct rule, pattern.resource)},
    {"namespace", offsetof(struct rule, pattern.namespace_name)},
    {"name", offsetof(struct rule, pattern.name)},
    {"container", offsetof(struct rule, pattern.container)},
    {"image", offsetof(struct rule, pattern.image)},
    {"message", offsetof(struct rule, message)},
    {"digest", offsetof(struct rule, digest)},
    {"put", offsetof(struct rule, put)},
};

static int set_action(struct rule *rule, const struct value *value,
                      struct error *error)
{
    const char *text = value_string(value);
    for (size_t i = 0; text && i < ACTIONS; i++) {
        if (strcmp(action_names[i], text) != 0)
            continue;
        rule->action = (enum action)i;
        return 0;
    }
    return error_set(error, ERROR_INPUT, "there is no action '%s'",
                     text ? text : "");
}

static int set_delay(struct rule *rule, const struct value *value,
                     struct error *error)
{
    const char *text = value_string(value);
    return duration_parse(text ? text : "", &rule->delay, error);
}

/* A member that is no text; false: there is none of that name. */
static bool set_number(struct rule *rule, const char *name,
                       const struct value *value)
{
    int64_t number = value_int_or(value, -1);
    if (strcmp(name, "status") == 0)
        rule->status = (int)number;
    else if (strcmp(name, "retryAfter") == 0)
        rule->retry_after = (int)number;
    else if (strcmp(name, "skip") == 0)
        rule->skip = number;
    else if (strcmp(name, "times") == 0)
        rule->times = number;
    else if (strcmp(name, "bytes") == 0)
        rule->bytes = number;
    else if (strcmp(name, "user") == 0)
        rule->user = number;
    else if (strcmp(name, "clean") == 0)
        rule->clean = value_bool_or(value, false);
    else if (strcmp(name, "stall") == 0)
        rule->stall = value_bool_or(value, false);
    else if (strcmp(name, "initial") == 0)
        rule->initial = value_bool_or(value, false);
    else
        return false;
    return true;
}

static int set_member(struct arena *arena, struct rule *rule, const char *name,
                      const struct value *value, struct error *error)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = value_scalar_text(arena, value);
        if (strcmp(texts[i].name, name) != 0)
            continue;
        if (!text)
            return error_set(error, ERROR_INPUT, "'%s' is not a text", name);
        text = arena_string(arena, text);
        memcpy((char *)rule + texts[i].offset, &text, sizeof text);
        return 0;
    }
    if (strcmp(name, "action") == 0)
        return set_action(rule, value, error);
    if (strcmp(name, "delay") == 0)
        return set_delay(rule, value, error);
    return set_number(rule, name, value)
               ? 0
               : error_set(error, ERROR_INPUT, "a rule has no member '%s'",
                           name);
}

static int decode_rule(struct arena *arena, const struct value *map,
                       struct rule *rule, struct error *error)
{
    *rule = (struct rule){.status = 403, .times = -1, .user = -1};
    if (!value_is(map, VALUE_MAP))
        return error_set(error, ERROR_INPUT, "a rule is a map");
    for (size_t i = 0; i < map->map.count; i++) {
        const struct member *member = &map->map.members[i];
        if (set_member(arena, rule, member->name, member->value, error) < 0)
            return error_place(error, NULL, member->mark);
    }
    return 0;
}

int rules_add(struct rules *rules, const struct value *list,
              struct error *error)
{
    size_t count = rules->count, more = value_count(list);
    if (count + more > SERVER_RULES_LIMIT)
        return error_set(error, ERROR_INPUT, "more than %d rules",
                         SERVER_RULES_LIMIT);
    if (!rules->arena)
        rules->arena = arena_new();
    rules->items =
        arena_grow(rules->arena, rules->items, count * sizeof *rules->items,
                   (count + more) * sizeof *rules->items);
    for (size_t i = 0; i < more; i++)
        if (decode_rule(rules->arena, value_item(list, i),
                        &rules->items[count + i], error) < 0)
            return -1;
    rules->count = count + more;
    return 0;
}

int rules_load(struct rules *rules, const char *path, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
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
    if (rules_add(rules, value_item(documents, 0), error) < 0)
        return error_place(error, path, (struct mark){0});
    return 0;
}

void rules_clear(struct rules *rules)
{
    arena_free(rules->arena);
    *rules = (struct rules){0};
}

static bool fits(const char *pattern, const char *given)
{
    return !pattern || (given && fnmatch(pattern, given, 0) == 0);
}

static bool fits_all(const struct occasion *pattern,
                     const struct occasion *given)
{
    return fits(pattern->verb, given->verb) &&
           fits(pattern->resource, given->resource) &&
           fits(pattern->namespace_name, given->namespace_name) &&
           fits(pattern->name, given->name) &&
           fits(pattern->container, given->container) &&
           fits(pattern->image, given->image);
}

const struct rule *rules_use(struct rules *rules, enum action action,
                             const struct occasion *occasion)
{
    for (size_t i = 0; i < rules->count; i++) {
        struct rule *rule = &rules->items[i];
        if (rule->action != action || rule->times == 0 ||
            !fits_all(&rule->pattern, occasion))
            continue;
        if (rule->skip > 0) {
            rule->skip--;
            continue;
        }
        rule->times -= rule->times > 0;
        return rule;
    }
    return NULL;
}

const struct rule *rules_find(const struct rules *rules, enum action action,
                              const struct occasion *occasion)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->items[i];
        if (rule->action == action && rule->times != 0 && rule->skip <= 0 &&
            fits_all(&rule->pattern, occasion))
            return rule;
    }
    return NULL;
}
