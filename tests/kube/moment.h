#pragma once
/* Points in time as the API writes them. */
#include <stdint.h>

#include "engine/base/arena.h"

enum { MOMENT_NANO_LENGTH = 30 };

/* "2026-01-02T03:04:05Z": metav1.Time has whole seconds. Lives in `arena`. */
const char *moment_print(struct arena *arena, int64_t time);

/* "2026-01-02T03:04:05.000006Z": metav1.MicroTime. */
const char *moment_print_micro(struct arena *arena, int64_t time);

/* "2026-01-02T03:04:05.000000007Z": a log's, always of the same length. */
void moment_print_nano(int64_t time, char text[MOMENT_NANO_LENGTH + 1]);

/* RFC 3339 with or without a fraction and with any offset, to nanoseconds; -1:
 * it is none. */
int64_t moment_parse(const char *text);
