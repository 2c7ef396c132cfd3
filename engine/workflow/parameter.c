/*
 * Parameters: values that a user gives are data. They are checked against the
 * type and the limits of their declaration when they are set, and are never read
 * as templates. Testkube declares these limits and does not check them; here they
 * hold.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/schema/schema.h"
#include "engine/workflow/limits.h"
#include "engine/workflow/private.h"

struct parameter *parameter_find(const struct scope *scope, const char *name,
                                 size_t length)
{
    for (size_t i = 0; i < scope->count; i++) {
        struct parameter *parameter = &scope->parameters[i];
        if (strlen(parameter->name) == length &&
            memcmp(parameter->name, name, length) == 0)
            return parameter;
    }
    return NULL;
}

static bool parse_integer(const char *text, int64_t *integer)
{
    char *end;
    errno = 0;
    *integer = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' &&
           !isspace((unsigned char)text[0]);
}

static bool parse_number(const char *text, double *number)
{
    char *end;
    if (!isdigit((unsigned char)text[0]) && !strchr("+-.", text[0]))
        return false;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*number) &&
           !strpbrk(text, "xXpP");
}

/* A number without a fraction is an integer however it is written: 1e3, 5.0. */
static bool parse_whole(const char *text, int64_t *integer)
{
    double number;
    if (parse_integer(text, integer))
        return true;
    if (!parse_number(text, &number) || number != trunc(number) ||
        fabs(number) > 0x1p53)
        return false;
    *integer = (int64_t)number;
    return true;
}

/* Words that Testkube takes as people do. `no` and `False` would be true there:
 * they are refused. */
static bool parse_truth(const char *text, bool *truth)
{
    static const char *const words[] = {"true", "True",  "TRUE", "yes", "on",
                                        "1",    "false", "off",  "0"};
    enum { TRUE_WORDS = 6 };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0) {
            *truth = i < TRUE_WORDS;
            return true;
        }
    return false;
}

/* The typed value of `text`, or NULL when it is not of the type. */
static struct value *typed_value(struct arena *arena,
                                 const struct parameter *parameter,
                                 const char *text)
{
    int64_t integer;
    double number;
    bool truth;
    switch (parameter->type) {
    case PARAMETER_STRING:
        return value_make_string(arena, text);
    case PARAMETER_INTEGER:
        return parse_whole(text, &integer) ? value_make_int(arena, integer)
                                           : NULL;
    case PARAMETER_NUMBER:
        if (parse_integer(text, &integer))
            return value_make_int(arena, integer);
        return parse_number(text, &number) ? value_make_float(arena, number)
                                           : NULL;
    case PARAMETER_BOOLEAN:
        return parse_truth(text, &truth) ? value_make_bool(arena, truth) : NULL;
    }
    return NULL;
}

static int check_format(const struct parameter *parameter, const char *text,
                        struct error *error)
{
    const char *format = value_string_at(parameter->schema, "format");
    const char *example = parameter_format_example(format, text);
    if (!example || text[0] == '\0')
        return 0;
    return error_set(error, ERROR_USAGE,
                     "parameter '%s': expected the format '%s', such as %s, "
                     "found '%.100s'",
                     parameter->name, format, example,
                     parameter->sensitive ? "(sensitive)" : text);
}

static const char *type_name(enum parameter_type type)
{
    static const char *const names[] = {
        [PARAMETER_STRING] = "a text",
        [PARAMETER_INTEGER] = "an integer",
        [PARAMETER_NUMBER] = "a number",
        [PARAMETER_BOOLEAN] = "true or false",
    };
    return names[type];
}

/* Sensitive values are not repeated in messages. */
static const char *shown(const struct parameter *parameter, const char *text)
{
    return parameter->sensitive ? "(sensitive)" : text;
}

static int check_enum(struct arena *arena, const struct parameter *parameter,
                      const char *text, struct error *error)
{
    const struct value *list = value_get(parameter->schema, "enum");
    if (!value_is(list, VALUE_LIST))
        return 0;
    CLEANUP(text_free) struct text accepted = {0};
    for (size_t i = 0; i < value_count(list); i++) {
        const char *item = value_scalar_text(arena, value_item(list, i));
        if (item && strcmp(item, text) == 0)
            return 0;
        text_append_format(&accepted, "%s'%s'", i ? ", " : "",
                           item ? item : "");
    }
    if (value_count(list) == 0)
        return 0;
    return error_set(
        error, ERROR_USAGE, "parameter '%s': '%.100s' is not one of %.250s",
        parameter->name, shown(parameter, text), text_string(&accepted));
}

static bool is_limit(const char *name)
{
    static const char *const keywords[] = {
        "pattern", "minLength",        "maxLength",        "minimum",
        "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    };
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (keywords[i][0] == name[0] && strcmp(keywords[i], name) == 0)
            return true;
    return false;
}

/* The limits of the declaration, as a schema of their own. */
static int check_limits(struct arena *arena, const struct parameter *parameter,
                        struct value *value, struct error *error)
{
    struct value *rules = value_make_map(arena);
    for (size_t i = 0; i < value_count(parameter->schema); i++) {
        const struct member *member = &parameter->schema->map.members[i];
        if (is_limit(member->name))
            value_add_member(arena, rules, *member);
    }
    if (value_count(rules) == 0)
        return 0;
    struct schema *schema = schema_compile(arena, rules, error);
    if (!schema)
        return error_context(error, "the declaration of parameter '%s'",
                             parameter->name);
    struct diagnostics found = diagnostics_make(arena, NULL);
    schema_check(schema, value, &found);
    if (found.count == 0)
        return 0;
    return error_set(error, ERROR_USAGE, "parameter '%s': %s", parameter->name,
                     parameter->sensitive ? "the value breaks its limits"
                                          : found.items[0].text);
}

int parameter_check(const struct parameter *parameter, const char *text,
                    struct error *error)
{
    if (strlen(text) > WORKFLOW_PARAMETER_BYTES_LIMIT)
        return error_set(error, ERROR_USAGE,
                         "parameter '%s': %zu bytes, expected at most %d",
                         parameter->name, strlen(text),
                         WORKFLOW_PARAMETER_BYTES_LIMIT);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *value = typed_value(arena, parameter, text);
    if (!value)
        return error_set(error, ERROR_USAGE,
                         "parameter '%s': expected %s, found '%.100s'",
                         parameter->name, type_name(parameter->type),
                         shown(parameter, text));
    if (!value_is(parameter->schema, VALUE_MAP))
        return 0;
    if (check_enum(arena, parameter, text, error) < 0 ||
        check_format(parameter, text, error) < 0)
        return -1;
    return check_limits(arena, parameter, value, error);
}

const struct expression *parameter_expression(struct arena *arena,
                                              const struct parameter *parameter,
                                              struct error *error)
{
    if (parameter->later)
        return parameter->later;
    /* An empty value is no secret, and conditions on it can be decided now. */
    if (parameter->sensitive && parameter->text[0] != '\0')
        return expression_of_name(
            arena,
            parameter->secret
                ? arena_format(arena, "secret.%s", parameter->secret)
                : arena_format(arena, "secret.config.%s", parameter->name));
    if (parameter_check(parameter, parameter->text, error) < 0)
        return NULL;
    return expression_of_value(arena,
                               typed_value(arena, parameter, parameter->text));
}

static struct scope scope_of(const struct workflow *workflow)
{
    return (struct scope){workflow->parameters, workflow->parameter_count,
                          NULL};
}

const char *parameter_hint(struct arena *arena, const struct scope *scope,
                           const char *prefix, const char *name)
{
    const char **names =
        arena_allocate(arena, (scope->count + 1) * sizeof *names);
    CLEANUP(text_free) struct text known = {0};
    for (size_t i = 0; i < scope->count; i++) {
        names[i] = scope->parameters[i].name;
        text_append_format(&known, "%s%s", i ? ", " : "", names[i]);
    }
    const char *nearest = diagnostics_nearest(name, names);
    if (nearest)
        return arena_format(arena, "did you mean '%s%.100s'?", prefix, nearest);
    return arena_format(arena, "declare it below spec.config; known: %.300s",
                        known.length ? text_string(&known) : "none");
}

static int unknown_parameter(struct arena *arena,
                             const struct workflow *workflow, const char *name,
                             struct error *error)
{
    size_t count = workflow->parameter_count;
    if (count == 0)
        return error_set(error, ERROR_USAGE,
                         "unknown parameter '%.100s': workflow '%.100s' has no "
                         "parameters",
                         name, workflow->name);
    const char **names = arena_allocate(arena, (count + 1) * sizeof *names);
    CLEANUP(text_free) struct text known = {0};
    for (size_t i = 0; i < count; i++) {
        names[i] = workflow->parameters[i].name;
        text_append_format(&known, "%s%s", i ? ", " : "", names[i]);
    }
    const char *nearest = diagnostics_nearest(name, names);
    if (nearest)
        return error_set(error, ERROR_USAGE,
                         "unknown parameter '%.100s', did you mean '%.100s'? "
                         "known: %.200s",
                         name, nearest, text_string(&known));
    return error_set(error, ERROR_USAGE,
                     "unknown parameter '%.100s', known: %.300s", name,
                     text_string(&known));
}

static int give(struct arena *arena, struct workflow *workflow,
                const char *name, const char *text, struct error *error)
{
    const struct scope scope = scope_of(workflow);
    struct parameter *parameter = parameter_find(&scope, name, strlen(name));
    if (!parameter)
        return unknown_parameter(arena, workflow, name, error);
    if (parameter_check(parameter, text, error) < 0)
        return -1;
    parameter->given = arena_string(arena, text);
    return 0;
}

int workflow_set(struct arena *arena, struct workflow *workflow,
                 const char *assignment, struct error *error)
{
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment)
        return error_set(error, ERROR_USAGE,
                         "expected --config name=value, found '%.100s'",
                         assignment);
    const char *name =
        arena_copy(arena, assignment, (size_t)(equals - assignment));
    return give(arena, workflow, name, equals + 1, error);
}

int workflow_set_all(struct arena *arena, struct workflow *workflow,
                     const struct value *map, struct error *error)
{
    if (!value_is(map, VALUE_MAP))
        return error_set(error, ERROR_INPUT,
                         "expected a map of parameters, found %s",
                         map ? value_kind_name(map->kind) : "nothing");
    for (size_t i = 0; i < value_count(map); i++) {
        const struct member *member = &map->map.members[i];
        const char *text = value_scalar_text(arena, member->value);
        if (!text) {
            error_set(error, ERROR_USAGE,
                      "parameter '%.100s': expected one value, found a %s",
                      member->name, value_kind_name(member->value->kind));
            return error_place(error, NULL, member->value->mark);
        }
        const struct scope scope = scope_of(workflow);
        const struct parameter *parameter =
            parameter_find(&scope, member->name, member->length);
        if (parameter && parameter->given)
            continue;
        if (give(arena, workflow, member->name, text, error) < 0)
            return error_place(error, NULL, member->mark);
    }
    return 0;
}

int workflow_allow_splice(struct workflow *workflow, const char *name,
                          struct error *error)
{
    const struct scope scope = scope_of(workflow);
    struct parameter *parameter = parameter_find(&scope, name, strlen(name));
    if (!parameter)
        return error_set(error, ERROR_USAGE,
                         "--allow-splice: unknown parameter '%.100s'", name);
    parameter->splice = true;
    return 0;
}

struct value *workflow_parameters(struct arena *arena,
                                  const struct workflow *workflow)
{
    struct value *map = value_make_map(arena);
    for (size_t i = 0; i < workflow->parameter_count; i++) {
        const struct parameter *parameter = &workflow->parameters[i];
        if (!parameter->text)
            continue;
        bool hidden = parameter->sensitive && parameter->text[0] != '\0';
        value_set_string(arena, map, parameter->name,
                         hidden ? "REDACTED" : parameter->text);
    }
    return map;
}
