/*
 * The type of a scalar. A workflow means here what it means to kubectl and to
 * every controller: the rules are those of the YAML library that Kubernetes uses
 * (sigs.k8s.io/yaml over goyaml.v2), which are YAML 1.1's without sexagesimal
 * numbers and with 0o for octal:
 *
 *   null      ~ null Null NULL and nothing at all
 *   boolean   y yes true on, n no false off: small, Capitalised, or CAPITALS
 *   integer   [+-] digits, 0x, 0b, 0o or a leading 0 for octal; _ anywhere
 *   float     [+-] digits with point or exponent; .inf .nan; _ anywhere;
 *             an integer beyond 64 bits; 08 and 09, which are not octal
 *   string    everything else, dates included, and numbers too large for a float
 */
#include "engine/value/yaml_scalar.h"

#include <math.h>
#include <string.h>

#include "engine/base/number.h"

enum { SCALAR_LONGEST = 4096 }; /* no number is longer: it is a string */

struct word {
    const char *text;
    struct value value;
};

#define NULL_VALUE                                                             \
    {                                                                          \
        .kind = VALUE_NULL                                                     \
    }
#define BOOL_VALUE(truth)                                                      \
    {                                                                          \
        .kind = VALUE_BOOL, .boolean = (truth)                                 \
    }
#define FLOAT_VALUE(amount)                                                    \
    {                                                                          \
        .kind = VALUE_FLOAT, .number = (amount)                                \
    }

static const struct word words[] = {
    {"", NULL_VALUE},
    {"~", NULL_VALUE},
    {"null", NULL_VALUE},
    {"Null", NULL_VALUE},
    {"NULL", NULL_VALUE},
    {"y", BOOL_VALUE(true)},
    {"Y", BOOL_VALUE(true)},
    {"yes", BOOL_VALUE(true)},
    {"Yes", BOOL_VALUE(true)},
    {"YES", BOOL_VALUE(true)},
    {"true", BOOL_VALUE(true)},
    {"True", BOOL_VALUE(true)},
    {"TRUE", BOOL_VALUE(true)},
    {"on", BOOL_VALUE(true)},
    {"On", BOOL_VALUE(true)},
    {"ON", BOOL_VALUE(true)},
    {"n", BOOL_VALUE(false)},
    {"N", BOOL_VALUE(false)},
    {"no", BOOL_VALUE(false)},
    {"No", BOOL_VALUE(false)},
    {"NO", BOOL_VALUE(false)},
    {"false", BOOL_VALUE(false)},
    {"False", BOOL_VALUE(false)},
    {"FALSE", BOOL_VALUE(false)},
    {"off", BOOL_VALUE(false)},
    {"Off", BOOL_VALUE(false)},
    {"OFF", BOOL_VALUE(false)},
    {".nan", FLOAT_VALUE((double)NAN)},
    {".NaN", FLOAT_VALUE((double)NAN)},
    {".NAN", FLOAT_VALUE((double)NAN)},
    {".inf", FLOAT_VALUE((double)INFINITY)},
    {".Inf", FLOAT_VALUE((double)INFINITY)},
    {".INF", FLOAT_VALUE((double)INFINITY)},
    {"+.inf", FLOAT_VALUE((double)INFINITY)},
    {"+.Inf", FLOAT_VALUE((double)INFINITY)},
    {"+.INF", FLOAT_VALUE((double)INFINITY)},
    {"-.inf", FLOAT_VALUE(-(double)INFINITY)},
    {"-.Inf", FLOAT_VALUE(-(double)INFINITY)},
    {"-.INF", FLOAT_VALUE(-(double)INFINITY)},
};

enum { WORD_LONGEST = 5 };

static const char word_starts[] = {'~', 'n', 'N', 'y', 'Y', 't', 'T',
                                   'o', 'O', 'f', 'F', '.', '+', '-'};

static bool resolve_word(const char *bytes, size_t length, struct value *value)
{
    if (length > WORD_LONGEST ||
        (length > 0 && !memchr(word_starts, bytes[0], sizeof word_starts)))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].text) == length &&
            memcmp(words[i].text, bytes, length) == 0) {
            value->kind = words[i].value.kind;
            if (value->kind == VALUE_BOOL)
                value->boolean = words[i].value.boolean;
            else
                value->number = words[i].value.number;
            return true;
        }
    return false;
}

/* The base of digits by their prefix, which is skipped. */
static unsigned take_base(const char **digits, size_t *length)
{
    if (*length < 2 || **digits != '0')
        return 10;
    char letter = (char)((*digits)[1] | 0x20);
    unsigned base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    size_t prefix = base != 8 || letter == 'o' ? 2 : 1;
    *digits += prefix;
    *length -= prefix;
    return base;
}

static bool resolve_int(const char *bytes, size_t length, struct value *value)
{
    bool negative = bytes[0] == '-';
    uint64_t magnitude = 0;
    int64_t integer = 0;
    if (negative || bytes[0] == '+') {
        bytes++;
        length--;
    }
    unsigned base = take_base(&bytes, &length);
    if (!number_parse_unsigned(bytes, length, base, &magnitude))
        return false;
    if (number_apply_sign(magnitude, negative, &integer)) {
        value->kind = VALUE_INT;
        value->integer = integer;
        return true;
    }
    if (negative)
        return false;
    value->kind = VALUE_FLOAT;
    value->number = (double)magnitude;
    return true;
}

static bool resolve_number(const char *bytes, size_t length,
                           struct value *value)
{
    char plain[SCALAR_LONGEST];
    size_t count = 1;
    double number = 0;
    if (length > SCALAR_LONGEST ||
        memchr("+-.0123456789", bytes[0], 13) == NULL)
        return false;
    plain[0] = bytes[0];
    for (size_t i = 1; i < length; i++)
        if (bytes[i] != '_')
            plain[count++] = bytes[i];
    if (bytes[0] == '.' && count != length)
        return false;
    if (resolve_int(plain, count, value))
        return true;
    if (!number_parse_float(plain, count, &number))
        return false;
    value->kind = VALUE_FLOAT;
    value->number = number;
    return true;
}

void yaml_scalar_resolve(const char *bytes, size_t length, struct value *value)
{
    if (resolve_word(bytes, length, value) ||
        resolve_number(bytes, length, value))
        return;
    value->kind = VALUE_STRING;
    value->string.bytes = bytes;
    value->string.length = length;
}

bool value_yaml_is_string(const char *bytes, size_t length)
{
    struct value value;
    yaml_scalar_resolve(bytes, length, &value);
    return value.kind == VALUE_STRING;
}

#define CORE "tag:yaml.org,2002:"

/* "!!int" for the long form of it, which no one writes. */
static const char *short_tag(struct arena *arena, const char *tag)
{
    size_t prefix = strlen(CORE);
    if (strncmp(tag, CORE, prefix) != 0)
        return tag;
    return arena_format(arena, "!!%s", tag + prefix);
}

static const char *unknown_tag(struct arena *arena, const char *tag)
{
    return arena_format(arena,
                        "unknown tag '%.80s': expected !!str, !!int, !!float, "
                        "!!bool, !!null, !!map or !!seq",
                        short_tag(arena, tag));
}

const char *yaml_scalar_apply_tag(struct arena *arena, const char *tag,
                                  struct value *value)
{
    static const struct {
        const char *tag;
        enum value_kind kind;
    } tags[] = {
        {"!", VALUE_STRING},
        {CORE "str", VALUE_STRING},
        {CORE "timestamp", VALUE_STRING},
        {CORE "int", VALUE_INT},
        {CORE "float", VALUE_FLOAT},
        {CORE "bool", VALUE_BOOL},
        {CORE "null", VALUE_NULL},
    };
    size_t i = 0;
    while (i < sizeof tags / sizeof *tags && strcmp(tags[i].tag, tag) != 0)
        i++;
    if (i == sizeof tags / sizeof *tags)
        return unknown_tag(arena, tag);
    if (tags[i].kind == VALUE_STRING)
        return NULL;
    const char *bytes = value->string.bytes;
    yaml_scalar_resolve(bytes, value->string.length, value);
    if (tags[i].kind == VALUE_FLOAT && value->kind == VALUE_INT) {
        value->kind = VALUE_FLOAT;
        value->number = (double)value->integer;
    }
    if (value->kind == tags[i].kind)
        return NULL;
    return arena_format(arena, "'%.80s' does not fit its tag %s", bytes,
                        short_tag(arena, tag));
}

const char *yaml_collection_check_tag(struct arena *arena, const char *tag,
                                      enum value_kind kind)
{
    const char *expected = kind == VALUE_LIST ? CORE "seq" : CORE "map";
    const char *other = kind == VALUE_LIST ? CORE "map" : CORE "seq";
    if (strcmp(tag, expected) == 0 || strcmp(tag, "!") == 0)
        return NULL;
    if (strncmp(tag, CORE, strlen(CORE)) == 0 &&
        (strcmp(tag, other) == 0 || strcmp(tag, CORE "str") == 0))
        return arena_format(arena, "a %s with the tag %s",
                            value_kind_name(kind), short_tag(arena, tag));
    return unknown_tag(arena, tag);
}
