/*
 * A pod and a profile in, the pod that the profile admits out, as far as the
 * workflow leaves that open. What it says itself is never changed here, but for
 * one thing: a list of dropped capabilities gets "ALL", which takes nothing from
 * the meaning of dropping.
 *
 * With `restricted` the steps get the user 65532 where none is named. That user owns
 * nothing in any image, so nothing is lost when the image's own files are read-only
 * for it, and its home is /tmp. Who names a user, knows the image: its root file
 * system stays writable.
 */
#include "engine/plan/security.h"

#include <string.h>

/* A user that owns nothing, for images whose own is root. */
enum { NOBODY = 65532 };

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const char *const lists[] = {"initContainers", "containers"};

static const char *const names[] = {
    [SECURITY_AUTO] = "auto",
    [SECURITY_PRIVILEGED] = "privileged",
    [SECURITY_BASELINE] = "baseline",
    [SECURITY_RESTRICTED] = "restricted",
};

const char *security_profile_name(enum security_profile profile)
{
    return names[profile];
}

int security_profile_parse(const char *word, struct error *error)
{
    if (!word)
        return SECURITY_AUTO;
    for (size_t i = 0; i < LENGTH(names); i++)
        if (strcmp(word, names[i]) == 0)
            return (int)i;
    return error_set(error, ERROR_USAGE,
                     "--security: expected auto, restricted, baseline or "
                     "privileged, found '%.100s'",
                     word);
}

static void default_bool(struct arena *arena, struct value *map,
                         const char *name, bool boolean)
{
    if (!value_get(map, name))
        value_set(arena, map, name, value_make_bool(arena, boolean));
}

static void default_int(struct arena *arena, struct value *map,
                        const char *name, int64_t integer)
{
    if (!value_get(map, name))
        value_set(arena, map, name, value_make_int(arena, integer));
}

static struct value *need_list(struct arena *arena, struct value *map,
                               const char *name)
{
    struct value *found = value_get(map, name);
    if (!value_is(found, VALUE_LIST)) {
        found = value_make_list(arena);
        value_set(arena, map, name, found);
    }
    return found;
}

static bool holds(const struct value *list, const char *word)
{
    for (size_t i = 0; i < value_count(list); i++) {
        const char *text = value_string(value_item(list, i));
        if (text && strcmp(text, word) == 0)
            return true;
    }
    return false;
}

/* Whether the server refuses allowPrivilegeEscalation: false beside it. */
static bool must_escalate(const struct value *context)
{
    return value_bool_or(value_get(context, "privileged"), false) ||
           holds(value_path(context, "capabilities.add"), "CAP_SYS_ADMIN");
}

static void drop_capabilities(struct arena *arena, struct value *context)
{
    struct value *drop = need_list(
        arena, value_need_map(arena, context, "capabilities"), "drop");
    if (!holds(drop, "ALL"))
        value_append(arena, drop, value_make_string(arena, "ALL"));
}

static bool has_variable(const struct value *container, const char *name)
{
    const struct value *list = value_get(container, "env");
    for (size_t i = 0; i < value_count(list); i++) {
        const char *found = value_string_at(value_item(list, i), "name");
        if (found && strcmp(found, name) == 0)
            return true;
    }
    return false;
}

/* A user without an entry in the image's passwd has / as its home. */
static void set_home(struct arena *arena, struct value *container)
{
    if (has_variable(container, "HOME"))
        return;
    struct value *home = value_make_map(arena);
    value_set_string(arena, home, "name", "HOME");
    value_set_string(arena, home, "value", "/tmp");
    value_append(arena, need_list(arena, container, "env"), home);
}

static void confine_container(struct arena *arena, struct value *container,
                              bool restricted, bool ours)
{
    struct value *context = value_need_map(arena, container, "securityContext");
    if (!must_escalate(context))
        default_bool(arena, context, "allowPrivilegeEscalation", false);
    if (!restricted)
        return;
    drop_capabilities(arena, context);
    if (!ours || value_get(context, "runAsUser"))
        return;
    default_bool(arena, context, "readOnlyRootFilesystem", true);
    set_home(arena, container);
}

/* Whether every container says itself as which user it runs. */
static bool has_users(const struct value *pod)
{
    for (size_t k = 0; k < LENGTH(lists); k++) {
        const struct value *list = value_get(pod, lists[k]);
        for (size_t i = 0; i < value_count(list); i++)
            if (!value_path(value_item(list, i), "securityContext.runAsUser"))
                return false;
    }
    return true;
}

/* Whether the kubelet may change the group of all files of the volumes: not of
 * those that belong to others. The run's own claim has a name of ours. */
static bool owns_volumes(const struct value *pod)
{
    static const char *const own[] = {"emptyDir", "configMap", "secret",
                                      "projected", "downwardAPI"};
    const struct value *list = value_get(pod, "volumes");
    for (size_t i = 0; i < value_count(list); i++) {
        const char *name = value_string_at(value_item(list, i), "name");
        bool known = name && strncmp(name, "assay-", 6) == 0;
        for (size_t k = 0; k < LENGTH(own); k++)
            known = known || value_get(value_item(list, i), own[k]);
        if (!known)
            return false;
    }
    return true;
}

/* The identity of the pod; whether its user is ours. */
static bool restrict_pod(struct arena *arena, struct value *pod,
                         struct value *context, bool assigns_users)
{
    default_bool(arena, context, "runAsNonRoot", true);
    if (assigns_users || value_get(context, "runAsUser") || has_users(pod))
        return false;
    default_int(arena, context, "runAsUser", NOBODY);
    default_int(arena, context, "runAsGroup", NOBODY);
    if (owns_volumes(pod))
        default_int(arena, context, "fsGroup", NOBODY);
    return true;
}

void security_confine(struct arena *arena, struct value *template,
                      const struct security_choice *choice)
{
    struct value *pod = value_need_map(arena, template, "spec");
    bool restricted = choice->profile == SECURITY_RESTRICTED;
    if (choice->profile == SECURITY_PRIVILEGED)
        return;
    struct value *context = value_need_map(arena, pod, "securityContext");
    if (!value_get(context, "seccompProfile"))
        value_set_string(arena,
                         value_need_map(arena, context, "seccompProfile"),
                         "type", "RuntimeDefault");
    bool ours =
        restricted && restrict_pod(arena, pod, context, choice->assigns_users);
    for (size_t k = 0; k < LENGTH(lists); k++) {
        const struct value *list = value_get(pod, lists[k]);
        for (size_t i = 0; i < value_count(list); i++)
            confine_container(arena, value_item(list, i), restricted, ours);
    }
}

static void report(struct diagnostics *diagnostics,
                   const struct security_finding *finding)
{
    bool baseline = finding->profile == SECURITY_BASELINE;
    diagnostics_add(
        diagnostics, SEVERITY_ERROR, baseline ? "S503" : "S504", finding->mark,
        "leave it out, or run with a profile that admits it (--security)",
        "%s: the profile '%s' admits %s", finding->field,
        security_profile_name(finding->profile), finding->wanted);
}

void security_plan(struct arena *arena, struct value *template,
                   enum security_profile profile, bool later,
                   struct diagnostics *diagnostics)
{
    struct security_choice choice = {.profile = profile};
    struct security_finding *found;
    struct value *judged = template;
    if (later && profile == SECURITY_RESTRICTED) {
        judged = value_copy(arena, template);
        security_confine(
            arena, template,
            &(struct security_choice){.profile = SECURITY_BASELINE});
    }
    security_confine(arena, judged, &choice);
    size_t count = security_judge(arena, judged, profile, &found);
    /* What is missing only because of another finding has no place. */
    for (size_t i = 0; i < count; i++)
        if (found[i].mark.line > 0 || count == 1)
            report(diagnostics, &found[i]);
}
