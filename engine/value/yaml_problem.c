/*
 * libyaml says what its scanner missed and where it stood; a reader wants to know
 * what to change. The table maps the first to the second: the first row whose
 * conditions hold gives the text, and whether the place to show is where the
 * scanner stopped or where the construct that it was in began.
 */
#include "engine/value/yaml_problem.h"

#include <assert.h>
#include <string.h>

#include "engine/base/utf8.h"
#include "engine/value/yaml_mistake.h"

static const struct {
    const char *problem; /* part of libyaml's problem */
    const char *context; /* part of libyaml's context; NULL: any */
    char at;             /* the character in that place; 0: any */
    bool opening;        /* show where the construct began */
    const char *text;
    const char *hint;
} problems[] = {
    {"cannot start any token", NULL, '\t', false,
     "a tab character where a key or value is expected",
     "YAML is indented with spaces only"},
    {"found a tab character", NULL, 0, false,
     "a tab character in the indentation", "YAML is indented with spaces only"},
    {"cannot start any token", NULL, 0, false,
     "a text cannot begin with this character", "put the text in quotes"},
    {"unexpected end of stream", "quoted scalar", 0, true,
     "the quote opened here is not closed",
     "add the closing quote; in single quotes a ' is written ''"},
    {"unexpected document indicator", "quoted scalar", 0, true,
     "the quote opened here is not closed before the next document",
     "add the closing quote; in single quotes a ' is written ''"},
    {"unknown escape", "quoted scalar", 0, false,
     "unknown escape in a text in double quotes",
     "write a backslash as \\\\, or use single quotes"},
    {"did not find expected hexdecimal", "quoted scalar", 0, false,
     "an escape needs more hex digits here",
     "\\x takes 2 hex digits, \\u 4 and \\U 8"},
    {"invalid Unicode character escape", "quoted scalar", 0, false,
     "this escape is not a character",
     "characters beyond U+FFFF are written as \\U and 8 hex digits"},
    {"mapping values are not allowed", NULL, 0, false,
     "a ':' that does not belong to a key",
     "quote a text that contains ': ', or check the indentation"},
    {"did not find expected key", NULL, 0, false, "expected a key here",
     "check the indentation, and that quotes enclose the whole value"},
    {"could not find expected ':'", NULL, 0, true, "no ':' follows this key",
     "write 'key: value'; a text of several lines begins with '|'"},
    {"expected '-' indicator", NULL, 0, false,
     "expected '-' and the next item of the list",
     "check the indentation: all items of a list are in one column"},
    {"expected ',' or ']'", NULL, 0, true,
     "the list opened here is not closed, or a ',' is missing in it",
     "items are separated by ',' and the list ends with ']'"},
    {"expected ',' or '}'", NULL, 0, true,
     "the map opened here is not closed, or a ',' is missing in it",
     "members are separated by ',' and the map ends with '}'"},
    {"expected alphabetic or numeric", "alias", 0, true,
     "'*' begins an alias, and a name must follow",
     "put a text that begins with '*' in quotes"},
    {"expected alphabetic or numeric", "anchor", 0, true,
     "'&' begins an anchor, and a name must follow",
     "put a text that begins with '&' in quotes"},
    {"block sequence entries are not allowed", NULL, 0, false,
     "a '-' item cannot stand here",
     "begin the list on a line of its own, or quote the text"},
    {"expected <document start>", NULL, 0, false,
     "text after the end of the document",
     "check the indentation; a further document begins with '---'"},
    {"found incompatible YAML document", NULL, 0, false,
     "a version of YAML that is not known here",
     "use %YAML 1.1 or 1.2, or leave the line out"},
    {"found undefined tag handle", NULL, 0, true,
     "a tag whose prefix is not declared", "quote a text that begins with '!'"},
    {"comment or line break", "block scalar", 0, false,
     "text on the line of '|' or '>'", "the text begins on the next line"},
    {"indentation indicator equal to 0", NULL, 0, false,
     "the number after '|' or '>' is from 1 to 9",
     "leave it out: the first line tells the indentation"},
    {"mapping keys are not allowed", NULL, 0, false,
     "'?' begins a key, which cannot stand here",
     "put a text that begins with '? ' in quotes"},
    {"expected node content", "flow node", ',', false,
     "a value is missing before this ','", "remove the ',' or add a value"},
    {"expected node content", NULL, 0, false, "expected a value here",
     "put a text that begins with this character in quotes"},
    {"", "a directive", 0, true,
     "a line that begins with '%' must be %YAML or %TAG",
     "put a text that begins with '%' in quotes"},
    {"found more than", "", 0, false, "the document is nested too deeply",
     NULL},
};

/* Where on the line of `offset` a value begins with '{{'; NULL: nowhere. */
static const char *find_template(const struct yaml_source *source,
                                 size_t offset)
{
    const char *end = source->start + source->length;
    const char *line = source->start + offset;
    while (line > source->start && line[-1] != '\n')
        line--;
    const char *stop = yaml_line_end(line, end);
    bool value = true; /* only spaces, or an indicator and spaces, before */
    bool flow = false; /* after a '[' */
    for (const char *at = line; at < stop; at++) {
        if (value && stop - at >= 2 && at[0] == '{' && at[1] == '{')
            return at;
        if (*at == '#' && (at == line || at[-1] == ' '))
            return NULL;
        bool indicator = *at == ':' || (*at == '-' && value);
        bool last = at + 1 == stop || at[1] == ' ';
        flow = flow || (*at == '[' && value);
        value = (*at == ' ' && value) || (indicator && last) ||
                (flow && (*at == '[' || *at == ','));
    }
    return NULL;
}

bool yaml_problem_report_template(struct yaml_source *source, size_t offset,
                                  struct diagnostics *diagnostics)
{
    static const char text[] = "a value that begins with '{{' is not quoted";
    const char *found = find_template(source, offset);
    if (!found)
        return false;
    struct mark mark =
        yaml_source_seek_offset(source, (size_t)(found - source->start));
    const struct diagnostic *last =
        diagnostics->count > 0 ? &diagnostics->items[diagnostics->count - 1]
                               : NULL;
    if (!last || last->mark.offset != mark.offset ||
        strcmp(last->text, text) != 0)
        diagnostics_add(
            diagnostics, SEVERITY_ERROR, "E100", mark,
            "put it in quotes: \"{{ ... }}\"; without them '{' begins a map",
            "%s", text);
    return true;
}

/* The same for the place where the parser stopped, or began what it was in. */
static bool is_template(const yaml_parser_t *parser, struct yaml_source *source,
                        struct diagnostics *diagnostics)
{
    size_t opened = yaml_source_seek(source, parser->context_mark.index).offset;
    size_t stopped =
        yaml_source_seek(source, parser->problem_mark.index).offset;
    return (parser->context &&
            yaml_problem_report_template(source, opened, diagnostics)) ||
           yaml_problem_report_template(source, stopped, diagnostics);
}

/* Bytes that libyaml's reader refused, before any syntax. */
static void report_bytes(const yaml_parser_t *parser,
                         struct yaml_source *source,
                         struct diagnostics *diagnostics)
{
    assert(parser->problem);
    /* A byte order mark was not given to the parser. */
    size_t skipped =
        yaml_source_make(source->start, source->length).mark.offset;
    struct mark mark =
        yaml_source_seek_offset(source, parser->problem_offset + skipped);
    bool control = strstr(parser->problem, "control characters") != NULL;
    unsigned byte = mark.offset < source->length
                        ? (unsigned char)source->start[mark.offset]
                        : 0;
    diagnostics_add(
        diagnostics, SEVERITY_ERROR, "E100", mark,
        control ? "write it as an escape in double quotes, such as \"\\e\""
                : "save the file as UTF-8",
        control ? "the control character 0x%02x" : "byte 0x%02x is not UTF-8",
        control ? (unsigned)parser->problem_value : byte);
}

void yaml_problem_report(const yaml_parser_t *parser,
                         struct yaml_source *source,
                         struct diagnostics *diagnostics)
{
    const char *problem = parser->problem ? parser->problem : "out of memory";
    const char *context = parser->context ? parser->context : "";
    if (parser->error == YAML_READER_ERROR) {
        report_bytes(parser, source, diagnostics);
        return;
    }
    if (is_template(parser, source, diagnostics))
        return;
    struct mark mark = yaml_source_seek(source, parser->problem_mark.index);
    struct yaml_stop stop = {
        .problem = problem,
        .offset = mark.offset,
        .opened = yaml_source_seek(source, parser->context_mark.index).offset,
    };
    if (yaml_mistake_report(source, &stop, diagnostics))
        return;
    char at = mark.offset < source->length ? source->start[mark.offset] : '\0';
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        const char *within = problems[i].context;
        if (!strstr(problem, problems[i].problem) ||
            (within && !strstr(context, within)) ||
            (problems[i].at != '\0' && problems[i].at != at))
            continue;
        if (problems[i].opening && parser->context)
            mark = yaml_source_seek(source, parser->context_mark.index);
        diagnostics_add(diagnostics, SEVERITY_ERROR, "E100", mark,
                        problems[i].hint, "%s", problems[i].text);
        return;
    }
    if (*context)
        diagnostics_add(diagnostics, SEVERITY_ERROR, "E100", mark, NULL,
                        "%s that began on line %u: %s", context,
                        yaml_source_seek_offset(source, stop.opened).line,
                        problem);
    else
        diagnostics_add(diagnostics, SEVERITY_ERROR, "E100", mark, NULL, "%s",
                        problem);
}
