/*
 * --name VALUE, --name=VALUE, -n VALUE, -nVALUE, flags, and `--`. Options and
 * operands may be mixed, as in git.
 */
#include "cli/options.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/print.h"
#include "engine/base/diagnostics.h"

enum { OPTIONS_LIMIT = 64 };

static const struct option *find_long(const struct option *options,
                                      const char *name, size_t length)
{
    for (; options->name; options++)
        if (strlen(options->name) == length &&
            memcmp(options->name, name, length) == 0)
            return options;
    return NULL;
}

static const struct option *find_short(const struct option *options,
                                       char letter)
{
    for (; options->name; options++)
        if (options->letter && options->letter == letter)
            return options;
    return NULL;
}

static int unknown_option(const struct option *options, const char *argument,
                          struct error *error)
{
    const char *names[OPTIONS_LIMIT + 1] = {NULL};
    for (size_t i = 0; i < OPTIONS_LIMIT && options[i].name; i++)
        names[i] = options[i].name;
    char name[64];
    snprintf(name, sizeof name, "%.*s",
             (int)strcspn(argument + strspn(argument, "-"), "="),
             argument + strspn(argument, "-"));
    const char *nearest = diagnostics_nearest(name, names);
    if (nearest)
        return error_set(error, ERROR_USAGE,
                         "unknown option '%.100s', did you mean '--%s'?",
                         argument, nearest);
    return error_set(error, ERROR_USAGE, "unknown option '%.100s', see --help",
                     argument);
}

static int store(const struct option *option, const char *value,
                 struct error *error)
{
    char *end;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->target = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)option->target = value;
        return 0;
    case OPTION_LIST: {
        struct option_list *list = option->target;
        if (list->count == OPTION_LIST_LIMIT)
            return error_set(error, ERROR_USAGE,
                             "--%s: given more than %d times", option->name,
                             OPTION_LIST_LIMIT);
        list->items[list->count++] = value;
        return 0;
    }
    case OPTION_COUNT: {
        unsigned long number = strtoul(value, &end, 10);
        if (!isdigit((unsigned char)value[0]) || *end != '\0' ||
            number > 1000000)
            return error_set(error, ERROR_USAGE,
                             "--%s: expected a number up to 1000000, found "
                             "'%.100s'",
                             option->name, value);
        *(size_t *)option->target = number;
        return 0;
    }
    }
    return 0;
}

/* One option that begins at arguments[*index]. */
static int read_option(const struct option *options, int count,
                       char **arguments, int *index, struct error *error)
{
    const char *argument = arguments[*index];
    const struct option *option;
    const char *value;
    if (argument[1] == '-') {
        const char *equals = strchr(argument, '=');
        size_t length =
            equals ? (size_t)(equals - argument) - 2 : strlen(argument) - 2;
        option = find_long(options, argument + 2, length);
        value = equals ? equals + 1 : NULL;
    } else {
        option = find_short(options, argument[1]);
        value = argument[2] ? argument + 2 : NULL;
    }
    if (!option)
        return unknown_option(options, argument, error);
    if (option->kind == OPTION_FLAG && value)
        return error_set(error, ERROR_USAGE, "--%s takes no value",
                         option->name);
    if (option->kind != OPTION_FLAG && !value) {
        if (*index + 1 >= count)
            return error_set(error, ERROR_USAGE, "--%s needs a value: %s",
                             option->name, option->argument);
        value = arguments[++*index];
    }
    return store(option, value, error);
}

static int read_options(const struct option *options, int count,
                        char **arguments, int *rest, bool *help,
                        struct error *error)
{
    *rest = 0;
    *help = false;
    bool ended = false;
    for (int i = 0; i < count; i++) {
        char *argument = arguments[i];
        bool operand = ended || argument[0] != '-' || argument[1] == '\0';
        if (operand) {
            arguments[(*rest)++] = argument;
        } else if (strcmp(argument, "--") == 0) {
            ended = true;
        } else if (strcmp(argument, "--help") == 0 ||
                   strcmp(argument, "-h") == 0) {
            *help = true;
        } else if (read_option(options, count, arguments, &i, error) < 0) {
            return -1;
        }
    }
    return 0;
}

/* On standard output. */
static void print_help(const struct command_help *help,
                       const struct option *options)
{
    printf("usage: assay %s\n\n%s\n", help->usage, help->text);
    if (options->name)
        printf("\noptions:\n");
    for (; options->name; options++) {
        char left[64];
        char letter[8] = "    ";
        if (options->letter)
            snprintf(letter, sizeof letter, "-%c, ", options->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, options->name,
                 options->argument ? " " : "",
                 options->argument ? options->argument : "");
        printf("  %-28s %s\n", left, options->help);
    }
}

bool options_take(const struct option *options, const struct command_help *help,
                  int *count, char **arguments, int *code)
{
    struct error error = {0};
    bool asked = false;
    if (read_options(options, *count, arguments, count, &asked, &error) < 0) {
        *code = print_error(&error);
        return false;
    }
    if (asked)
        print_help(help, options);
    *code = EXIT_PASSED;
    return !asked;
}
