/*
 * Parameter values are data. A value that goes by `env` may hold anything; one
 * that a template puts into the text of a shell is read by that shell as code.
 * What the author wrote as a default is the author's; what the user of the
 * workflow gave may hold only characters that no shell treats in a special way,
 * unless the user says otherwise.
 */
#include <stdio.h>
#include <string.h>

#include "engine/workflow/private.h"
#include "engine/workflow/shell_text.h"

/* A word of these alone is always one word and means itself; a selector such as
 * app=web, too, since where it would be an assignment any word is a command. */
static bool is_harmless(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_./:@%+,=-";
    return text[0] != '-' && text[0] != '=' &&
           strspn(text, plain) == strlen(text);
}

/* The user's parameter in the value of this one that a shell would act on. */
static const struct parameter *risk_of(const struct parameter *parameter)
{
    if (!parameter->given)
        return parameter->taint;
    return parameter->splice || is_harmless(parameter->given) ? NULL
                                                              : parameter;
}

struct splice_visit {
    const struct scope *scope;
    struct resolution *resolution; /* NULL: nothing is reported */
    const struct value *text;
    const struct parameter *first;
    struct shell_place place;
};

/* Where the name stands in a block of the text; 0 when it is not found. */
static size_t offset_of(const struct value *text, const char *name,
                        size_t length)
{
    const char *start = text->string.bytes;
    const char *end = start + text->string.length;
    const char *at = start;
    while ((at = memmem(at, (size_t)(end - at), "{{", 2))) {
        const char *stop = memmem(at, (size_t)(end - at), "}}", 2);
        if (!stop)
            return 0;
        const char *found = memmem(at, (size_t)(stop - at), name, length);
        if (found)
            return (size_t)(found - start);
        at = stop;
    }
    return 0;
}

static void visit_name(void *context, const char *name, size_t length)
{
    static const char prefix[] = "config.";
    struct splice_visit *visit = context;
    if (length <= strlen(prefix) || memcmp(name, prefix, strlen(prefix)) != 0)
        return;
    const struct parameter *parameter = parameter_find(
        visit->scope, name + strlen(prefix), length - strlen(prefix));
    if (parameter)
        parameter = risk_of(parameter);
    if (!parameter)
        return;
    if (!visit->first)
        visit->first = parameter;
    if (!visit->resolution)
        return;
    struct mark mark = visit->text->mark;
    /* Later findings are only counted. */
    if (visit->resolution->diagnostics->count < DIAGNOSTICS_LIMIT)
        mark = resolution_locate(visit->resolution, visit->text,
                                 offset_of(visit->text, name, length));
    char hint[512];
    snprintf(hint, sizeof hint,
             "the safe form is an `env` entry with value \"{{ config.%s }}\" "
             "and \"$VARIABLE\" in the text, or {{ shellquote(...) }} outside "
             "of quotes; to accept the risk: --allow-splice %s",
             parameter->name, parameter->name);
    diagnostics_add(visit->resolution->diagnostics, SEVERITY_ERROR, "S501",
                    mark, hint,
                    "the value of parameter '%s' has characters that the shell "
                    "would act on, and this text puts it into shell code",
                    parameter->name);
}

/* What shellquote() gives is data where a shell parts words. */
static bool is_quoted(void *context, size_t offset)
{
    struct splice_visit *visit = context;
    return shell_text_parts_words(&visit->place, visit->text->string.bytes,
                                  visit->text->string.length, offset);
}

void splice_check(struct resolution *resolution, const struct value *text,
                  const struct expression_template *template)
{
    struct splice_visit visit = {
        .scope = &resolution->scope, .resolution = resolution, .text = text};
    expression_template_visit_shown_outside(template, "shellquote", is_quoted,
                                            visit_name, &visit);
}

const struct parameter *splice_taint(const struct scope *scope,
                                     const struct expression_template *template)
{
    struct splice_visit visit = {.scope = scope};
    expression_template_visit_shown(template, visit_name, &visit);
    return visit.first;
}
