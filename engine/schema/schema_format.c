/*
 * In: a text. Out: whether it has a named form. A text with `{{` is not judged:
 * what it will be is not known before the run.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/schema/private.h"

static const char digits[] = "0123456789";

/* A Go duration that is not negative. */
static bool is_duration(const char *text, size_t length)
{
    int64_t duration;
    struct error ignored = {0};
    return strlen(text) == length &&
           duration_parse(text, &duration, &ignored) == 0 && duration >= 0;
}

/* @daily, @every 5m, or five fields. Ranges and names are left to the
 * scheduler. */
static bool is_cron(const char *text, size_t length)
{
    static const char letters[] = "0123456789*/,-?#"
                                  "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (strlen(text) != length)
        return false;
    if (text[0] == '@')
        return strspn(text + 1, letters + 16) > 0;
    if (strncmp(text, "TZ=", 3) == 0 || strncmp(text, "CRON_TZ=", 8) == 0)
        text += strcspn(text, " ");
    unsigned fields = 0;
    for (text += strspn(text, " \t"); *text; fields++) {
        size_t field = strspn(text, letters);
        if (field == 0)
            return false;
        text += field;
        text += strspn(text, " \t");
    }
    return fields == 5;
}

/* A Kubernetes quantity: 250m, 1.5, 128Mi, 1e3. */
static bool is_quantity(const char *text, size_t length)
{
    static const char *const units[] = {
        "",  "n", "u",  "m",  "k",  "M",  "G",  "T",
        "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
    };
    const char *start = text;
    text += *text == '+' || *text == '-';
    size_t whole = strspn(text, digits), part = 0;
    text += whole;
    if (*text == '.') {
        part = strspn(text + 1, digits);
        text += part + 1;
    }
    if (whole + part == 0 || strlen(start) != length)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(text, units[i]) == 0)
            return true;
    if (*text != 'e' && *text != 'E')
        return false;
    text++;
    text += *text == '+' || *text == '-';
    size_t exponent = strspn(text, digits);
    return exponent > 0 && text[exponent] == '\0';
}

/* Letters, digits and `inner`, with a letter or digit at both ends. */
static bool is_word(const char *text, size_t length, const char *inner,
                    bool capitals)
{
    for (size_t i = 0; i < length; i++) {
        bool plain = (text[i] >= 'a' && text[i] <= 'z') ||
                     (text[i] >= '0' && text[i] <= '9') ||
                     (capitals && text[i] >= 'A' && text[i] <= 'Z');
        bool end = i == 0 || i == length - 1;
        if (!plain && (end || text[i] == '\0' || !strchr(inner, text[i])))
            return false;
    }
    return length > 0;
}

/* Kubernetes: a domain and '/', which may be missing, and a name. */
static bool is_qualified_name(const char *text, size_t length, bool capitals)
{
    const char *slash = memchr(text, '/', length);
    const char *name = slash ? slash + 1 : text;
    size_t domain = (size_t)(name - text);
    return (!slash ||
            (domain <= 254 && is_word(text, domain - 1, "-.", capitals))) &&
           length - domain <= 63 && is_word(name, length - domain, "-_.", true);
}

static bool is_label_name(const char *text, size_t length)
{
    return is_qualified_name(text, length, false);
}

static bool is_annotation_name(const char *text, size_t length)
{
    return is_qualified_name(text, length, true);
}

static const struct schema_format formats[] = {
    {"go-duration", "a duration such as '30s', '5m' or '1h30m'", is_duration,
     mend_duration},
    {"cron", "a cron expression such as '0 6 * * *' or '@daily'", is_cron,
     NULL},
    {"quantity", "a quantity such as '250m', '2' or '128Mi'", is_quantity,
     mend_quantity},
    {"label-name", "a label's name such as 'app' or 'example.com/app'",
     is_label_name, NULL},
    {"annotation-name", "an annotation's name such as 'a' or 'example.com/a'",
     is_annotation_name, NULL},
    {"expression", "an expression", NULL, NULL},
};

const struct schema_format *schema_find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}
