/*
 * In: a compiled schema and a value. Out: a diagnostic for everything that does
 * not fit. A schema is applied by one function for each kind of value, then by
 * those that combine other schemas. Whether an alternative fits is asked with the
 * diagnostics left out ("quietly"); only the alternative that was probably meant
 * is then reported. Time and stack are bounded by SCHEMA_WORK_LIMIT and
 * SCHEMA_DEPTH_LIMIT; a check that ends early says so (E120).
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/schema/limits.h"
#include "engine/schema/private.h"

struct check {
    struct diagnostics *found; /* NULL: quietly */
    struct arena *arena;       /* for texts and lists on the way */
    bool failed;
    bool ended;  /* a limit was passed */
    size_t work; /* done so far, in all */
    unsigned depth;
};

static void apply(struct check *check, const struct schema *schema,
                  const struct value *value, const struct schema_where *where);

/* Where a problem is: the value itself, or its name for a field that should not
 * be there at all. */
struct problem {
    const char *code;
    struct mark mark;
    const char *hint;
};

__attribute__((format(printf, 3, 4))) static void
report(struct check *check, struct problem problem, const char *format, ...)
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

/* When a quiet check has failed, nothing more needs to be known. */
static bool is_decided(const struct check *check)
{
    return check->ended || (check->failed && !check->found);
}

/* Counts work. False when the check has to end. */
static bool may_go_on(struct check *check, const struct value *value)
{
    if (!check->ended && ++check->work <= SCHEMA_WORK_LIMIT &&
        check->depth < SCHEMA_DEPTH_LIMIT)
        return true;
    if (!check->ended)
        report(check, (struct problem){"E120", value->mark, NULL},
               "the document is too large to be checked to its end");
    check->ended = true;
    check->failed = true;
    return false;
}

static bool fits(struct check *check, const struct schema *schema,
                 const struct value *value)
{
    struct diagnostics *found = check->found;
    bool failed = check->failed;
    check->found = NULL;
    check->failed = false;
    apply(check, schema, value, NULL);
    bool result = !check->failed;
    check->found = found;
    check->failed = failed;
    return result;
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
    while (schema->types == 0 && schema->reference)
        schema = schema->reference;
    if (schema->types)
        return schema->types;
    unsigned types = 0;
    for (size_t i = 0; i < value_count(schema->accepted); i++)
        types |= schema_value_types(value_item(schema->accepted, i));
    return schema->constant ? schema_value_types(schema->constant) : types;
}

static const char *place_of(struct check *check,
                            const struct schema_where *where)
{
    return check->found ? message_where(check->arena, "for", where) : "";
}

static const char *found_text(struct check *check, const struct value *value)
{
    return check->found ? message_found(check->arena, value) : "";
}

/* False when the type is wrong: then nothing else about the value is said. */
static bool check_type(struct check *check, const struct schema *schema,
                       const struct value *value,
                       const struct schema_where *where)
{
    if (schema->types == 0 || schema->types & schema_value_types(value))
        return true;
    check->failed = true;
    if (!check->found)
        return false;
    report(
        check,
        (struct problem){"E112", value->mark,
                         message_type_hint(check->arena, schema->types, value)},
        "expected %s%s, found %s", message_types(check->arena, schema->types),
        place_of(check, where), found_text(check, value));
    return false;
}

static void check_enum(struct check *check, const struct schema *schema,
                       const struct value *value,
                       const struct schema_where *where)
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
    report(check, (struct problem){"E113", value->mark, hint},
           "expected %s%s, found %s",
           message_values(check->arena, schema->accepted),
           place_of(check, where), found_text(check, value));
}

static void check_constant(struct check *check, const struct schema *schema,
                           const struct value *value,
                           const struct schema_where *where)
{
    if (value_equal(schema->constant, value))
        return;
    check->failed = true;
    if (check->found)
        report(check, (struct problem){"E113", value->mark, NULL},
               "expected %s%s, found %s",
               message_found(check->arena, schema->constant),
               place_of(check, where), found_text(check, value));
}

/* How many of something there must be. */
static void check_range(struct check *check, const struct schema_range *range,
                        int64_t count, const char *noun,
                        const struct value *value,
                        const struct schema_where *where)
{
    bool few = count < range->least;
    if (!few && (range->greatest < 0 || count <= range->greatest))
        return;
    int64_t bound = few ? range->least : range->greatest;
    report(check, (struct problem){"E117", value->mark, NULL},
           "expected at %s %lld %s%s%s, found %lld", few ? "least" : "most",
           (long long)bound, noun, bound == 1 ? "" : "s",
           place_of(check, where), (long long)count);
}

static int64_t count_characters(const struct value *value)
{
    int64_t count = 0;
    for (size_t i = 0; i < value->string.length; i++)
        count += ((unsigned char)value->string.bytes[i] & 0xC0) != 0x80;
    return count;
}

static void check_string(struct check *check, const struct schema *schema,
                         const struct value *value,
                         const struct schema_where *where)
{
    const char *text = value->string.bytes;
    size_t length = value->string.length;
    struct problem problem = {"E114", value->mark, schema->description};
    if (schema->length.least >= 0 || schema->length.greatest >= 0)
        check_range(check, &schema->length, count_characters(value),
                    "character", value, where);
    if (schema->pattern && !pattern_match(schema->pattern, text, length))
        report(check, problem, "expected a text that matches %s%s, found %s",
               schema->pattern_text, place_of(check, where),
               found_text(check, value));
    problem.hint = NULL;
    if (schema->format && schema->format->accepts && !strstr(text, "{{") &&
        !schema->format->accepts(text, length))
        report(check, problem, "expected %s%s, found %s",
               schema->format->expected, place_of(check, where),
               found_text(check, value));
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

static void check_number(struct check *check, const struct schema *schema,
                         const struct value *value,
                         const struct schema_where *where)
{
    const struct {
        const struct value *bound;
        int refused, refused_too; /* results of compare */
        const char *expected;
    } bounds[] = {
        {schema->minimum,           -1, -1, "at least" },
        {schema->maximum,           1,  1,  "at most"  },
        {schema->exclusive_minimum, -1, 0,  "more than"},
        {schema->exclusive_maximum, 1,  0,  "less than"},
    };
    struct problem problem = {"E115", value->mark, NULL};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        if (!bounds[i].bound)
            continue;
        int order = compare(value, bounds[i].bound);
        if (order == bounds[i].refused || order == bounds[i].refused_too)
            report(check, problem, "expected %s %s%s, found %s",
                   bounds[i].expected,
                   value_scalar_text(check->arena, bounds[i].bound),
                   place_of(check, where),
                   value_scalar_text(check->arena, value));
    }
    if (schema->multiple && !is_multiple(value, schema->multiple))
        report(check, problem, "expected a multiple of %s%s, found %s",
               value_scalar_text(check->arena, schema->multiple),
               place_of(check, where), value_scalar_text(check->arena, value));
}

static void check_unique(struct check *check, const struct value *value,
                         const struct schema_where *where)
{
    for (size_t i = 1; i < value_count(value); i++) {
        const struct value *item = value_item(value, i);
        for (size_t j = 0; j < i && may_go_on(check, item); j++) {
            if (!value_equal(item, value_item(value, j)))
                continue;
            report(check, (struct problem){"E117", item->mark, NULL},
                   "item %zu repeats item %zu%s", i, j,
                   check->found ? message_where(check->arena, "of", where)
                                : "");
            break;
        }
    }
}

static void check_list(struct check *check, const struct schema *schema,
                       const struct value *value,
                       const struct schema_where *where)
{
    size_t count = value_count(value);
    check_range(check, &schema->items_count, (int64_t)count, "item", value,
                where);
    for (size_t i = 0; i < count && !is_decided(check); i++) {
        const struct schema *item =
            i < schema->prefix.count ? schema->prefix.items[i] : schema->items;
        struct schema_where here = {.up = where, .index = i};
        if (item)
            apply(check, item, value_item(value, i), &here);
    }
    if (schema->unique)
        check_unique(check, value, where);
}

static void check_required(struct check *check, const struct schema *schema,
                           const struct value *value,
                           const struct schema_where *where)
{
    for (size_t i = 0; i < value_count(schema->required); i++) {
        const struct value *name = value_item(schema->required, i);
        if (value_get_bytes(value, name->string.bytes, name->string.length))
            continue;
        report(check, (struct problem){"E111", value->mark, NULL},
               "missing field '%s'%s", name->string.bytes,
               check->found ? message_where(check->arena, "in", where) : "");
    }
}

/* propertyNames: the name is checked as a string value. */
static void check_name(struct check *check, const struct schema *schema,
                       const struct member *member,
                       const struct schema_where *where)
{
    struct value name = {
        .kind = VALUE_STRING,
        .mark = member->mark,
        .string = {member->name, member->length},
    };
    if (fits(check, schema, &name))
        return;
    check->failed = true;
    if (!check->found || check->ended)
        return;
    struct diagnostics list = diagnostics_make(check->arena, NULL);
    struct diagnostics *found = check->found;
    check->found = &list;
    apply(check, schema, &name, NULL);
    check->found = found;
    const char *why = list.count ? list.items[0].text : "it is refused";
    report(check,
           (struct problem){"E118", member->mark,
                            list.count ? list.items[0].hint : NULL},
           "%s cannot be a name%s: %s", message_found(check->arena, &name),
           message_where(check->arena, "in", where), why);
}

static void unknown_field(struct check *check, const struct schema *schema,
                          const struct member *member,
                          const struct schema_where *where)
{
    check->failed = true;
    if (!check->found)
        return;
    const char *hint = message_field_hint(check->arena, schema, member);
    report(check, (struct problem){"E110", member->mark, hint},
           "unknown field '%.*s'%s",
           (int)(member->length < 100 ? member->length : 100), member->name,
           message_where(check->arena, "in", where));
}

static const struct schema *
find_property(const struct schema_properties *properties,
              const struct member *member)
{
    for (size_t i = 0; i < properties->count; i++) {
        const struct schema_property *item = &properties->items[i];
        if (item->length == member->length &&
            memcmp(item->name, member->name, member->length) == 0)
            return item->schema;
    }
    return NULL;
}

static void check_member(struct check *check, const struct schema *schema,
                         const struct member *member,
                         const struct schema_where *where)
{
    struct schema_where here = {where, member->name, member->length, 0,
                                member->mark};
    const struct schema *known = find_property(&schema->properties, member);
    bool matched = known != NULL;
    if (known)
        apply(check, known, member->value, &here);
    for (size_t i = 0; i < schema->patterns.count; i++) {
        const struct schema_property *item = &schema->patterns.items[i];
        if (!pattern_match(item->pattern, member->name, member->length))
            continue;
        matched = true;
        apply(check, item->schema, member->value, &here);
    }
    if (schema->names)
        check_name(check, schema->names, member, where);
    if (matched || !schema->additional)
        return;
    if (schema->additional->refuses)
        unknown_field(check, schema, member, where);
    else
        apply(check, schema->additional, member->value, &here);
}

static void check_map(struct check *check, const struct schema *schema,
                      const struct value *value,
                      const struct schema_where *where)
{
    check_range(check, &schema->members_count, (int64_t)value_count(value),
                "field", value, where);
    check_required(check, schema, value, where);
    for (size_t i = 0; i < value_count(value) && !is_decided(check); i++)
        check_member(check, schema, &value->map.members[i], where);
}

/* Adds what `list` holds to the findings. */
static void report_all(struct check *check, const struct diagnostics *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct diagnostic *item = &list->items[i];
        report(check, (struct problem){item->code, item->mark, item->hint},
               "%s", item->text);
    }
}

/* The problems with the alternative that has the fewest of them, among those
 * that accept this type of value. */
static struct diagnostics nearest_form(struct check *check,
                                       const struct schema_list *forms,
                                       const struct value *value,
                                       const struct schema_where *where)
{
    struct diagnostics *found = check->found;
    struct diagnostics best = diagnostics_make(check->arena, NULL);
    for (size_t i = 0; i < forms->count && !check->ended; i++) {
        unsigned types = schema_types(forms->items[i]);
        struct diagnostics list = diagnostics_make(check->arena, NULL);
        if (types && !(types & schema_value_types(value)))
            continue;
        check->found = &list;
        apply(check, forms->items[i], value, where);
        if (best.count == 0 || list.count < best.count)
            best = list;
    }
    check->found = found;
    return best;
}

/* No alternative fits. For a scalar the forms are named; for a list or map the
 * problems of the nearest form say more. */
static void report_forms(struct check *check, const struct schema_list *forms,
                         const struct value *value,
                         const struct schema_where *where)
{
    unsigned types = 0, mine = schema_value_types(value);
    check->failed = true;
    if (!check->found || check->ended)
        return;
    for (size_t i = 0; i < forms->count; i++)
        types |= schema_types(forms->items[i]);
    bool known = types == 0 || types & mine;
    if (known && mine & (TYPE_ARRAY | TYPE_OBJECT)) {
        struct diagnostics nearest = nearest_form(check, forms, value, where);
        report_all(check, &nearest);
        return;
    }
    report(check,
           (struct problem){
               known ? "E116" : "E112", value->mark,
               known ? NULL : message_type_hint(check->arena, types, value)},
           "expected %s%s, found %s", message_forms(check->arena, forms),
           place_of(check, where), found_text(check, value));
}

static size_t count_fitting(struct check *check,
                            const struct schema_list *forms, size_t enough,
                            const struct value *value)
{
    size_t fitting = 0;
    for (size_t i = 0; i < forms->count && fitting < enough; i++)
        fitting += fits(check, forms->items[i], value);
    return fitting;
}

/* `not`: at the name when there is one, since the value is not what is wrong. */
static void check_not(struct check *check, const struct schema *schema,
                      const struct value *value,
                      const struct schema_where *where)
{
    if (!fits(check, schema->not, value))
        return;
    struct mark mark = where && where->name ? where->mark : value->mark;
    const char *place =
        check->found ? message_where(check->arena, "field", where) : "";
    report(check, (struct problem){"E119", mark, schema->description},
           "%s is not allowed here", *place ? place + 1 : "this value");
}

static void check_combinations(struct check *check, const struct schema *schema,
                               const struct value *value,
                               const struct schema_where *where)
{
    if (schema->reference)
        apply(check, schema->reference, value, where);
    for (size_t i = 0; i < schema->all.count; i++)
        apply(check, schema->all.items[i], value, where);
    if (schema->any.count > 0 &&
        count_fitting(check, &schema->any, 1, value) == 0)
        report_forms(check, &schema->any, value, where);
    if (schema->one.count > 0) {
        size_t fitting = count_fitting(check, &schema->one, 2, value);
        if (fitting == 0)
            report_forms(check, &schema->one, value, where);
        else if (fitting > 1)
            report(check, (struct problem){"E116", value->mark, NULL},
                   "expected one form only%s, found a value of several",
                   place_of(check, where));
    }
    if (schema->not )
        check_not(check, schema, value, where);
    if (!schema->condition)
        return;
    const struct schema *next = fits(check, schema->condition, value)
                                    ? schema->then
                                    : schema->otherwise;
    if (next)
        apply(check, next, value, where);
}

static void check_deprecated(struct check *check, const struct schema *schema,
                             const struct value *value,
                             const struct schema_where *where)
{
    struct mark mark = where && where->name ? where->mark : value->mark;
    if (!check->found)
        return;
    const char *place = message_where(check->arena, "field", where);
    diagnostics_add(check->found, SEVERITY_WARNING, "W121", mark,
                    schema->description, "%s is deprecated",
                    *place ? place + 1 : "this value");
}

static void apply_typed(struct check *check, const struct schema *schema,
                        const struct value *value,
                        const struct schema_where *where)
{
    if (schema->accepted)
        check_enum(check, schema, value, where);
    if (schema->constant)
        check_constant(check, schema, value, where);
    switch (value->kind) {
    case VALUE_STRING:
        check_string(check, schema, value, where);
        break;
    case VALUE_INT:
    case VALUE_FLOAT:
        check_number(check, schema, value, where);
        break;
    case VALUE_LIST:
        check_list(check, schema, value, where);
        break;
    case VALUE_MAP:
        check_map(check, schema, value, where);
        break;
    case VALUE_NULL:
    case VALUE_BOOL:
        break;
    }
    check_combinations(check, schema, value, where);
}

static void apply(struct check *check, const struct schema *schema,
                  const struct value *value, const struct schema_where *where)
{
    if (is_decided(check) || !may_go_on(check, value))
        return;
    check->depth++;
    if (schema->refuses)
        report(check, (struct problem){"E119", value->mark, NULL},
               "this value is not allowed here");
    else if (check_type(check, schema, value, where))
        apply_typed(check, schema, value, where);
    if (schema->deprecated)
        check_deprecated(check, schema, value, where);
    check->depth--;
}

void schema_check(const struct schema *schema, const struct value *value,
                  struct diagnostics *diagnostics)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct check check = {.found = diagnostics, .arena = arena};
    apply(&check, schema, value, NULL);
}
