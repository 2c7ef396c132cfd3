/*
 * The env and envFrom of a container in, names with values out. References
 * follow the expansion of Kubernetes: only `value` is expanded, with what was
 * defined before it; values that come from objects are data and stay.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
 */
#include "engine/runtime/variables.h"

#include <string.h>

#include "engine/base/text.h"
#include "engine/runtime/limits.h"
#include "engine/runtime/object.h"
#include "engine/runtime/podfield.h"

static const struct {
    const char *member;
    enum object_kind kind;
} key_references[] =
    {
        {"configMapKeyRef", OBJECT_CONFIG_MAP},
        {"secretKeyRef", OBJECT_SECRET},
},
  all_references[] = {
      {"configMapRef", OBJECT_CONFIG_MAP},
      {"secretRef", OBJECT_SECRET},
};

enum { REFERENCE_COUNT = 2 };

static struct pod_variable *find(const struct pod_container *container,
                                 const char *name, size_t length)
{
    for (size_t i = 0; i < container->variable_count; i++) {
        struct pod_variable *variable = &container->variables[i];
        if (strlen(variable->name) == length &&
            memcmp(variable->name, name, length) == 0)
            return variable;
    }
    return NULL;
}

void variables_set(struct arena *arena, struct pod_container *container,
                   const char *name, const char *value)
{
    struct pod_variable *variable = find(container, name, strlen(name));
    if (!variable) {
        size_t size = container->variable_count * sizeof *variable;
        container->variables = arena_grow(arena, container->variables, size,
                                          size + sizeof *variable);
        variable = &container->variables[container->variable_count++];
    }
    *variable = (struct pod_variable){name, value};
}

/* variables_set of a pair from outside: checked. */
static int add(struct arena *arena, struct pod_container *container,
               const char *name, const char *value, struct error *error)
{
    if (!name || name[0] == '\0' || strchr(name, '='))
        return error_set(error, ERROR_SYSTEM,
                         "container '%s': a variable has the name '%s', which "
                         "no environment can hold",
                         container->name, name ? name : "");
    if (container->variable_count == POD_VARIABLE_LIMIT)
        return error_set(error, ERROR_SYSTEM,
                         "container '%s' has more than %d variables",
                         container->name, POD_VARIABLE_LIMIT);
    variables_set(arena, container, name, value);
    return 0;
}

/* Copies the reference that begins at `text` ("$...") into `expanded`; returns
 * its length. */
static size_t expand_one(const struct pod_container *container,
                         const char *text, struct text *expanded)
{
    const char *end = text[1] == '(' ? strchr(text, ')') : NULL;
    if (end) {
        size_t length = (size_t)(end - text) + 1;
        struct pod_variable *variable = find(container, text + 2, length - 3);
        if (variable)
            text_append_string(expanded, variable->value);
        else
            text_append(expanded, text, length);
        return length;
    }
    text_append_character(expanded, '$');
    return text[1] == '$' ? 2 : 1;
}

const char *variables_expand(struct arena *arena,
                             const struct pod_container *container,
                             const char *text)
{
    if (!strchr(text, '$'))
        return text;
    CLEANUP(text_free) struct text expanded = {0};
    while (*text != '\0') {
        size_t plain = strcspn(text, "$");
        text_append(&expanded, text, plain);
        text += plain;
        if (*text == '$')
            text += expand_one(container, text, &expanded);
    }
    return arena_string(arena, text_string(&expanded));
}

/* The object that `reference` names. NULL with `error` unset: it is missing and
 * optional. */
static struct object *find_object(struct arena *arena, const struct plan *plan,
                                  const struct value *reference,
                                  enum object_kind kind, struct error *error)
{
    const char *name = value_string_at(reference, "name");
    struct object *object =
        object_find(arena, plan, kind, name ? name : "", error);
    if (!object && !error_is_set(error) &&
        !value_bool_or(value_get(reference, "optional"), false))
        error_set(error, ERROR_SYSTEM,
                  "it needs the %s '%s' of a cluster, which this machine does "
                  "not have",
                  object_kind_name(kind), name ? name : "");
    return object;
}

/* The value of an entry, which no variable holds when it has a NUL byte. */
static const char *get_text(const struct object *object,
                            const struct object_entry *entry,
                            struct error *error)
{
    if (strlen(entry->bytes) == entry->length)
        return entry->bytes;
    error_set(error, ERROR_SYSTEM,
              "the key '%s' of the %s '%s' holds a NUL byte", entry->key,
              object_kind_name(object->kind), object->name);
    return NULL;
}

/* The value that `reference` leads to. NULL with `error` unset: it is missing
 * and optional. */
static const char *follow(struct arena *arena, const struct plan *plan,
                          const struct value *reference, enum object_kind kind,
                          struct error *error)
{
    struct object *object = find_object(arena, plan, reference, kind, error);
    if (!object)
        return NULL;
    const char *key = value_string_at(reference, "key");
    const struct object_entry *entry = object_get(object, key ? key : "");
    if (entry)
        return get_text(object, entry, error);
    if (!value_bool_or(value_get(reference, "optional"), false))
        error_set(error, ERROR_SYSTEM, "the %s '%s' has no key '%s'",
                  object_kind_name(kind), object->name, key ? key : "");
    return NULL;
}

/* A source of a variable that only a cluster has. */
static int refuse_source(const struct pod_container *container,
                         const char *name, const struct value *source,
                         struct error *error)
{
    const char *what = value_string(value_path(source, "fieldRef.fieldPath"));
    if (!what && value_count(source) > 0 && value_is(source, VALUE_MAP))
        what = source->map.members[0].name;
    return error_set(error, ERROR_SYSTEM,
                     "container '%s': variable '%s' comes from '%s', which "
                     "this machine does not have; it has secretKeyRef, "
                     "configMapKeyRef and some fields of the pod",
                     container->name, name ? name : "", what ? what : "");
}

/* One entry of env that has valueFrom. */
static int add_reference(struct arena *arena, const struct plan *plan,
                         const struct value *entry,
                         struct pod_container *container, struct error *error)
{
    const struct value *source = value_get(entry, "valueFrom");
    const char *name = value_string_at(entry, "name");
    for (size_t i = 0; i < REFERENCE_COUNT; i++) {
        const struct value *reference =
            value_get(source, key_references[i].member);
        if (!reference)
            continue;
        const char *value =
            follow(arena, plan, reference, key_references[i].kind, error);
        if (!value && error_is_set(error))
            return error_context(error, "container '%s': variable '%s'",
                                 container->name, name ? name : "");
        return value ? add(arena, container, name, value, error) : 0;
    }
    const char *field = value_string(value_path(source, "fieldRef.fieldPath"));
    const char *value = field ? podfield_get(arena, plan, field) : NULL;
    if (value)
        return add(arena, container, name, value, error);
    return refuse_source(container, name, source, error);
}

static int add_entry(struct arena *arena, const struct plan *plan,
                     const struct value *entry, struct pod_container *container,
                     struct error *error)
{
    if (value_get(entry, "valueFrom"))
        return add_reference(arena, plan, entry, container, error);
    const char *value = value_string_at(entry, "value");
    value = variables_expand(arena, container, value ? value : "");
    return add(arena, container, value_string_at(entry, "name"), value, error);
}

/* All keys of an object as variables. */
static int add_object(struct arena *arena, const struct object *object,
                      const char *prefix, struct pod_container *container,
                      struct error *error)
{
    for (size_t i = 0; i < object->count; i++) {
        const char *name = arena_format(arena, "%s%s", prefix ? prefix : "",
                                        object->entries[i].key);
        const char *value = get_text(object, &object->entries[i], error);
        if (!value)
            return error_context(error, "container '%s': envFrom",
                                 container->name);
        if (add(arena, container, name, value, error) != 0)
            return -1;
    }
    return 0;
}

/* One entry of envFrom. */
static int add_all(struct arena *arena, const struct plan *plan,
                   const struct value *entry, struct pod_container *container,
                   struct error *error)
{
    for (size_t i = 0; i < REFERENCE_COUNT; i++) {
        const struct value *reference =
            value_get(entry, all_references[i].member);
        if (!reference)
            continue;
        struct object *object =
            find_object(arena, plan, reference, all_references[i].kind, error);
        if (!object && error_is_set(error))
            return error_context(error, "container '%s': envFrom",
                                 container->name);
        if (object &&
            add_object(arena, object, value_string_at(entry, "prefix"),
                       container, error) != 0)
            return -1;
    }
    return 0;
}

int variables_decode(struct arena *arena, const struct plan *plan,
                     const struct value *specification,
                     struct pod_container *container, struct error *error)
{
    const struct value *all = value_get(specification, "envFrom");
    for (size_t i = 0; i < value_count(all); i++)
        if (add_all(arena, plan, value_item(all, i), container, error) != 0)
            return -1;
    const struct value *list = value_get(specification, "env");
    for (size_t i = 0; i < value_count(list); i++)
        if (add_entry(arena, plan, value_item(list, i), container, error) != 0)
            return -1;
    return 0;
}
