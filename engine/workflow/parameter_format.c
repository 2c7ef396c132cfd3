/*
 * The formats of JSON Schema (2020-12, "format") that a parameter may ask for. The
 * ones that are not known say something to a person only, and everything has them.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "engine/base/clock.h"
#include "engine/workflow/private.h"

static const char digits[] = "0123456789";
static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* Whether the text has the form of `pattern`, where 9 is a digit, x a hexadecimal
 * one, and everything else itself. */
static bool has_form(const char *text, const char *pattern)
{
    for (; *pattern; pattern++, text++) {
        const char *set = *pattern == '9'   ? digits
                          : *pattern == 'x' ? "0123456789abcdefABCDEF"
                                            : NULL;
        if (!*text || (set ? !strchr(set, *text) : *text != *pattern))
            return false;
    }
    return *text == '\0';
}

static int number(const char *text, size_t length)
{
    int made = 0;
    for (size_t i = 0; i < length; i++)
        made = made * 10 + (text[i] - '0');
    return made;
}

/* RFC 3339, full-date. */
static bool is_date(const char *text)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!has_form(text, "9999-99-99"))
        return false;
    int year = number(text, 4), month = number(text + 5, 2);
    int day = number(text + 8, 2);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] &&
           (month != 2 || day <= 28 || leap);
}

/* RFC 3339, date-time. */
static bool is_date_time(const char *text)
{
    char date[11] = "", time[9] = "";
    if (strlen(text) < 20 || !strchr("Tt", text[10]))
        return false;
    memcpy(date, text, 10);
    memcpy(time, text + 11, 8);
    if (!is_date(date) || !has_form(time, "99:99:99") || time[0] > '2' ||
        (time[0] == '2' && time[1] > '3') || time[3] > '5' || time[6] > '6')
        return false;
    const char *zone = text + 19;
    if (*zone == '.') {
        size_t fraction = strspn(zone + 1, digits);
        if (fraction == 0)
            return false;
        zone += fraction + 1;
    }
    return strcasecmp(zone, "Z") == 0 || has_form(zone, "+99:99") ||
           has_form(zone, "-99:99");
}

/* RFC 1123: labels of letters, digits and hyphens. */
static bool is_hostname(const char *text)
{
    if (strlen(text) > 253)
        return false;
    for (;;) {
        size_t length = strcspn(text, ".");
        if (length == 0 || length > 63 || text[0] == '-' ||
            text[length - 1] == '-')
            return false;
        for (size_t i = 0; i < length; i++)
            if (text[i] != '-' && !strchr(letters, text[i]))
                return false;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

static bool is_email(const char *text)
{
    const char *at = strrchr(text, '@');
    return at && at > text && at - text <= 64 && !strpbrk(text, " \t\r\n<>") &&
           is_hostname(at + 1);
}

static bool is_ipv4(const char *text)
{
    struct in_addr address;
    return inet_pton(AF_INET, text, &address) == 1;
}

static bool is_ipv6(const char *text)
{
    struct in6_addr address;
    return inet_pton(AF_INET6, text, &address) == 1;
}

/* RFC 3986: a scheme, and no characters that a URI cannot have. */
static bool is_uri(const char *text)
{
    size_t scheme = strcspn(text, ":");
    if (scheme == 0 || text[scheme] == '\0' || strchr(digits, text[0]) ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789+-.") < scheme)
        return false;
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at <= ' ' || (unsigned char)*at > '~' ||
            strchr("\"<>\\^`{|}", *at))
            return false;
    return text[scheme + 1] != '\0';
}

static bool is_uuid(const char *text)
{
    return has_form(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
}

static bool is_duration(const char *text)
{
    int64_t ignored;
    struct error error = {0};
    return duration_parse(text, &ignored, &error) == 0;
}

static const struct {
    const char *name, *example;
    bool (*has)(const char *text);
} formats[] = {
    {"date", "2026-01-31", is_date},
    {"date-time", "2026-01-31T12:00:00Z", is_date_time},
    {"duration", "1m30s", is_duration},
    {"email", "name@example.com", is_email},
    {"hostname", "db.example.com", is_hostname},
    {"ipv4", "192.0.2.1", is_ipv4},
    {"ipv6", "2001:db8::1", is_ipv6},
    {"uri", "https://example.com/", is_uri},
    {"url", "https://example.com/", is_uri},
    {"uuid", "123e4567-e89b-12d3-a456-426614174000", is_uuid},
};

const char *parameter_format_example(const char *format, const char *text)
{
    for (size_t i = 0; format && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, format) == 0)
            return formats[i].has(text) ? NULL : formats[i].example;
    return NULL;
}
