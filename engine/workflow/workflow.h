#pragma once
/*
 * A TestWorkflow document with its parameters, and the same with the parameters
 * put in: the resolved workflow. Lives in the arena it was decoded into.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/diagnostics.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

enum parameter_type {
    PARAMETER_STRING,
    PARAMETER_INTEGER,
    PARAMETER_NUMBER,
    PARAMETER_BOOLEAN,
};

/* One entry of spec.config. */
struct parameter {
    const char *name;
    enum parameter_type type;
    bool sensitive;
    const char *fallback;       /* `default` as text, a template; NULL: none */
    const struct value *schema; /* the entry as written; may be a scalar */
    const char *given;          /* by the user, taken literally; NULL: not */
    const char *text; /* the value in use; NULL: none. Set by resolve */
    bool splice;      /* may go into shell text whatever it holds */
    bool settling;    /* private: its default is being evaluated */
    /* Private, of a template's parameter: the part of its value that is known in
     * the pod only, and the user's parameter that went into it. */
    const struct expression *later;
    const struct parameter *taint;
    const char
        *secret; /* sensitive: its name, `secret.<this>`; NULL: config.x */
};

struct diagnostics_source;
struct workflow_templates;

struct workflow {
    const char *name;   /* metadata.name */
    const char *file;   /* for messages */
    const char *source; /* the bytes of the file, for places in strings */
    size_t source_length;
    char digest[72];              /* "sha256:<64 hex>" of the file's bytes */
    const struct value *document; /* as read */
    int64_t
        scheduled; /* execution.scheduledAt, set by the caller; 0: nobody says */
    const struct value *resolved; /* after workflow_resolve; NULL before */
    struct parameter *parameters;
    size_t parameter_count;
    struct workflow_templates *templates; /* that it may use; NULL: none */
    const struct parameter *
        *secrets; /* sensitive ones of templates; by resolve */
    size_t secret_count;
};

/* The id that a step has by its name, as Testkube makes it: small letters and
 * digits, `_` for what is between them. NULL for a name that gives none. */
const char *workflow_id_of_name(struct arena *arena, const char *name);

/* Checks `document` (of the YAML text `source`) against the schema of its kind
 * and decodes it. Everything found goes to `diagnostics`; NULL when one of them
 * is an error. */
struct workflow *workflow_decode(struct arena *arena,
                                 const struct value *document,
                                 const char *source, size_t source_length,
                                 struct diagnostics *diagnostics);

/* Checks any document of a kind that Assay knows (TestWorkflow,
 * TestWorkflowTemplate, TestWorkflowExecution): schema, expressions, semantics.
 * Nothing is resolved. */
void workflow_check(struct arena *arena, const struct value *document,
                    const char *source, size_t source_length,
                    struct diagnostics *diagnostics);

/* What workflow_lint is told. */
struct workflow_lint_options {
    const struct workflow_templates *own;   /* of the same file; NULL: none */
    const struct workflow_templates *given; /* by the user; NULL: none */
    bool marketplace; /* metadata must be complete, whatever the file says */
};

/* What is valid and worth a warning all the same (W42x, W43x), of a workflow or
 * template. Time is linear in the size of the document. */
void workflow_lint(const struct value *document, const char *source,
                   size_t source_length,
                   const struct workflow_lint_options *options,
                   struct diagnostics *diagnostics);

/* Takes out the warnings and notes that comments in the source switch off
 * (`# assay: ignore CODE`), and adds W403 for comments without effect. After all
 * checks, before diagnostics_sort. */
void workflow_ignore(const char *source, size_t length,
                     struct diagnostics *diagnostics);

/* Sets a parameter from `name=value`. An unknown name is ERROR_USAGE and tells
 * the known ones; a value that its schema refuses is ERROR_USAGE too. */
int workflow_set(struct arena *arena, struct workflow *workflow,
                 const char *assignment, struct error *error) MUST_CHECK;

/* Sets parameters from a YAML or JSON map {name: value}; those that are given
 * already are kept. */
int workflow_set_all(struct arena *arena, struct workflow *workflow,
                     const struct value *map, struct error *error) MUST_CHECK;

/* Allows the value of parameter `name` to be spliced into shell text whatever
 * characters it holds. */
int workflow_allow_splice(struct workflow *workflow, const char *name,
                          struct error *error) MUST_CHECK;

/* An empty set of templates, which lives in `arena`. */
struct workflow_templates *workflow_templates_make(struct arena *arena);

/* Adds the documents of kind TestWorkflowTemplate of a file, whose marks will point
 * into `text` (which must live as long as the set); `origin` is for the record: the
 * marketplace that they came from, or NULL. Returns how many there were; -1 with
 * ERROR_INPUT: one without a name, or of a name that is there already. */
int workflow_templates_add(struct workflow_templates *templates,
                           const struct value *documents,
                           const struct diagnostics_source *text,
                           const struct value *origin,
                           struct error *error) MUST_CHECK;

/* The same for the documents beside the workflow in its own file. */
int workflow_templates_add_own(struct workflow_templates *templates,
                               const struct value *documents, const char *file,
                               struct error *error) MUST_CHECK;

/* Puts the parameters in, and the templates that the workflow uses. Sensitive
 * parameters become `secret.config.<name>`, which is
 * known in the pod only. `resolved` is set and 0 returned; -1 with diagnostics
 * (E2xx, E3xx; S501: a value that would be spliced into shell, which the caller
 * treats as refused by policy). */
int workflow_resolve(struct arena *arena, struct workflow *workflow,
                     const char *run_id,
                     struct diagnostics *diagnostics) MUST_CHECK;

/* A list of {name, file, digest, source} of the templates that were put in, for the
 * record; NULL: none. After workflow_resolve. */
struct value *workflow_templates_used(struct arena *arena,
                                      const struct workflow *workflow);

/* {name: value} of all parameters with a value; sensitive ones as "REDACTED". */
struct value *workflow_parameters(struct arena *arena,
                                  const struct workflow *workflow);
