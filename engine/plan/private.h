#pragma once
/* Shared by the files of this folder. */
#include "engine/expression/expression.h"
#include "engine/plan/plan.h"

/* What a step's processes run in: the container settings of the workflow, of the
 * groups around the step and of the step itself, put together. */
struct container_settings {
    const struct value *image, *pull_policy; /* strings, or NULL */
    const struct value *command, *args;      /* lists, or NULL */
    const char *working_directory;           /* template text, or NULL */
    const struct value *resources, *security_context;
    struct value
        *environment; /* list of env entries, the last of a name wins */
    struct value *environment_from; /* list of envFrom entries */
    struct value *mounts;           /* list of volumeMounts */
};

/* A container of the pod that is being planned. */
struct planned_container {
    struct container_settings settings;
    size_t index;
    size_t steps;            /* how many it carries out */
    struct value *variables; /* list of env entries of the container itself */
};

/* Where a planned secret or reference is to be found in the pod. */
struct planning {
    struct arena *arena;
    const struct workflow *workflow;
    const struct plan_options *options;
    struct diagnostics *diagnostics;
    struct planned_container *containers;
    size_t container_count;
    size_t step_count;
    size_t variable_count;    /* for names: ASSAY_SECRET_<n>, ASSAY_VALUE_<n> */
    struct value *secrets;    /* run.json's list */
    struct value *secret_map; /* stringData of the Secret */
    struct value *references; /* variables that secret() made, of the pod */
    struct value *steps;      /* run.json's tree */
    struct value *files;      /* keys of the ConfigMap beside run.json */
    struct value *file_items; /* the same as items of its volume */
    struct value *content_volumes;
    bool isolated;            /* system.isolatedContainers */
    bool bare;                /* the only step runs its image's own command */
    const struct value **ids; /* ids and refs of steps, for unknown names */
    size_t id_count;
};

enum { NAME_LIMIT = 63 };

/* The settings `above` with those of `container` (a container, run or step map;
 * NULL: nothing) on top. */
struct container_settings
container_merge(struct arena *arena, const struct container_settings *above,
                const struct value *container);

/* The settings with the files of `content` (NULL: none) mounted. */
struct container_settings content_merge(struct planning *planning,
                                        const struct container_settings *above,
                                        const struct value *content);

/* The container of the pod that a leaf with these settings runs in: the last one
 * when it is alike, else a new one. */
struct planned_container *
container_place(struct planning *planning,
                const struct container_settings *settings);

/* Fills planning->steps from the resolved spec. */
void steps_plan(struct planning *planning);

/* A string as run.json has it: itself, or {"template": ...} when it holds
 * expressions that are known in the pod only. Unknown names are reported. */
struct value *names_text(struct planning *planning, const struct value *text);

/* Knows secret(name, key): a variable of the pod, by its name in the entrypoint. */
struct expression_names secrets_names(struct planning *planning);

/* An entry of a container's env that comes from the key of a Secret. */
struct value *plan_secret_variable(struct planning *planning,
                                   const char *variable, const char *secret,
                                   const char *key);

/* Reports the names of a condition that nothing in the pod can answer. */
void names_check_condition(struct planning *planning,
                           const struct value *condition);

/* A resolved text that must be known now: its characters, or NULL after a
 * diagnostic. */
const char *names_static_text(struct planning *planning,
                              const struct value *text);

/* A copy of a resolved value with every text made plain (see names_static_text):
 * for parts that go into the objects as they are. */
struct value *names_static_value(struct planning *planning,
                                 const struct value *value);

/* The pod specification. */
struct value *pod_make(struct planning *planning, const char *name);

/* ConfigMap, Secret and Job, filled into `plan`. -1 after a diagnostic. */
int objects_make(struct planning *planning, struct plan *plan);

/* Reports what a Kubernetes server would refuse of the Job (E320). */
void object_check(struct planning *planning, const struct value *job);
