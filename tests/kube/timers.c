/* An array in no order: a test has few objects. */
#include "tests/kube/timers.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "tests/kube/limits.h"

void timers_add(struct timers *timers, int64_t due, const char *uid)
{
    for (size_t i = 0; i < timers->count; i++) {
        struct timer *known = &timers->items[i];
        if (strcmp(known->uid, uid) != 0)
            continue;
        known->due = due < known->due ? due : known->due;
        return;
    }
    if (timers->count == TIMERS_LIMIT)
        return;
    if (timers->count == timers->capacity) {
        timers->capacity = timers->capacity ? timers->capacity * 2 : 64;
        timers->items = memory_resize(timers->items, timers->capacity,
                                      sizeof *timers->items);
    }
    struct timer *timer = &timers->items[timers->count++];
    timer->due = due;
    snprintf(timer->uid, sizeof timer->uid, "%s", uid);
}

int64_t timers_next(const struct timers *timers)
{
    int64_t next = 0;
    for (size_t i = 0; i < timers->count; i++)
        if (next == 0 || timers->items[i].due < next)
            next = timers->items[i].due;
    return next;
}

int timers_take(struct timers *timers, int64_t now, char uid[TIMER_UID])
{
    for (size_t i = 0; i < timers->count; i++) {
        if (timers->items[i].due > now)
            continue;
        memcpy(uid, timers->items[i].uid, TIMER_UID);
        timers->items[i] = timers->items[--timers->count];
        return 1;
    }
    return 0;
}

void timers_free(struct timers *timers)
{
    memory_free(timers->items);
    *timers = (struct timers){0};
}
