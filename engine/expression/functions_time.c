/*
 * date(): now, in UTC, in the layout of an example: the reference time Monday,
 * January 2 2006, 15:04:05 (https://pkg.go.dev/time#pkg-constants). Parts of the
 * layout that look like parts of that time are replaced; all else stays.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/expression/evaluation.h"

struct date {
    int year;
    int month; /* 1 to 12 */
    int day;
    int weekday; /* 0: Sunday */
    int year_day;
    int hour;
    int minute;
    int second;
    int nanosecond;
};

static const char *const months[] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
static const char *const weekdays[] = {"Sunday",    "Monday",   "Tuesday",
                                       "Wednesday", "Thursday", "Friday",
                                       "Saturday"};

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Years from 1970 on. */
static struct date date_of(int64_t time)
{
    int64_t seconds = time > 0 ? time / CLOCK_SECOND : 0;
    int days = (int)(seconds / 86400);
    int rest = (int)(seconds % 86400);
    struct date date = {.year = 1970,
                        .month = 1,
                        .weekday = (days + 4) % 7,
                        .hour = rest / 3600,
                        .minute = rest / 60 % 60,
                        .second = rest % 60,
                        .nanosecond =
                            (int)(time > 0 ? time % CLOCK_SECOND : 0)};
    for (; days >= 365 + is_leap(date.year); date.year++)
        days -= 365 + is_leap(date.year);
    date.year_day = days + 1;
    for (; days >= month_days(date.year, date.month); date.month++)
        days -= month_days(date.year, date.month);
    date.day = days + 1;
    return date;
}

enum part {
    PART_YEAR,
    PART_YEAR_2,
    PART_MONTH_NAME,
    PART_MONTH_NAME_3,
    PART_MONTH,
    PART_DAY,
    PART_DAY_OF_YEAR,
    PART_WEEKDAY,
    PART_WEEKDAY_3,
    PART_HOUR,
    PART_HOUR_12,
    PART_MINUTE,
    PART_SECOND,
    PART_NOON,
    PART_NOON_SMALL,
    PART_ZONE_Z,
    PART_ZONE_NAME,
    PART_ZONE_COLONS,
    PART_ZONE_DIGITS,
    PART_ZONE_HOURS,
};

/* Longer ones first, where one is the beginning of another. */
static const struct layout {
    const char *text;
    enum part part;
    int width;
    char fill;
} layouts[] = {
    {"January", PART_MONTH_NAME, 0, 0},
    {"Jan", PART_MONTH_NAME_3, 0, 0},
    {"Monday", PART_WEEKDAY, 0, 0},
    {"Mon", PART_WEEKDAY_3, 0, 0},
    {"MST", PART_ZONE_NAME, 0, 0},
    {"2006", PART_YEAR, 4, '0'},
    {"__2", PART_DAY_OF_YEAR, 3, ' '},
    {"_2", PART_DAY, 2, ' '},
    {"002", PART_DAY_OF_YEAR, 3, '0'},
    {"01", PART_MONTH, 2, '0'},
    {"02", PART_DAY, 2, '0'},
    {"03", PART_HOUR_12, 2, '0'},
    {"04", PART_MINUTE, 2, '0'},
    {"05", PART_SECOND, 2, '0'},
    {"06", PART_YEAR_2, 2, '0'},
    {"15", PART_HOUR, 2, '0'},
    {"PM", PART_NOON, 0, 0},
    {"pm", PART_NOON_SMALL, 0, 0},
    {"-07:00:00", PART_ZONE_COLONS, 1, 0},
    {"-07:00", PART_ZONE_COLONS, 0, 0},
    {"-070000", PART_ZONE_DIGITS, 1, 0},
    {"-0700", PART_ZONE_DIGITS, 0, 0},
    {"-07", PART_ZONE_HOURS, 0, 0},
    {"Z07:00:00", PART_ZONE_Z, 0, 0},
    {"Z070000", PART_ZONE_Z, 0, 0},
    {"Z07:00", PART_ZONE_Z, 0, 0},
    {"Z0700", PART_ZONE_Z, 0, 0},
    {"Z07", PART_ZONE_Z, 0, 0},
    {"1", PART_MONTH, 1, '0'},
    {"2", PART_DAY, 1, '0'},
    {"3", PART_HOUR_12, 1, '0'},
    {"4", PART_MINUTE, 1, '0'},
    {"5", PART_SECOND, 1, '0'},
};

static int part_number(const struct date *date, enum part part)
{
    const int numbers[] = {
        [PART_YEAR] = date->year,
        [PART_YEAR_2] = date->year % 100,
        [PART_MONTH] = date->month,
        [PART_DAY] = date->day,
        [PART_DAY_OF_YEAR] = date->year_day,
        [PART_HOUR] = date->hour,
        [PART_HOUR_12] = date->hour % 12 == 0 ? 12 : date->hour % 12,
        [PART_MINUTE] = date->minute,
        [PART_SECOND] = date->second,
    };
    return numbers[part];
}

/* The texts of a part; NULL when it is a number. All zones are UTC. */
static const char *part_text(const struct date *date,
                             const struct layout *layout)
{
    const char *const texts[] = {
        [PART_MONTH_NAME] = months[date->month - 1],
        [PART_MONTH_NAME_3] = months[date->month - 1],
        [PART_WEEKDAY] = weekdays[date->weekday],
        [PART_WEEKDAY_3] = weekdays[date->weekday],
        [PART_NOON] = date->hour < 12 ? "AM" : "PM",
        [PART_NOON_SMALL] = date->hour < 12 ? "am" : "pm",
        [PART_ZONE_Z] = "Z",
        [PART_ZONE_NAME] = "UTC",
        [PART_ZONE_COLONS] = layout->width ? "+00:00:00" : "+00:00",
        [PART_ZONE_DIGITS] = layout->width ? "+000000" : "+0000",
        [PART_ZONE_HOURS] = "+00",
    };
    return texts[layout->part];
}

static void append_part(struct text *text, const struct date *date,
                        const struct layout *layout)
{
    const char *word = part_text(date, layout);
    bool cut =
        layout->part == PART_MONTH_NAME_3 || layout->part == PART_WEEKDAY_3;
    if (word)
        text_append(text, word, cut ? 3 : strlen(word));
    else
        text_append_format(text, layout->fill == ' ' ? "%*d" : "%0*d",
                           layout->width, part_number(date, layout->part));
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

/* ".000" is so many digits of the second, ".999" without zeros at the end. Bytes
 * used, or 0 when it is something else. */
static size_t append_fraction(struct text *text, const struct date *date,
                              const char *layout, const char *end)
{
    const char *at = layout + 1;
    if (at >= end || (*layout != '.' && *layout != ',') ||
        (*at != '0' && *at != '9'))
        return 0;
    char kind = *at;
    while (at < end && *at == kind)
        at++;
    size_t digits = (size_t)(at - layout) - 1;
    if (digits > 9 || (at < end && is_digit(*at)))
        return 0;
    char printed[10];
    int rest = date->nanosecond;
    for (size_t i = 9; i > 0; i--) {
        printed[i - 1] = (char)('0' + rest % 10);
        rest /= 10;
    }
    while (kind == '9' && digits > 0 && printed[digits - 1] == '0')
        digits--;
    if (digits > 0) {
        text_append_character(text, *layout);
        text_append(text, printed, digits);
    }
    return (size_t)(at - layout);
}

static const struct layout *find_layout(const char *at, const char *end)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        size_t length = strlen(layouts[i].text);
        if ((size_t)(end - at) >= length &&
            memcmp(at, layouts[i].text, length) == 0)
            return &layouts[i];
    }
    return NULL;
}

static void append_date(struct text *text, const struct date *date,
                        const char *layout, size_t length)
{
    const char *end = layout + length;
    while (layout < end) {
        size_t fraction = append_fraction(text, date, layout, end);
        if (fraction > 0) {
            layout += fraction;
            continue;
        }
        const struct layout *found = find_layout(layout, end);
        if (!found) {
            text_append_character(text, *layout++);
            continue;
        }
        append_part(text, date, found);
        layout += strlen(found->text);
    }
}

const struct value *function_date(struct call *call)
{
    static const char standard[] = "2006-01-02T15:04:05.000Z07:00";
    size_t length = strlen(standard);
    const char *layout =
        call->count > 0 ? call_text(call, 0, &length) : standard;
    if (!layout)
        return NULL;
    struct date date = date_of(clock_now());
    CLEANUP(text_free) struct text text = {0};
    append_date(&text, &date, layout, length);
    return call_string(call, &text);
}
