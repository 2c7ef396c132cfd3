/*
 * A PodSpec and the objects of the store in, a pod for engine/runtime out. That
 * one knows a plan's own ConfigMap and Secret; so all files of the volumes are
 * gathered in one ConfigMap, under keys VOLUME/NUMBER, and variables become plain
 * values. What is missing is said with the words of a kubelet.
 */
#include <string.h>

#include "engine/base/base64.h"
#include "engine/runtime/podspec.h"
#include "tests/kube/node.h"
#include "tests/kube/node_pod.h"
#include "tests/kube/tree.h"

#define ALL "all"

/* What the functions below need all the way down. */
struct resolver {
    struct arena *arena;
    const struct cluster *cluster;
    const struct node_pod *pod;
    struct value *gathered; /* the ConfigMap of all files */
};

static const char *find_field(const struct resolver *resolver,
                              const char *path);

static const struct value *find_object(const struct resolver *resolver,
                                       const char *plural, const char *name)
{
    const struct object *object =
        store_find(&resolver->cluster->store, discovery_find("", "v1", plural),
                   resolver->pod->object->namespace_name, name ? name : "");
    return object ? object->value : NULL;
}

/* A volume on its way: its files are keys VOLUME/NUMBER of the gathered object. */
struct filling {
    const char *volume;
    struct value *items;
};

/* Adds a file; `member` says whether its bytes are text or in base64. */
static void add_file(struct resolver *resolver, struct filling *filling,
                     const char *member, const struct value *bytes,
                     const struct value *item)
{
    struct arena *arena = resolver->arena;
    struct value *made = value_make_map(arena);
    const char *key = arena_format(arena, "%s/%zu", filling->volume,
                                   value_count(filling->items));
    struct value *mode = value_get(item, "mode");
    value_set(arena, tree_map(arena, resolver->gathered, member), key,
              value_copy(arena, bytes));
    value_set_string(arena, made, "key", key);
    value_set_string(arena, made, "path", value_string_at(item, "path"));
    if (mode)
        value_set(arena, made, "mode", mode);
    value_append(arena, filling->items, made);
}

static void add_text(struct resolver *resolver, struct filling *filling,
                     const char *text, const struct value *item)
{
    add_file(resolver, filling, "data",
             value_make_string(resolver->arena, text), item);
}

/* The kinds of objects whose data can be files, and where it is. */
static const struct file_kind {
    const char *member, *name, *other_name, *plural, *noun;
    struct {
        const char *from, *to;
    } data[2];
} file_kinds[] = {
    {"configMap",
     "name",
     "name",
     "configmaps",
     "configmap",
     {{"data", "data"}, {"binaryData", "binaryData"}}},
    {"secret",
     "secretName",
     "name",
     "secrets",
     "secret",
     {{"data", "binaryData"}, {"none", "data"}}},
};

/* The keys that the source names; false: one is not there. */
static bool add_named(struct resolver *resolver, struct filling *filling,
                      const struct file_kind *kind, const struct value *object,
                      const struct value *item)
{
    const char *key = value_string_at(item, "key");
    for (size_t i = 0; key && i < 2; i++) {
        const struct value *bytes =
            value_get(value_get(object, kind->data[i].from), key);
        if (!bytes)
            continue;
        add_file(resolver, filling, kind->data[i].to, bytes, item);
        return true;
    }
    return false;
}

static void add_all(struct resolver *resolver, struct filling *filling,
                    const struct file_kind *kind, const struct value *object)
{
    for (size_t i = 0; i < 2; i++) {
        const struct value *data = value_get(object, kind->data[i].from);
        for (size_t k = 0; k < value_count(data); k++) {
            const struct member *member = &data->map.members[k];
            struct value *item = value_make_map(resolver->arena);
            value_set_string(resolver->arena, item, "path", member->name);
            add_file(resolver, filling, kind->data[i].to, member->value, item);
        }
    }
}

/* The files of a ConfigMap or a Secret. */
static int add_object(struct resolver *resolver, struct filling *filling,
                      const struct file_kind *kind, const struct value *source,
                      struct error *error)
{
    const char *name = value_string_at(source, kind->name);
    if (!name)
        name = value_string_at(source, kind->other_name);
    const struct value *object = find_object(resolver, kind->plural, name);
    const struct value *items = value_get(source, "items");
    bool optional = value_bool_or(value_get(source, "optional"), false);
    if (!object)
        return optional
                   ? 0
                   : error_set(error, ERROR_INPUT,
                               "MountVolume.SetUp failed for volume "
                               "\"%s\" : %s \"%s\" not found",
                               filling->volume, kind->noun, name ? name : "");
    if (value_count(items) == 0)
        add_all(resolver, filling, kind, object);
    for (size_t i = 0; i < value_count(items); i++)
        if (!add_named(resolver, filling, kind, object, value_item(items, i)) &&
            !optional)
            return error_set(error, ERROR_INPUT,
                             "MountVolume.SetUp failed for volume \"%s\" : "
                             "references non-existent config key",
                             filling->volume);
    return 0;
}

static void add_fields(struct resolver *resolver, struct filling *filling,
                       const struct value *source)
{
    const struct value *items = value_get(source, "items");
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *item = value_item(items, i);
        const char *path = value_string(value_path(item, "fieldRef.fieldPath"));
        const char *text = path ? find_field(resolver, path) : NULL;
        add_text(resolver, filling, text ? text : "", item);
    }
}

/* What a volume, or a source of a projected one, gives; -1: it cannot. */
static int fill_volume(struct resolver *resolver, struct filling *filling,
                       const struct value *source, struct error *error)
{
    const struct value *fields = value_get(source, "downwardAPI");
    const struct value *token = value_get(source, "serviceAccountToken");
    const char *text = resolver->cluster->token;
    for (size_t i = 0; i < sizeof file_kinds / sizeof *file_kinds; i++) {
        const struct value *part = value_get(source, file_kinds[i].member);
        if (part &&
            add_object(resolver, filling, &file_kinds[i], part, error) < 0)
            return -1;
    }
    if (fields)
        add_fields(resolver, filling, fields);
    if (token)
        add_text(resolver, filling, text ? text : "", token);
    return 0;
}

/* The volume as a reference to the gathered object. One without files is an
 * optional reference to nothing: an empty folder. */
static struct value *make_volume(struct arena *arena,
                                 const struct filling *filling,
                                 const struct value *mode)
{
    struct value *made = value_make_map(arena);
    struct value *reference = tree_map(arena, made, "configMap");
    bool empty = value_count(filling->items) == 0;
    value_set_string(arena, made, "name", filling->volume);
    value_set_string(arena, reference, "name", empty ? "none" : ALL);
    value_set(arena, reference, "optional", value_make_bool(arena, empty));
    value_set(arena, reference, "items", filling->items);
    value_set(arena, reference, "defaultMode",
              value_make_int(arena, value_int_or(mode, 0644)));
    return made;
}

/* A volume of the downward API is a folder, which node_fields.c fills. */
static int add_volume(struct resolver *resolver, const struct value *volume,
                      struct value *volumes, struct error *error)
{
    static const char *const kinds[] = {"configMap", "secret", "projected"};
    struct arena *arena = resolver->arena;
    const char *name = value_string_at(volume, "name");
    struct filling filling = {name ? name : "", value_make_list(arena)};
    const struct value *sources = value_path(volume, "projected.sources");
    const struct value *mode = NULL;
    bool files = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct value *kind = value_get(volume, kinds[i]);
        files |= kind != NULL;
        mode = kind ? value_get(kind, "defaultMode") : mode;
    }
    if (fill_volume(resolver, &filling, volume, error) < 0)
        return -1;
    for (size_t i = 0; i < value_count(sources); i++)
        if (fill_volume(resolver, &filling, value_item(sources, i), error) < 0)
            return -1;
    struct value *made = make_volume(arena, &filling, mode);
    if (!files) {
        tree_drop(arena, made, "configMap");
        value_set(arena, made, "emptyDir", value_make_map(arena));
    }
    value_append(arena, volumes, made);
    return 0;
}

/* Claims are folders, which node_claim.c brings. */
static int add_volumes(struct resolver *resolver, struct value *specification,
                       struct error *error)
{
    const struct value *list =
        value_path(resolver->pod->object->value, "spec.volumes");
    struct value *volumes = value_make_list(resolver->arena);
    for (size_t i = 0; i < value_count(list); i++)
        if (add_volume(resolver, value_item(list, i), volumes, error) < 0)
            return -1;
    value_set(resolver->arena, specification, "volumes", volumes);
    return 0;
}

/* A value that is data: engine/runtime expands $(NAME) in plain values. */
static const char *escape(struct arena *arena, const char *value)
{
    CLEANUP(text_free) struct text escaped = {0};
    for (; *value; value++) {
        text_append_character(&escaped, *value);
        if (*value == '$')
            text_append_character(&escaped, '$');
    }
    return arena_string(arena, text_string(&escaped));
}

static const struct {
    const char *path, *constant;
} fields[] = {
    {"status.podIP", "127.0.0.1"},
    {"status.hostIP", "127.0.0.1"},
    {"spec.nodeName", NODE_NAME},
};

/* metadata.name, metadata.labels['x'], ... of the pod; NULL: not known. */
static const char *find_field(const struct resolver *resolver, const char *path)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(fields[i].path, path) == 0)
            return fields[i].constant;
    return node_field(resolver->arena, resolver->pod->object->value, path);
}

/* The text of a key; that of a Secret is in base64. */
static const char *find_key(struct resolver *resolver,
                            const struct value *object, const char *key,
                            bool secret)
{
    const struct value *entry = value_get(value_get(object, "data"), key);
    const char *text = value_string(entry);
    if (!text || !secret)
        return text;
    size_t length;
    return base64_decode(resolver->arena, text, entry->string.length, &length);
}

static const struct {
    const char *key_member, *all_member, *plural, *noun;
    bool secret;
} variable_kinds[] = {
    {"configMapKeyRef", "configMapRef", "configmaps", "configmap", false},
    {"secretKeyRef", "secretRef", "secrets", "secret", true},
};

/* The value of a reference; NULL with `error` unset: it is left out. */
static const char *follow(struct resolver *resolver, size_t kind,
                          const struct value *reference, struct error *error)
{
    const char *name = value_string_at(reference, "name");
    const char *key = value_string_at(reference, "key");
    const struct value *object =
        find_object(resolver, variable_kinds[kind].plural, name);
    const char *found = object && key ? find_key(resolver, object, key,
                                                 variable_kinds[kind].secret)
                                      : NULL;
    if (found || value_bool_or(value_get(reference, "optional"), false))
        return found;
    if (!object)
        error_set(error, ERROR_INPUT, "%s \"%s\" not found",
                  variable_kinds[kind].noun, name ? name : "");
    else
        error_set(error, ERROR_INPUT, "couldn't find key %s in %s %s/%s",
                  key ? key : "",
                  variable_kinds[kind].secret ? "Secret" : "ConfigMap",
                  resolver->pod->object->namespace_name, name);
    return NULL;
}

static void add_variable(struct resolver *resolver, struct value *list,
                         const char *name, const char *value)
{
    struct value *made = value_make_map(resolver->arena);
    value_set_string(resolver->arena, made, "name", name);
    value_set_string(resolver->arena, made, "value",
                     escape(resolver->arena, value));
    value_append(resolver->arena, list, made);
}

static int resolve_variable(struct resolver *resolver,
                            const struct value *variable, struct value *list,
                            struct error *error)
{
    const struct value *source = value_get(variable, "valueFrom");
    const char *name = value_string_at(variable, "name");
    const char *path = value_string(value_path(source, "fieldRef.fieldPath"));
    const char *value = path ? find_field(resolver, path) : NULL;
    if (!source) {
        value_append(resolver->arena, list,
                     value_copy(resolver->arena, variable));
        return 0;
    }
    for (size_t i = 0; i < 2; i++) {
        const struct value *reference =
            value_get(source, variable_kinds[i].key_member);
        if (reference)
            value = follow(resolver, i, reference, error);
        if (error_is_set(error))
            return -1;
    }
    if (value)
        add_variable(resolver, list, name, value);
    return 0;
}

static int resolve_all(struct resolver *resolver, const struct value *source,
                       struct value *list, struct error *error)
{
    const char *prefix = value_string_at(source, "prefix");
    for (size_t i = 0; i < 2; i++) {
        const struct value *reference =
            value_get(source, variable_kinds[i].all_member);
        const char *name = value_string_at(reference, "name");
        const struct value *object =
            find_object(resolver, variable_kinds[i].plural, name);
        if (!reference)
            continue;
        if (!object && !value_bool_or(value_get(reference, "optional"), false))
            return error_set(error, ERROR_INPUT, "%s \"%s\" not found",
                             variable_kinds[i].noun, name ? name : "");
        const struct value *data = value_get(object, "data");
        for (size_t k = 0; k < value_count(data); k++) {
            const char *key = data->map.members[k].name;
            const char *value =
                find_key(resolver, object, key, variable_kinds[i].secret);
            if (value)
                add_variable(resolver, list,
                             arena_format(resolver->arena, "%s%s",
                                          prefix ? prefix : "", key),
                             value);
        }
    }
    return 0;
}

/* Without a command, the arguments are the command: the images that tests use
 * have no entrypoint of their own, and a shell as their command. */
static void complete_command(struct arena *arena, struct value *made)
{
    struct value *command = value_get(made, "command");
    struct value *arguments = value_get(made, "args");
    if (value_count(command) > 0)
        return;
    if (value_count(arguments) == 0) {
        arguments = value_make_list(arena);
        value_append(arena, arguments, value_make_string(arena, "/bin/sh"));
    }
    value_set(arena, made, "command", arguments);
    tree_drop(arena, made, "args");
}

/* How programs find the API from inside, as every pod of a cluster is told. */
static void add_service(struct resolver *resolver, struct value *variables)
{
    const char *port =
        arena_format(resolver->arena, "%d", resolver->cluster->port);
    add_variable(resolver, variables, "KUBERNETES_SERVICE_HOST", "127.0.0.1");
    add_variable(resolver, variables, "KUBERNETES_SERVICE_PORT", port);
    add_variable(resolver, variables, "KUBERNETES_SERVICE_PORT_HTTPS", port);
}

/* In a sandbox /var/run is a link to /run, through which nothing is mounted. */
static void follow_links(struct arena *arena, const struct value *container)
{
    static const char link[] = "/var/run/";
    const struct value *mounts = value_get(container, "volumeMounts");
    for (size_t i = 0; i < value_count(mounts); i++) {
        const char *path = value_string_at(value_item(mounts, i), "mountPath");
        if (path && strncmp(path, link, sizeof link - 1) == 0)
            value_set_string(arena, value_item(mounts, i), "mountPath",
                             arena_string(arena, path + strlen("/var")));
    }
}

static int add_container(struct resolver *resolver,
                         const struct value *container,
                         struct value *specification, struct error *error)
{
    struct arena *arena = resolver->arena;
    struct value *made = value_copy(arena, container);
    struct value *variables = value_make_list(arena);
    const struct value *all = value_get(container, "envFrom");
    const struct value *list = value_get(container, "env");
    add_service(resolver, variables);
    for (size_t i = 0; i < value_count(all); i++)
        if (resolve_all(resolver, value_item(all, i), variables, error) < 0)
            return -1;
    for (size_t i = 0; i < value_count(list); i++)
        if (resolve_variable(resolver, value_item(list, i), variables, error) <
            0)
            return -1;
    tree_drop(arena, made, "envFrom");
    value_set(arena, made, "env", variables);
    complete_command(arena, made);
    follow_links(arena, made);
    struct value *containers = value_make_list(arena);
    value_append(arena, containers, made);
    value_set(arena, specification, "containers", containers);
    return 0;
}

struct pod *node_spec_decode(struct arena *arena, const struct cluster *cluster,
                             const struct node_pod *pod,
                             const struct node_container *container,
                             struct error *error)
{
    static const char shell[] =
        "{\"name\": \"none\", \"command\": [\"/bin/true\"]}";
    struct resolver resolver = {arena, cluster, pod, value_make_map(arena)};
    value_set_string(arena, tree_map(arena, resolver.gathered, "metadata"),
                     "name", ALL);
    struct value *specification = value_make_map(arena);
    struct value *security =
        value_path(pod->object->value, "spec.securityContext");
    if (security)
        value_set(arena, specification, "securityContext", security);
    const struct value *wanted =
        container ? container->specification
                  : value_read_json(arena, shell, sizeof shell - 1, error);
    if (add_volumes(&resolver, specification, error) < 0 ||
        add_container(&resolver, wanted, specification, error) < 0)
        return NULL;
    struct plan plan = {.config_map = resolver.gathered, .pod = specification};
    struct pod *decoded = pod_decode(arena, &plan, error);
    return decoded && pod_require_commands(decoded, error) == 0 ? decoded
                                                                : NULL;
}
