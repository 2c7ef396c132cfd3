#pragma once
/* Moments at which an object has to be looked at again. Looking too often does
 * no harm: what is done then depends on the state of the object alone. */
#include <stddef.h>
#include <stdint.h>

enum { TIMER_UID = 40 };

struct timer {
    int64_t due; /* by clock_monotonic */
    char uid[TIMER_UID];
};

struct timers {
    struct timer *items; /* on the heap */
    size_t count, capacity;
};

/* Adds a moment. An object waits for one only, the earliest: who is looked at
 * then says anew what comes next. */
void timers_add(struct timers *timers, int64_t due, const char *uid);

/* When the next one is due; 0: there is none. */
int64_t timers_next(const struct timers *timers);

/* Takes out one that is due by `now` and copies its uid. 0 when there is none,
 * else 1. */
int timers_take(struct timers *timers, int64_t now, char uid[TIMER_UID]);

void timers_free(struct timers *timers);
