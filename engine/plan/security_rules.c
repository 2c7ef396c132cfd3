/*
 * A pod in, the fields that a profile does not admit out. The standards are one
 * table, a row for each control and field of
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/ (v1.32).
 * Most judge only what is there; what has to be there says so (ALWAYS, EFFECT).
 */
#include <string.h>

#include "engine/plan/security.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

enum {
    FINDINGS_LIMIT = 200
}; /* enough to mend; the rest comes at the next try */

/* Where the field is. */
enum scope {
    OF_POD,       /* of the pod's specification */
    OF_CONTAINER, /* of each container */
    OF_EITHER,    /* securityContext.<path> of the pod and of each container */
    OF_VOLUME,    /* of each volume */
    OF_METADATA,  /* of the pod's metadata */
};

/* What of the field is judged. */
enum part {
    WHOLE,   /* its value, when it is there */
    ITEMS,   /* each item of the list */
    MEMBERS, /* each member of the map */
    ALWAYS,  /* its value, also when it is not there */
    EFFECT,  /* the same, of the container or else of the pod */
};

static const char *const ordinary_capabilities[] = {
    "AUDIT_WRITE", "CHOWN",  "DAC_OVERRIDE",     "FOWNER",  "FSETID",
    "KILL",        "MKNOD",  "NET_BIND_SERVICE", "SETFCAP", "SETGID",
    "SETPCAP",     "SETUID", "SYS_CHROOT",       NULL};
static const char *const port_capability[] = {"NET_BIND_SERVICE", NULL};
static const char *const profiles[] = {"RuntimeDefault", "Localhost", NULL};
static const char *const selinux_types[] = {"",
                                            "container_t",
                                            "container_init_t",
                                            "container_kvm_t",
                                            "container_engine_t",
                                            NULL};
static const char *const empty[] = {"", NULL};
static const char *const masked[] = {"Default", NULL};
static const char *const safe_sysctls[] = {
    "kernel.shm_rmid_forced",
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
static const char *const volume_kinds[] = {
    "configMap", "csi",       "downwardAPI",
    "emptyDir",  "ephemeral", "persistentVolumeClaim",
    "projected", "secret",    NULL};
static const char *const all[] = {"ALL", NULL};

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

static const char *text_or_empty(const struct value *value)
{
    const char *text = value_string(value);
    return text ? text : "";
}

/* The tests: whether a value, which may be NULL, is admitted. `name` is that of a
 * member, else NULL. */

static bool is_not_true(const char *const *words, const char *name,
                        const struct value *value)
{
    (void)words, (void)name;
    return !value_bool_or(value, false);
}

static bool is_not_false(const char *const *words, const char *name,
                         const struct value *value)
{
    (void)words, (void)name;
    return value_bool_or(value, true);
}

static bool is_false(const char *const *words, const char *name,
                     const struct value *value)
{
    (void)words, (void)name;
    return !value_bool_or(value, true);
}

static bool is_true(const char *const *words, const char *name,
                    const struct value *value)
{
    (void)words, (void)name;
    return value_bool_or(value, false);
}

static bool is_not_zero(const char *const *words, const char *name,
                        const struct value *value)
{
    (void)words, (void)name;
    return value_int_or(value, 1) != 0;
}

static bool is_absent(const char *const *words, const char *name,
                      const struct value *value)
{
    (void)words, (void)name;
    return value == NULL;
}

static bool is_text(const char *const *words, const char *name,
                    const struct value *value)
{
    (void)words, (void)name;
    return value_string(value) != NULL;
}

static bool is_word(const char *const *words, const char *name,
                    const struct value *value)
{
    (void)name;
    return is_one_of(text_or_empty(value), words);
}

static bool has_known_name(const char *const *words, const char *name,
                           const struct value *value)
{
    (void)name;
    return is_one_of(text_or_empty(value_get(value, "name")), words);
}

static bool has_no_host_port(const char *const *words, const char *name,
                             const struct value *value)
{
    (void)words, (void)name;
    return value_int_or(value_get(value, "hostPort"), 0) == 0;
}

static bool has_word(const char *const *words, const char *name,
                     const struct value *value)
{
    (void)name;
    for (size_t i = 0; i < value_count(value); i++)
        if (is_one_of(text_or_empty(value_item(value, i)), words))
            return true;
    return false;
}

static bool is_known_kind(const char *const *words, const char *name,
                          const struct value *value)
{
    (void)value;
    return strcmp(name, "name") == 0 || is_one_of(name, words);
}

/* An annotation of AppArmor, of one container, names a profile. */
static bool has_armor(const char *const *words, const char *name,
                      const struct value *value)
{
    static const char prefix[] =
        "container.apparmor.security.beta.kubernetes.io/";
    const char *text = text_or_empty(value);
    return strncmp(name, prefix, sizeof prefix - 1) != 0 ||
           is_one_of(text, words) || strncmp(text, "localhost/", 10) == 0;
}

static const char *const armor[] = {"", "runtime/default", NULL};

static const struct rule {
    enum security_profile profile;
    enum scope scope;
    const char *path;
    enum part part;
    bool (*admits)(const char *const *words, const char *name,
                   const struct value *value);
    const char *const *words;
    const char *wanted;
} rules[] = {
    {SECURITY_BASELINE, OF_EITHER, "windowsOptions.hostProcess", WHOLE,
     is_not_true, NULL, "only false"},
    {SECURITY_BASELINE, OF_POD, "hostNetwork", WHOLE, is_not_true, NULL,
     "only false"},
    {SECURITY_BASELINE, OF_POD, "hostPID", WHOLE, is_not_true, NULL,
     "only false"},
    {SECURITY_BASELINE, OF_POD, "hostIPC", WHOLE, is_not_true, NULL,
     "only false"},
    {SECURITY_BASELINE, OF_CONTAINER, "securityContext.privileged", WHOLE,
     is_not_true, NULL, "only false"},
    {SECURITY_BASELINE, OF_CONTAINER, "securityContext.capabilities.add", ITEMS,
     is_word, ordinary_capabilities,
     "only those that containers have by default"},
    {SECURITY_BASELINE, OF_VOLUME, "hostPath", WHOLE, is_absent, NULL,
     "no folder of the node"},
    {SECURITY_BASELINE, OF_CONTAINER, "ports", ITEMS, has_no_host_port, NULL,
     "no port of the node"},
    {SECURITY_BASELINE, OF_EITHER, "appArmorProfile.type", WHOLE, is_word,
     profiles, "only RuntimeDefault or Localhost"},
    {SECURITY_BASELINE, OF_METADATA, "annotations", MEMBERS, has_armor, armor,
     "only runtime/default or localhost/..."},
    {SECURITY_BASELINE, OF_EITHER, "seLinuxOptions.type", WHOLE, is_word,
     selinux_types,
     "only container_t, container_init_t, container_kvm_t or "
     "container_engine_t"},
    {SECURITY_BASELINE, OF_EITHER, "seLinuxOptions.user", WHOLE, is_word, empty,
     "none"},
    {SECURITY_BASELINE, OF_EITHER, "seLinuxOptions.role", WHOLE, is_word, empty,
     "none"},
    {SECURITY_BASELINE, OF_CONTAINER, "securityContext.procMount", WHOLE,
     is_word, masked, "only Default"},
    {SECURITY_BASELINE, OF_EITHER, "seccompProfile.type", WHOLE, is_word,
     profiles, "only RuntimeDefault or Localhost"},
    {SECURITY_BASELINE, OF_POD, "securityContext.sysctls", ITEMS,
     has_known_name, safe_sysctls, "only the safe ones"},
    {SECURITY_RESTRICTED, OF_VOLUME, "", MEMBERS, is_known_kind, volume_kinds,
     "only configMap, csi, downwardAPI, emptyDir, ephemeral, "
     "persistentVolumeClaim, projected and secret"},
    {SECURITY_RESTRICTED, OF_CONTAINER,
     "securityContext.allowPrivilegeEscalation", ALWAYS, is_false, NULL,
     "only false"},
    {SECURITY_RESTRICTED, OF_EITHER, "runAsNonRoot", WHOLE, is_not_false, NULL,
     "only true"},
    {SECURITY_RESTRICTED, OF_CONTAINER, "runAsNonRoot", EFFECT, is_true, NULL,
     "only true"},
    {SECURITY_RESTRICTED, OF_EITHER, "runAsUser", WHOLE, is_not_zero, NULL,
     "any user but 0"},
    {SECURITY_RESTRICTED, OF_CONTAINER, "seccompProfile.type", EFFECT, is_text,
     NULL, "only RuntimeDefault or Localhost"},
    {SECURITY_RESTRICTED, OF_CONTAINER, "securityContext.capabilities.drop",
     ALWAYS, has_word, all, "only a list with ALL"},
    {SECURITY_RESTRICTED, OF_CONTAINER, "securityContext.capabilities.add",
     ITEMS, is_word, port_capability, "only NET_BIND_SERVICE"},
};

/* What the functions below collect. */
struct judge {
    struct arena *arena;
    struct security_finding *list;
    size_t count;
    const struct rule *rule;
    const struct value *pod; /* its specification */
};

/* `where` has its separator: "container 'a': " or "". A field is told once, by
 * the loosest profile. */
static void add(struct judge *judge, const char *where, const char *field,
                struct mark mark)
{
    const char *whole = arena_format(judge->arena, "%s%s", where, field);
    for (size_t i = 0; i < judge->count; i++)
        if (strcmp(judge->list[i].field, whole) == 0)
            return;
    if (judge->count < FINDINGS_LIMIT)
        judge->list[judge->count++] = (struct security_finding){
            .profile = judge->rule->profile,
            .field = whole,
            .wanted = judge->rule->wanted,
            .mark = mark,
        };
}

static void judge_items(struct judge *judge, const char *where,
                        const char *path, const struct value *list)
{
    const struct rule *rule = judge->rule;
    for (size_t i = 0; value_is(list, VALUE_LIST) && i < value_count(list);
         i++) {
        const struct value *item = value_item(list, i);
        const char *text = value_string(item);
        if (!text)
            text = value_string_at(item, "name");
        if (!rule->admits(rule->words, NULL, item))
            add(judge, where,
                text ? arena_format(judge->arena, "%s: %.60s", path, text)
                     : arena_format(judge->arena, "%s[%zu]", path, i),
                item->mark);
    }
}

static void judge_members(struct judge *judge, const char *where,
                          const char *path, const struct value *map)
{
    const struct rule *rule = judge->rule;
    for (size_t i = 0; map && value_is(map, VALUE_MAP) && i < map->map.count;
         i++) {
        const struct member *member = &map->map.members[i];
        if (!rule->admits(rule->words, member->name, member->value))
            add(judge, where,
                arena_format(judge->arena, "%s%s%.120s", path,
                             *path ? ": " : "", member->name),
                member->value->mark.line ? member->value->mark : map->mark);
    }
}

/* Applies the rule to the field `path` of `owner`. */
static void judge_field(struct judge *judge, const char *where,
                        const struct value *owner, const char *path)
{
    const struct rule *rule = judge->rule;
    const struct value *value = *path ? value_path(owner, path) : owner;
    if (value_is(value, VALUE_NULL))
        value = NULL;
    if (rule->part == ITEMS)
        judge_items(judge, where, path, value);
    else if (rule->part == MEMBERS)
        judge_members(judge, where, path, value);
    else if ((value || rule->part != WHOLE) &&
             !rule->admits(rule->words, NULL, value))
        add(judge, where, path, value ? value->mark : (struct mark){0});
}

static void judge_container(struct judge *judge, const struct value *container)
{
    const struct rule *rule = judge->rule;
    const char *name = value_string_at(container, "name");
    const char *where =
        arena_format(judge->arena, "container '%.63s': ", name ? name : "");
    const char *path = rule->path;
    if (rule->scope == OF_EITHER || rule->part == EFFECT)
        path = arena_format(judge->arena, "securityContext.%s", rule->path);
    bool own = rule->part != EFFECT || value_path(container, path);
    judge_field(judge, where, own ? container : judge->pod, path);
}

static void judge_containers(struct judge *judge)
{
    static const char *const lists[] = {"initContainers", "containers",
                                        "ephemeralContainers"};
    for (size_t k = 0; k < LENGTH(lists); k++) {
        const struct value *list = value_get(judge->pod, lists[k]);
        for (size_t i = 0; i < value_count(list); i++)
            judge_container(judge, value_item(list, i));
    }
}

static void judge_volumes(struct judge *judge)
{
    const struct value *list = value_get(judge->pod, "volumes");
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *volume = value_item(list, i);
        const char *name = value_string_at(volume, "name");
        judge_field(
            judge,
            arena_format(judge->arena, "volume '%.63s': ", name ? name : ""),
            volume, judge->rule->path);
    }
}

static void apply(struct judge *judge, const struct value *template)
{
    const struct rule *rule = judge->rule;
    if (rule->scope == OF_POD)
        judge_field(judge, "", judge->pod, rule->path);
    if (rule->scope == OF_METADATA)
        judge_field(judge, "", value_get(template, "metadata"), rule->path);
    if (rule->scope == OF_EITHER)
        judge_field(
            judge, "", judge->pod,
            arena_format(judge->arena, "securityContext.%s", rule->path));
    if (rule->scope == OF_EITHER || rule->scope == OF_CONTAINER)
        judge_containers(judge);
    if (rule->scope == OF_VOLUME)
        judge_volumes(judge);
}

size_t security_judge(struct arena *arena, const struct value *template,
                      enum security_profile profile,
                      struct security_finding **list)
{
    struct judge judge = {
        .arena = arena,
        .list = arena_allocate(arena, FINDINGS_LIMIT *
                                          sizeof(struct security_finding)),
        .pod = value_get(template, "spec"),
    };
    for (size_t i = 0; i < LENGTH(rules); i++) {
        judge.rule = &rules[i];
        if (profile >= SECURITY_BASELINE && rules[i].profile <= profile)
            apply(&judge, template);
    }
    *list = judge.list;
    return judge.count;
}
