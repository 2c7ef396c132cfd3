/*
 * Name -> what the program does, as far as lints ask. One table, which is searched
 * once for each command of a script, sorted.
 */
#include "engine/workflow/shell_program.h"

#include <stddef.h>
#include <string.h>

static const struct shell_program programs[] = {
    {".", SHELL_RUNS, {NULL}},
    {"apk", 0, {"add"}},
    {"apt", 0, {"install"}},
    {"apt-get", 0, {"install"}},
    {"ash", SHELL_RUNS, {NULL}},
    {"bash", SHELL_RUNS, {NULL}},
    {"brew", 0, {"install"}},
    {"cargo", 0, {"install"}},
    {"command", SHELL_WRAPS, {NULL}},
    {"curl", SHELL_FETCHES, {NULL}},
    {"dash", SHELL_RUNS, {NULL}},
    {"dnf", 0, {"install"}},
    {"env", SHELL_WRAPS, {NULL}},
    {"eval", SHELL_WRAPS | SHELL_RUNS, {NULL}},
    {"exec", SHELL_WRAPS, {NULL}},
    {"gem", 0, {"install"}},
    {"go", 0, {"install"}},
    {"ksh", SHELL_RUNS, {NULL}},
    {"kubectl", SHELL_ASKS, {NULL}},
    {"microdnf", 0, {"install"}},
    {"nice", SHELL_WRAPS, {NULL}},
    {"npm", 0, {"install", "i", "add"}},
    {"oc", SHELL_ASKS, {NULL}},
    {"pip", 0, {"install"}},
    {"pip3", 0, {"install"}},
    {"pnpm", 0, {"add"}},
    {"sh", SHELL_RUNS, {NULL}},
    {"source", SHELL_RUNS, {NULL}},
    {"sudo", SHELL_WRAPS, {NULL}},
    {"timeout", SHELL_WRAPS, {NULL}},
    {"wget", SHELL_FETCHES, {NULL}},
    {"yarn", 0, {"add", "global"}},
    {"yum", 0, {"install"}},
    {"zsh", SHELL_RUNS, {NULL}},
    {"zypper", 0, {"install", "in"}},
};

const char *shell_program_name(const char *word)
{
    const char *slash = strrchr(word, '/');
    return slash ? slash + 1 : word;
}

const struct shell_program *shell_program_find(const char *name)
{
    static const struct shell_program unknown = {"", 0, {NULL}};
    const size_t count = sizeof programs / sizeof *programs;
    size_t low = 0, high = count;
    while (low < high) { /* the first with this letter */
        size_t middle = (low + high) / 2;
        if (programs[middle].name[0] < name[0])
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && programs[low].name[0] == name[0]; low++)
        if (strcmp(programs[low].name, name) == 0)
            return &programs[low];
    return &unknown;
}

bool shell_program_installs(const struct shell_program *program,
                            const char *operand)
{
    const size_t most = sizeof program->installs / sizeof *program->installs;
    for (size_t i = 0; i < most && program->installs[i]; i++)
        if (strcmp(program->installs[i], operand) == 0)
            return true;
    return false;
}
