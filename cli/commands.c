/* The table of commands, and `assay help`. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

const struct command commands[] = {
    {"run", command_run, "REF... [--config NAME=VALUE]... --runtime WHERE",
     "run workflows and record them"},
    {"validate", command_validate, "FILE...", "check workflow files"},
    {"plan", command_plan, "REF [--config NAME=VALUE]...",
     "print the Kubernetes objects of a run; nothing is created"},
    {"resolve", command_resolve, "REF [--config NAME=VALUE]...",
     "print a workflow with its parameters and templates put in"},
    {"history", command_history, "[list]", "list past runs"},
    {"show", command_show, "ID", "show one run: steps, parameters, images"},
    {"logs", command_logs, "ID [--step REF]", "print the log of a run"},
    {"artifacts", command_artifacts, "ID [--download DIR]",
     "list or fetch the files that a run left"},
    {"attach", command_attach, "ID",
     "follow a run that goes on, in a cluster or on this machine"},
    {"resume", command_resume, "ID [STEP]", "let a paused step go on"},
    {"abort", command_abort, "ID",
     "end a run, in a cluster or on this machine"},
    {"eval", command_eval, "EXPR [--vars JSON]",
     "print what an expression gives"},
    {"marketplace", command_marketplace, "COMMAND",
     "find, pin and update workflows of git repositories"},
    {"doctor", command_doctor, "[--rbac]",
     "check what a run needs: cluster, rights, sandbox, history"},
    {"version", command_version, "", "print the version"},
    {"help", command_help, "[COMMAND]", "print this, or the help of a command"},
    {NULL, NULL, NULL, NULL},
};

static void print_overview(void)
{
    printf("usage: assay COMMAND [ARGUMENTS]\n\n"
           "Assay runs TestWorkflow files and keeps a record of every run.\n\n"
           "commands:\n");
    for (const struct command *row = commands; row->name; row++)
        printf("  %-11s %s\n", row->name, row->help);
    printf("\n`assay COMMAND --help` tells the options of a command.\n\n"
           "exit codes: 0 passed, 1 the workflow failed, 2 wrong usage, "
           "3 invalid document,\n"
           "  4 refused by trust or policy, 5 could not be run or its outcome "
           "is lost,\n"
           "  6 the run's deadline passed, 130 aborted\n");
}

int command_help(int count, char **arguments)
{
    for (const struct command *row = commands; count > 0 && row->name; row++) {
        char option[] = "--help";
        char *help[] = {option};
        if (strcmp(row->name, arguments[0]) == 0 && row->run != command_help)
            return row->run(1, help);
    }
    print_overview();
    return EXIT_PASSED;
}
