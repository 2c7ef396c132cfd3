#pragma once
/* From a file and the command line to a plan: what `plan` and `run` share. */
#include "cli/document.h"
#include "cli/options.h"
#include "engine/plan/plan.h"
#include "engine/workflow/workflow.h"

/* What the user said about the workflow. */
struct request {
    const char *file;
    const char
        *workflow; /* --workflow: which one of the file; NULL: the only */
    const char *config_file;
    struct option_list config; /* --config name=value */
    bool
        *config_used; /* for several workflows: each takes what it declares, and
                        * marks it here; NULL: for one, which declares all */
    struct option_list splice;    /* --allow-splice name */
    struct option_list templates; /* --template FILE or folder */
    const char *namespace_name;
    const char *sequence;          /* --sequence; NULL: auto */
    const char *isolation;         /* --isolation; NULL: as the workflow says */
    const char *workspace_size;    /* --workspace-size; NULL: 1Gi */
    bool no_pause;                 /* --no-pause */
    const char *registry;          /* --registry; NULL: ask */
    const char *unknown_fields;    /* --validation; NULL: strict */
    struct document_choice choice; /* --lock, --locked */
    const char *security;          /* --security; NULL: auto */
    bool security_later;           /* see struct plan_options */
};

/* --security, of the commands that plan for a cluster. */
#define SECURITY_OPTION(target)                                                \
    {                                                                          \
        "security", 0, OPTION_TEXT, target, "PROFILE",                         \
            "auto, restricted, baseline or privileged (docs/security.md)"      \
    }

/* --validation, of all commands that check a document. */
#define VALIDATION_OPTION(target)                                              \
    {                                                                          \
        "validation", 0, OPTION_TEXT, target, "warn|strict",                   \
            "warn: unknown fields are only told, for files of newer versions"  \
    }

/* The rows of an options table that fill a request. */
#define REQUEST_OPTIONS(request)                                               \
    {"config",     'c',                                                        \
     OPTION_LIST,  &(request)->config,                                         \
     "NAME=VALUE", "set a parameter; may be given several times"},             \
        {"config-file", 0,                                                     \
         OPTION_TEXT,   &(request)->config_file,                               \
         "FILE",        "parameters from a YAML or JSON map; --config wins"},  \
        {"template",  0,                                                       \
         OPTION_LIST, &(request)->templates,                                   \
         "PATH",      "templates: a file, a folder, or NAME[@sha256:...]"},    \
        {"workflow",  0,                                                       \
         OPTION_TEXT, &(request)->workflow,                                    \
         "NAME",      "which workflow of a file that holds several"},          \
        {"allow-splice",                                                       \
         0,                                                                    \
         OPTION_LIST,                                                          \
         &(request)->splice,                                                   \
         "NAME",                                                               \
         "let this parameter's value go into shell text as it is"},            \
        VALIDATION_OPTION(&(request)->unknown_fields),                         \
        {"locked",    0,                                                       \
         OPTION_FLAG, &(request)->choice.locked,                               \
         NULL,        "refuse a workflow that is not in the lock"},            \
    {                                                                          \
        "lock", 0, OPTION_TEXT, &(request)->choice.lock, "FILE",               \
            "the lock to read (assay.lock)"                                    \
    }

/* The rows that say how it is planned. */
#define PLAN_OPTIONS(request)                                                  \
    {"sequence",           0,                                                  \
     OPTION_TEXT,          &(request)->sequence,                               \
     "auto|gated|chained", "containers at once, or one after another"},        \
        {"isolation", 0,                                                       \
         OPTION_TEXT, &(request)->isolation,                                   \
         "pod|step",  "step: every top-level step in a Job of its own"},       \
        {"workspace-size", 0,                                                  \
         OPTION_TEXT,      &(request)->workspace_size,                         \
         "SIZE",           "of the volume that these share (1Gi)"},            \
        {"registry",  0,                                                       \
         OPTION_TEXT, &(request)->registry,                                    \
         "ask|never", "may be asked for an image's own command (ask)"},        \
    {                                                                          \
        "no-pause", 0, OPTION_FLAG, &(request)->no_pause, NULL,                \
            "do not wait where the workflow says `paused`"                     \
    }

/* How far the preparation came; everything lives in `arena`. */
struct preparation {
    struct arena *arena;
    struct document document;
    struct diagnostics diagnostics;
    struct workflow *workflow; /* NULL: the document is not valid */
    struct plan *plan;         /* NULL: not planned */
    char run_id[17];
    char token[33];
};

/* Takes over what --validation said: strict (also NULL) or warn. */
int prepare_validation(const char *word, struct diagnostics *diagnostics,
                       struct error *error) MUST_CHECK;

/* Prepares `request` up to the resolved workflow; results as for prepare. */
int prepare_resolved(struct arena *arena, const struct request *request,
                     struct preparation *preparation, struct error *error);

/* Prepares `request`. 0, or -1 with findings in preparation->diagnostics or, when
 * those have no error, in `error`. */
int prepare(struct arena *arena, const struct request *request,
            struct preparation *preparation, struct error *error);

/* Prints what went wrong (or the warnings) to stderr; the exit code, 0 if only
 * warnings. */
int prepare_report(const struct preparation *preparation,
                   const struct error *error);
