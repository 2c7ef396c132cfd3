/* Failures and verdicts -> exit codes. Two tables and nothing else. */
#include "cli/command.h"

int exit_of_error(const struct error *error)
{
    static const int codes[] = {
        [ERROR_NONE] = EXIT_PASSED,       [ERROR_USAGE] = EXIT_USAGE,
        [ERROR_INPUT] = EXIT_DOCUMENT,    [ERROR_TRUST] = EXIT_REFUSED,
        [ERROR_REMOTE] = EXIT_NOT_RUN,    [ERROR_SYSTEM] = EXIT_NOT_RUN,
        [ERROR_DEADLINE] = EXIT_DEADLINE, [ERROR_ABORTED] = EXIT_ABORTED,
    };
    return codes[error->kind];
}

int exit_of_status(enum status status)
{
    /* Whatever is not a known end is not a pass. */
    static const int codes[] = {
        [STATUS_QUEUED] = EXIT_NOT_RUN,   [STATUS_RUNNING] = EXIT_NOT_RUN,
        [STATUS_PASSED] = EXIT_PASSED,    [STATUS_FAILED] = EXIT_FAILED,
        [STATUS_TIMEOUT] = EXIT_DEADLINE, [STATUS_SKIPPED] = EXIT_NOT_RUN,
        [STATUS_ABORTED] = EXIT_ABORTED,  [STATUS_ERROR] = EXIT_NOT_RUN,
        [STATUS_LOST] = EXIT_NOT_RUN,     [STATUS_PAUSED] = EXIT_NOT_RUN,
    };
    return codes[status];
}

int exit_of_diagnostics(const struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++)
        if (diagnostics->items[i].severity == SEVERITY_ERROR &&
            diagnostics->items[i].code[0] != 'S')
            return EXIT_DOCUMENT;
    return diagnostics->errors > 0 ? EXIT_REFUSED : EXIT_PASSED;
}
