/*
 * A timeout counts from the start of a step, and does not count the time in which
 * something under it was paused. Start and held time are known to all containers of
 * a pod, which share the clock.
 */
#include "engine/entrypoint/deadline.h"

#include "engine/base/clock.h"

int64_t deadline_of(const struct step *group)
{
    int64_t deadline;
    if (group->timeout == 0 || group->started == 0)
        return 0;
    if (__builtin_add_overflow(group->started, group->timeout, &deadline) ||
        __builtin_add_overflow(deadline, group->held, &deadline))
        return 0;
    return deadline;
}

struct step *deadline_group(const struct step *step)
{
    struct step *first = NULL;
    for (struct step *group = step->parent; group; group = group->parent)
        if (deadline_of(group) > 0 &&
            (!first || deadline_of(group) < deadline_of(first)))
            first = group;
    return first;
}

bool deadline_is_over(const struct step *group)
{
    return group && deadline_of(group) <= clock_monotonic();
}

int64_t deadline_of_attempt(const struct step *leaf, int64_t now)
{
    const struct step *group = deadline_group(leaf);
    int64_t deadline = group ? deadline_of(group) : 0;
    int64_t own;
    if (leaf->timeout > 0 &&
        !__builtin_add_overflow(now, leaf->timeout, &own) &&
        (deadline == 0 || own < deadline))
        deadline = own;
    return deadline;
}

void deadline_hold(struct step *step, int64_t duration)
{
    for (struct step *group = step->parent; group; group = group->parent)
        if (__builtin_add_overflow(group->held, duration, &group->held))
            group->held = INT64_MAX;
}

void deadline_cut(struct step *step, const struct step *group)
{
    for (struct step *each = step->parent; each; each = each->parent) {
        each->cut = true;
        if (each == group)
            break;
    }
}
