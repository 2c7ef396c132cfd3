/*
 * What a PodSpec says of a container beyond its command, variables and mounts, as
 * options of a container engine. A row for each yes or no; lists and numbers by a
 * function each. Whatever would weaken the container if it were left out, and
 * cannot be had, is an error; limits that cannot be had are a note.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
 */
#include <string.h>

#include "engine/base/number.h"
#include "engine/runtime/podman.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* Of the container's securityContext: an option when it has that value. */
static const struct {
    const char *member;
    bool value;
    const char *podman, *docker; /* NULL: it has none, and needs none */
} switches[] = {
    {"privileged", true, "--privileged", "--privileged"},
    {"allowPrivilegeEscalation", false, "--security-opt=no-new-privileges",
     "--security-opt=no-new-privileges"},
    {"readOnlyRootFilesystem", true, "--read-only", "--read-only"},
    /* podman's own writable folders, which a pod does not have. */
    {"readOnlyRootFilesystem", true, "--read-only-tmpfs=false", NULL},
};

static const struct value *security_of(const struct pod_container *container)
{
    return value_get(container->specification, "securityContext");
}

/* A member of the container's security context, or else of the pod's. */
static const struct value *
security_member(const struct pod *pod, const struct pod_container *container,
                const char *name)
{
    const struct value *own = value_get(security_of(container), name);
    return own ? own
               : value_get(value_get(pod->specification, "securityContext"),
                           name);
}

static void add_switches(struct podman_words *words, bool docker,
                         const struct pod_container *container)
{
    const struct value *security = security_of(container);
    for (size_t i = 0; i < LENGTH(switches); i++) {
        const struct value *value = value_get(security, switches[i].member);
        const char *option = docker ? switches[i].docker : switches[i].podman;
        if (option && value_is(value, VALUE_BOOL) &&
            value->boolean == switches[i].value)
            podman_add(words, option);
    }
}

/* Adds `option` with a text that may only hold letters, digits and `others`. */
static int add_checked(struct podman_words *words, const char *option,
                       const struct value *value, const char *others,
                       struct error *error)
{
    const char *text = value_scalar_text(words->arena, value);
    const char *letters =
        arena_format(words->arena, "%s%s", name_letters, others);
    if (!text || text[0] == '\0' || strspn(text, letters) != strlen(text))
        return error_set(error, ERROR_SYSTEM, "'%.200s' cannot be given to %s",
                         text ? text : "", option);
    podman_add(words, arena_format(words->arena, "%s=%s", option, text));
    return 0;
}

static int add_all_checked(struct podman_words *words, const char *option,
                           const struct value *list, const char *others,
                           struct error *error)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (add_checked(words, option, value_item(list, i), others, error) != 0)
            return -1;
    return 0;
}

static int add_capabilities(struct podman_words *words,
                            const struct pod_container *container,
                            struct error *error)
{
    const struct value *list =
        value_get(security_of(container), "capabilities");
    if (add_all_checked(words, "--cap-drop", value_get(list, "drop"), "_",
                        error) != 0)
        return -1;
    return add_all_checked(words, "--cap-add", value_get(list, "add"), "_",
                           error);
}

static int add_seccomp(struct podman_words *words, const struct pod *pod,
                       const struct pod_container *container,
                       struct error *error)
{
    const struct value *profile =
        security_member(pod, container, "seccompProfile");
    const char *type = value_string_at(profile, "type");
    if (!type || strcmp(type, "RuntimeDefault") == 0)
        return 0;
    if (strcmp(type, "Unconfined") != 0)
        return error_set(error, ERROR_SYSTEM,
                         "the seccompProfile '%.100s' is a file of a cluster's "
                         "node, which this machine does not have",
                         type);
    podman_add(words, "--security-opt=seccomp=unconfined");
    return 0;
}

static void add_identity(struct podman_words *words,
                         const struct pod_container *container)
{
    long long user = (long long)container->user;
    long long group = (long long)container->group;
    /* A group alone: the user is the image's, which `--user` cannot leave. */
    if (user >= 0 && group >= 0)
        podman_add(words,
                   arena_format(words->arena, "--user=%lld:%lld", user, group));
    else if (user >= 0)
        podman_add(words, arena_format(words->arena, "--user=%lld", user));
}

bool podman_must_not_be_root(const struct pod *pod,
                             const struct pod_container *container)
{
    return container->user < 0 &&
           value_bool_or(security_member(pod, container, "runAsNonRoot"),
                         false);
}

/* Nobody may be root by number either, as the kubelet has it. */
static int check_identity(const struct pod *pod,
                          const struct pod_container *container,
                          struct error *error)
{
    if (container->user != 0 ||
        !value_bool_or(security_member(pod, container, "runAsNonRoot"), false))
        return 0;
    return error_set(error, ERROR_SYSTEM,
                     "it has runAsNonRoot, and its runAsUser is 0");
}

static int add_groups(struct podman_words *words, const struct pod *pod,
                      struct error *error)
{
    const struct value *security =
        value_get(pod->specification, "securityContext");
    const struct value *own = value_get(security, "fsGroup");
    if (own && add_checked(words, "--group-add", own, "", error) != 0)
        return -1;
    return add_all_checked(words, "--group-add",
                           value_get(security, "supplementalGroups"), "",
                           error);
}

/* --- limits ---------------------------------------------------------------- */

bool podman_quantity(const struct value *value, int64_t *thousandths)
{
    static const struct {
        const char *unit;
        double factor;
    } units[] = {
        {"", 1},        {"n", 1e-9},    {"u", 1e-6},    {"m", 1e-3},
        {"k", 1e3},     {"M", 1e6},     {"G", 1e9},     {"T", 1e12},
        {"P", 1e15},    {"E", 1e18},    {"Ki", 1024.0}, {"Mi", 1048576.0},
        {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *text = value_scalar_text(arena, value);
    size_t length = text ? strlen(text) : 0;
    size_t digits = text ? strspn(text, "+-.0123456789") : 0;
    double number;
    /* The exponent of 1e3, which is not the unit E. */
    if (digits > 0 && digits + 1 < length && strchr("eE", text[digits]))
        digits = length;
    if (digits == 0 || !number_parse_float(text, digits, &number))
        return false;
    for (size_t i = 0; i < LENGTH(units); i++) {
        double result = number * units[i].factor * 1000;
        if (strcmp(text + digits, units[i].unit) != 0)
            continue;
        if (!(result >= 0 && result < 0x1p62))
            return false;
        *thousandths = (int64_t)(result + 0.5);
        return true;
    }
    return false;
}

static const struct value *limit_of(const struct pod_container *container,
                                    const char *name)
{
    return value_path(container->specification, strcmp(name, "memory") == 0
                                                    ? "resources.limits.memory"
                                                    : "resources.limits.cpu");
}

/* A limit of the container in thousandths; 0: none. */
static int read_limit(const struct pod_container *container, const char *name,
                      int64_t *thousandths, struct error *error)
{
    const struct value *limit = limit_of(container, name);
    *thousandths = 0;
    if (!limit || podman_quantity(limit, thousandths))
        return 0;
    return error_set(error, ERROR_SYSTEM,
                     "its limit of '%s' is not a quantity such as '500m' or "
                     "'128Mi'",
                     name);
}

static int add_limits(struct podman_words *words, const struct engine *engine,
                      const struct pod_container *container,
                      struct error *error)
{
    int64_t memory, processors;
    if (read_limit(container, "memory", &memory, error) != 0 ||
        read_limit(container, "cpu", &processors, error) != 0)
        return -1;
    if (memory > 0 && engine->memory_limits)
        podman_add(words, arena_format(words->arena, "--memory=%lldb",
                                       (long long)(memory / 1000)));
    if (processors > 0 && engine->processor_limits)
        podman_add(words, arena_format(words->arena, "--cpus=%lld.%03lld",
                                       (long long)(processors / 1000),
                                       (long long)(processors % 1000)));
    return 0;
}

/* --- names of hosts -------------------------------------------------------- */

static int add_aliases(struct podman_words *words, const struct pod *pod,
                       struct error *error)
{
    const struct value *list = value_get(pod->specification, "hostAliases");
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *alias = value_item(list, i);
        const struct value *names = value_get(alias, "hostnames");
        const char *address = value_string_at(alias, "ip");
        for (size_t k = 0; k < value_count(names); k++) {
            const char *name = value_string(value_item(names, k));
            const struct value *pair = value_make_string(
                words->arena,
                arena_format(words->arena, "%s:%s", name ? name : "",
                             address ? address : ""));
            if (add_checked(words, "--add-host", pair, "-._:", error) != 0)
                return error_context(error, "'hostAliases'");
        }
    }
    return 0;
}

/* One entry of dnsConfig.options: a name, or name:value. */
static int add_dns_option(struct podman_words *words,
                          const struct value *option, struct error *error)
{
    const char *name = value_string_at(option, "name");
    const char *value =
        value_scalar_text(words->arena, value_get(option, "value"));
    const char *text =
        value && value[0] != '\0'
            ? arena_format(words->arena, "%s:%s", name ? name : "", value)
            : name;
    return add_checked(words, "--dns-option",
                       value_make_string(words->arena, text ? text : ""),
                       "-_.:", error);
}

static int add_dns(struct podman_words *words, const struct pod *pod,
                   struct error *error)
{
    const struct value *dns = value_get(pod->specification, "dnsConfig");
    const struct value *options = value_get(dns, "options");
    if (add_all_checked(words, "--dns", value_get(dns, "nameservers"),
                        ".:", error) != 0 ||
        add_all_checked(words, "--dns-search", value_get(dns, "searches"),
                        "-_.", error) != 0)
        return error_context(error, "'dnsConfig'");
    for (size_t i = 0; i < value_count(options); i++)
        if (add_dns_option(words, value_item(options, i), error) != 0)
            return error_context(error, "'dnsConfig'");
    return 0;
}

static int add_host_name(struct podman_words *words, const struct pod *pod,
                         struct error *error)
{
    const struct value *name = value_get(pod->specification, "hostname");
    if (!name) {
        podman_add(words, "--hostname=assay");
        return 0;
    }
    return add_checked(words, "--hostname", name, "-.", error);
}

int podman_add_settings(struct podman_words *words,
                        const struct podman_setup *setup,
                        const struct pod_container *container,
                        struct error *error)
{
    const struct pod *pod = setup->pod;
    if (add_host_name(words, pod, error) != 0 ||
        add_aliases(words, pod, error) != 0 ||
        (!setup->network_none && add_dns(words, pod, error) != 0))
        return -1;
    add_switches(words, setup->engine->docker, container);
    add_identity(words, container);
    if (check_identity(pod, container, error) != 0 ||
        add_groups(words, pod, error) != 0 ||
        add_capabilities(words, container, error) != 0 ||
        add_seccomp(words, pod, container, error) != 0)
        return -1;
    return add_limits(words, setup->engine, container, error);
}

/* --- notes ----------------------------------------------------------------- */

static const char *make_note(struct arena *arena, const struct engine *engine,
                             const struct pod_container *container, size_t kind)
{
    const char *name = container->name;
    if (kind == 0 && limit_of(container, "memory") && !engine->memory_limits)
        return arena_format(arena,
                            "container '%s': %s may not limit memory on this "
                            "machine for this user",
                            name, engine->name);
    if (kind == 1 && limit_of(container, "cpu") && !engine->processor_limits)
        return arena_format(arena,
                            "container '%s': %s may not limit processors on "
                            "this machine for this user",
                            name, engine->name);
    if (kind == 2 &&
        value_bool_or(value_get(security_of(container), "privileged"), false))
        return arena_format(arena,
                            "container '%s' is privileged: its steps have all "
                            "rights of %s's user on this machine",
                            name, engine->name);
    if (kind == 3 && container->user < 0 && container->group >= 0)
        return arena_format(arena,
                            "container '%s': 'runAsGroup' has no effect "
                            "without 'runAsUser'",
                            name);
    return NULL;
}

const char **podman_notes(struct arena *arena, const struct engine *engine,
                          const struct pod *pod)
{
    enum { KINDS = 4 };
    struct podman_words notes = {.arena = arena};
    for (size_t i = 0; i < pod->container_count; i++)
        for (size_t kind = 0; kind < KINDS; kind++) {
            const char *note =
                make_note(arena, engine, &pod->containers[i], kind);
            if (note)
                podman_add(&notes, note);
        }
    return notes.items ? notes.items
                       : arena_allocate(arena, sizeof *notes.items);
}
