/*
 * Assay: parses the command's name and hands over. Everything is in the table of
 * cli/commands.c.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/print.h"
#include "engine/base/diagnostics.h"

static int unknown_command(const char *name)
{
    const char *names[32] = {NULL};
    for (size_t i = 0; i < 31 && commands[i].name; i++)
        names[i] = commands[i].name;
    const char *nearest = diagnostics_nearest(name, names);
    struct error error = {0};
    if (nearest)
        error_set(&error, ERROR_USAGE,
                  "unknown command '%.100s', did you mean '%s'?", name,
                  nearest);
    else
        error_set(&error, ERROR_USAGE,
                  "unknown command '%.100s', see 'assay help'", name);
    return print_error(&error);
}

int main(int count, char **arguments)
{
    if (count < 2) {
        command_help(0, NULL);
        return EXIT_USAGE;
    }
    const char *name = arguments[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (const struct command *row = commands; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row->run(count - 2, arguments + 2);
    return unknown_command(name);
}
