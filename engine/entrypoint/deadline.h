#pragma once
/* When the time of steps and groups is over. All times are monotonic. */
#include "engine/entrypoint/instructions.h"

/* The group around `step` whose time is over first; NULL when none has a limit. */
struct step *deadline_group(const struct step *step);

/* When the time of a group that has begun is over; 0: it has no limit. */
int64_t deadline_of(const struct step *group);

/* Whether it is over; `group` may be NULL. */
bool deadline_is_over(const struct step *group);

/* The deadline of an attempt of a leaf that begins `now`, by its own timeout or by
 * that of a group; 0: none. */
int64_t deadline_of_attempt(const struct step *leaf, int64_t now);

/* Gives the groups around `step` the time back in which it was paused. */
void deadline_hold(struct step *step, int64_t duration);

/* Marks the groups around `step` up to `group`, whose time is over. */
void deadline_cut(struct step *step, const struct step *group);
