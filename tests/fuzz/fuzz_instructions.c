/* Any bytes as run.json: refused with a reason, or a tree that can be walked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/entrypoint/instructions.h"
#include "engine/entrypoint/limits.h"
#include "engine/entrypoint/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text report = {0};
    struct error error = {0};
    struct instructions *made =
        instructions_decode(arena, (const char *)data, size, &error);
    require((made == NULL) == error_is_set(&error));
    if (!made)
        return 0;
    size_t count = 0;
    for (struct step *step = instructions_first(made); step;
         step = instructions_next(made, step, true)) {
        count++;
        require(step->group || step->container < made->container_count);
        require(step->group || step->shell.bytes || step->command_count > 0);
        require(instructions_find(made, step->ref, strlen(step->ref)) != NULL);
        step->status = count % 2 ? STEP_PASSED : STEP_FAILED;
        if (count > 64)
            break; /* finding is linear */
    }
    struct state state = {.instructions = made};
    state_print_report(&report, &state, NULL);
    require(report.length <= ENTRYPOINT_TERMINATION_LIMIT);
    return 0;
}
