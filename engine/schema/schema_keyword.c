/*
 * In: a node of the compiler. Out: its fields, by a row of a table for each keyword.
 * Schemas inside it become nodes of their own, which are filled later.
 */
#include <string.h>

#include "engine/schema/compiler.h"

static int fail(struct compiler *compiler, const struct value *at,
                const char *keyword, const char *problem)
{
    error_set(compiler->error, ERROR_INPUT, "schema keyword '%.60s': %s",
              keyword, problem);
    return error_place(compiler->error, NULL, at->mark);
}

/* A keyword of a node: its operand and the field of struct schema that it
 * fills. */
struct operand {
    const char *keyword;
    const struct value *value;
    struct schema *node;
    void *field;
};

typedef int handler(struct compiler *compiler, const struct operand *operand);

static int read_nothing(struct compiler *compiler,
                        const struct operand *operand)
{
    (void)compiler;
    (void)operand;
    return 0;
}

static int read_text(struct compiler *compiler, const struct operand *operand)
{
    const char **field = operand->field;
    *field = value_string(operand->value);
    return *field ? 0
                  : fail(compiler, operand->value, operand->keyword,
                         "expected a string");
}

static int read_flag(struct compiler *compiler, const struct operand *operand)
{
    if (!value_is(operand->value, VALUE_BOOL))
        return fail(compiler, operand->value, operand->keyword,
                    "expected true or false");
    *(bool *)operand->field = operand->value->boolean;
    return 0;
}

static int read_count(struct compiler *compiler, const struct operand *operand)
{
    int64_t count = value_int_or(operand->value, -1);
    if (count < 0)
        return fail(compiler, operand->value, operand->keyword,
                    "expected an integer from 0");
    *(int64_t *)operand->field = count;
    return 0;
}

static int read_number(struct compiler *compiler, const struct operand *operand)
{
    if (!value_is(operand->value, VALUE_INT) &&
        !value_is(operand->value, VALUE_FLOAT))
        return fail(compiler, operand->value, operand->keyword,
                    "expected a number");
    *(const struct value **)operand->field = operand->value;
    return 0;
}

static int read_multiple(struct compiler *compiler,
                         const struct operand *operand)
{
    const struct value *value = operand->value;
    if (read_number(compiler, operand) < 0)
        return -1;
    bool positive =
        value->kind == VALUE_INT ? value->integer > 0 : value->number > 0;
    return positive ? 0
                    : fail(compiler, value, operand->keyword,
                           "expected a number greater than 0");
}

static int read_value(struct compiler *compiler, const struct operand *operand)
{
    (void)compiler;
    *(const struct value **)operand->field = operand->value;
    return 0;
}

static int read_enum(struct compiler *compiler, const struct operand *operand)
{
    if (!value_is(operand->value, VALUE_LIST) ||
        value_count(operand->value) == 0)
        return fail(compiler, operand->value, operand->keyword,
                    "expected a list of values");
    return read_value(compiler, operand);
}

static int read_names(struct compiler *compiler, const struct operand *operand)
{
    const struct value *list = operand->value;
    bool good = value_is(list, VALUE_LIST);
    for (size_t i = 0; good && i < value_count(list); i++)
        good = value_is(value_item(list, i), VALUE_STRING);
    return good ? read_value(compiler, operand)
                : fail(compiler, list, operand->keyword,
                       "expected a list of names");
}

static const struct {
    const char *name;
    unsigned type;
} type_names[] = {
    {"null", TYPE_NULL},       {"boolean", TYPE_BOOLEAN},
    {"integer", TYPE_INTEGER}, {"number", TYPE_NUMBER},
    {"string", TYPE_STRING},   {"array", TYPE_ARRAY},
    {"object", TYPE_OBJECT},
};

static unsigned find_type(const char *name)
{
    for (size_t i = 0; name && i < sizeof type_names / sizeof *type_names; i++)
        if (strcmp(type_names[i].name, name) == 0)
            return type_names[i].type;
    return 0;
}

static int read_types(struct compiler *compiler, const struct operand *operand)
{
    static const char expected[] =
        "expected one or more of null, boolean, integer, number, string, "
        "array, object";
    unsigned *types = operand->field;
    size_t count = value_count(operand->value);
    *types = find_type(value_string(operand->value));
    for (size_t i = 0; i < count; i++) {
        unsigned type = find_type(value_string(value_item(operand->value, i)));
        if (type == 0)
            return fail(compiler, operand->value, operand->keyword, expected);
        *types |= type;
    }
    return *types ? 0
                  : fail(compiler, operand->value, operand->keyword, expected);
}

static int read_pattern(struct compiler *compiler,
                        const struct operand *operand)
{
    const struct value *value = operand->value;
    struct schema *node = operand->node;
    node->pattern_text = value_string(value);
    if (!node->pattern_text)
        return fail(compiler, value, operand->keyword, "expected a string");
    node->pattern = pattern_compile(compiler->arena, value->string.bytes,
                                    value->string.length, compiler->error);
    if (node->pattern)
        return 0;
    error_context(compiler->error, "schema keyword 'pattern'");
    return error_place(compiler->error, NULL, value->mark);
}

static int read_format(struct compiler *compiler, const struct operand *operand)
{
    const char *name = value_string(operand->value);
    operand->node->format = name ? schema_find_format(name) : NULL;
    return operand->node->format
               ? 0
               : fail(compiler, operand->value, operand->keyword,
                      "expected go-duration, cron, quantity or expression");
}

static int read_schema(struct compiler *compiler, const struct operand *operand)
{
    const struct schema *node =
        compiler_node(compiler, operand->value, operand->node->root);
    *(const struct schema **)operand->field = node;
    return node ? 0 : -1;
}

static int read_schemas(struct compiler *compiler,
                        const struct operand *operand)
{
    struct schema_list *list = operand->field;
    size_t count = value_count(operand->value);
    if (!value_is(operand->value, VALUE_LIST) || count == 0)
        return fail(compiler, operand->value, operand->keyword,
                    "expected a list of schemas");
    list->items = arena_allocate(compiler->arena, count * sizeof *list->items);
    for (; list->count < count; list->count++) {
        const struct value *item = value_item(operand->value, list->count);
        struct schema *node =
            compiler_node(compiler, item, operand->node->root);
        if (!node)
            return -1;
        list->items[list->count] = node;
    }
    return 0;
}

static int read_properties(struct compiler *compiler,
                           const struct operand *operand)
{
    struct schema_properties *list = operand->field;
    size_t count = value_count(operand->value);
    if (!value_is(operand->value, VALUE_MAP))
        return fail(compiler, operand->value, operand->keyword,
                    "expected an object of schemas");
    list->items = arena_allocate(compiler->arena, count * sizeof *list->items);
    for (; list->count < count; list->count++) {
        const struct member *member = &operand->value->map.members[list->count];
        struct schema *node =
            compiler_node(compiler, member->value, operand->node->root);
        if (!node)
            return -1;
        list->items[list->count] =
            (struct schema_property){member->name, member->length, NULL, node};
    }
    return 0;
}

static int read_patterns(struct compiler *compiler,
                         const struct operand *operand)
{
    struct schema_properties *list = operand->field;
    if (read_properties(compiler, operand) < 0)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        struct schema_property *item = &list->items[i];
        item->pattern = pattern_compile(compiler->arena, item->name,
                                        item->length, compiler->error);
        if (!item->pattern)
            return error_place(compiler->error, NULL, operand->value->mark);
    }
    return 0;
}

/* $defs: compiled also when nothing refers to them, so that a mistake in one is
 * seen. */
static int read_definitions(struct compiler *compiler,
                            const struct operand *operand)
{
    if (compiler->lazy)
        return 0;
    struct schema_properties ignored = {0};
    struct operand definitions = *operand;
    definitions.field = &ignored;
    return read_properties(compiler, &definitions);
}

/* The part that a JSON pointer (RFC 6901) names. */
static const struct value *follow_pointer(const struct value *value,
                                          const char *pointer)
{
    while (value && *pointer == '/') {
        char name[128];
        size_t length = 0;
        for (pointer++; *pointer && *pointer != '/'; pointer++) {
            if (length == sizeof name - 1)
                return NULL;
            bool escape =
                pointer[0] == '~' && (pointer[1] == '0' || pointer[1] == '1');
            if (escape)
                pointer++;
            name[length++] = !escape ? *pointer : *pointer == '0' ? '~' : '/';
        }
        name[length] = '\0';
        value = value_get(value, name);
    }
    return *pointer == '\0' ? value : NULL;
}

static int read_reference(struct compiler *compiler,
                          const struct operand *operand)
{
    const char *target = value_string(operand->value);
    if (!target)
        return fail(compiler, operand->value, operand->keyword,
                    "expected a string");
    size_t name = strcspn(target, "#");
    const struct value *root = name == 0
                                   ? operand->node->root
                                   : compiler_document(compiler, target, name);
    const char *pointer = target + name + (target[name] == '#');
    const struct value *found = follow_pointer(root, pointer);
    if (!found) {
        error_set(compiler->error, ERROR_INPUT,
                  "schema keyword '$ref': there is no '%.200s'", target);
        return error_place(compiler->error, NULL, operand->value->mark);
    }
    operand->node->reference = compiler_node(compiler, found, root);
    return operand->node->reference ? 0 : -1;
}

#define FIELD(name) offsetof(struct schema, name)

static const struct keyword {
    const char *name;
    handler *read;
    size_t field;
} keywords[] = {
    {"$comment", read_nothing, 0},
    {"$defs", read_definitions, 0},
    {"$ref", read_reference, 0},
    {"$schema", read_nothing, 0},
    {"additionalProperties", read_schema, FIELD(additional)},
    {"allOf", read_schemas, FIELD(all)},
    {"anyOf", read_schemas, FIELD(any)},
    {"const", read_value, FIELD(constant)},
    {"default", read_nothing, 0},
    {"deprecated", read_flag, FIELD(deprecated)},
    {"description", read_text, FIELD(description)},
    {"else", read_schema, FIELD(otherwise)},
    {"enum", read_enum, FIELD(accepted)},
    {"examples", read_nothing, 0},
    {"exclusiveMaximum", read_number, FIELD(exclusive_maximum)},
    {"exclusiveMinimum", read_number, FIELD(exclusive_minimum)},
    {"format", read_format, 0},
    {"if", read_schema, FIELD(condition)},
    {"items", read_schema, FIELD(items)},
    {"maxItems", read_count, FIELD(items_count.greatest)},
    {"maxLength", read_count, FIELD(length.greatest)},
    {"maxProperties", read_count, FIELD(members_count.greatest)},
    {"maximum", read_number, FIELD(maximum)},
    {"minItems", read_count, FIELD(items_count.least)},
    {"minLength", read_count, FIELD(length.least)},
    {"minProperties", read_count, FIELD(members_count.least)},
    {"minimum", read_number, FIELD(minimum)},
    {"multipleOf", read_multiple, FIELD(multiple)},
    {"not", read_schema, FIELD(negated)},
    {"oneOf", read_schemas, FIELD(one)},
    {"pattern", read_pattern, 0},
    {"patternProperties", read_patterns, FIELD(patterns)},
    {"prefixItems", read_schemas, FIELD(prefix)},
    {"properties", read_properties, FIELD(properties)},
    {"propertyNames", read_schema, FIELD(names)},
    {"required", read_names, FIELD(required)},
    {"then", read_schema, FIELD(then)},
    {"title", read_text, FIELD(title)},
    {"type", read_types, FIELD(types)},
    {"uniqueItems", read_flag, FIELD(unique)},
};

static const struct keyword *find_keyword(const char *name)
{
    size_t low = 0, high = sizeof keywords / sizeof *keywords;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, keywords[middle].name);
        if (order == 0)
            return &keywords[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

int compiler_fill(struct compiler *compiler, struct schema *node)
{
    if (node->source->kind == VALUE_BOOL) {
        node->refuses = !node->source->boolean;
        return 0;
    }
    size_t count = value_count(node->source), words = 0;
    for (size_t i = 0; i < count; i++) {
        const struct member *member = &node->source->map.members[i];
        const struct keyword *keyword = find_keyword(member->name);
        if (!keyword) {
            error_set(compiler->error, ERROR_INPUT,
                      "schema keyword '%.60s' is not supported", member->name);
            return error_place(compiler->error, NULL, member->mark);
        }
        struct operand operand = {keyword->name, member->value, node,
                                  (char *)node + keyword->field};
        if (keyword->read(compiler, &operand) < 0)
            return -1;
        words += keyword->read == read_nothing || keyword->read == read_text;
    }
    node->alias = node->reference && words + 1 == count;
    return 0;
}
