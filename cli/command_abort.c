/* `assay abort ID`: ends a run. */
#include "cli/attachment.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/print.h"

int command_abort(int count, char **arguments)
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
        .usage = "abort ID [options]",
        .text = "Ends a run: its steps get 10 s, `after` steps clean up, what "
                "they said is kept,\n"
                "the Job of one in a cluster is deleted. A second time ends it "
                "at once. ID as for\n"
                "`assay attach`.",
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
    request.abort = true;
    return attachment_run(&request);
}
