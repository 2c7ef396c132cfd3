/*
 * In: a compiled schema and a value. Out: a diagnostic for everything that does
 * not fit. A schema is applied by one function for each kind of value, then by
 * those that combine other schemas. Whether an alternative fits is asked with the
 * diagnostics left out ("quietly"); only the alternative that was probably meant
 * is then reported. Time and stack are bounded by SCHEMA_WORK_LIMIT and
 * SCHEMA_DEPTH_LIMIT; a check that ends early says so (E120).
 */
#include <string.h>

#include "engine/schema/checking.h"
#include "engine/schema/limits.h"

static void apply(struct check *check, const struct schema *schema,
                  const struct value *value, const struct schema_where *where);

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
        check->end = value->mark;
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

static void check_unique(struct check *check, const struct value *value,
                         const struct schema_where *where)
{
    for (size_t i = 1; i < value_count(value); i++) {
        const struct value *item = value_item(value, i);
        for (size_t j = 0; j < i && may_go_on(check, item); j++) {
            if (!value_equal(item, value_item(value, j)))
                continue;
            check_report(check, (struct problem){"E117", item->mark, NULL},
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
    check_range(check, &schema->items_count,
                (struct counted){(int64_t)count, "item", NULL}, value, where);
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
    size_t count = value_count(schema->required);
    for (size_t i = 0; i < count; i++) {
        const struct value *name = value_item(schema->required, i);
        if (value_get_bytes(value, name->string.bytes, name->string.length))
            continue;
        check_report(check, (struct problem){"E111", value->mark, NULL},
                     "missing field '%s'%s", name->string.bytes,
                     check->found ? message_where(check->arena, "in", where)
                                  : "");
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
    check_report(check,
                 (struct problem){"E118", member->mark,
                                  list.count ? list.items[0].hint : NULL},
                 "%s cannot be a name%s: %s",
                 message_found(check->arena, &name),
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
    check_report(check, (struct problem){"E110", member->mark, hint},
                 "unknown field '%.*s'%s",
                 (int)(member->length < 100 ? member->length : 100),
                 member->name, message_where(check->arena, "in", where));
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
    if (schema_use(schema->additional)->refuses)
        unknown_field(check, schema, member, where);
    else
        apply(check, schema->additional, member->value, &here);
}

static void check_map(struct check *check, const struct schema *schema,
                      const struct value *value,
                      const struct schema_where *where)
{
    size_t count = value_count(value);
    check_range(check, &schema->members_count,
                (struct counted){(int64_t)count, "field", schema->description},
                value, where);
    check_required(check, schema, value, where);
    for (size_t i = 0; i < count && !is_decided(check); i++)
        check_member(check, schema, &value->map.members[i], where);
}

/* Adds what `list` holds to the findings. */
static void report_all(struct check *check, const struct diagnostics *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct diagnostic *item = &list->items[i];
        diagnostics_add(check->found, item->severity, item->code, item->mark,
                        item->hint, "%s", item->text);
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
        if (best.errors == 0 || list.errors < best.errors)
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
    struct problem problem = {"E112", value->mark, NULL};
    if (known) {
        problem.code = "E116";
        for (size_t i = 0; i < forms->count && !problem.hint; i++)
            problem.hint = message_value_hint(
                check->arena, schema_use(forms->items[i])->accepted, value);
    } else {
        problem.hint = message_type_hint(check->arena, types, value);
    }
    check_report(check, problem, "expected %s%s, found %s",
                 message_forms(check->arena, forms), check_place(check, where),
                 check_found(check, value));
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
    if (!fits(check, schema->negated, value))
        return;
    struct mark mark = where && where->name ? where->mark : value->mark;
    const char *place =
        check->found ? message_where(check->arena, "field", where) : "";
    check_report(check, (struct problem){"E119", mark, schema->description},
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
            check_report(check, (struct problem){"E116", value->mark, NULL},
                         "expected one form only%s, found a value of several",
                         check_place(check, where));
    }
    if (schema->negated)
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

static void apply_here(struct check *check, const struct schema *schema,
                       const struct value *value,
                       const struct schema_where *where)
{
    if (schema->refuses)
        check_report(check, (struct problem){"E119", value->mark, NULL},
                     "this value is not allowed here");
    else if (check_type(check, schema, value, where))
        apply_typed(check, schema, value, where);
    if (schema->deprecated)
        check_deprecated(check, schema, value, where);
}

static void apply(struct check *check, const struct schema *schema,
                  const struct value *value, const struct schema_where *where)
{
    unsigned depth = check->depth;
    schema = schema_use(schema);
    for (; schema->alias; schema = schema_use(schema->reference))
        check->depth++; /* the compiler refuses circles */
    if (!is_decided(check) && may_go_on(check, value)) {
        check->depth++;
        apply_here(check, schema, value, where);
    }
    check->depth = depth;
}

void schema_check(const struct schema *schema, const struct value *value,
                  struct diagnostics *diagnostics)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct check check = {.found = diagnostics, .arena = arena};
    apply(&check, schema, value, NULL);
    if (check.ended)
        check_report(&check, (struct problem){"E120", check.end, NULL},
                     "the document is too large to be checked to its end");
}
