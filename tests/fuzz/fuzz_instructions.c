/* run.json from anywhere: what is accepted can be walked, found again by its refs,
 * and reported in the bytes that there are. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/entrypoint/limits.h"
#include "engine/entrypoint/state.h"
#include "engine/entrypoint/verdict.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_steps(const struct instructions *made)
{
    size_t count = 0, container = 0;
    for (struct step *step = instructions_first(made); step;
         step = instructions_next(made, step, true)) {
        if (!verdict_condition(step) || step->timeout < 0 || step->delay < 0 ||
            !instructions_find(made, step->ref, strlen(step->ref)))
            abort();
        if (!step->group && (step->container < container ||
                             step->container >= made->container_count))
            abort();
        container = step->group ? container : step->container;
        step->status = STEP_FAILED;
        count++;
    }
    if (count != made->total)
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text text = {0};
    struct error error = {0};
    struct instructions *made =
        instructions_decode(arena, (const char *)data, size, &error);
    if (!made != error_is_set(&error))
        abort();
    if (!made)
        return 0;
    check_steps(made);
    const struct state state = {.instructions = made};
    state_print_report(&text, &state, NULL);
    if (text.length > ENTRYPOINT_TERMINATION_LIMIT)
        abort();
    return 0;
}
