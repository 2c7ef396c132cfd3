/*
 * The text of a script in, the shell for it out. Workflows are written for the
 * shell that Testkube brings along: busybox. An image has that, or bash, which can do
 * the same; or, as those made from Debian, dash as /bin/sh and bash beside it. dash
 * knows no `pipefail`, no `[[`, no `==`, and its echo acts on backslashes, so bash
 * takes its place for scripts that show a sign of these.
 */
#include "engine/entrypoint/shell.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define BASH "/bin/bash"

static const char *const signs[] = {
    "pipefail",  "[[",      " == ",    "RANDOM",  "source ",  "let ",
    "function ", "&>",      "$'",      "echo -e", "echo -ne", "echo -en",
    "read -t",   "read -n", "read -s", "read -d",
};

/* ${name/x/y}, ${name:1:2}: parts of a variable. */
static bool has_parts(const char *script)
{
    const char *place = script;
    while ((place = strstr(place, "${"))) {
        place += 2;
        place +=
            strspn(place, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
                          "wxyz0123456789_");
        if (*place == '/' ||
            (*place == ':' && place[1] && strchr("0123456789$ (", place[1])))
            return true;
    }
    return false;
}

/* What dash's echo would act on. */
static bool has_escapes(const char *script)
{
    const char *place = strstr(script, "echo ");
    while (place && (place = strchr(place, '\\'))) {
        place++;
        if (*place && strchr("\\abcefnrtv0", *place))
            return true;
        if (*place)
            place++;
    }
    return false;
}

bool shell_wants_more(const char *script)
{
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strstr(script, signs[i]))
            return true;
    return has_parts(script) || has_escapes(script);
}

const char *shell_choose(const char *script)
{
    return shell_wants_more(script) && access(BASH, X_OK) == 0 ? BASH : NULL;
}
