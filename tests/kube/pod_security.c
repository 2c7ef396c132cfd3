/*
 * One function for each control of the standards, which lists what breaks it:
 * containers (or "pod") and what they have to do. The texts are those of
 * k8s.io/pod-security-admission.
 */
#include "tests/kube/pod_security.h"

#include <string.h>

#include "engine/base/text.h"
#include "tests/kube/tree.h"

#define ARMOR "container.apparmor.security.beta.kubernetes.io/"

/* What the controls collect. */
struct security {
    struct arena *arena;
    const struct value *pod, *spec;
    struct text who;  /* the offenders of the control at hand */
    struct text what; /* what is wrong with them, if that differs */
};

static void list_word(struct text *text, const char *word)
{
    if (!strstr(text_string(text), word))
        text_append_format(text, "%s%s", text->length ? ", " : "", word);
}

static void blame(struct security *security, const struct value *container,
                  const char *what)
{
    const char *name = value_string_at(container, "name");
    list_word(&security->who,
              container ? arena_format(security->arena, "container \"%s\"",
                                       name ? name : "")
                        : "pod");
    if (what)
        list_word(&security->what, what);
}

/* The containers of all three lists, by number; NULL after the last. */
static const struct value *container_at(const struct security *security,
                                        size_t index)
{
    static const char *const lists[] = {"initContainers", "containers",
                                        "ephemeralContainers"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct value *list = value_get(security->spec, lists[i]);
        if (index < value_count(list))
            return value_item(list, index);
        index -= value_count(list);
    }
    return NULL;
}

static const struct value *context_of(const struct value *owner)
{
    return value_get(owner, "securityContext");
}

/* The text at `path`, or NULL also for a value of another kind. */
static const char *text_at(const struct value *map, const char *path)
{
    return value_string(value_path(map, path));
}

static bool is_any(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

/* --- baseline -------------------------------------------------------------- */

static void host_process(struct security *security)
{
    static const char path[] = "windowsOptions.hostProcess";
    if (value_bool_or(value_path(context_of(security->spec), path), false))
        blame(security, NULL, NULL);
    const struct value *container;
    for (size_t i = 0; (container = container_at(security, i)); i++)
        if (value_bool_or(value_path(context_of(container), path), false))
            blame(security, container, NULL);
}

static void host_namespaces(struct security *security)
{
    static const char *const members[] = {"hostNetwork", "hostPID", "hostIPC"};
    for (size_t i = 0; i < 3; i++)
        if (value_bool_or(value_get(security->spec, members[i]), false))
            blame(security, NULL,
                  arena_format(security->arena, "%s=true", members[i]));
}

static void privileged(struct security *security)
{
    const struct value *container;
    for (size_t i = 0; (container = container_at(security, i)); i++)
        if (value_bool_or(value_get(context_of(container), "privileged"),
                          false))
            blame(security, container, NULL);
}

static void added(struct security *security, const char *const *admitted)
{
    const struct value *container;
    for (size_t i = 0; (container = container_at(security, i)); i++) {
        const struct value *list =
            value_path(context_of(container), "capabilities.add");
        for (size_t k = 0; k < value_count(list); k++) {
            const char *name = value_string(value_item(list, k));
            if (!name || !is_any(name, admitted))
                blame(security, container, name ? name : "?");
        }
    }
}

static void capabilities(struct security *security)
{
    static const char *const admitted[] = {
        "AUDIT_WRITE", "CHOWN",  "DAC_OVERRIDE",     "FOWNER",  "FSETID",
        "KILL",        "MKNOD",  "NET_BIND_SERVICE", "SETFCAP", "SETGID",
        "SETPCAP",     "SETUID", "SYS_CHROOT",       NULL};
    added(security, admitted);
}

static void host_path(struct security *security)
{
    const struct value *list = value_get(security->spec, "volumes");
    for (size_t i = 0; i < value_count(list); i++) {
        const char *name = value_string_at(value_item(list, i), "name");
        if (value_get(value_item(list, i), "hostPath"))
            list_word(&security->who,
                      arena_format(security->arena, "volume \"%s\"",
                                   name ? name : ""));
    }
}

static void host_ports(struct security *security)
{
    const struct value *container;
    for (size_t i = 0; (container = container_at(security, i)); i++) {
        const struct value *list = value_get(container, "ports");
        for (size_t k = 0; k < value_count(list); k++)
            if (value_int_or(value_get(value_item(list, k), "hostPort"), 0))
                blame(security, container, NULL);
    }
}

/* A field of the pod's and of each container's security context that, when it is
 * there, must be one of a few words. */
static void one_of(struct security *security, const char *path,
                   const char *const *admitted)
{
    const char *text = text_at(context_of(security->spec), path);
    if (text && !is_any(text, admitted))
        blame(security, NULL, text);
    const struct value *container;
    for (size_t i = 0; (container = container_at(security, i)); i++) {
        text = text_at(context_of(container), path);
        if (text && !is_any(text, admitted))
            blame(security, container, text);
    }
}

static const char *const confined[] = {"RuntimeDefault", "Localhost", NULL};

static void app_armor(struct security *security)
{
    const struct value *map = value_path(security->pod, "metadata.annotations");
    one_of(security, "appArmorProfile.type", confined);
    for (size_t i = 0; i < value_count(map); i++) {
        const struct member *member = &map->map.members[i];
        const char *text = value_string(member->value);
        if (strncmp(member->name, ARMOR, sizeof ARMOR - 1) != 0 || !text ||
            !*text || strcmp(text, "runtime/default") == 0 ||
            strncmp(text, "localhost/", 10) == 0)
            continue;
        list_word(
            &security->who,
            arena_format(security->arena, "annotation \"%s\"", member->name));
    }
}

static void selinux(struct security *security)
{
    static const char *const types[] = {"",
                                        "container_t",
                                        "container_init_t",
                                        "container_kvm_t",
                                        "container_engine_t",
                                        NULL};
    static const char *const none[] = {"", NULL};
    one_of(security, "seLinuxOptions.type", types);
    one_of(security, "seLinuxOptions.user", none);
    one_of(security, "seLinuxOptions.role", none);
}

static void proc_mount(struct security *security)
{
    const struct value *container;
    for (size_t i = 0; (container = container_at(security, i)); i++) {
        const char *text = text_at(context_of(container), "procMount");
        if (text && strcmp(text, "Default") != 0)
            blame(security, container, text);
    }
}

static void seccomp(struct security *security)
{
    one_of(security, "seccompProfile.type", confined);
}

static void sysctls(struct security *security)
{
    static const char *const safe[] = {"kernel.shm_rmid_forced",
                                       "net.ipv4.ip_local_port_range",
                                       "net.ipv4.ip_local_reserved_ports",
                                       "net.ipv4.ip_unprivileged_port_start",
                                       "net.ipv4.ping_group_range",
                                       "net.ipv4.tcp_fin_timeout",
                                       "net.ipv4.tcp_keepalive_intvl",
                                       "net.ipv4.tcp_keepalive_probes",
                                       "net.ipv4.tcp_keepalive_time",
                                       "net.ipv4.tcp_rmem",
                                       "net.ipv4.tcp_syncookies",
                                       "net.ipv4.tcp_wmem",
                                       NULL};
    const struct value *list = value_get(context_of(security->spec), "sysctls");
    for (size_t i = 0; i < value_count(list); i++) {
        const char *name = value_string_at(value_item(list, i), "name");
        if (!name || !is_any(name, safe))
            blame(security, NULL, name ? name : "?");
    }
}

/* --- restricted ------------------------------------------------------------ */

static void volume_types(struct security *security)
{
    static const char *const admitted[] = {
        "name",      "configMap", "csi",    "downwardAPI",           "emptyDir",
        "ephemeral", "projected", "secret", "persistentVolumeClaim", NULL};
    const struct value *list = value_get(security->spec, "volumes");
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *volume = value_item(list, i);
        const char *name = value_string_at(volume, "name");
        for (size_t k = 0; k < value_count(volume); k++)
            if (!is_any(volume->map.members[k].name, admitted)) {
                list_word(&security->who,
                          arena_format(security->arena, "volume \"%s\"",
                                       name ? name : ""));
                list_word(&security->what, volume->map.members[k].name);
            }
    }
}

static void escalation(struct security *security)
{
    const struct value *container;
    for (size_t i = 0; (container = container_at(security, i)); i++)
        if (value_bool_or(
                value_get(context_of(container), "allowPrivilegeEscalation"),
                true))
            blame(security, container, NULL);
}

/* No explicit false anywhere, and true for each container. */
static void non_root(struct security *security)
{
    const struct value *shared =
        value_get(context_of(security->spec), "runAsNonRoot");
    if (!value_bool_or(shared, true))
        blame(security, NULL, NULL);
    const struct value *container;
    for (size_t i = 0; (container = container_at(security, i)); i++) {
        const struct value *own =
            value_get(context_of(container), "runAsNonRoot");
        if (!value_bool_or(own ? own : shared, false))
            blame(security, container, NULL);
    }
}

static void user_zero(struct security *security)
{
    if (value_int_or(value_get(context_of(security->spec), "runAsUser"), 1) ==
        0)
        blame(security, NULL, NULL);
    const struct value *container;
    for (size_t i = 0; (container = container_at(security, i)); i++)
        if (value_int_or(value_get(context_of(container), "runAsUser"), 1) == 0)
            blame(security, container, NULL);
}

static void seccomp_set(struct security *security)
{
    static const char path[] = "seccompProfile.type";
    const char *shared = text_at(context_of(security->spec), path);
    const struct value *container;
    for (size_t i = 0; (container = container_at(security, i)); i++)
        if (!text_at(context_of(container), path) && !shared)
            blame(security, container, NULL);
}

static void dropped(struct security *security)
{
    static const char *const admitted[] = {"NET_BIND_SERVICE", NULL};
    const struct value *container;
    for (size_t i = 0; (container = container_at(security, i)); i++)
        if (!tree_holds(value_path(context_of(container), "capabilities.drop"),
                        "ALL"))
            blame(security, container, "drop");
    added(security, admitted);
}

static const struct {
    bool baseline; /* part of both */
    void (*look)(struct security *security);
    const char *name, *must;
} controls[] = {
    {true, host_process, "hostProcess",
     "must not set securityContext.windowsOptions.hostProcess=true"},
    {true, host_namespaces, "host namespaces", ""},
    {true, privileged, "privileged",
     "must not set securityContext.privileged=true"},
    {true, capabilities, "non-default capabilities",
     "must not include in securityContext.capabilities.add:"},
    {true, host_path, "hostPath volumes", ""},
    {true, host_ports, "hostPort", "uses a hostPort"},
    {true, app_armor, "forbidden AppArmor profile",
     "must not set AppArmor profile type to"},
    {true, selinux, "seLinuxOptions",
     "set forbidden securityContext.seLinuxOptions:"},
    {true, proc_mount, "procMount",
     "must not set securityContext.procMount to"},
    {true, seccomp, "seccompProfile",
     "must not set securityContext.seccompProfile.type to"},
    {true, sysctls, "forbidden sysctls", ""},
    {false, volume_types, "restricted volume types",
     "uses restricted volume type"},
    {false, escalation, "allowPrivilegeEscalation != false",
     "must set securityContext.allowPrivilegeEscalation=false"},
    {false, non_root, "runAsNonRoot != true",
     "must set securityContext.runAsNonRoot=true"},
    {false, user_zero, "runAsUser=0", "must not set runAsUser=0"},
    {false, seccomp_set, "seccompProfile",
     "must set securityContext.seccompProfile.type to \"RuntimeDefault\" or "
     "\"Localhost\""},
    {false, dropped, "unrestricted capabilities",
     "must set securityContext.capabilities.drop=[\"ALL\"] and may add only "
     "NET_BIND_SERVICE:"},
};

const char *pod_security_judge(struct arena *arena, const struct value *pod,
                               const char *level)
{
    bool restricted = strcmp(level, "restricted") == 0;
    CLEANUP(text_free) struct text found = {0};
    if (!restricted && strcmp(level, "baseline") != 0)
        return NULL;
    for (size_t i = 0; i < sizeof controls / sizeof *controls; i++) {
        struct security security = {
            .arena = arena, .pod = pod, .spec = value_get(pod, "spec")};
        if (!restricted && !controls[i].baseline)
            continue;
        controls[i].look(&security);
        if (security.who.length > 0)
            text_append_format(
                &found, "%s%s (%s%s%s%s%s)", found.length ? ", " : "",
                controls[i].name, text_string(&security.who),
                *controls[i].must ? " " : "", controls[i].must,
                security.what.length ? " " : "", text_string(&security.what));
        text_free(&security.who);
        text_free(&security.what);
    }
    return found.length
               ? arena_format(arena, "violates PodSecurity \"%s:latest\": %s",
                              level, text_string(&found))
               : NULL;
}
