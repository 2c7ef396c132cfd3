#pragma once
/* Shared by the files of this folder. */
#include "engine/expression/expression.h"
#include "engine/plan/plan.h"

/* Whether a step may share its container with a neighbour, as far as it is said. */
enum purity { PURITY_UNSAID, PURITY_PURE, PURITY_ALONE };

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
    enum purity purity;
};

/* A container of the pod that is being planned. */
struct planned_container {
    struct container_settings settings;
    size_t index;
    size_t stage;
    size_t steps;            /* how many it carries out */
    struct value *variables; /* list of env entries of the container itself */
    struct value *known;     /* the same by name */
    bool bare;               /* runs its image's own command */
};

/* What a node of the step tree does; the leaves in the order of a step's parts. */
enum part {
    PART_GROUP,
    PART_IDLE, /* only waits */
    PART_GIT,
    PART_TARBALL,
    PART_RUN,
    PART_SHELL,
    PART_ARTIFACTS,
};

/* A node of the step tree before it is written out. */
struct planned_step {
    enum part part;
    const char *ref;  /* "2.1" */
    const char *id;   /* NULL: none */
    const char *name; /* NULL: none was given */
    const char *condition;
    bool negative, optional, paused;
    size_t
        stage;  /* of a node at the top: which step of the workflow it is of */
    bool after; /* one of the workflow's `after`: runs after an abort as well */
    const char *timeout, *delay;
    const struct value *source; /* the step that it is a part of */
    const struct value *detail; /* content.git, an entry of content.tarball */
    const char *folder;         /* where these put their files */
    struct container_settings settings; /* of a leaf */
    const char *unknown; /* why its image's command is not known; or NULL */
    struct planned_list *children; /* of a group */
};

struct planned_list {
    struct planned_step **items;
    size_t count;
};

/* Where a planned secret or reference is to be found in the pod. */
struct planning {
    struct arena *arena;
    const struct workflow *workflow;
    const struct plan_options *options;
    struct diagnostics *diagnostics;
    const char *name; /* of the objects */
    struct planned_container *containers;
    size_t container_count;
    size_t node_count;        /* of the tree, against PLAN_STEPS_LIMIT */
    bool paused;              /* somewhere in the tree */
    size_t leaf_count;        /* that run something */
    size_t variable_count;    /* for names: ASSAY_SECRET_<n>, ASSAY_VALUE_<n> */
    struct value *secrets;    /* run.json's list */
    struct value *secret_map; /* stringData of the Secret */
    struct value *references; /* variables that secret() made, of the pod */
    struct value *steps;      /* run.json's tree */
    struct value *files;      /* keys of the ConfigMap beside run.json */
    struct value *file_items; /* the same as items of its volume */
    struct value *content_volumes;
    struct value *sources; /* of a variable, as JSON -> its name */
    struct value *globals; /* env entries that later steps have too */
    const char *sequence;  /* why they are `chained` or not */
    bool chained;          /* initContainers, and the last one behind them */
    bool isolated;         /* system.isolatedContainers */
    struct value *ids;     /* ids and refs of steps, as names of a map */
    struct planned_list tree;

    /* With isolation `step`: a stage for each node at the top. */
    bool staged;
    bool waiting; /* a leaf is in the next container, which is not there yet */
    size_t stage; /* of the leaf that is being planned */
    size_t stage_count;
    size_t folder_count;   /* in its claim, for content */
    const char *workspace; /* the name of its claim */
};

enum { NAME_LIMIT = 63 };

/* The group of what is written to the volumes of a pod, unless it says another. */
enum { PLAN_FILE_GROUP = 1001 };

/* The settings `above` with those of `container` (a container, run or step map;
 * NULL: nothing) on top. */
struct container_settings
container_merge(struct arena *arena, const struct container_settings *above,
                const struct value *container);

/* `below` behind `above`, an entry replacing those of its name before it. */
struct value *container_merge_environment(struct arena *arena,
                                          struct value *above,
                                          const struct value *below);

/* The settings with the files of `content` (NULL: none) mounted. */
struct container_settings content_merge(struct planning *planning,
                                        const struct container_settings *above,
                                        const struct value *content);

/* Whether an absolute path in a container may be mounted at. */
bool content_is_good_path(const char *path);

/* A path of `settings`' scope as an absolute one; NULL after a diagnostic (not
 * known now, or not where files can be put). */
const char *content_folder(struct planning *planning,
                           const struct container_settings *settings,
                           const struct value *path);

/* Mounts a new emptyDir at `path` in `settings`, unless something is mounted at
 * that very path. */
void content_mount(struct planning *planning,
                   struct container_settings *settings, const char *path);

/* Adds the leaves that fetch what `content` names, and its mounts to `settings`. */
void fetch_add(struct planning *planning, struct planned_list *list,
               const struct value *step, const struct value *content,
               struct container_settings *settings);

/* What a leaf of fetch_add runs: `shell` and the variables of its script, which
 * are appended to `environment`. */
struct value *fetch_script(struct planning *planning,
                           const struct planned_step *leaf,
                           struct planned_container *container,
                           struct value *environment);

/* The container of the pod that a leaf with these settings runs in: the last one
 * when it is alike, else a new one. */
struct planned_container *
container_place(struct planning *planning,
                const struct container_settings *settings);

/* The last container of the stage; NULL: it has none yet. */
struct planned_container *container_last(struct planning *planning);

/* A container of its own; NULL after a diagnostic: too many. */
struct planned_container *
container_add(struct planning *planning,
              const struct container_settings *settings);

/* The container of a leaf that starts no process of an image: the last one when
 * it has the mounts of `settings`, else a new one. */
struct planned_container *
container_place_anywhere(struct planning *planning,
                         const struct container_settings *settings);

/* Fills planning->tree from the resolved spec: parts, groups, names and refs. */
void steps_plan(struct planning *planning);

/* A new node behind those of `list`; NULL after a diagnostic: too many. */
struct planned_step *steps_add(struct planning *planning,
                               struct planned_list *list, enum part part,
                               const struct value *source);

/* Fills planning->steps from the tree: containers, texts, environments. */
void leaves_plan(struct planning *planning);

/* Whether a leaf runs its image's own command, which nobody has said. */
bool bare_is(const struct planned_step *leaf);

/* Gives such leaves the words of their images, where their place asks for it and
 * the caller can find them out; then refuses those that are left (E308). */
void bare_find(struct planning *planning);
void bare_check(struct planning *planning);

/* Appends an env entry for the entrypoint: `entry` is one of a container's env. */
void environment_add(struct planning *planning,
                     struct planned_container *container, struct value *list,
                     const struct value *entry);

/* The environment of a step with these settings: a list for run.json. */
struct value *environment_make(struct planning *planning,
                               struct planned_container *container,
                               const struct container_settings *settings);

/* The same for a container without an entrypoint: a list for Kubernetes. `object`
 * is the name of the run's Secret. */
struct value *environment_plain(struct planning *planning,
                                const struct value *environment,
                                const char *object);

/* A literal that nobody is to see: a key of the run's Secret. The variable that
 * has it in every container. */
const char *secrets_add_literal(struct planning *planning, const char *name,
                                const char *text);

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
struct value *pod_make(struct planning *planning, const char *name,
                       size_t stage);

/* ConfigMap, Secret and Job, filled into `plan`. -1 after a diagnostic. */
int objects_make(struct planning *planning, struct plan *plan);

/* Reports what a Kubernetes server would refuse of the Job (E320). */
void object_check(struct planning *planning, const struct value *job);

/* A Kubernetes quantity (`100m`, `64Mi`) as a number; false: it is none. */
bool object_read_quantity(struct arena *arena, const struct value *value,
                          double *number);

/* Decides whether the containers run at once or one after another, and why. */
void sequence_choose(struct planning *planning);

/* The name of the run's objects. */
const char *objects_name(struct planning *planning);

/* An object of the run with its labels. */
struct value *objects_object(struct planning *planning, const char *version,
                             const char *kind, const char *name);

/* Knows pvcs.<name>.name. */
struct expression_names claims_names(struct planning *planning);

/* The objects of spec.pvcs, in their order. */
struct value *claims_make(struct planning *planning);
