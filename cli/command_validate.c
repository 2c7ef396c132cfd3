/*
 * `assay validate FILE...`: every file on its own, all findings in source order; as
 * text with one line a file at its end, or one document of JSON or SARIF for all
 * of them. The exit code is the worst of the files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/config_file.h"
#include "cli/document.h"
#include "cli/explain.h"
#include "cli/findings.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/prepare.h"
#include "cli/print.h"
#include "cli/templates.h"
#include "engine/workflow/workflow.h"

enum form { FORM_TEXT, FORM_JSON, FORM_SARIF };

enum { IGNORED_LIMIT = 100 };

struct validation {
    bool quiet, strict, marketplace;
    const char *explain, *output;
    enum form form;
    struct option_list templates;           /* --template */
    struct option_list ignore;              /* --ignore */
    const char *unknown_fields;             /* --validation */
    const char *ignored[IGNORED_LIMIT + 1]; /* codes */
    size_t ignored_count;
    struct arena *arena; /* of what all files share */
    struct workflow_templates *given;
    struct value *report; /* NULL: text */
};

static void append_count(struct text *line, const char *comma, size_t count,
                         const char *word)
{
    if (count > 0)
        text_append_format(line, "%s%zu %s%s", comma, count, word,
                           count == 1 ? "" : "s");
}

static void summarise(const struct checked_file *checked, bool quiet)
{
    const struct diagnostics *found = checked->diagnostics;
    CLEANUP(text_free) struct text line = {0};
    const char *file =
        strcmp(checked->file, "-") == 0 ? "<stdin>" : checked->file;
    text_append_escaped(&line, file, strlen(file), false);
    text_append_string(&line, found->errors > 0 ? ": " : ": valid");
    append_count(&line, "", found->errors, "error");
    append_count(&line, ", ", diagnostics_count(found, SEVERITY_WARNING),
                 "warning");
    append_count(&line, ", ", diagnostics_count(found, SEVERITY_NOTE), "note");
    text_append_character(&line, '\n');
    if (!quiet || found->errors > 0)
        print_text(&line);
}

static void report(const struct validation *validation,
                   const struct checked_file *checked)
{
    if (validation->form == FORM_JSON) {
        findings_add(validation->arena, validation->report, checked);
    } else if (validation->form == FORM_SARIF) {
        sarif_add(validation->arena, validation->report, checked);
    } else if (!checked->failure) {
        print_diagnostics(stdout, checked->diagnostics, checked->source,
                          checked->length);
        summarise(checked, validation->quiet);
    }
}

static void check_documents(const struct validation *validation,
                            struct arena *arena,
                            const struct document *document,
                            struct diagnostics *diagnostics)
{
    size_t count = value_count(document->documents), checked = 0;
    for (size_t i = 0; i < count; i++) {
        const struct value *item = value_item(document->documents, i);
        if (value_is(item, VALUE_NULL))
            continue; /* nothing between two '---', as for kubectl */
        workflow_check(arena, item, document->source, document->length,
                       diagnostics);
        checked++;
    }
    struct error error = {0};
    struct workflow_templates *own = workflow_templates_make(arena);
    if (workflow_templates_add_own(own, document->documents, document->file,
                                   &error) < 0 &&
        diagnostics->errors == 0)
        diagnostics_add_error(diagnostics, "E312", &error);
    const struct workflow_lint_options options = {
        .own = own,
        .given = validation->given,
        .marketplace = validation->marketplace,
    };
    for (size_t i = 0; i < count; i++)
        workflow_lint(value_item(document->documents, i), document->source,
                      document->length, &options, diagnostics);
    if (document->documents && checked == 0)
        diagnostics_add(diagnostics, SEVERITY_ERROR, "E301", (struct mark){0},
                        "a workflow has apiVersion, kind, metadata and spec",
                        "the file is empty");
    if (document->documents) /* else nothing was looked for */
        workflow_ignore(document->source, document->length, diagnostics);
    diagnostics_remove(diagnostics, validation->ignored);
    diagnostics_sort(diagnostics);
}

static int exit_of(const struct validation *validation,
                   const struct diagnostics *diagnostics)
{
    bool warned = diagnostics_count(diagnostics, SEVERITY_WARNING) > 0;
    int code = exit_of_diagnostics(diagnostics);
    return code == EXIT_PASSED && validation->strict && warned ? EXIT_DOCUMENT
                                                               : code;
}

static int validate_file(const struct validation *validation, const char *file)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct document document;
    struct diagnostics diagnostics = diagnostics_make(arena, file);
    if (prepare_validation(validation->unknown_fields, &diagnostics, &error) <
        0)
        return print_error(&error);
    struct checked_file checked = {.file = file, .diagnostics = &diagnostics};
    if (document_open(arena, file, NULL, &document, &diagnostics, &error) < 0) {
        checked.failure = error.text;
        report(validation, &checked);
        return print_error(&error);
    }
    check_documents(validation, arena, &document, &diagnostics);
    checked.file = document.file;
    checked.source = document.source;
    checked.length = document.length;
    report(validation, &checked);
    return exit_of(validation, &diagnostics);
}

static int read_templates(struct validation *validation, struct error *error)
{
    struct diagnostics found = diagnostics_make(validation->arena, NULL);
    validation->given = workflow_templates_make(validation->arena);
    if (templates_load(validation->arena, &validation->templates, NULL,
                       validation->given, &found, error) == 0)
        return 0;
    print_diagnostics(stderr, &found, NULL, 0);
    return error_set(error, ERROR_INPUT, "the templates cannot be read");
}

/* Adds the codes of a list with commas. */
static int read_ignored(struct validation *validation, const char *from,
                        const char *list, struct error *error)
{
    while (*list) {
        size_t length = strcspn(list, ", ");
        const char *name = arena_copy(validation->arena, list, length);
        const struct diagnostic_code *code = diagnostics_code_find(name);
        list += length;
        list += strspn(list, ", ");
        if (length == 0)
            continue;
        if (!code)
            return error_set(error, ERROR_USAGE,
                             "%s: '%.100s' is no code; --explain all prints "
                             "all",
                             from, name);
        if (code->severity == SEVERITY_ERROR)
            return error_set(error, ERROR_USAGE,
                             "%s: '%s' is an error, which cannot be ignored",
                             from, name);
        if (validation->ignored_count < IGNORED_LIMIT)
            validation->ignored[validation->ignored_count++] = code->code;
    }
    return 0;
}

/* The codes of the user's config.yaml. */
static int read_preferred(struct validation *validation, struct error *error)
{
    struct config_file config;
    if (config_file_read(validation->arena, &config, error) < 0)
        return -1;
    for (size_t i = 0; i < value_count(config.ignore); i++)
        if (read_ignored(validation, config.path,
                         value_string(value_item(config.ignore, i)), error) < 0)
            return -1;
    return 0;
}

static int read_settings(struct validation *validation, struct error *error)
{
    if (read_preferred(validation, error) < 0)
        return -1;
    const char *variable = getenv("ASSAY_IGNORE");
    if (variable &&
        read_ignored(validation, "ASSAY_IGNORE", variable, error) < 0)
        return -1;
    for (size_t i = 0; i < validation->ignore.count; i++)
        if (read_ignored(validation, "--ignore", validation->ignore.items[i],
                         error) < 0)
            return -1;
    return read_templates(validation, error);
}

static int validate_files(struct validation *validation, char **files,
                          int count)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    validation->arena = arena;
    if (read_settings(validation, &error) < 0)
        return print_error(&error);
    if (validation->form == FORM_JSON)
        validation->report = findings_make(arena);
    if (validation->form == FORM_SARIF)
        validation->report = sarif_make(arena, ASSAY_VERSION);
    int code = EXIT_PASSED;
    for (int i = 0; i < count; i++) {
        int here = validate_file(validation, files[i]);
        if (here > code)
            code = here;
    }
    if (validation->report)
        output_print(validation->report, OUTPUT_JSON);
    return code;
}

static int parse_form(const char *word, enum form *form, struct error *error)
{
    static const char *const words[] = {
        [FORM_TEXT] = "text",
        [FORM_JSON] = "json",
        [FORM_SARIF] = "sarif",
    };
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0) {
            *form = (enum form)i;
            return 0;
        }
    if (!word)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "--output: expected text, json or sarif, found '%.100s'",
                     word);
}

static int explain(const char *code)
{
    struct error error = {0};
    CLEANUP(text_free) struct text text = {0};
    if (explain_append(&text, code, &error) < 0)
        return print_error(&error);
    print_text(&text);
    return EXIT_PASSED;
}

int command_validate(int count, char **arguments)
{
    struct validation validation = {0};
    const struct option options[] = {
        {"output", 'o', OPTION_TEXT, &validation.output, "FORMAT",
         "text, json, or sarif (2.1.0, for code scanning)"},
        {"quiet", 'q', OPTION_FLAG, &validation.quiet, NULL,
         "say nothing of files without errors"},
        {"strict", 0, OPTION_FLAG, &validation.strict, NULL,
         "warnings make the exit code 3"},
        {"ignore", 0, OPTION_LIST, &validation.ignore, "CODE[,CODE]",
         "leave these warnings and notes out (also ASSAY_IGNORE, "
         "config.yaml)"},
        {"marketplace", 0, OPTION_FLAG, &validation.marketplace, NULL,
         "labels and annotations must be complete (W427)"},
        {"template", 0, OPTION_LIST, &validation.templates, "PATH",
         "a file or folder of templates that the workflows use"},
        VALIDATION_OPTION(&validation.unknown_fields),
        {"explain", 0, OPTION_TEXT, &validation.explain, "CODE",
         "tell what a code means, with an example, and end; `all` for all"},
        {0},
    };
    struct error error = {0};
    static const struct command_help help = {
        .usage = "validate FILE...",
        .text = "Checks workflow files (`-` is standard input): YAML, fields, "
                "types, expressions,\nand what is unwise. Nothing is fetched "
                "or run.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    if (parse_form(validation.output, &validation.form, &error) < 0)
        return print_error(&error);
    if (validation.explain)
        return explain(validation.explain);
    if (count == 0) {
        error_set(&error, ERROR_USAGE, "expected at least one file");
        return print_error(&error);
    }
    return validate_files(&validation, arguments, count);
}
