#pragma once
/* Points in time as the API writes them: RFC 3339, up to nine digits of a
 * second. Pure. */
#include <stddef.h>
#include <stdint.h>

/* Reads a time at the start of `text` into nanoseconds since 1970. Returns the
 * bytes it takes, 0 when there is no time. */
size_t kube_time_read(const char *text, size_t length, int64_t *time);

enum { KUBE_TIME_TEXT = 24, KUBE_TIME_LONGEST = 35 };

/* "2026-01-02T03:04:05Z": seconds, rounded down, as sinceTime wants it. */
void kube_time_print_seconds(int64_t time, char text[KUBE_TIME_TEXT]);
