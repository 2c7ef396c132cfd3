#pragma once
/* Shared by the files of this folder. */
#include <string.h>

#include "engine/expression/expression.h"
#include "engine/workflow/workflow.h"

/* Whether the string holds the beginning of a block. Looked for in every text of a
 * document: by memchr, which is several times as fast as memmem. */
static inline bool has_block(const struct value *text)
{
    const char *at = text->string.bytes;
    const char *end = at + text->string.length;
    while ((at = memchr(at, '{', (size_t)(end - at))) && at[1] != '{')
        at++;
    return at != NULL;
}

/* Whether it is worth a walk. */
static inline bool has_parts(const struct value *value)
{
    return value && (value->kind == VALUE_MAP || value->kind == VALUE_LIST);
}

/* How the strings below a field are read (workflow-spec: "tag"). */
enum field_tag {
    FIELD_TEMPLATE,   /* text with {{ }} */
    FIELD_EXPRESSION, /* a bare expression */
    FIELD_LITERAL,    /* taken as it is, and so is everything below */
    FIELD_LIST,       /* a list of templates; one sole block may be a list */
    FIELD_STRATEGY,   /* a bare expression, or a list of templates */
};

/* The tag of the member `name` of a map below spec; `parent` is the name of that
 * map's own field, "" at the top of spec. */
enum field_tag field_tag_of(const char *parent, const char *name);

/* Whether an apiVersion is one of the group testkube.io; what is not of it is not
 * checked, and so never run. */
bool version_is_ours(const char *version);

/* Whose parameters `config.<name>` means: the workflow's, or a template's. */
struct scope {
    struct parameter *parameters;
    size_t count;
    const char *template_name; /* NULL: the workflow */
};

/* The parameter of that name, or NULL. */
struct parameter *parameter_find(const struct scope *scope, const char *name,
                                 size_t length);

/* The parameters that `config` declares; E310 when there are too many. */
int parameters_decode(struct arena *arena, const struct value *config,
                      struct scope *scope, struct diagnostics *diagnostics);

/* "did you mean 'x'?", the name with `prefix` in front, or which there are. */
const char *parameter_hint(struct arena *arena, const struct scope *scope,
                           const char *prefix, const char *name);

/* Checks `text` against the type and the limits of the parameter's schema;
 * ERROR_USAGE. */
int parameter_check(const struct parameter *parameter, const char *text,
                    struct error *error);

/* NULL when the text has the format, or nobody knows the format; else an example of
 * it. Either may be NULL. */
const char *parameter_format_example(const char *format, const char *text);

/* What `config.<name>` stands for: a typed value, or for a sensitive one the name
 * `secret.config.<name>`, which is known in the pod only. NULL: it has no value. */
const struct expression *parameter_expression(struct arena *arena,
                                              const struct parameter *parameter,
                                              struct error *error);

/* What the names of the resolve stage are answered from. */
struct resolution {
    struct arena *arena;
    struct workflow *workflow;
    struct scope scope;
    const char *run_id;
    struct diagnostics *diagnostics;
    int depth; /* of defaults that refer to defaults */
    struct use *uses;
    const struct chain *chain; /* the templates that are being put in */
};

/* The place of a byte of a string, in whichever text it stands. */
struct mark resolution_locate(const struct resolution *resolution,
                              const struct value *text, size_t offset);

/* The value with every template and expression below it resolved; `field` is the
 * name of the field that holds it. What is wrong is reported. */
struct value *resolution_value(struct resolution *resolution,
                               const struct value *value, const char *field);

/* Gives every parameter of the scope its value, also those that no template
 * names: they are shown in the record of the run. */
int resolution_settle(struct resolution *resolution);

/* What an argument of a template depends on. */
struct use_argument {
    const struct value *value;     /* resolved; the key */
    const struct parameter *taint; /* the user's, with characters of a shell */
    struct use_argument *next;
};

/* What all templates of a resolution share. */
struct use {
    struct use_argument *arguments;
    size_t count; /* of templates put in */
    size_t nodes; /* that came of them */
    bool full;    /* which was said */
};

/* Puts the templates in that a resolved spec names, at every place where they are
 * allowed; what is left has no `use` and no `template`. One that cannot be put in
 * is reported and left out. */
struct value *templates_apply(struct resolution *resolution,
                              const struct value *spec);

/* Lets marks that point into the files of templates be reported there. */
void templates_attach(const struct workflow_templates *templates,
                      struct diagnostics *diagnostics);

/* Whether a template of that name is at hand. */
bool templates_has(const struct workflow_templates *templates,
                   const char *name);

/* `above` laid over `below` by the rules of the fields (docs/templates.md). The
 * result shares their parts. Either may be NULL. */
struct value *merge_spec(struct arena *arena, const struct value *below,
                         const struct value *above);
struct value *merge_step(struct arena *arena, const struct value *below,
                         const struct value *above);
struct value *merge_service(struct arena *arena, const struct value *below,
                            const struct value *above);

/* A machine for config.*, workflow.*, labels.*, execution.* and so on. */
struct expression_names resolution_names(struct resolution *resolution);

/* Reports S501 when the template `text` puts a value that the user gave, and that
 * holds shell-active characters, into shell text. */
void splice_check(struct resolution *resolution, const struct value *text,
                  const struct expression_template *template);

/* The parameter whose value, given by the user, would make the text of the
 * template dangerous in a shell; NULL: none. */
const struct parameter *
splice_taint(const struct scope *scope,
             const struct expression_template *template);
