#pragma once
/* Shared by the files of this folder. */
#include "engine/expression/expression.h"
#include "engine/workflow/workflow.h"

/* How the strings below a field are read (workflow-spec: "tag"). */
enum field_tag {
    FIELD_TEMPLATE,   /* text with {{ }} */
    FIELD_EXPRESSION, /* a bare expression */
    FIELD_LITERAL,    /* taken as it is, and so is everything below */
    FIELD_LIST,       /* a list of templates; one sole block may be a list */
};

/* The tag of the member `name` of a map below spec; `parent` is the name of that
 * map's own field, "" at the top of spec. */
enum field_tag field_tag_of(const char *parent, const char *name);

/* The parameter of that name, or NULL. */
struct parameter *parameter_find(const struct workflow *workflow,
                                 const char *name, size_t length);

/* Checks `text` against the type and the limits of the parameter's schema;
 * ERROR_USAGE. */
int parameter_check(const struct parameter *parameter, const char *text,
                    struct error *error);

/* What `config.<name>` stands for: a typed value, or for a sensitive one the name
 * `secret.config.<name>`, which is known in the pod only. NULL: it has no value. */
const struct expression *parameter_expression(struct arena *arena,
                                              const struct parameter *parameter,
                                              struct error *error);

/* What the names of the resolve stage are answered from. */
struct resolution {
    struct arena *arena;
    struct workflow *workflow;
    const char *run_id;
    struct diagnostics *diagnostics;
    int depth; /* of defaults that refer to defaults */
};

/* A machine for config.*, workflow.*, labels.*, execution.* and so on. */
struct expression_names resolution_names(struct resolution *resolution);

/* Reports S501 when the template `text` puts a value that the user gave, and that
 * holds shell-active characters, into shell text. */
void splice_check(struct resolution *resolution, const struct value *text,
                  const struct expression_template *template);
