/*
 * `assay resolve REF`: the workflow as it is planned, with parameters and templates
 * put in; what is known in the pod only stays an expression. --explain tells of one
 * value where it was written.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/prepare.h"
#include "cli/print.h"

/* The next part of a path such as spec.steps[0].run: its length, or 0 when there
 * is none. `*path` is moved behind it. */
static size_t next_part(const char **path, const char **part)
{
    *path += strspn(*path, ".[]");
    *part = *path;
    size_t length = strcspn(*path, ".[]");
    *path += length;
    return length;
}

/* The place at `path`, and of the member that holds it. */
static const struct value *look_up(const struct value *value, const char *path,
                                   struct error *error)
{
    const char *rest = path, *part;
    size_t length;
    while ((length = next_part(&rest, &part)) > 0) {
        const struct value *below = NULL;
        if (value_is(value, VALUE_MAP))
            below = value_get_bytes(value, part, length);
        else if (value_is(value, VALUE_LIST) &&
                 strspn(part, "0123456789") >= length)
            below = value_item(value, strtoul(part, NULL, 10));
        if (!below) {
            error_set(error, ERROR_USAGE,
                      "--explain: there is no '%.*s' in '%.*s'",
                      length > 100 ? 100 : (int)length, part,
                      part == path ? 9 : (int)(part - path - 1),
                      part == path ? "the whole" : path);
            return NULL;
        }
        value = below;
    }
    return value;
}

static int explain(const struct preparation *preparation, const char *path,
                   struct error *error)
{
    const struct value *value =
        look_up(preparation->workflow->resolved, path, error);
    if (!value)
        return print_error(error);
    const struct diagnostics_source *other =
        diagnostics_source_of(&preparation->diagnostics, value->mark);
    const char *file = other ? other->file : preparation->document.file;
    CLEANUP(text_free) struct text text = {0};
    text_append_escaped(&text, file, strlen(file), false);
    if (value->mark.line > 0)
        text_append_format(&text, ":%u:%u", value->mark.line,
                           value->mark.column);
    text_append_string(&text, ":\n");
    CLEANUP(text_free) struct text yaml = {0};
    value_write_yaml(&yaml, value);
    text_append_escaped(&text, text_string(&yaml), yaml.length, true);
    print_text(&text);
    return EXIT_PASSED;
}

int command_resolve(int count, char **arguments)
{
    struct request request = {0};
    const char *path = NULL;
    const char *output = NULL;
    const struct option options[] = {
        REQUEST_OPTIONS(&request),
        {"explain", 0, OPTION_TEXT, &path, "PATH",
         "tell where a value was written, such as spec.steps[0].run.image"},
        {"output", 'o', OPTION_TEXT, &output, "FORMAT", "yaml or json"},
        {0},
    };
    struct error error = {0};
    static const struct command_help help = {
        .usage = "resolve REF [options]",
        .text = "Prints the workflow with its parameters and templates put in. "
                "What only the pod\nknows stays an expression; sensitive "
                "values stay names. Nothing is run.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    bool json = output && strcmp(output, "json") == 0;
    if (output && !json && strcmp(output, "yaml") != 0) {
        error_set(&error, ERROR_USAGE,
                  "--output: expected yaml or json, found '%.100s'", output);
        return print_error(&error);
    }
    if (count != 1) {
        error_set(&error, ERROR_USAGE, "expected one file, found %d", count);
        return print_error(&error);
    }
    request.file = arguments[0];
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct preparation preparation;
    int result = prepare_resolved(arena, &request, &preparation, &error);
    code = prepare_report(&preparation, &error);
    if (result < 0)
        return code;
    if (path)
        return explain(&preparation, path, &error);
    CLEANUP(text_free) struct text text = {0};
    if (json)
        value_write_json(&text, preparation.workflow->resolved, JSON_INDENT);
    else
        value_write_yaml(&text, preparation.workflow->resolved);
    if (json)
        text_append_character(&text, '\n');
    print_text(&text);
    return EXIT_PASSED;
}
