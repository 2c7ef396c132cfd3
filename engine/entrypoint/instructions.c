/*
 * JSON -> struct instructions. Everything that the program relies on later is
 * checked here: members and their types, counts, depth, refs once.
 */
#include "engine/entrypoint/instructions.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/entrypoint/limits.h"

struct decoding {
    struct arena *arena;
    struct instructions *made;
    const char *ref;  /* of the step that is being decoded, for messages */
    size_t container; /* of the leaf before */
    struct error *error;
};

static int wrong(const struct decoding *decoding, const char *member,
                 const char *expected)
{
    return error_set(decoding->error, ERROR_INPUT,
                     "step '%.64s': '%s' is not %s", decoding->ref, member,
                     expected);
}

/* The kernel's texts end at a NUL byte: one inside would cut the rest off. */
static bool is_text(const struct value *value)
{
    return value_is(value, VALUE_STRING) &&
           !memchr(value->string.bytes, '\0', value->string.length);
}

static int decode_text(const struct decoding *decoding,
                       const struct value *value, const char *member,
                       struct instruction_text *text)
{
    text->template = value_is(value, VALUE_MAP);
    if (text->template)
        value = value_get(value, "template");
    if (!is_text(value))
        return wrong(decoding, member, "a text");
    text->bytes = value->string.bytes;
    text->length = value->string.length;
    return 0;
}

static int decode_string(const struct decoding *decoding,
                         const struct value *map, const char *member,
                         const char **string)
{
    const struct value *value = value_get(map, member);
    *string = value_string(value);
    if (value && !is_text(value))
        return wrong(decoding, member, "a text");
    return 0;
}

static int decode_flag(const struct decoding *decoding, const struct value *map,
                       const char *member, bool *flag)
{
    const struct value *value = value_get(map, member);
    if (value && !value_is(value, VALUE_BOOL))
        return wrong(decoding, member, "true or false");
    *flag = value_bool_or(value, false);
    return 0;
}

static int decode_duration(const struct decoding *decoding,
                           const struct value *map, const char *member,
                           int64_t *duration)
{
    const char *text = NULL;
    if (decode_string(decoding, map, member, &text) < 0)
        return -1;
    if (!text)
        return 0;
    if (duration_parse(text, duration, decoding->error) < 0)
        return error_context(decoding->error, "step '%.64s': '%s'",
                             decoding->ref, member);
    return *duration < 0 ? wrong(decoding, member, "a positive duration") : 0;
}

/* A list member of at most `limit` items; *list NULL when it is absent. */
static int decode_list(const struct decoding *decoding, const struct value *map,
                       const char *member, size_t limit,
                       const struct value **list)
{
    *list = value_get(map, member);
    if (*list && !value_is(*list, VALUE_LIST))
        return wrong(decoding, member, "a list");
    if (value_count(*list) > limit)
        return wrong(decoding, member, "short enough");
    return 0;
}

static int decode_variables(const struct decoding *decoding,
                            const struct value *map, struct step *step)
{
    const struct value *list;
    if (decode_list(decoding, map, "env", ENTRYPOINT_ENVIRONMENT_LIMIT, &list) <
        0)
        return -1;
    step->variable_count = value_count(list);
    step->variables = arena_allocate(
        decoding->arena, (step->variable_count + 1) * sizeof *step->variables);
    for (size_t i = 0; i < step->variable_count; i++) {
        const struct value *entry = value_item(list, i);
        struct instruction_variable *variable = &step->variables[i];
        if (decode_string(decoding, entry, "name", &variable->name) < 0 ||
            decode_string(decoding, entry, "variable", &variable->variable) < 0)
            return -1;
        if (!variable->name || variable->name[0] == '\0' ||
            strchr(variable->name, '='))
            return wrong(decoding, "env", "a list of named variables");
        if (!variable->variable &&
            decode_text(decoding, value_get(entry, "value"), "env.value",
                        &variable->value) < 0)
            return -1;
    }
    return 0;
}

static int decode_texts(const struct decoding *decoding,
                        const struct value *map, const char *member,
                        struct instruction_text **texts, size_t *count)
{
    const struct value *list;
    if (decode_list(decoding, map, member, ENTRYPOINT_ARGUMENTS_LIMIT, &list) <
        0)
        return -1;
    *count = value_count(list);
    *texts = arena_allocate(decoding->arena, (*count + 1) * sizeof **texts);
    for (size_t i = 0; i < *count; i++)
        if (decode_text(decoding, value_item(list, i), member, &(*texts)[i]) <
            0)
            return -1;
    return 0;
}

static int decode_command(const struct decoding *decoding,
                          const struct value *map, struct step *step)
{
    if (decode_texts(decoding, map, "command", &step->command,
                     &step->command_count) < 0)
        return -1;
    return step->command_count ? 0 : wrong(decoding, "command", "a command");
}

static int decode_artifacts(const struct decoding *decoding,
                            const struct value *map, struct step *step)
{
    struct instruction_artifacts *made =
        arena_allocate(decoding->arena, sizeof *made);
    step->artifacts = made;
    if (decode_texts(decoding, map, "paths", &made->paths, &made->path_count) <
        0)
        return -1;
    if (made->path_count == 0)
        return wrong(decoding, "artifacts.paths", "a list of paths");
    const struct value *archive = value_get(map, "archive");
    if (archive &&
        decode_text(decoding, archive, "artifacts.archive", &made->archive) < 0)
        return -1;
    const struct value *directory = value_get(map, "workingDir");
    return directory ? decode_text(decoding, directory, "artifacts.workingDir",
                                   &step->directory)
                     : 0;
}

/* What a leaf does: one thing. */
static int decode_work(const struct decoding *decoding, const struct value *map,
                       struct step *step)
{
    const struct value *shell = value_get(map, "shell");
    const struct value *command = value_get(map, "command");
    const struct value *artifacts = value_get(map, "artifacts");
    if (decode_flag(decoding, map, "idle", &step->idle) < 0)
        return -1;
    if (!!shell + !!command + !!artifacts + step->idle != 1)
        return wrong(decoding, "shell",
                     "alone: a step has one of shell, command, artifacts, idle "
                     "and steps");
    if (shell)
        return decode_text(decoding, shell, "shell", &step->shell);
    if (artifacts)
        return decode_artifacts(decoding, artifacts, step);
    return command ? decode_command(decoding, map, step) : 0;
}

static int decode_retry(const struct decoding *decoding,
                        const struct value *map, struct step *step)
{
    const struct value *retry = value_get(map, "retry");
    if (!retry)
        return 0;
    int64_t count = value_int_or(value_get(retry, "count"), -1);
    if (count < 0 || count > ENTRYPOINT_RETRY_LIMIT)
        return wrong(decoding, "retry.count", "a number from 0 to 1000");
    step->retries = (int)count;
    return decode_string(decoding, retry, "until", &step->until);
}

static int decode_leaf(struct decoding *decoding, const struct value *map,
                       struct step *step)
{
    int64_t container = value_int_or(value_get(map, "container"), -1);
    if (container < 0 || (size_t)container >= decoding->made->container_count)
        return wrong(decoding, "container", "the number of a container");
    step->container = (size_t)container;
    /* Containers take turns, and each has one. */
    if (step->container < decoding->container)
        return wrong(decoding, "container",
                     "that of the step before or a later one");
    decoding->container = step->container;
    const struct value *directory = value_get(map, "workingDir");
    if (directory &&
        decode_text(decoding, directory, "workingDir", &step->directory) < 0)
        return -1;
    if (decode_work(decoding, map, step) < 0 ||
        decode_retry(decoding, map, step) < 0)
        return -1;
    return decode_variables(decoding, map, step);
}

static struct step *decode_steps(struct decoding *decoding,
                                 const struct value *list, struct step *parent,
                                 int depth);

static int decode_step(struct decoding *decoding, const struct value *map,
                       struct step *step, int depth)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    decoding->ref = "?";
    if (decode_string(decoding, map, "ref", &step->ref) < 0)
        return -1;
    if (!step->ref || step->ref[0] == '\0')
        return error_set(decoding->error, ERROR_INPUT, "a step has no ref");
    decoding->ref = step->ref;
    /* Refs are written as they are into status.json and the report. */
    size_t length = strlen(step->ref);
    if (length > ENTRYPOINT_REF_LIMIT || strspn(step->ref, digits) != length)
        return wrong(decoding, "ref", "of letters, digits, '.', '-', '_'");
    step->exit_code = -1;
    step->number = decoding->made->total;
    if (++decoding->made->total > ENTRYPOINT_STEPS_LIMIT)
        return error_set(decoding->error, ERROR_INPUT, "more than %d steps",
                         ENTRYPOINT_STEPS_LIMIT);
    if (decode_string(decoding, map, "id", &step->id) < 0 ||
        decode_string(decoding, map, "name", &step->name) < 0 ||
        decode_string(decoding, map, "condition", &step->condition) < 0 ||
        decode_flag(decoding, map, "negative", &step->negative) < 0 ||
        decode_flag(decoding, map, "optional", &step->optional) < 0 ||
        decode_flag(decoding, map, "after", &step->after) < 0 ||
        decode_flag(decoding, map, "paused", &step->paused) < 0 ||
        decode_duration(decoding, map, "timeout", &step->timeout) < 0 ||
        decode_duration(decoding, map, "delay", &step->delay) < 0)
        return -1;
    /* An id is the name of a folder. */
    if (step->id && (step->id[0] == '\0' || step->id[0] == '.' ||
                     strspn(step->id, digits) != strlen(step->id)))
        return wrong(decoding, "id", "of letters, digits, '-', '_'");
    const struct value *children = value_get(map, "steps");
    step->group = children != NULL;
    if (!step->group)
        return decode_leaf(decoding, map, step);
    if (value_get(map, "shell") || value_get(map, "command") ||
        value_get(map, "artifacts") || value_get(map, "idle"))
        return wrong(decoding, "steps", "alone: a group has no command");
    step->children = decode_steps(decoding, children, step, depth + 1);
    step->child_count = value_count(children);
    return step->children ? 0 : -1;
}

static struct step *decode_steps(struct decoding *decoding,
                                 const struct value *list, struct step *parent,
                                 int depth)
{
    if (!value_is(list, VALUE_LIST) || depth > ENTRYPOINT_DEPTH_LIMIT ||
        value_count(list) > ENTRYPOINT_STEPS_LIMIT) {
        error_set(decoding->error, ERROR_INPUT,
                  "expected a list of at most %d steps, groups at most %d deep",
                  ENTRYPOINT_STEPS_LIMIT, ENTRYPOINT_DEPTH_LIMIT);
        return NULL;
    }
    size_t count = value_count(list);
    struct step *steps =
        arena_allocate(decoding->arena, (count + 1) * sizeof *steps);
    for (size_t i = 0; i < count; i++) {
        steps[i].parent = parent;
        steps[i].position = i;
        if (decode_step(decoding, value_item(list, i), &steps[i], depth) < 0)
            return NULL;
    }
    return steps;
}

static int decode_secrets(struct decoding *decoding, const struct value *root)
{
    const struct value *list;
    decoding->ref = "";
    if (decode_list(decoding, root, "secrets", ENTRYPOINT_SECRETS_LIMIT,
                    &list) < 0)
        return -1;
    struct instructions *made = decoding->made;
    made->secret_count = value_count(list);
    made->secrets = arena_allocate(decoding->arena, (made->secret_count + 1) *
                                                        sizeof *made->secrets);
    for (size_t i = 0; i < made->secret_count; i++) {
        const struct value *entry = value_item(list, i);
        if (decode_string(decoding, entry, "name", &made->secrets[i].name) <
                0 ||
            decode_string(decoding, entry, "variable",
                          &made->secrets[i].variable) < 0)
            return -1;
        if (!made->secrets[i].name || !made->secrets[i].variable)
            return error_set(decoding->error, ERROR_INPUT,
                             "a secret has no name or no variable");
    }
    return 0;
}

static int compare_refs(const void *left, const void *right)
{
    const struct step *a = *(struct step *const *)left;
    const struct step *b = *(struct step *const *)right;
    return strcmp(a->ref, b->ref);
}

/* Of two steps with one id the first in the file is found. */
static int compare_ids(const void *left, const void *right)
{
    const struct step *a = *(struct step *const *)left;
    const struct step *b = *(struct step *const *)right;
    int order = strcmp(a->id, b->id);
    return order != 0 ? order : a->number < b->number ? -1 : 1;
}

static int make_indexes(const struct decoding *decoding)
{
    struct instructions *made = decoding->made;
    size_t size = (made->total + 1) * sizeof(struct step *), count = 0;
    made->by_ref = arena_allocate(decoding->arena, size);
    made->by_id = arena_allocate(decoding->arena, size);
    for (struct step *step = instructions_first(made); step;
         step = instructions_next(made, step, true)) {
        made->by_ref[count++] = step;
        if (step->id)
            made->by_id[made->id_count++] = step;
    }
    qsort(made->by_ref, count, sizeof *made->by_ref, compare_refs);
    qsort(made->by_id, made->id_count, sizeof *made->by_id, compare_ids);
    for (size_t i = 1; i < count; i++)
        if (strcmp(made->by_ref[i - 1]->ref, made->by_ref[i]->ref) == 0)
            return error_set(decoding->error, ERROR_INPUT,
                             "two steps have the ref '%.64s'",
                             made->by_ref[i]->ref);
    return 0;
}

static void decode_containers(const struct decoding *decoding,
                              const struct value *containers)
{
    size_t count = decoding->made->container_count;
    bool *beside = arena_allocate(decoding->arena, count * sizeof *beside);
    for (size_t i = 1; i < count; i++)
        beside[i] = value_bool_or(
            value_get(value_item(containers, i), "beside"), false);
    decoding->made->beside = beside;
}

struct instructions *instructions_decode(struct arena *arena, const char *text,
                                         size_t length, struct error *error)
{
    const struct value *root = value_read_json(arena, text, length, error);
    if (!root)
        return NULL;
    if (value_int_or(value_get(root, "version"), 0) != 1) {
        error_set(error, ERROR_INPUT,
                  "expected instructions of version 1: the engine and the "
                  "entrypoint are of different versions");
        return NULL;
    }
    struct instructions *made = arena_allocate(arena, sizeof *made);
    struct decoding decoding = {arena, made, "", 0, error};
    made->container_count = value_count(value_get(root, "containers"));
    if (made->container_count == 0 ||
        made->container_count > ENTRYPOINT_CONTAINERS_LIMIT) {
        error_set(error, ERROR_INPUT, "expected 1 to %d containers, found %zu",
                  ENTRYPOINT_CONTAINERS_LIMIT, made->container_count);
        return NULL;
    }
    decode_containers(&decoding, value_get(root, "containers"));
    if (decode_secrets(&decoding, root) < 0)
        return NULL;
    const struct value *steps = value_get(root, "steps");
    made->steps = decode_steps(&decoding, steps, NULL, 1);
    made->step_count = value_count(steps);
    return made->steps && make_indexes(&decoding) == 0 ? made : NULL;
}

struct step *instructions_first(const struct instructions *instructions)
{
    return instructions->step_count ? instructions->steps : NULL;
}

struct step *instructions_next(const struct instructions *instructions,
                               const struct step *step, bool into)
{
    if (into && step->group && step->child_count > 0)
        return step->children;
    for (; step; step = step->parent) {
        size_t siblings =
            step->parent ? step->parent->child_count : instructions->step_count;
        struct step *first =
            step->parent ? step->parent->children : instructions->steps;
        if (step->position + 1 < siblings)
            return &first[step->position + 1];
    }
    return NULL;
}

static int compare_name(const char *word, const char *name, size_t length)
{
    int order = strncmp(word, name, length);
    return order != 0 ? order : word[length] != '\0';
}

struct step *instructions_find_ref(const struct instructions *instructions,
                                   const char *ref, size_t length)
{
    size_t low = 0, high = instructions->total;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order =
            compare_name(instructions->by_ref[middle]->ref, ref, length);
        if (order == 0)
            return instructions->by_ref[middle];
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

struct step *instructions_find(const struct instructions *instructions,
                               const char *name, size_t length)
{
    size_t low = 0, high = instructions->id_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool before =
            compare_name(instructions->by_id[middle]->id, name, length) < 0;
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    if (low < instructions->id_count &&
        compare_name(instructions->by_id[low]->id, name, length) == 0)
        return instructions->by_id[low];
    return instructions_find_ref(instructions, name, length);
}
