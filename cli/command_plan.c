/* `assay plan FILE`: the objects as YAML, for people and for kubectl. */
#include "cli/command.h"
#include "cli/prepare.h"
#include "cli/print.h"

int command_plan(int count, char **arguments)
{
    struct request request = {0};
    const struct option options[] = {
        REQUEST_OPTIONS(&request),
        PLAN_OPTIONS(&request),
        {"namespace", 'n', OPTION_TEXT, &request.namespace_name, "NS",
         "the namespace of the objects"},
        SECURITY_OPTION(&request.security),
        {0},
    };
    struct error error = {0};
    static const struct command_help help = {
        .usage = "plan FILE [options]",
        .text = "Prints the ConfigMap, the Secret (its values redacted) and "
                "the Job that a run\nwould create. Nothing is created.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    if (count != 1) {
        error_set(&error, ERROR_USAGE, "expected one file, found %d", count);
        return print_error(&error);
    }
    request.file = arguments[0];
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct preparation preparation;
    int result = prepare(arena, &request, &preparation, &error);
    code = prepare_report(&preparation, &error);
    if (result < 0)
        return code;
    CLEANUP(text_free) struct text text = {0};
    plan_summarize(&text, preparation.plan);
    plan_print(&text, preparation.plan, false);
    print_text(&text);
    return EXIT_PASSED;
}
