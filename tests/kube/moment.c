/* Nanoseconds in, RFC 3339 texts in UTC out, and back. */
#include "tests/kube/moment.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"

/* Date and time of day, without fraction and zone. */
static void print_seconds(int64_t time, char text[20])
{
    time_t seconds = (time_t)(time / CLOCK_SECOND);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(text, 20, "%Y-%m-%dT%H:%M:%S", &parts);
}

const char *moment_print(struct arena *arena, int64_t time)
{
    char text[20];
    print_seconds(time, text);
    return arena_format(arena, "%sZ", text);
}

const char *moment_print_micro(struct arena *arena, int64_t time)
{
    char text[20];
    print_seconds(time, text);
    return arena_format(arena, "%s.%06lldZ", text,
                        (long long)(time % CLOCK_SECOND / 1000));
}

void moment_print_nano(int64_t time, char text[MOMENT_NANO_LENGTH + 1])
{
    char seconds[20];
    print_seconds(time, seconds);
    unsigned fraction = (unsigned)(time % CLOCK_SECOND) % 1000000000U;
    snprintf(text, MOMENT_NANO_LENGTH + 1, "%.19s.%09uZ", seconds, fraction);
}

/* A fraction such as ".25": nanoseconds; moves `text` behind it. */
static int64_t parse_fraction(const char **text)
{
    int64_t fraction = 0, unit = CLOCK_SECOND / 10;
    if (**text != '.')
        return 0;
    for ((*text)++; **text >= '0' && **text <= '9'; (*text)++) {
        fraction += (**text - '0') * unit;
        unit /= 10;
    }
    return fraction;
}

/* "Z" or "+hh:mm": seconds east of UTC; -1 is no such offset: wrong. */
static int parse_zone(const char *text)
{
    struct tm parts = {0};
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return 0;
    if (*text != '+' && *text != '-')
        return -1;
    const char *end = strptime(text + 1, "%H:%M", &parts);
    if (!end || *end)
        return -1;
    int seconds = parts.tm_hour * 3600 + parts.tm_min * 60;
    return *text == '-' ? -seconds : seconds;
}

int64_t moment_parse(const char *text)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (!end)
        return -1;
    int64_t fraction = parse_fraction(&end);
    int zone = parse_zone(end);
    if (zone == -1)
        return -1;
    return ((int64_t)timegm(&parts) - zone) * CLOCK_SECOND + fraction;
}
