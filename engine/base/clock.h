#pragma once
/* Points in time and durations, in nanoseconds as int64_t everywhere. */
#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"

enum { CLOCK_TEXT = 40 }; /* room for any text printed here */

#define CLOCK_MILLISECOND INT64_C(1000000)
#define CLOCK_SECOND      INT64_C(1000000000)

/* Nanoseconds since 1970-01-01 UTC (may step), and since an arbitrary start
 * (never goes back; for measuring). */
int64_t clock_now(void);
int64_t clock_monotonic(void);

/* RFC 3339 in UTC with milliseconds: 2026-01-02T03:04:05.678Z. */
void clock_print(int64_t time, char text[CLOCK_TEXT]);

/* A Go duration ("1h30m", "1.5s", "100ms", "-2us", "0"): number and unit, one or
 * more times; saturates never: out of range is an error. ERROR_INPUT.
 * https://pkg.go.dev/time#ParseDuration */
int duration_parse(const char *text, int64_t *duration, struct error *error);

/* For people: "12 ms", "3.4 s", "2 m 05 s", "1 h 02 m". */
void duration_print(int64_t duration, char text[CLOCK_TEXT]);
