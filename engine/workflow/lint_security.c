/*
 * What the Pod Security Standard `baseline` of Kubernetes does not admit, so that the
 * pod would be refused in a namespace that enforces it. hostPID is refused by Assay
 * itself (S502, check.c); hostNetwork, hostIPC and host ports are no fields of a
 * workflow. https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
#include <string.h>

#include "engine/workflow/lint.h"

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

static void report(struct lint *lint, const char *code,
                   const struct value *value, const char *what)
{
    static const struct {
        const char *code, *hint;
    } hints[] = {
        {"W430", "remove it, or run in a namespace that is made for it"},
        {"W431", "emptyDir, a ConfigMap or a PersistentVolumeClaim"},
        {"W432", "leave the capability out; `drop: [ALL]` suits most checks"},
        {"W433", "leave it out: the default is the confined one"},
    };
    const char *hint = NULL;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (strcmp(hints[i].code, code) == 0)
            hint = hints[i].hint;
    lint_report(lint, &(struct lint_finding){code, value, 0, 0, hint},
                "%s: the security standard 'baseline' does not admit it", what);
}

static void check_capabilities(struct lint *lint, const struct value *context)
{
    static const char *const admitted[] = {
        "AUDIT_WRITE", "CHOWN",  "DAC_OVERRIDE",     "FOWNER",  "FSETID",
        "KILL",        "MKNOD",  "NET_BIND_SERVICE", "SETFCAP", "SETGID",
        "SETPCAP",     "SETUID", "SYS_CHROOT",       NULL};
    const struct value *added = value_path(context, "capabilities.add");
    for (size_t i = 0; value_is(added, VALUE_LIST) && i < value_count(added);
         i++) {
        const struct value *item = value_item(added, i);
        const char *name = value_string(item);
        if (name && !strstr(name, "{{") && !is_one_of(name, admitted))
            report(
                lint, "W432", item,
                arena_format(lint->arena, "capability '%.60s' is added", name));
    }
}

static void check_selinux(struct lint *lint, const struct value *options)
{
    static const char *const types[] = {"",
                                        "container_t",
                                        "container_init_t",
                                        "container_kvm_t",
                                        "container_engine_t",
                                        NULL};
    static const char *const names[] = {"user", "role"};
    const struct value *type = value_get(options, "type");
    if (value_string(type) && !is_one_of(value_string(type), types))
        report(lint, "W433", type, "another SELinux type");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct value *value = value_get(options, names[i]);
        if (value_string(value) && value_string(value)[0] != '\0')
            report(lint, "W433", value, "another SELinux user or role");
    }
}

static void check_sysctls(struct lint *lint, const struct value *sysctls)
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
                                       "net.ipv4.tcp_syncookies",
                                       "net.ipv4.tcp_rmem",
                                       "net.ipv4.tcp_wmem",
                                       NULL};
    for (size_t i = 0;
         value_is(sysctls, VALUE_LIST) && i < value_count(sysctls); i++) {
        const struct value *name = value_get(value_item(sysctls, i), "name");
        if (value_string(name) && !is_one_of(value_string(name), safe))
            report(lint, "W433", name,
                   arena_format(lint->arena, "sysctl '%.60s' is not a safe one",
                                value_string(name)));
    }
}

void lint_security(struct lint *lint, const struct value *context)
{
    static const struct {
        const char *path, *refused, *code, *what;
    } settings[] = {
        {"procMount", "Unmasked", "W433", "/proc is not masked"},
        {"seccompProfile.type", "Unconfined", "W433",
         "seccomp is switched off"},
        {"appArmorProfile.type", "Unconfined", "W433",
         "AppArmor is switched off"},
    };
    const struct value *privileged = value_get(context, "privileged");
    const struct value *windows =
        value_path(context, "windowsOptions.hostProcess");
    if (value_bool_or(privileged, false))
        report(lint, "W430", privileged, "the container is privileged");
    if (value_bool_or(windows, false))
        report(lint, "W430", windows, "the container is a process of the node");
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const struct value *value = value_path(context, settings[i].path);
        if (value_string(value) &&
            strcmp(value_string(value), settings[i].refused) == 0)
            report(lint, settings[i].code, value, settings[i].what);
    }
    check_capabilities(lint, context);
    check_selinux(lint, value_get(context, "seLinuxOptions"));
    check_sysctls(lint, value_get(context, "sysctls"));
}

void lint_volumes(struct lint *lint, const struct value *volumes)
{
    for (size_t i = 0;
         value_is(volumes, VALUE_LIST) && i < value_count(volumes); i++) {
        const struct value *path =
            value_get(value_item(volumes, i), "hostPath");
        if (path)
            report(lint, "W431", path, "a folder of the node is mounted");
    }
}
