/*
 * In: the names and calls of a document's expressions. Out: those that nobody can
 * answer, wherever the expression is evaluated: parameters that are not declared,
 * functions that there are not, variables of which not even the first word is known.
 * Where a name is known (before the run, in the pod, in one worker of several) is for
 * the planner to say. Steps of templates are not seen from here: a document that
 * uses some may name steps that it does not have.
 */
#include <string.h>

#include "engine/base/text.h"
#include "engine/workflow/check.h"
#include "engine/workflow/limits.h"

/* The first words of names, as Testkube has them: of the resolve stage, the plan, the
 * pod, workers, and triggers. */
static const char *const first_words[] = {
    "_",           "agent",  "config",    "dashboard",   "env",
    "environment", "event",  "execution", "image",       "internal",
    "labels",      "matrix", "namespace", "oldResource", "organization",
    "output",      "pvcs",   "resource",  "secret",      "self",
    "services",    "shard",  "step",      "tarball",     "workflow",
    NULL,
};

/* Names without a dot. */
static const char *const words[] = {
    "always",      "count",       "error",   "failed",     "index",
    "matrixCount", "matrixIndex", "never",   "passed",     "shardCount",
    "shardIndex",  "status",      "success", "workingDir", NULL,
};

/* Functions of the machine that the library does not have. */
static const char *const machine_calls[] = {"credential", "interSensitiveData",
                                            "secret", NULL};

static bool is_among(const char *const *list, const char *name, size_t length)
{
    for (; *list; list++)
        if (strlen(*list) == length && memcmp(*list, name, length) == 0)
            return true;
    return false;
}

/* --- what the document brings --- */

const char *workflow_id_of_name(struct arena *arena, const char *name)
{
    CLEANUP(text_free) struct text id = {0};
    for (; *name; name++) {
        char letter = *name;
        if ((unsigned char)letter >= 0x80)
            return NULL;
        if (letter >= 'A' && letter <= 'Z')
            letter = (char)(letter + 'a' - 'A');
        bool kept = (letter >= 'a' && letter <= 'z') ||
                    (letter >= '0' && letter <= '9');
        if (kept)
            text_append_character(&id, letter);
        else if (id.length > 0 && id.data[id.length - 1] != '_')
            text_append_character(&id, '_');
    }
    while (id.length > 0 && id.data[id.length - 1] == '_')
        id.data[--id.length] = '\0';
    return id.length ? arena_copy(arena, id.data, id.length) : NULL;
}

static void add_name(struct document_names *names, struct value *map,
                     const char *name, size_t length)
{
    if (!value_get_bytes(map, name, length))
        value_set_bytes(names->arena, map, name, length,
                        value_make_null(names->arena));
}

static void add_parameters(struct document_names *names,
                           const struct value *config)
{
    for (size_t i = 0; value_is(config, VALUE_MAP) && i < config->map.count;
         i++)
        add_name(names, names->parameters, config->map.members[i].name,
                 config->map.members[i].length);
}

static void add_step(struct document_names *names, const struct value *step)
{
    const char *id = value_string_at(step, "id");
    const char *name = value_string_at(step, "name");
    if (!id && name && strstr(name, "{{"))
        names->open = true;
    if (!id && name)
        id = workflow_id_of_name(names->arena, name);
    if (id)
        add_name(names, names->steps, id, strlen(id));
}

static bool is_word(const struct member *member, const char *word)
{
    return member->name[0] == word[0] && strcmp(member->name, word) == 0;
}

/* Depth is that of the document, which its reader has bounded. */
static void collect(struct document_names *names, const struct value *value,
                    const char *field)
{
    static const char *const lists[] = {"setup", "steps", "after", NULL};
    if (value->kind == VALUE_LIST) {
        bool steps = is_among(lists, field, strlen(field));
        for (size_t i = 0; i < value->list.count; i++) {
            if (steps)
                add_step(names, value->list.items[i]);
            collect(names, value->list.items[i], "");
        }
        return;
    }
    for (size_t i = 0; value->kind == VALUE_MAP && i < value->map.count; i++) {
        const struct member *member = &value->map.members[i];
        if (is_word(member, "use") || is_word(member, "template"))
            names->open = true;
        if (is_word(member, "config") && strcmp(field, "parallel") == 0)
            add_parameters(names, member->value);
        if (has_parts(member->value))
            collect(names, member->value, member->name);
    }
}

static const struct document_names *names_of(struct check *check)
{
    struct document_names *names = &check->names;
    if (names->parameters)
        return names;
    const char *kind = value_string_at(check->document, "kind");
    const struct value *spec = value_get(check->document, "spec");
    names->parameters = value_make_map(names->arena);
    names->steps = value_make_map(names->arena);
    names->open = !kind || strcmp(kind, "TestWorkflow") != 0;
    add_parameters(names, value_get(spec, "config"));
    if (has_parts(spec))
        collect(names, spec, "");
    return names;
}

/* --- what is asked --- */

struct question {
    struct check *check;
    const struct value *text;
    const struct expression_reference *reference;
};

/* Later findings are only counted: hints would be made for nothing. */
static bool is_shown(const struct question *question)
{
    return question->check->diagnostics->count < DIAGNOSTICS_LIMIT;
}

static void refuse(const struct question *question, const char *code,
                   const char *hint, const char *what)
{
    struct check *check = question->check;
    const struct expression_reference *reference = question->reference;
    int length = reference->length > 200 ? 200 : (int)reference->length;
    struct mark mark = check_locate(check, question->text, reference->offset);
    diagnostics_add(check->diagnostics, SEVERITY_ERROR, code, mark, hint,
                    "unknown %s '%.*s'", what, length, reference->name);
}

/* The nearest id, "did you mean 'step.x'?", or what ids are. */
static const char *step_hint(const struct document_names *names,
                             const char *name)
{
    const struct value *map = names->steps;
    size_t count = map->map.count > WORKFLOW_PARAMETERS_LIMIT
                       ? WORKFLOW_PARAMETERS_LIMIT
                       : map->map.count;
    const char **all = arena_allocate(names->arena, (count + 1) * sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[i] = map->map.members[i].name;
    const char *nearest = diagnostics_nearest(name, all);
    return nearest ? arena_format(names->arena, "did you mean 'step.%.100s'?",
                                  nearest)
                   : "the id of a step, or its name in small letters with '_' "
                     "between the words";
}

/* A key such as `n` without quotes is the boolean false, and named so. */
static const char *boolean_hint(const struct document_names *names,
                                const char *name)
{
    static const char *const yes[] = {"y",  "Y",  "yes", "Yes", "YES",
                                      "on", "On", "ON",  NULL};
    static const char *const no[] = {"n",   "N",   "no",  "No", "NO",
                                     "off", "Off", "OFF", NULL};
    size_t length = strlen(name);
    bool meant =
        (is_among(yes, name, length) && value_get(names->parameters, "true")) ||
        (is_among(no, name, length) && value_get(names->parameters, "false"));
    return meant ? arena_format(names->arena,
                                "in YAML the key %s means a boolean: declare "
                                "it in quotes, \"%s\"",
                                name, name)
                 : NULL;
}

static const char *hint_of_parameter(const struct document_names *names,
                                     const char *wanted)
{
    const char *boolean = boolean_hint(names, wanted);
    if (boolean)
        return boolean;
    struct scope scope = {.count = names->parameters->map.count};
    if (scope.count > WORKFLOW_PARAMETERS_LIMIT)
        scope.count = WORKFLOW_PARAMETERS_LIMIT;
    scope.parameters = arena_allocate(
        names->arena, (scope.count + 1) * sizeof *scope.parameters);
    for (size_t i = 0; i < scope.count; i++)
        scope.parameters[i].name = names->parameters->map.members[i].name;
    return parameter_hint(names->arena, &scope, "config.", wanted);
}

static void check_parameter(const struct question *question, const char *name,
                            size_t length)
{
    const struct document_names *names = names_of(question->check);
    const char *dot = memchr(name, '.', length);
    size_t first = dot ? (size_t)(dot - name) : length;
    if (value_get_bytes(names->parameters, name, length) ||
        value_get_bytes(names->parameters, name, first))
        return;
    const char *hint = NULL;
    if (is_shown(question))
        hint = hint_of_parameter(names, arena_copy(names->arena, name, length));
    refuse(question, "E202", hint, "parameter");
}

/* Whether a step has the id; `_2` behind it tells steps of one name apart. */
static bool is_step(const struct document_names *names, const char *id,
                    size_t length)
{
    if (names->open || value_get_bytes(names->steps, id, length))
        return true;
    size_t digits = 0;
    while (digits < length && id[length - digits - 1] >= '0' &&
           id[length - digits - 1] <= '9')
        digits++;
    return digits > 0 && length > digits + 1 &&
           id[length - digits - 1] == '_' &&
           value_get_bytes(names->steps, id, length - digits - 1);
}

static void check_step(const struct question *question, const char *id,
                       size_t length)
{
    const struct document_names *names = names_of(question->check);
    if (is_step(names, id, length))
        return;
    const char *hint = NULL;
    if (is_shown(question))
        hint = step_hint(names, arena_copy(names->arena, id, length));
    refuse(question, "E205", hint, "step");
}

static void check_variable(const struct question *question, const char *name,
                           size_t length)
{
    const char *dot = memchr(name, '.', length);
    size_t first = dot ? (size_t)(dot - name) : length;
    bool known =
        is_among(first_words, name, first) || is_among(words, name, length);
    if (known || memchr(name, '*', length) || memchr(name, ' ', length))
        return;
    const struct document_names *names = names_of(question->check);
    if (!dot && is_step(names, name, length))
        return;
    const char *wanted = arena_copy(names->arena, name, first);
    const char *nearest =
        diagnostics_nearest(wanted, dot ? first_words : words);
    const char *hint = "known are config.NAME, env.NAME, step.ID, status, "
                       "passed, failed, always, never and the ids of steps; a "
                       "text needs quotes";
    if (nearest)
        hint = arena_format(names->arena, "did you mean '%s%.*s'?", nearest,
                            dot && length - first < 200 ? (int)(length - first)
                                                        : 0,
                            dot ? dot : "");
    refuse(question, "E205", hint, "name");
}

static void check_call(const struct question *question)
{
    const struct expression_reference *call = question->reference;
    if (expression_function_of(call->name, call->length) == FUNCTION_UNKNOWN &&
        !is_among(machine_calls, call->name, call->length))
        refuse(question, "E206", "docs/expressions.md has them all",
               "function");
}

void check_reference(struct check *check, const struct value *text,
                     const struct expression_reference *reference)
{
    static const char config[] = "config.";
    static const char step[] = "step.";
    const struct question question = {check, text, reference};
    const char *name = reference->name;
    size_t length = reference->length;
    if (reference->call) {
        check_call(&question);
    } else if (length > strlen(config) &&
               memcmp(name, config, strlen(config)) == 0) {
        check_parameter(&question, name + strlen(config),
                        length - strlen(config));
    } else if (length > strlen(step) && memcmp(name, step, strlen(step)) == 0) {
        const char *id = name + strlen(step);
        const char *dot = memchr(id, '.', length - strlen(step));
        size_t used = dot ? (size_t)(dot - id) : length - strlen(step);
        if (dot || used != strlen("results") ||
            memcmp(id, "results", used) != 0)
            check_step(&question, id, used);
    } else {
        check_variable(&question, name, length);
    }
}
