/*
 * In: a text that lacks its format, or a number in its place. Out: what was meant, as
 * far as one can tell: a number and a unit that people use and Kubernetes does not.
 */
#include <string.h>
#include <strings.h>

#include "engine/schema/private.h"

static const char figures[] = "0123456789.";

/* A unit as people write it (letter case does not count) -> as it is. */
struct unit {
    const char *written, *meant;
};

/* The meant form of "5 minutes" or "128MB": the number with the unit of the table;
 * NULL when it is not in it. */
static const char *exchange(struct arena *arena, const char *text,
                            const struct unit *units)
{
    size_t number = strspn(text, figures);
    const char *unit = text + number;
    unit += strspn(unit, " ");
    if (number == 0 || number > 18 || text[0] == '.' || text[number - 1] == '.')
        return NULL;
    for (; units->written; units++)
        if (strcasecmp(units->written, unit) == 0)
            return arena_format(arena, "%.*s%s", (int)number, text,
                                units->meant);
    return NULL;
}

const char *mend_duration(struct arena *arena, const char *text)
{
    static const struct unit units[] = {
        {"", "s"},       {"s", "s"},       {"sec", "s"},     {"secs", "s"},
        {"second", "s"}, {"seconds", "s"}, {"m", "m"},       {"min", "m"},
        {"mins", "m"},   {"minute", "m"},  {"minutes", "m"}, {"h", "h"},
        {"hr", "h"},     {"hrs", "h"},     {"hour", "h"},    {"hours", "h"},
        {"ms", "ms"},    {NULL, NULL},
    };
    static const struct unit days[] = {
        {"d", "h"}, {"day", "h"}, {"days", "h"}, {NULL, NULL}};
    size_t number = strspn(text, "0123456789");
    if (number > 0 && number < 6 && exchange(arena, text, days)) {
        unsigned count = 0;
        for (size_t i = 0; i < number; i++)
            count = 10 * count + (unsigned)(text[i] - '0');
        return arena_format(arena, "%uh", 24 * count);
    }
    return exchange(arena, text, units);
}

const char *mend_quantity(struct arena *arena, const char *text)
{
    static const struct unit units[] = {
        {"b", ""},     {"k", "k"},   {"kb", "k"},  {"ki", "Ki"},
        {"kib", "Ki"}, {"mb", "M"},  {"mi", "Mi"}, {"mib", "Mi"},
        {"g", "G"},    {"gb", "G"},  {"gi", "Gi"}, {"gib", "Gi"},
        {"t", "T"},    {"tb", "T"},  {"ti", "Ti"}, {"tib", "Ti"},
        {"c", ""},     {"cpu", ""},  {"cpus", ""}, {"core", ""},
        {"cores", ""}, {NULL, NULL},
    };
    return exchange(arena, text, units);
}

const char *mend_hint(struct arena *arena, const struct schema *schema,
                      const struct value *value)
{
    const char *text = value_scalar_text(arena, value);
    if (!schema->format || !schema->format->mend || !text ||
        value_is(value, VALUE_BOOL) || value_is(value, VALUE_NULL))
        return NULL;
    const char *meant = schema->format->mend(arena, text);
    if (!meant || !schema->format->accepts(meant, strlen(meant)))
        return NULL;
    return arena_format(arena, "did you mean \"%s\"?", meant);
}
