/*
 * `assay validate FILE...`: every file on its own, all findings in source order,
 * then one line a file. 3 when one of them has an error.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/document.h"
#include "cli/options.h"
#include "cli/print.h"
#include "engine/workflow/workflow.h"

static void summarise(const struct document *document,
                      const struct diagnostics *diagnostics, bool quiet)
{
    CLEANUP(text_free) struct text line = {0};
    text_append_escaped(&line, document->file, strlen(document->file), false);
    if (diagnostics->errors > 0)
        text_append_format(&line, ": %zu error%s\n", diagnostics->errors,
                           diagnostics->errors == 1 ? "" : "s");
    else if (diagnostics->count > 0)
        text_append_format(&line, ": valid, %zu note%s\n", diagnostics->count,
                           diagnostics->count == 1 ? "" : "s");
    else
        text_append_string(&line, ": valid\n");
    if (!quiet || diagnostics->errors > 0)
        print_text(&line);
}

static int validate_file(const char *file, bool quiet)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct document document;
    struct diagnostics diagnostics = diagnostics_make(arena, file);
    if (document_open(arena, file, NULL, &document, &diagnostics, &error) < 0)
        return print_error(&error);
    size_t count = value_count(document.documents);
    for (size_t i = 0; i < count; i++)
        workflow_check(arena, value_item(document.documents, i),
                       document.source, document.length, &diagnostics);
    if (document.documents && count == 0)
        diagnostics_add(&diagnostics, SEVERITY_ERROR, "E301", (struct mark){0},
                        "a workflow has apiVersion, kind, metadata and spec",
                        "the file is empty");
    diagnostics_sort(&diagnostics);
    print_diagnostics(stdout, &diagnostics, document.source, document.length);
    summarise(&document, &diagnostics, quiet);
    return diagnostics.errors > 0 ? EXIT_DOCUMENT : EXIT_PASSED;
}

int command_validate(int count, char **arguments)
{
    bool quiet = false;
    const struct option options[] = {
        {"quiet", 'q', OPTION_FLAG, &quiet, NULL,
         "say nothing of files without errors"},
        {0},
    };
    struct error error = {0};
    bool help;
    int rest;
    if (options_read(options, count, arguments, &rest, &help, &error) < 0)
        return print_error(&error);
    if (help) {
        options_help("validate FILE...",
                     "Checks workflow files (`-` is standard input): YAML, "
                     "fields, types, expressions.\n"
                     "Nothing is fetched or run.",
                     options);
        return EXIT_PASSED;
    }
    if (rest == 0) {
        error_set(&error, ERROR_USAGE, "expected at least one file");
        return print_error(&error);
    }
    int code = EXIT_PASSED;
    for (int i = 0; i < rest; i++) {
        int here = validate_file(arguments[i], quiet);
        if (here > code)
            code = here;
    }
    return code;
}
