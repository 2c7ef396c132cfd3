/*
 * A PodSpec and the objects of the store in, a pod for engine/runtime out. That
 * one knows a plan's own ConfigMap and Secret; so all files of the volumes are
 * gathered in one ConfigMap and one Secret, under keys VOLUME/KEY, and variables
 * become plain values. What is missing is said with the words of a kubelet.
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
    const struct store *store;
    const struct node_pod *pod;
    struct value *config_map, *secret; /* the gathered ones */
};

static const struct value *find_object(const struct resolver *resolver,
                                       const char *plural, const char *name)
{
    const struct object *object =
        store_find(resolver->store, discovery_find("", "v1", plural),
                   resolver->pod->object->namespace_name, name ? name : "");
    return object ? object->value : NULL;
}

/* Takes the keys of one member (data, binaryData) that `items` names, or all. */
static void gather_member(struct resolver *resolver, const struct value *object,
                          const char *member, const char *volume,
                          struct value *into)
{
    struct arena *arena = resolver->arena;
    const struct value *data = value_get(object, member);
    for (size_t i = 0; i < value_count(data); i++) {
        const struct member *entry = &data->map.members[i];
        value_set(arena, tree_map(arena, into, member),
                  arena_format(arena, "%s/%s", volume, entry->name),
                  value_copy(arena, entry->value));
    }
}

static void add_item(struct resolver *resolver, struct value *items,
                     const char *volume, const char *key,
                     const struct value *item)
{
    struct arena *arena = resolver->arena;
    struct value *made = value_make_map(arena);
    const char *path = value_string_at(item, "path");
    struct value *mode = value_get(item, "mode");
    value_set_string(arena, made, "key",
                     arena_format(arena, "%s/%s", volume, key));
    value_set_string(arena, made, "path", path ? path : key);
    if (mode)
        value_set(arena, made, "mode", mode);
    value_append(arena, items, made);
}

/* The items of a volume: those that it names, or all keys of the object. */
static int add_items(struct resolver *resolver, struct value *items,
                     const char *volume, const struct value *object,
                     const struct value *source, struct error *error)
{
    static const char *const members[] = {"data", "binaryData"};
    const struct value *named = value_get(source, "items");
    for (size_t i = 0; i < value_count(named); i++) {
        const char *key = value_string_at(value_item(named, i), "key");
        bool found = false;
        for (size_t k = 0; key && k < 2; k++)
            found |= value_get(value_get(object, members[k]), key) != NULL;
        if (!found)
            return error_set(error, ERROR_INPUT,
                             "references non-existent config key: %s",
                             key ? key : "");
        add_item(resolver, items, volume, key, value_item(named, i));
    }
    for (size_t k = 0; value_count(named) == 0 && k < 2; k++) {
        const struct value *data = value_get(object, members[k]);
        for (size_t i = 0; i < value_count(data); i++)
            add_item(resolver, items, volume, data->map.members[i].name, NULL);
    }
    return 0;
}

/* The two kinds of objects whose data can be files. */
static const struct source_kind {
    const char *member, *name, *plural, *noun;
} source_kinds[] = {
    {"configMap", "name", "configmaps", "configmap"},
    {"secret", "secretName", "secrets", "secret"},
};

/* One volume in the form that refers to the gathered objects. */
static int add_source(struct resolver *resolver, const struct source_kind *kind,
                      const struct value *volume, struct value *made,
                      struct error *error)
{
    struct arena *arena = resolver->arena;
    const char *volume_name = value_string_at(volume, "name");
    const struct value *source = value_get(volume, kind->member);
    const char *name = value_string_at(source, kind->name);
    const struct value *object = find_object(resolver, kind->plural, name);
    bool secret = strcmp(kind->member, "secret") == 0;
    struct value *items = value_make_list(arena);
    struct value *map = value_make_map(arena);
    if (!object && value_bool_or(value_get(source, "optional"), false)) {
        value_set_string(arena, map, kind->name, "none");
        value_set(arena, map, "optional", value_make_bool(arena, true));
        value_set(arena, made, kind->member, map);
        return 0;
    }
    if (!object)
        return error_set(error, ERROR_INPUT,
                         "MountVolume.SetUp failed for volume \"%s\" : %s "
                         "\"%s\" not found",
                         volume_name ? volume_name : "", kind->noun,
                         name ? name : "");
    if (add_items(resolver, items, volume_name, object, source, error) < 0)
        return error_context(error, "MountVolume.SetUp failed for volume");
    gather_member(resolver, object, "data", volume_name,
                  secret ? resolver->secret : resolver->config_map);
    gather_member(resolver, object, "binaryData", volume_name,
                  resolver->config_map);
    value_set_string(arena, map, kind->name, ALL);
    value_set(arena, map, "items", items);
    struct value *mode = value_get(source, "defaultMode");
    if (mode)
        value_set(arena, map, "defaultMode", mode);
    /* An object without keys is an empty folder. */
    if (value_count(items) == 0) {
        value_set_string(arena, map, kind->name, "none");
        value_set(arena, map, "optional", value_make_bool(arena, true));
    }
    value_set(arena, made, kind->member, map);
    return 0;
}

static int add_volumes(struct resolver *resolver, struct value *specification,
                       struct error *error)
{
    struct arena *arena = resolver->arena;
    const struct value *list =
        value_path(resolver->pod->object->value, "spec.volumes");
    struct value *volumes = value_make_list(arena);
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *volume = value_item(list, i);
        struct value *made = value_make_map(arena);
        value_set_string(arena, made, "name", value_string_at(volume, "name"));
        for (size_t k = 0; k < 2; k++)
            if (value_get(volume, source_kinds[k].member) &&
                add_source(resolver, &source_kinds[k], volume, made, error) < 0)
                return -1;
        if (value_get(volume, "emptyDir") ||
            value_get(volume, "persistentVolumeClaim") ||
            value_get(volume, "ephemeral"))
            value_set(arena, made, "emptyDir", value_make_map(arena));
        value_append(arena, volumes, made);
    }
    value_set(arena, specification, "volumes", volumes);
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
    const struct value *pod = resolver->pod->object->value;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(fields[i].path, path) == 0)
            return fields[i].constant;
    const char *bracket = strchr(path, '[');
    size_t length = strlen(path);
    if (!bracket)
        return value_string(value_path(pod, path));
    const char *map =
        arena_copy(resolver->arena, path, (size_t)(bracket - path));
    if (length < (size_t)(bracket - path) + 5)
        return NULL;
    const char *key = arena_copy(resolver->arena, bracket + 2,
                                 length - (size_t)(bracket - path) - 4);
    const char *found = value_string_at(value_path(pod, map), key);
    return found ? found : "";
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

static int add_container(struct resolver *resolver,
                         const struct value *container,
                         struct value *specification, struct error *error)
{
    struct arena *arena = resolver->arena;
    struct value *made = value_copy(arena, container);
    struct value *variables = value_make_list(arena);
    const struct value *all = value_get(container, "envFrom");
    const struct value *list = value_get(container, "env");
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
    struct value *containers = value_make_list(arena);
    value_append(arena, containers, made);
    value_set(arena, specification, "containers", containers);
    return 0;
}

static struct value *make_object(struct arena *arena)
{
    struct value *object = value_make_map(arena);
    value_set_string(arena, tree_map(arena, object, "metadata"), "name", ALL);
    return object;
}

struct pod *node_spec_decode(struct arena *arena, const struct store *store,
                             const struct node_pod *pod,
                             const struct node_container *container,
                             struct error *error)
{
    static const char shell[] =
        "{\"name\": \"none\", \"command\": [\"/bin/true\"]}";
    struct resolver resolver = {arena, store, pod, make_object(arena),
                                make_object(arena)};
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
    struct plan plan = {.config_map = resolver.config_map,
                        .secret = resolver.secret,
                        .pod = specification};
    return pod_decode(arena, &plan, error);
}
