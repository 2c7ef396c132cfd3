/*
 * yaml() and toyaml(): text -> value by the value library's reader, with the
 * booleans of YAML 1.2, and with dates as Testkube's library (go-yaml 3) gives
 * them: in full, in RFC 3339. The layout of toyaml() is in yaml_layout.c.
 */
#include <string.h>

#include "engine/expression/evaluation.h"
#include "engine/expression/yaml_layout.h"

static size_t digits_at(const char *text, size_t most)
{
    size_t count = strspn(text, "0123456789");
    return count <= most ? count : 0;
}

/* A number of one or two digits behind `separator`, or -1. */
static int take_number(const char **text, char separator)
{
    if (**text != separator)
        return -1;
    size_t count = digits_at(*text + 1, 2);
    if (count == 0)
        return -1;
    int number = (*text)[1] - '0';
    if (count == 2)
        number = number * 10 + (*text)[2] - '0';
    *text += 1 + count;
    return number;
}

static bool is_day(int year, int month, int day)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month != 2 || day < 29 || leap;
}

/* "Z", "+02:00" or nothing (UTC). */
static bool append_zone(struct text *text, const char *zone, bool needed)
{
    if (zone[0] == '\0' || strcmp(zone, "Z") == 0) {
        text_append_character(text, 'Z');
        return zone[0] != '\0' || !needed;
    }
    const char *at = zone + 1;
    bool good = strchr("+-", zone[0]) && digits_at(at, 2) == 2 &&
                at[2] == ':' && digits_at(at + 3, 2) == 2 && at[5] == '\0';
    if (good)
        text_append_string(text, strcmp(at, "00:00") == 0 ? "Z" : zone);
    return good;
}

/* Behind the day: "T3:04:05.60Z", " 03:04:05". */
static bool append_time(struct text *text, const char *time)
{
    if (!strchr("Tt ", time[0]) || digits_at(time + 1, 2) == 0)
        return false;
    bool zoned = time[0] != ' ';
    int hour = take_number(&time, time[0]);
    int minute = take_number(&time, ':');
    int second = minute < 0 ? -1 : take_number(&time, ':');
    if (hour > 23 || minute > 59 || second < 0 || second > 59)
        return false;
    text_append_format(text, "T%02d:%02d:%02d", hour, minute, second);
    if (time[0] == '.') {
        size_t count = digits_at(time + 1, 9);
        size_t shown = count;
        while (shown > 0 && time[shown] == '0')
            shown--;
        if (count == 0)
            return false;
        text_append(text, time, shown > 0 ? shown + 1 : 0);
        time += 1 + count;
    }
    return append_zone(text, time, zoned);
}

/* A date of YAML (2024-1-2, 2024-01-02T03:04:05Z, ...) in full. False when the
 * text is none. */
static bool append_timestamp(struct text *text, const char *date)
{
    if (digits_at(date, 4) != 4)
        return false;
    const char *at = date + 4;
    int year = 0;
    for (size_t i = 0; i < 4; i++)
        year = year * 10 + date[i] - '0';
    int month = take_number(&at, '-');
    int day = month < 0 ? -1 : take_number(&at, '-');
    if (day < 0 || !is_day(year, month, day))
        return false;
    text_append_format(text, "%.4s-%02d-%02d", date, month, day);
    if (*at != '\0')
        return append_time(text, at);
    text_append_string(text, "T00:00:00Z");
    return true;
}

/* Dates below `value` in full. Depth is that of the reader. */
static void complete_dates(struct arena *arena, struct value *value)
{
    if (value->kind == VALUE_LIST)
        for (size_t i = 0; i < value->list.count; i++)
            complete_dates(arena, value->list.items[i]);
    if (value->kind == VALUE_MAP)
        for (size_t i = 0; i < value->map.count; i++)
            complete_dates(arena, value->map.members[i].value);
    if (value->kind != VALUE_STRING || value->style != STYLE_PLAIN ||
        value->string.length > 40)
        return;
    CLEANUP(text_free) struct text text = {0};
    if (!append_timestamp(&text, value->string.bytes))
        return;
    value->string.bytes = arena_copy(arena, text_string(&text), text.length);
    value->string.length = text.length;
}

const struct value *function_yaml(struct call *call)
{
    const struct value *value = call->values[0];
    if (value->kind != VALUE_STRING)
        return call_fail(call, "expected a text, found %s",
                         value_kind_name(value->kind));
    if (evaluation_spend(call->evaluation, call->node,
                         value->string.length / 8) < 0)
        return NULL;
    struct diagnostics diagnostics = diagnostics_make(call->arena, "");
    struct value *documents = value_read_yaml_core(
        call->arena, value->string.bytes, value->string.length, &diagnostics);
    if (!documents && diagnostics.count > 0) {
        diagnostics_sort(&diagnostics);
        const struct diagnostic *first = &diagnostics.items[0];
        return call_fail(call, "line %u, column %u: %.180s", first->mark.line,
                         first->mark.column, first->text);
    }
    struct value *document = value_item(documents, 0);
    if (!document)
        return &none_value;
    complete_dates(call->arena, document);
    return document;
}

const struct value *function_toyaml(struct call *call)
{
    CLEANUP(text_free) struct text text = {0};
    yaml_layout_append(&text, call->values[0]);
    return call_string(call, &text);
}
