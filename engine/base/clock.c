/*
 * Time. duration_parse follows Go's time.ParseDuration: a sign, then decimal
 * numbers with optional fraction, each with a unit. Sums are made in 128 bits,
 * so that what does not fit is refused and never wraps.
 */
#include "engine/base/clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

__extension__ typedef __int128 wide;

static int64_t read_clock(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * CLOCK_SECOND + time.tv_nsec;
}

int64_t clock_now(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_print(int64_t time, char text[CLOCK_TEXT])
{
    int64_t seconds = time / CLOCK_SECOND;
    int64_t rest = time % CLOCK_SECOND;
    if (rest < 0) {
        rest += CLOCK_SECOND;
        seconds--;
    }
    time_t stamp = (time_t)seconds;
    struct tm parts;
    gmtime_r(&stamp, &parts);
    size_t length = strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + length, CLOCK_TEXT - length, ".%03dZ",
             (int)(rest / CLOCK_MILLISECOND));
}

static const struct unit {
    const char *name;
    int64_t size;
} units[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000}, /* U+00B5 */
    {"\xce\xbcs", 1000}, /* U+03BC */
    {"ms", CLOCK_MILLISECOND},
    {"s", CLOCK_SECOND},
    {"m", 60 * CLOCK_SECOND},
    {"h", 3600 * CLOCK_SECOND},
};

static const struct unit *find_unit(const char **cursor)
{
    const char *start = *cursor;
    while (**cursor && **cursor != '.' && !isdigit((unsigned char)**cursor))
        (*cursor)++;
    size_t length = (size_t)(*cursor - start);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].name) == length &&
            memcmp(units[i].name, start, length) == 0)
            return &units[i];
    return NULL;
}

/* One "1.5h" of the text, in nanoseconds times `scale` of its fraction. */
static bool parse_part(const char **cursor, wide *sum)
{
    const wide ceiling = (wide)INT64_MAX + 1;
    wide whole = 0, fraction = 0, scale = 1;
    int digits = 0;
    for (; isdigit((unsigned char)**cursor); (*cursor)++, digits++)
        if (whole <= ceiling)
            whole = whole * 10 + (**cursor - '0');
    if (**cursor == '.')
        for ((*cursor)++; isdigit((unsigned char)**cursor);
             (*cursor)++, digits++)
            if (scale < INT64_C(1000000000000000)) {
                fraction = fraction * 10 + (**cursor - '0');
                scale *= 10;
            }
    const struct unit *unit = digits > 0 ? find_unit(cursor) : NULL;
    if (!unit || whole > ceiling)
        return false;
    *sum += whole * unit->size + fraction * unit->size / scale;
    return *sum <= ceiling;
}

int duration_parse(const char *text, int64_t *duration, struct error *error)
{
    const char *cursor = text;
    bool negative = *cursor == '-';
    if (*cursor == '-' || *cursor == '+')
        cursor++;
    wide sum = 0;
    bool good = *cursor != '\0';
    if (strcmp(cursor, "0") == 0)
        cursor++;
    while (good && *cursor)
        good = parse_part(&cursor, &sum);
    if (good && !negative && sum > INT64_MAX)
        good = false;
    if (!good)
        return error_set(error, ERROR_INPUT,
                         "'%.64s' is not a duration: write a number with a "
                         "unit, such as 30s, 5m or 1h30m",
                         text);
    *duration = (int64_t)(negative ? -sum : sum);
    return 0;
}

void duration_print(int64_t duration, char text[CLOCK_TEXT])
{
    int64_t seconds = duration / CLOCK_SECOND;
    if (duration < 0)
        snprintf(text, CLOCK_TEXT, "0 ms");
    else if (duration < CLOCK_SECOND)
        snprintf(text, CLOCK_TEXT, "%d ms",
                 (int)(duration / CLOCK_MILLISECOND));
    else if (seconds < 60)
        snprintf(text, CLOCK_TEXT, "%d.%d s", (int)seconds,
                 (int)(duration % CLOCK_SECOND / (CLOCK_SECOND / 10)));
    else if (seconds < 3600)
        snprintf(text, CLOCK_TEXT, "%d m %02d s", (int)(seconds / 60),
                 (int)(seconds % 60));
    else
        snprintf(text, CLOCK_TEXT, "%lld h %02d m", (long long)(seconds / 3600),
                 (int)(seconds % 3600 / 60));
}
