/*
 * `assay eval EXPR`: what an expression or a template gives, with the names that
 * --vars knows. What stays unknown is printed as the expression that is left.
 */
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/print.h"
#include "engine/base/file.h"
#include "engine/expression/expression.h"

enum { SOURCE_LIMIT = 2 * 1024 * 1024 }; /* the expression has its own */

struct eval {
    struct arena *arena;
    const char *source;
    size_t length;
    const struct value *variables;
    struct diagnostics diagnostics;
};

static int answer(void *context, struct arena *arena, const char *name,
                  size_t length, const struct expression **found,
                  struct error *error)
{
    const struct eval *eval = context;
    const struct value *value = value_get_bytes(eval->variables, name, length);
    (void)error;
    if (!value)
        return 0;
    *found = expression_of_value(arena, value);
    return 1;
}

/* Where `offset` is in the source, as an editor counts. */
static struct mark mark_of(const struct eval *eval, size_t offset)
{
    struct mark mark = {.line = 1, .column = 1, .offset = (uint32_t)offset};
    for (size_t i = 0; i < offset && i < eval->length; i++) {
        bool newline = eval->source[i] == '\n';
        bool inside = ((unsigned char)eval->source[i] & 0xC0) == 0x80;
        mark.line += newline;
        mark.column = newline ? 1 : mark.column + !inside;
    }
    return mark;
}

static void warn(void *context, const struct expression_finding *finding)
{
    struct eval *eval = context;
    diagnostics_add(&eval->diagnostics, SEVERITY_WARNING, finding->code,
                    mark_of(eval, finding->offset), finding->hint, "%s",
                    finding->text);
}

static int refuse(struct eval *eval, const char *code,
                  const struct error *error)
{
    if (error->kind != ERROR_INPUT)
        return print_error(error);
    diagnostics_add(&eval->diagnostics, SEVERITY_ERROR, code,
                    mark_of(eval, error->place.mark.offset), NULL, "%s",
                    error->text);
    fflush(stdout);
    print_diagnostics(stderr, &eval->diagnostics, eval->source, eval->length);
    return EXIT_DOCUMENT;
}

/* A text is shown as it is to programs, and safely on a terminal. */
static void show_text(const char *bytes, size_t length)
{
    CLEANUP(text_free) struct text text = {0};
    if (isatty(STDOUT_FILENO))
        text_append_escaped(&text, bytes, length, true);
    else
        text_append(&text, bytes, length);
    text_append_character(&text, '\n');
    print_text(&text);
}

/* The value, or NULL and what is left as text. */
static void show(struct eval *eval, const struct value *value,
                 const char *string, const struct text *left,
                 enum output output)
{
    if (output == OUTPUT_TEXT && value)
        show_text(string, strlen(string));
    if (output == OUTPUT_TEXT && !value)
        show_text(text_string(left), left->length);
    if (output == OUTPUT_TEXT)
        return;
    struct value *unknown = value_make_map(eval->arena);
    value_set(eval->arena, unknown, "expression",
              value_make_bytes(eval->arena, text_string(left), left->length));
    output_print(value ? value : unknown, output);
}

static int eval_expression(struct eval *eval,
                           const struct expression_names *names,
                           enum output output)
{
    struct error error = {0};
    const struct expression *expression =
        expression_parse(eval->arena, eval->source, eval->length, &error);
    if (!expression)
        return refuse(eval, "E201", &error);
    expression_lint(eval->source, eval->length, false, warn, eval);
    expression = expression_resolve(eval->arena, expression, names, &error);
    if (!expression)
        return refuse(eval, "E203", &error);
    CLEANUP(text_free) struct text left = {0};
    expression_print(&left, expression);
    show(eval, expression_value(eval->arena, expression),
         expression_text(eval->arena, expression), &left, output);
    return EXIT_PASSED;
}

static int eval_template(struct eval *eval,
                         const struct expression_names *names,
                         enum output output)
{
    struct error error = {0};
    const struct expression_template *template = expression_template_parse(
        eval->arena, eval->source, eval->length, &error);
    if (!template)
        return refuse(eval, "E201", &error);
    expression_template_lint(eval->source, eval->length, warn, eval);
    template =
        expression_template_resolve(eval->arena, template, names, &error);
    if (!template)
        return refuse(eval, "E203", &error);
    CLEANUP(text_free) struct text left = {0};
    expression_template_print(&left, template);
    size_t length;
    const char *text = expression_template_text(eval->arena, template, &length);
    const struct value *value =
        text ? value_make_bytes(eval->arena, text, length) : NULL;
    show(eval, value, text, &left, output);
    return EXIT_PASSED;
}

static int read_variables(struct eval *eval, const char *json,
                          struct error *error)
{
    eval->variables = value_read_json(eval->arena, json, strlen(json), error);
    if (!eval->variables) {
        error->kind = ERROR_USAGE;
        return error_context(error, "--vars");
    }
    if (!value_is(eval->variables, VALUE_MAP))
        return error_set(error, ERROR_USAGE,
                         "--vars: expected a map, as in '{\"config.x\": 1}', "
                         "found %s",
                         value_kind_name(eval->variables->kind));
    return 0;
}

/* The one argument; `-` is standard input without its last newline. */
static int read_source(struct eval *eval, int count, char **arguments,
                       struct error *error)
{
    if (count != 1)
        return error_set(error, ERROR_USAGE,
                         "expected one expression, found %d; quote it for the "
                         "shell",
                         count);
    eval->source = arguments[0];
    eval->length = strlen(arguments[0]);
    if (strcmp(arguments[0], "-") != 0)
        return 0;
    eval->source =
        file_read(eval->arena, "-", SOURCE_LIMIT, &eval->length, error);
    if (!eval->source)
        return -1;
    if (eval->length > 0 && eval->source[eval->length - 1] == '\n')
        eval->length--;
    return 0;
}

int command_eval(int count, char **arguments)
{
    const char *variables = "{}";
    const char *word = NULL;
    bool template = false;
    const struct option options[] = {
        {"vars", 0, OPTION_TEXT, &variables, "JSON",
         "the names that are known: a map of names and values"},
        {"template", 't', OPTION_FLAG, &template, NULL,
         "text with {{ }} instead of an expression"},
        {"output", 'o', OPTION_TEXT, &word, "FORMAT", "text, json or yaml"},
        {0},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct eval eval = {.arena = arena,
                        .diagnostics = diagnostics_make(arena, "expression")};
    struct error error = {0};
    enum output output;
    static const struct command_help help = {
        .usage = "eval EXPR [--vars JSON]",
        .text =
            "Prints what an expression gives (`-`: read from standard input).\n"
            "What is not known stays an expression.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    if (output_parse(word, &output, &error) < 0 ||
        read_source(&eval, count, arguments, &error) < 0 ||
        read_variables(&eval, variables, &error) < 0)
        return print_error(&error);
    struct expression_names names = {.name = answer, .context = &eval};
    code = template ? eval_template(&eval, &names, output)
                    : eval_expression(&eval, &names, output);
    if (code == EXIT_PASSED)
        print_diagnostics(stderr, &eval.diagnostics, eval.source, eval.length);
    return code;
}
