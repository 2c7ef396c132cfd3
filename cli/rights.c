/*
 * The table of what a run does in a cluster -> a Role that allows no more than that,
 * and who gets it.
 */
#include "cli/rights.h"

#include "engine/base/arena.h"
#include "engine/runtime/runtime.h"
#include "engine/value/value.h"

static struct value *make_strings(struct arena *arena, const char *const *items)
{
    struct value *list = value_make_list(arena);
    for (; *items; items++)
        value_append(arena, list, value_make_string(arena, *items));
    return list;
}

static struct value *make_object(struct arena *arena, const char *kind,
                                 const char *namespace_name)
{
    struct value *metadata = value_make_map(arena);
    value_set_string(arena, metadata, "name", "assay");
    value_set_string(arena, metadata, "namespace", namespace_name);
    struct value *object = value_make_map(arena);
    value_set_string(arena, object, "apiVersion",
                     "rbac.authorization.k8s.io/v1");
    value_set_string(arena, object, "kind", kind);
    value_set(arena, object, "metadata", metadata);
    return object;
}

static struct value *make_role(struct arena *arena, const char *namespace_name)
{
    struct value *rules = value_make_list(arena);
    for (const struct runtime_permission *row = runtime_kubernetes_permissions;
         row->resource; row++) {
        const char *slash = row->subresource[0] ? "/" : "";
        const char *const groups[] = {row->group, NULL};
        const char *const resources[] = {arena_format(arena, "%s%s%s",
                                                      row->resource, slash,
                                                      row->subresource),
                                         NULL};
        struct value *rule = value_make_map(arena);
        value_set(arena, rule, "apiGroups", make_strings(arena, groups));
        value_set(arena, rule, "resources", make_strings(arena, resources));
        value_set(arena, rule, "verbs", make_strings(arena, row->verbs));
        value_append(arena, rules, rule);
    }
    struct value *role = make_object(arena, "Role", namespace_name);
    value_set(arena, role, "rules", rules);
    return role;
}

static struct value *make_binding(struct arena *arena,
                                  const char *namespace_name,
                                  const char *account)
{
    struct value *reference = value_make_map(arena);
    value_set_string(arena, reference, "apiGroup", "rbac.authorization.k8s.io");
    value_set_string(arena, reference, "kind", "Role");
    value_set_string(arena, reference, "name", "assay");
    struct value *subject = value_make_map(arena);
    value_set_string(arena, subject, "kind", "ServiceAccount");
    value_set_string(arena, subject, "name", account);
    value_set_string(arena, subject, "namespace", namespace_name);
    struct value *subjects = value_make_list(arena);
    value_append(arena, subjects, subject);
    struct value *binding = make_object(arena, "RoleBinding", namespace_name);
    value_set(arena, binding, "roleRef", reference);
    value_set(arena, binding, "subjects", subjects);
    return binding;
}

void rights_append(struct text *text, const char *namespace_name,
                   const char *account)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    value_write_yaml(text, make_role(arena, namespace_name));
    text_append_string(text, "---\n");
    value_write_yaml(text, make_binding(arena, namespace_name, account));
}
