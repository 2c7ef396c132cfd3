/* The way from the outermost group to the last leaf of a plan, as events. */
#include "engine/runtime/bare.h"

#include <string.h>

#include "engine/base/clock.h"

enum { PATH_LIMIT = 100 }; /* deeper than any plan */

/* From the outermost group to the step itself. */
struct path {
    const struct value *nodes[PATH_LIMIT];
    size_t count;
};

static struct path find_path(const struct plan *plan)
{
    struct path path = {.count = 0};
    const struct value *list = value_get(plan->run, "steps");
    while (value_count(list) > 0 && path.count < PATH_LIMIT) {
        const struct value *last = value_item(list, value_count(list) - 1);
        path.nodes[path.count++] = last;
        list = value_get(last, "steps");
    }
    return path;
}

const char *bare_step(const struct plan *plan)
{
    struct path path = find_path(plan);
    return path.count ? value_string_at(path.nodes[path.count - 1], "ref")
                      : NULL;
}

enum status bare_status(const struct plan *plan, int code)
{
    struct path path = find_path(plan);
    bool negative =
        path.count &&
        value_bool_or(value_get(path.nodes[path.count - 1], "negative"), false);
    return (code == 0) != negative ? STATUS_PASSED : STATUS_FAILED;
}

/* The groups may have been begun by a container before; that is no news then. */
int bare_begin(const struct plan *plan, struct event_sink *sink,
               struct error *error)
{
    struct path path = find_path(plan);
    for (size_t i = 0; i < path.count; i++) {
        struct event event = {.kind = EVENT_STEP_STARTED,
                              .status = STATUS_RUNNING,
                              .time = clock_now(),
                              .attempt = 1,
                              .exit_code = -1,
                              .step = value_string_at(path.nodes[i], "ref")};
        if (event_emit(sink, &event, error) != 0)
            return -1;
    }
    return 0;
}

static bool is_begun(const struct outcome *outcome, const char *ref)
{
    for (size_t i = 0; ref && i < outcome->count; i++)
        if (strcmp(outcome->steps[i].ref, ref) == 0)
            return outcome->steps[i].started;
    return false;
}

int bare_end(const struct plan *plan, const struct outcome *outcome,
             struct bare_ending ending, struct event_sink *sink,
             struct error *error)
{
    struct path path = find_path(plan);
    for (size_t i = path.count; i-- > 0;) {
        const char *ref = value_string_at(path.nodes[i], "ref");
        bool group = i + 1 < path.count;
        bool cut = ending.status == STATUS_SKIPPED && is_begun(outcome, ref);
        struct event event = {.kind = EVENT_STEP_FINISHED,
                              .status = cut ? STATUS_FAILED : ending.status,
                              .time = clock_now(),
                              .attempt = 1,
                              .exit_code = group ? -1 : ending.code,
                              .duration = ending.duration,
                              .step = ref};
        if (event_emit(sink, &event, error) != 0)
            return -1;
    }
    return 0;
}
