/*
 * ConfigMap (the instructions), Secret (the token and the sensitive parameters)
 * and Job. All three have one name, made of the workflow's and the run's, so that
 * creating them twice cannot make two runs.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engine/plan/limits.h"
#include "engine/plan/private.h"

enum { NAME_PART = 30, LABEL_LIMIT = 63 };

/* assay-<workflow, cut>-<first 10 of the run>: at most 63, as pod labels need. */
const char *objects_name(struct planning *planning)
{
    char part[NAME_PART + 1];
    snprintf(part, sizeof part, "%s", planning->workflow->name);
    for (char *letter = part; *letter; letter++)
        if (!isalnum((unsigned char)*letter))
            *letter = '-';
    size_t length = strlen(part);
    while (length > 0 && part[length - 1] == '-')
        part[--length] = '\0';
    return arena_format(planning->arena, "assay-%s-%.10s", part,
                        planning->options->run_id);
}

static struct value *make_labels(struct planning *planning)
{
    struct arena *arena = planning->arena;
    struct value *labels = value_make_map(arena);
    value_set_string(arena, labels, "app.kubernetes.io/managed-by", "assay");
    value_set_string(arena, labels, "assay.dev/run", planning->options->run_id);
    size_t length = strlen(planning->workflow->name);
    if (length > LABEL_LIMIT)
        length = LABEL_LIMIT;
    const char *name = planning->workflow->name;
    while (length > 0 && !isalnum((unsigned char)name[length - 1]))
        length--;
    value_set_string(arena, labels, "assay.dev/workflow",
                     arena_copy(arena, name, length));
    return labels;
}

/* The members of `source`, made plain, behind those that are ours: a workflow
 * cannot replace the labels that Assay finds its runs by. */
static void add_members(struct planning *planning, struct value *map,
                        const struct value *source)
{
    if (!source)
        return;
    const struct value *plain = names_static_value(planning, source);
    for (size_t i = 0; i < value_count(plain); i++)
        if (!value_get(map, plain->map.members[i].name))
            value_set(planning->arena, map, plain->map.members[i].name,
                      plain->map.members[i].value);
}

static struct value *make_metadata(struct planning *planning, const char *name,
                                   const struct value *source)
{
    struct arena *arena = planning->arena;
    struct value *metadata = value_make_map(arena);
    value_set_string(arena, metadata, "name", name);
    const char *place = planning->options->namespace_name;
    if (!place)
        place = value_string(
            value_path(planning->workflow->resolved, "spec.job.namespace"));
    if (name && place && place[0] != '\0')
        value_set_string(arena, metadata, "namespace", place);
    struct value *labels = make_labels(planning);
    add_members(planning, labels, value_get(source, "labels"));
    value_set(arena, metadata, "labels", labels);
    struct value *annotations = value_make_map(arena);
    add_members(planning, annotations, value_get(source, "annotations"));
    if (value_count(annotations) > 0)
        value_set(arena, metadata, "annotations", annotations);
    return metadata;
}

static struct value *make_object(struct planning *planning, const char *version,
                                 const char *kind, const char *name,
                                 const struct value *source)
{
    struct value *object = value_make_map(planning->arena);
    value_set_string(planning->arena, object, "apiVersion", version);
    value_set_string(planning->arena, object, "kind", kind);
    value_set(planning->arena, object, "metadata",
              make_metadata(planning, name, source));
    return object;
}

struct value *objects_object(struct planning *planning, const char *version,
                             const char *kind, const char *name)
{
    return make_object(planning, version, kind, name, NULL);
}

/* Whether the container runs while the one before does: an abort reaches both. */
static bool runs_beside(const struct planning *planning, size_t index)
{
    return index > 0 && !planning->chained &&
           planning->containers[index].stage ==
               planning->containers[index - 1].stage;
}

static const struct value *make_run(struct planning *planning)
{
    struct arena *arena = planning->arena;
    struct value *run = value_make_map(arena);
    value_set(arena, run, "version", value_make_int(arena, 1));
    value_set_string(arena, run, "workflow", planning->workflow->name);
    value_set(arena, run, "secrets", planning->secrets);
    struct value *containers = value_make_list(arena);
    for (size_t i = 0; i < planning->container_count; i++) {
        struct value *container = value_make_map(arena);
        value_set_string(arena, container, "name",
                         arena_format(arena, "steps-%zu", i + 1));
        if (runs_beside(planning, i))
            value_set(arena, container, "beside", value_make_bool(arena, true));
        value_append(arena, containers, container);
    }
    value_set(arena, run, "containers", containers);
    value_set(arena, run, "steps", planning->steps);
    return run;
}

static struct value *make_config_map(struct planning *planning,
                                     const struct value *run, const char *name)
{
    struct arena *arena = planning->arena;
    CLEANUP(text_free) struct text json = {0};
    value_write_json(&json, run, JSON_INDENT);
    if (json.length > PLAN_RUN_INDENT_LIMIT) {
        text_clear(&json);
        value_write_json(&json, run, JSON_COMPACT);
    }
    size_t length = json.length;
    for (size_t i = 0; i < value_count(planning->files); i++)
        length += planning->files->map.members[i].value->string.length;
    if (length > PLAN_RUN_BYTES_LIMIT)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E311",
                        (struct mark){0},
                        "move large scripts into files that the image or a "
                        "volume brings",
                        "the steps and files take %zu bytes, a ConfigMap holds "
                        "%d",
                        length, PLAN_RUN_BYTES_LIMIT);
    struct value *object = make_object(planning, "v1", "ConfigMap", name, NULL);
    value_set(arena, object, "immutable", value_make_bool(arena, true));
    struct value *data = value_make_map(arena);
    value_set_string(arena, data, "run.json", text_string(&json));
    for (size_t i = 0; i < value_count(planning->files); i++)
        value_set(arena, data, planning->files->map.members[i].name,
                  planning->files->map.members[i].value);
    value_set(arena, object, "data", data);
    return object;
}

static struct value *make_secret(struct planning *planning, const char *name)
{
    struct arena *arena = planning->arena;
    size_t bytes = 0;
    for (size_t i = 0; i < value_count(planning->secret_map); i++)
        bytes += planning->secret_map->map.members[i].value->string.length;
    if (bytes > PLAN_SECRET_BYTES_LIMIT)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E311",
                        (struct mark){0}, NULL,
                        "the sensitive parameters take %zu bytes, a Secret "
                        "holds %d",
                        bytes, PLAN_SECRET_BYTES_LIMIT);
    if (value_count(planning->secrets) > PLAN_SECRETS_LIMIT)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E311",
                        (struct mark){0}, NULL, "more than %d secrets",
                        PLAN_SECRETS_LIMIT);
    struct value *object = make_object(planning, "v1", "Secret", name, NULL);
    value_set(arena, object, "immutable", value_make_bool(arena, true));
    value_set_string(arena, object, "type", "Opaque");
    value_set(arena, object, "stringData", planning->secret_map);
    return object;
}

static struct value *make_job(struct planning *planning, const char *name,
                              struct value *pod)
{
    struct arena *arena = planning->arena;
    const struct value *spec = value_get(planning->workflow->resolved, "spec");
    const struct value *source = value_get(spec, "job");
    struct value *job = make_object(planning, "batch/v1", "Job", name, source);
    struct value *body = value_make_map(arena);
    value_set(arena, body, "backoffLimit", value_make_int(arena, 0));
    struct value *deadline = value_get(source, "activeDeadlineSeconds");
    if (deadline)
        value_set(arena, body, "activeDeadlineSeconds",
                  names_static_value(planning, deadline));
    value_set(arena, body, "ttlSecondsAfterFinished",
              value_make_int(arena, 3600));
    struct value *template = value_make_map(arena);
    value_set(arena, template, "metadata",
              make_metadata(planning, NULL, value_get(spec, "pod")));
    value_set(arena, template, "spec", pod);
    security_plan(arena, template, planning->options->security,
                  planning->options->security_later, planning->diagnostics);
    value_set(arena, body, "template", template);
    value_set(arena, job, "spec", body);
    return job;
}

/* The volume that the stages share: a claim of the run's name. */
static struct value *make_workspace(struct planning *planning, const char *name)
{
    struct arena *arena = planning->arena;
    const char *size = planning->options->workspace_size;
    double bytes;
    struct value *amount = value_make_string(arena, size ? size : "1Gi");
    if (!object_read_quantity(arena, amount, &bytes) || bytes <= 0)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E320",
                        (struct mark){0}, "an amount such as 1Gi or 500Mi",
                        "the size of the workspace, '%.100s', is no amount",
                        size);
    struct value *object =
        make_object(planning, "v1", "PersistentVolumeClaim", name, NULL);
    struct value *modes = value_make_list(arena);
    value_append(arena, modes, value_make_string(arena, "ReadWriteOnce"));
    struct value *requests = value_make_map(arena);
    value_set(arena, requests, "storage", amount);
    struct value *resources = value_make_map(arena);
    value_set(arena, resources, "requests", requests);
    struct value *spec = value_make_map(arena);
    value_set(arena, spec, "accessModes", modes);
    value_set(arena, spec, "resources", resources);
    value_set(arena, object, "spec", spec);
    return object;
}

/* Jobs in the order of the stages; those without a container have nothing to do. */
static void make_stages(struct planning *planning, struct plan *plan,
                        const char *name)
{
    struct arena *arena = planning->arena;
    plan->stages = arena_allocate(arena, (planning->container_count + 1) *
                                             sizeof *plan->stages);
    for (size_t i = 0; i < planning->container_count; i++) {
        const struct planned_container *container = &planning->containers[i];
        bool last = i + 1 == planning->container_count ||
                    container[1].stage != container->stage;
        if (!last)
            continue;
        size_t number = ++plan->stage_count;
        struct plan_stage *stage = &plan->stages[number - 1];
        struct value *pod = pod_make(planning, name, container->stage);
        const char *job = planning->staged
                              ? arena_format(arena, "%s-%zu", name, number)
                              : name;
        stage->pod = pod;
        stage->bare = container->bare;
        stage->job = make_job(planning, job, pod);
        object_check(planning, stage->job);
    }
}

int objects_make(struct planning *planning, struct plan *plan)
{
    const char *name = planning->name;
    planning->workspace = name;
    make_stages(planning, plan, name);
    plan->job = plan->stages[0].job;
    plan->pod = plan->stages[0].pod;
    plan->run = make_run(planning);
    plan->config_map = make_config_map(planning, plan->run, name);
    plan->secret = make_secret(planning, name);
    if (planning->staged)
        plan->workspace = make_workspace(planning, name);
    plan->claims = claims_make(planning);
    return planning->diagnostics->errors ? -1 : 0;
}
