#include <stdio.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/print.h"

int command_version(int count, char **arguments)
{
    static const struct option options[] = {{0}};
    static const struct command_help help = {
        .usage = "version",
        .text = "Prints the version.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    CLEANUP(text_free) struct text text = {0};
    text_append_string(&text, "assay " ASSAY_VERSION "\n");
    print_text(&text);
    return EXIT_PASSED;
}
