#pragma once
/* Private: the templates that a workflow may use, and those that are in use. */
#include "engine/workflow/private.h"

struct template
{
    const char *name;
    const char *file;
    const struct value *document;
    const struct value *origin; /* NULL: a file */
    uint32_t source;            /* of its marks */
    bool checked, good;         /* against its schema */
    bool used;
};

struct workflow_templates {
    struct arena *arena;
    struct template *items;
    size_t count;
    struct diagnostics_source *sources;
    uint32_t source_count;
};

/* The templates that are being put in, the innermost first. */
struct chain {
    const struct template *template;
    const struct chain *above;
};

/*
 * The spec of the template that `reference` ({name, config}) names: with its
 * arguments and what it uses itself put in. `link` is its place in the chain and
 * must live as long as the call. NULL after a diagnostic.
 */
struct value *template_instantiate(struct resolution *resolution,
                                   const struct value *reference,
                                   struct chain *link);
