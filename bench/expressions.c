/*
 * bench-expressions [MILLISECONDS]: how many simple expressions a second are parsed,
 * resolved, and both, on one core. As a run does it: each evaluation in an arena of
 * its own when the text is parsed, the names answered by a callback. Prints a line
 * for each, and fails when parsing and resolving `config.a == "x" && passed` is
 * below a million a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/expression/expression.h"

enum { GOAL = 1000000, BATCH = 1000 };

static const char *const sources[] = {
    "config.a == \"x\" && passed",
    "1 + 2 * 3",
    "len(config.list) > 2 ? config.a : \"none\"",
};

static const struct value *list;

static int answer(void *context, struct arena *arena, const char *name,
                  size_t length, const struct expression **found,
                  struct error *error)
{
    static const struct value yes = {.kind = VALUE_BOOL, .boolean = true};
    static const struct value text = {.kind = VALUE_STRING,
                                      .string = {.bytes = "x", .length = 1}};
    (void)context;
    (void)error;
    const struct value *value = NULL;
    if (length == 8 && memcmp(name, "config.a", 8) == 0)
        value = &text;
    else if (length == 6 && memcmp(name, "passed", 6) == 0)
        value = &yes;
    else if (length == 11 && memcmp(name, "config.list", 11) == 0)
        value = list;
    if (!value)
        return 0;
    *found = expression_of_value(arena, value);
    return 1;
}

static const struct expression_names names = {.name = answer};

static void require(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench-expressions: %s\n", what);
    exit(1);
}

static void parse(const char *source)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    require(expression_parse(arena, source, strlen(source), &error), "parse");
}

static void parse_and_resolve(const char *source)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const struct expression *expression =
        expression_parse(arena, source, strlen(source), &error);
    require(expression, "parse");
    expression = expression_resolve(arena, expression, &names, &error);
    require(expression && expression_is_static(expression), "resolve");
}

static const struct expression *parsed; /* of the source that is measured */

static void resolve(const char *source)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    (void)source;
    const struct expression *result =
        expression_resolve(arena, parsed, &names, &error);
    require(result && expression_is_static(result), "resolve");
}

/* Of this process alone: other programs on the core do not count. */
static int64_t processor_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * CLOCK_SECOND + time.tv_nsec;
}

/* Times a second. */
static double measure(void (*work)(const char *source), const char *source,
                      int64_t duration)
{
    int64_t start = processor_time();
    int64_t count = 0;
    int64_t spent = 0;
    do {
        for (int i = 0; i < BATCH; i++)
            work(source);
        count += BATCH;
        spent = processor_time() - start;
    } while (spent < duration);
    return (double)count * 1e9 / (double)spent;
}

int main(int count, char **arguments)
{
    long milliseconds = count > 1 ? strtol(arguments[1], NULL, 10) : 500;
    int64_t duration = milliseconds * CLOCK_MILLISECOND;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    static const char json[] = "[1,2,3]";
    list = value_read_json(arena, json, strlen(json), &error);
    require(list, "list");
    double first = 0;
    printf("%14s %14s %14s   a second\n", "parse", "resolve", "both");
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        parsed =
            expression_parse(arena, sources[i], strlen(sources[i]), &error);
        require(parsed, "parse");
        double both = measure(parse_and_resolve, sources[i], duration);
        printf("%14.0f %14.0f %14.0f   %s\n",
               measure(parse, sources[i], duration),
               measure(resolve, sources[i], duration), both, sources[i]);
        first = i == 0 ? both : first;
    }
    return first < GOAL;
}
