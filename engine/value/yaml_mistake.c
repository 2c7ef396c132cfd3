/*
 * The parser stops where the text cannot go on; the mistake is often before that
 * place. Each function here knows one mistake by how the lines around look, and
 * says where to mend it. Only texts that the parser has refused come here, so a
 * wrong guess costs a worse message and nothing else.
 */
#include "engine/value/yaml_mistake.h"

#include <string.h>

struct around {
    struct yaml_source *source;
    const struct yaml_stop *stop;
    struct diagnostics *diagnostics;
    const char *text, *end;
    const char *at; /* where the parser stopped */
};

static bool add(const struct around *around, const char *where,
                const char *text, const char *hint)
{
    struct mark mark =
        yaml_source_seek_offset(around->source, (size_t)(where - around->text));
    diagnostics_add(around->diagnostics, SEVERITY_ERROR, "E100", mark, hint,
                    "%s", text);
    return true;
}

static const char *line_start(const struct around *around, const char *at)
{
    while (at > around->text && at[-1] != '\n')
        at--;
    return at;
}

/* The first character of the line that is no space, and no '-' of an item. */
static const char *line_text(const struct around *around, const char *line)
{
    const char *at = line;
    while (at < around->end &&
           (*at == ' ' || (*at == '-' && at + 1 < around->end && at[1] == ' ')))
        at++;
    return at;
}

/* The line before that holds something; NULL: none. */
static const char *line_before(const struct around *around, const char *line)
{
    while (line > around->text) {
        line = line_start(around, line - 1);
        const char *text = line_text(around, line);
        if (text < around->end && *text != '\n' && *text != '\r')
            return line;
    }
    return NULL;
}

/* The ':' of `key:value` at the beginning of a line; NULL: none. */
static const char *glued_colon(const struct around *around, const char *line)
{
    const char *at = line_text(around, line);
    const char *start = at;
    while (at < around->end &&
           ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
            (*at >= '0' && *at <= '9') || *at == '_' || *at == '-'))
        at++;
    bool glued = at > start && around->end - at >= 2 && *at == ':' &&
                 !strchr(" \t\r\n/", at[1]) && at[1] != '\0';
    return glued ? at : NULL;
}

static bool missing_space(const struct around *around)
{
    static const char text[] = "a space is missing after this ':'";
    static const char hint[] = "write 'key: value'";
    bool value = strstr(around->stop->problem, "mapping values") != NULL;
    bool key = strstr(around->stop->problem, "could not find expected ':'");
    const char *line = line_start(around, around->at);
    if (key)
        line = line_start(around, around->text + around->stop->opened);
    else if (value)
        line = line_before(around, line);
    if ((!key && !value) || !line)
        return false;
    const char *first = line_text(around, line);
    if (key && around->end - first >= 2 && *first == '-' && first[1] != '-')
        return add(around, first, "a space is missing after this '-'",
                   "write '- item'");
    const char *colon = glued_colon(around, line);
    return colon && add(around, colon, text, hint);
}

/* The quote that opened the text which ends with the quote at `close`. */
static const char *opening_quote(const struct around *around, const char *close)
{
    for (const char *at = close; at > around->text; at--)
        if (at[-1] == *close)
            return at - 1;
    return NULL;
}

/* Text after a closing quote: the quote was meant to close later, or earlier. */
static bool after_quote(const struct around *around)
{
    const char *before = around->at;
    while (before > around->text && before[-1] == ' ')
        before--;
    if (before == around->text || (before[-1] != '"' && before[-1] != '\''))
        return false;
    const char *open = opening_quote(around, before - 1);
    if (open && memchr(open, '\n', (size_t)(before - open)))
        return add(around, open,
                   "the quote opened here is closed by one of a later line",
                   "add the closing quote where the text ends");
    return add(around, around->at, "text after the closing quote",
               "enclose the whole value in quotes; in single quotes a ' is "
               "written '', in double quotes a \" is written \\\"");
}

static size_t indentation(const struct around *around, const char *line)
{
    size_t count = 0;
    while (line + count < around->end && line[count] == ' ')
        count++;
    return count;
}

/* Whether the line ends with `|` or `>` after a key or an item. */
static bool opens_block(const struct around *around, const char *line)
{
    const char *last = yaml_line_end(line, around->end);
    while (last > line && strchr(" +-0123456789", last[-1]))
        last--;
    return last - line >= 3 && strchr("|>", last[-1]) && last[-2] == ' ' &&
           strchr(":-", last[-3]);
}

/* A line of a block that is indented less than the block's first. */
static bool in_block(const struct around *around)
{
    const char *line = line_start(around, around->at);
    size_t own = indentation(around, line);
    if (line + own != around->at)
        return false;
    for (const char *above = line_before(around, line); above;
         above = line_before(around, above)) {
        if (opens_block(around, above))
            return own > indentation(around, above) &&
                   add(around, around->at,
                       "this line is indented less than the block it is in",
                       "indent all lines of a text after '|' or '>' at least "
                       "as far as its first");
        if (indentation(around, above) <= own)
            return false;
    }
    return false;
}

/* A key that is indented more than the one above it, which has a value: YAML
 * takes the line for more of that value. */
static bool too_deep(const struct around *around)
{
    const char *line = line_start(around, around->at);
    const char *above = line_before(around, line);
    const char *own = line_text(around, line);
    if (!above || own >= around->at)
        return false;
    const char *key = line_text(around, above);
    const char *stop = yaml_line_end(key, around->end);
    const char *colon = memmem(key, (size_t)(stop - key), ": ", 2);
    return colon && own - line > key - above &&
           add(around, own,
               "this key is indented more than the one above it, which has a "
               "value",
               "begin both in the same column, or quote a text that contains "
               "': '");
}

static bool wrong_character(const struct around *around)
{
    static const struct {
        const char *start, *text, *hint;
    } rows[] = {
        {"- ", "a '-' item among the keys of a map",
         "indent the list below its key, or remove the '-'"},
        {"-\n", "a '-' item among the keys of a map",
         "indent the list below its key, or remove the '-'"},
        {"]", "this ']' closes nothing", "remove it, or quote the text"},
        {"}", "this '}' closes nothing", "remove it, or quote the text"},
        {":", "there is no key before this ':'",
         "quote a text that begins with ':'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t length = strlen(rows[i].start);
        if ((size_t)(around->end - around->at) >= length &&
            memcmp(around->at, rows[i].start, length) == 0)
            return add(around, around->at, rows[i].text, rows[i].hint);
    }
    return false;
}

bool yaml_mistake_report(struct yaml_source *source,
                         const struct yaml_stop *stop,
                         struct diagnostics *diagnostics)
{
    struct around around = {
        .source = source,
        .stop = stop,
        .diagnostics = diagnostics,
        .text = source->start,
        .end = source->start + source->length,
        .at = source->start + stop->offset,
    };
    if (strstr(stop->problem, "did not find expected key"))
        return after_quote(&around) || in_block(&around) ||
               wrong_character(&around);
    return missing_space(&around) ||
           (strstr(stop->problem, "mapping values") && too_deep(&around));
}
