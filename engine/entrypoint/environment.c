#include "engine/entrypoint/environment.h"

#include <string.h>

#include "engine/base/memory.h"

enum { TOKEN_DIGITS = 32 };

static bool is_ours(const char *variable)
{
    return strncmp(variable, "ASSAY_", strlen("ASSAY_")) == 0;
}

static const char *find(char *const *list, const char *name, size_t length)
{
    for (; *list; list++)
        if (strncmp(*list, name, length) == 0 && (*list)[length] == '=')
            return *list + length + 1;
    return NULL;
}

int environment_take(struct arena *arena, char **variables,
                     struct environment *environment, struct error *error)
{
    size_t count = 0;
    while (variables[count])
        count++;
    environment->base =
        arena_allocate(arena, (count + 1) * sizeof *environment->base);
    environment->taken =
        arena_allocate(arena, (count + 1) * sizeof *environment->taken);
    size_t base = 0, taken = 0;
    for (size_t i = 0; i < count; i++) {
        char *copy = arena_string(arena, variables[i]);
        if (!is_ours(variables[i])) {
            environment->base[base++] = copy;
            continue;
        }
        environment->taken[taken++] = copy;
        /* The kernel shows this memory to others. */
        memory_wipe(variables[i], strlen(variables[i]));
    }
    environment->token = environment_taken(environment, "ASSAY_TOKEN");
    if (!environment->token || strlen(environment->token) != TOKEN_DIGITS ||
        strspn(environment->token, "0123456789abcdef") != TOKEN_DIGITS)
        return error_set(error, ERROR_INPUT,
                         "ASSAY_TOKEN is not 32 hex digits");
    return 0;
}

const char *environment_taken(const struct environment *environment,
                              const char *name)
{
    return find(environment->taken, name, strlen(name));
}

struct variables variables_make(struct arena *arena,
                                const struct environment *environment)
{
    struct variables made = {.arena = arena};
    while (environment->base[made.count])
        made.count++;
    made.capacity = made.count + 2;
    made.items = arena_allocate(arena, made.capacity * sizeof *made.items);
    memcpy(made.items, environment->base, made.count * sizeof *made.items);
    variables_set(&made, "CI", "1");
    return made;
}

void variables_set(struct variables *variables, const char *name,
                   const char *value)
{
    char *entry = arena_format(variables->arena, "%s=%s", name, value);
    size_t length = strlen(name);
    for (size_t i = 0; i < variables->count; i++)
        if (strncmp(variables->items[i], name, length) == 0 &&
            variables->items[i][length] == '=') {
            variables->items[i] = entry;
            return;
        }
    if (variables->count + 1 >= variables->capacity) {
        size_t size = sizeof *variables->items;
        variables->items = arena_grow(variables->arena, variables->items,
                                      variables->capacity * size,
                                      2 * variables->capacity * size);
        variables->capacity *= 2;
    }
    variables->items[variables->count++] = entry;
}

const char *variables_get(const struct variables *variables, const char *name,
                          size_t length)
{
    return variables->count ? find(variables->items, name, length) : NULL;
}
