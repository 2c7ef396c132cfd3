/*
 * In: a schema and one value. Out: findings about the value itself: type, accepted
 * values, length, form and size. Messages are made only when they are kept.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/schema/checking.h"

void check_report(struct check *check, struct problem problem,
                  const char *format, ...)
{
    char text[1024];
    va_list arguments;
    check->failed = true;
    if (!check->found)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    diagnostics_add(check->found, SEVERITY_ERROR, problem.code, problem.mark,
                    problem.hint, "%s", text);
}

unsigned schema_value_types(const struct value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
        return TYPE_NULL;
    case VALUE_BOOL:
        return TYPE_BOOLEAN;
    case VALUE_INT:
        return TYPE_INTEGER | TYPE_NUMBER;
    case VALUE_FLOAT:
        return isfinite(value->number) && value->number == floor(value->number)
                   ? TYPE_INTEGER | TYPE_NUMBER
                   : TYPE_NUMBER;
    case VALUE_STRING:
        return TYPE_STRING;
    case VALUE_LIST:
        return TYPE_ARRAY;
    case VALUE_MAP:
        return TYPE_OBJECT;
    }
    return 0;
}

unsigned schema_types(const struct schema *schema)
{
    schema = schema_use(schema);
    while (schema->types == 0 && schema->reference)
        schema = schema_use(schema->reference);
    if (schema->types)
        return schema->types;
    unsigned types = 0;
    for (size_t i = 0; i < value_count(schema->accepted); i++)
        types |= schema_value_types(value_item(schema->accepted, i));
    return schema->constant ? schema_value_types(schema->constant) : types;
}

const char *check_place(struct check *check, const struct schema_where *where)
{
    return check->found ? message_where(check->arena, "for", where) : "";
}

const char *check_found(struct check *check, const struct value *value)
{
    return check->found ? message_found(check->arena, value) : "";
}

/* False when the type is wrong: then nothing else about the value is said. */
bool check_type(struct check *check, const struct schema *schema,
                const struct value *value, const struct schema_where *where)
{
    if (schema->types == 0 || schema->types & schema_value_types(value))
        return true;
    check->failed = true;
    if (!check->found)
        return false;
    const char *hint = mend_hint(check->arena, schema, value);
    if (!hint)
        hint = message_type_hint(check->arena, schema->types, value);
    check_report(check, (struct problem){"E112", value->mark, hint},
                 "expected %s%s, found %s",
                 message_types(check->arena, schema->types),
                 check_place(check, where), check_found(check, value));
    return false;
}

void check_enum(struct check *check, const struct schema *schema,
                const struct value *value, const struct schema_where *where)
{
    size_t count = value_count(schema->accepted);
    for (size_t i = 0; i < count; i++)
        if (value_equal(value_item(schema->accepted, i), value))
            return;
    check->failed = true;
    if (!check->found)
        return;
    const char *hint =
        message_value_hint(check->arena, schema->accepted, value);
    unsigned types = schema_types(schema);
    if (!(types & schema_value_types(value)))
        hint = message_type_hint(check->arena, types, value);
    check_report(check, (struct problem){"E113", value->mark, hint},
                 "expected %s%s, found %s",
                 message_values(check->arena, schema->accepted),
                 check_place(check, where), check_found(check, value));
}

void check_constant(struct check *check, const struct schema *schema,
                    const struct value *value, const struct schema_where *where)
{
    if (value_equal(schema->constant, value))
        return;
    check->failed = true;
    if (check->found)
        check_report(check, (struct problem){"E113", value->mark, NULL},
                     "expected %s%s, found %s",
                     message_found(check->arena, schema->constant),
                     check_place(check, where), check_found(check, value));
}

/* How many of something there must be. */
void check_range(struct check *check, const struct schema_range *range,
                 struct counted counted, const struct value *value,
                 const struct schema_where *where)
{
    int64_t count = counted.count;
    bool few = count < range->least;
    if (!few && (range->greatest < 0 || count <= range->greatest))
        return;
    int64_t bound = few ? range->least : range->greatest;
    check_report(check, (struct problem){"E117", value->mark, counted.hint},
                 "expected at %s %lld %s%s%s, found %lld",
                 few ? "least" : "most", (long long)bound, counted.noun,
                 bound == 1 ? "" : "s", check_place(check, where),
                 (long long)count);
}

/* There are no more characters than bytes: most texts need not be counted. */
static bool has_room(const struct schema_range *range, size_t bytes)
{
    return range->least <= 0 &&
           (range->greatest < 0 || (int64_t)bytes <= range->greatest);
}

static int64_t count_characters(const struct value *value)
{
    int64_t count = 0;
    for (size_t i = 0; i < value->string.length; i++)
        count += ((unsigned char)value->string.bytes[i] & 0xC0) != 0x80;
    return count;
}

void check_string(struct check *check, const struct schema *schema,
                  const struct value *value, const struct schema_where *where)
{
    const char *text = value->string.bytes;
    size_t length = value->string.length;
    struct problem problem = {"E114", value->mark, schema->description};
    if (!has_room(&schema->length, length))
        check_range(
            check, &schema->length,
            (struct counted){count_characters(value), "character", NULL}, value,
            where);
    /* A pattern beside a format is the format again, for other programs. */
    bool known = schema->format && schema->format->accepts;
    bool formed =
        !known || strstr(text, "{{") || schema->format->accepts(text, length);
    if (known
            ? formed
            : !schema->pattern || pattern_match(schema->pattern, text, length))
        return;
    if (known)
        problem.hint =
            check->found ? mend_hint(check->arena, schema, value) : NULL;
    check_report(check, problem, "expected %s%s%s, found %s",
                 known ? schema->format->expected : "a text that matches ",
                 known ? "" : schema->pattern_text, check_place(check, where),
                 check_found(check, value));
}

static double number_of(const struct value *value)
{
    return value->kind == VALUE_INT ? (double)value->integer : value->number;
}

/* -1, 0 or 1; integers exactly. */
static int compare(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return (a->integer > b->integer) - (a->integer < b->integer);
    double x = number_of(a), y = number_of(b);
    return (x > y) - (x < y);
}

static bool is_multiple(const struct value *value, const struct value *step)
{
    if (value->kind == VALUE_INT && step->kind == VALUE_INT)
        return value->integer % step->integer == 0;
    double times = number_of(value) / number_of(step);
    return isfinite(times) && fabs(times - round(times)) < 1e-9;
}

void check_number(struct check *check, const struct schema *schema,
                  const struct value *value, const struct schema_where *where)
{
    const struct {
        const struct value *bound;
        int refused, refused_too; /* results of compare */
        const char *expected;
    } bounds[] = {
        {schema->minimum, -1, -1, "at least"},
        {schema->maximum, 1, 1, "at most"},
        {schema->exclusive_minimum, -1, 0, "more than"},
        {schema->exclusive_maximum, 1, 0, "less than"},
    };
    struct problem problem = {"E115", value->mark, schema->description};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        if (!bounds[i].bound)
            continue;
        int order = compare(value, bounds[i].bound);
        if (order == bounds[i].refused || order == bounds[i].refused_too)
            check_report(check, problem, "expected %s %s%s, found %s",
                         bounds[i].expected,
                         value_scalar_text(check->arena, bounds[i].bound),
                         check_place(check, where),
                         value_scalar_text(check->arena, value));
    }
    if (schema->multiple && !is_multiple(value, schema->multiple))
        check_report(check, problem, "expected a multiple of %s%s, found %s",
                     value_scalar_text(check->arena, schema->multiple),
                     check_place(check, where),
                     value_scalar_text(check->arena, value));
}
