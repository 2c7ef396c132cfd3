/* `assay attach ID`: follows a run to its end. */
#include "cli/attachment.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/print.h"

int command_attach(int count, char **arguments)
{
    struct attachment_request request = {0};
    const char *output_word = NULL;
    const struct option options[] = {
        CONNECTION_OPTIONS(&request.cluster),
        {"db", 0, OPTION_TEXT, &request.database, "FILE",
         "the history to write"},
        FOLLOWING_OPTIONS(&request.look, &output_word),
        {0},
    };
    struct error error = {0};
    static const struct command_help help = {
        .usage = "attach ID [options]",
        .text = "Shows a run that goes on, in a cluster or on this machine, to "
                "its end, and ends\n"
                "with its exit code. ID is an id, the beginning of one, or "
                "`latest`; a run in a\n"
                "cluster that was begun elsewhere needs the whole id. Ctrl-C "
                "aborts the run.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    if (count != 1)
        error_set(&error, ERROR_USAGE, "expected one id (or 'latest')");
    else
        output_parse(output_word, &request.look.output, &error);
    if (error_is_set(&error))
        return print_error(&error);
    request.run = arguments[0];
    return attachment_run(&request);
}
