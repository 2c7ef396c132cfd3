/*
 * RFC 3339 text to nanoseconds since 1970 and back, by days counted from the
 * calendar (no time zone of the machine, no locale). Leap seconds count as the
 * second after, as in Go.
 */
#include "engine/kube/kube_time.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define SECOND INT64_C(1000000000)

/* The digits of a date and time and what stands between them. */
static const char shape[] = "0000-00-00T00:00:00";

enum { SHAPE = sizeof shape - 1, FRACTION = 9 };

/* Days from 1970-01-01 in the Gregorian calendar; March is the first month, so
 * that the leap day is the last of the year. */
static int64_t count_days(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

static int number(const char *text, size_t digits)
{
    int value = 0;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

static bool has_shape(const char *text, size_t length, const char *expected)
{
    size_t i = 0;
    for (; expected[i]; i++) {
        if (i >= length)
            return false;
        if (expected[i] == '0' ? text[i] < '0' || text[i] > '9'
                               : text[i] != expected[i])
            return false;
    }
    return true;
}

/* ".123", right-padded to nanoseconds. Returns the bytes taken. */
static size_t read_fraction(const char *text, size_t length, int64_t *nano)
{
    size_t digits = 0;
    *nano = 0;
    if (length < 2 || text[0] != '.')
        return 0;
    while (digits < FRACTION && digits + 1 < length &&
           text[digits + 1] >= '0' && text[digits + 1] <= '9')
        *nano = *nano * 10 + (text[++digits] - '0');
    for (size_t i = digits; i < FRACTION; i++)
        *nano *= 10;
    return digits ? digits + 1 : 0;
}

/* "Z" or "+01:30", in seconds. Returns the bytes taken, 0: there is none. */
static size_t read_zone(const char *text, size_t length, int64_t *zone)
{
    *zone = 0;
    if (length > 0 && text[0] == 'Z')
        return 1;
    if (length < 6 || (text[0] != '+' && text[0] != '-') ||
        !has_shape(text + 1, length - 1, "00:00"))
        return 0;
    int64_t seconds = number(text + 1, 2) * 3600 + number(text + 4, 2) * 60;
    *zone = text[0] == '-' ? -seconds : seconds;
    return 6;
}

size_t kube_time_read(const char *text, size_t length, int64_t *time)
{
    if (!has_shape(text, length, shape))
        return 0;
    int year = number(text, 4), month = number(text + 5, 2);
    int day = number(text + 8, 2), hour = number(text + 11, 2);
    int minute = number(text + 14, 2), second = number(text + 17, 2);
    /* int64_t holds the years 1678 to 2261. */
    if (year < 1970 || year > 2261 || month < 1 || month > 12 || day < 1 ||
        day > 31 || hour > 23 || minute > 59 || second > 60)
        return 0;
    int64_t nano, zone;
    size_t used = SHAPE;
    used += read_fraction(text + used, length - used, &nano);
    size_t taken = read_zone(text + used, length - used, &zone);
    if (taken == 0)
        return 0;
    int64_t seconds = count_days(year, month, day) * 86400 +
                      (int64_t)hour * 3600 + (int64_t)minute * 60 + second -
                      zone;
    *time = seconds * SECOND + nano;
    return used + taken;
}

void kube_time_print_seconds(int64_t time, char text[KUBE_TIME_TEXT])
{
    time_t seconds = (time_t)(time / SECOND);
    struct tm broken = {0};
    gmtime_r(&seconds, &broken);
    if (strftime(text, KUBE_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &broken) == 0)
        text[0] = '\0';
}
