#include <stdio.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/print.h"

int command_version(int count, char **arguments)
{
    static const struct option options[] = {{0}};
    struct error error = {0};
    bool help;
    int rest;
    if (options_read(options, count, arguments, &rest, &help, &error) < 0)
        return print_error(&error);
    if (help) {
        options_help("version", "Prints the version.", options);
        return EXIT_PASSED;
    }
    CLEANUP(text_free) struct text text = {0};
    text_append_string(&text, "assay " ASSAY_VERSION "\n");
    print_text(&text);
    return EXIT_PASSED;
}
