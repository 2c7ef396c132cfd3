/* What the user may do: all that no rule refuses with a 403. */
#include <string.h>

#include "tests/kube/call.h"
#include "tests/kube/tree.h"

/* The rule that refuses what the review asks for, or NULL. */
static const struct rule *find_refusal(const struct call *call,
                                       const struct value *attributes)
{
    const char *resource = value_string_at(attributes, "resource");
    const char *part = value_string_at(attributes, "subresource");
    const char *scope = value_string_at(attributes, "namespace");
    if (resource && part && *part)
        resource = arena_format(call->arena, "%s/%s", resource, part);
    struct occasion occasion = {
        .verb = value_string_at(attributes, "verb"),
        .resource = resource,
        .namespace_name = scope ? scope : "",
        .name = value_string_at(attributes, "name"),
    };
    const struct rule *rule =
        rules_find(&call->cluster->rules, ACTION_REFUSE, &occasion);
    return rule && rule->status == 403 ? rule : NULL;
}

static struct value *make_all(struct arena *arena)
{
    static const char *const members[] = {"verbs", "apiGroups", "resources"};
    struct value *rules = value_make_list(arena);
    struct value *rule = value_make_map(arena);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct value *list = value_make_list(arena);
        value_append(arena, list, value_make_string(arena, "*"));
        value_set(arena, rule, members[i], list);
    }
    value_append(arena, rules, rule);
    return rules;
}

void call_review(struct call *call)
{
    struct arena *arena = call->arena;
    struct value *review = call_read_body(call);
    if (!review)
        return;
    struct value *status = value_make_map(arena);
    if (strcmp(call->target.resource->kind, "SelfSubjectAccessReview") == 0) {
        const struct value *attributes =
            value_path(review, "spec.resourceAttributes");
        const struct rule *refusal =
            attributes ? find_refusal(call, attributes) : NULL;
        value_set(arena, status, "allowed", value_make_bool(arena, !refusal));
        if (refusal)
            value_set_string(arena, status, "reason", refusal->message);
    } else {
        value_set(arena, status, "resourceRules", make_all(arena));
        value_set(arena, status, "nonResourceRules", value_make_list(arena));
        value_set(arena, status, "incomplete", value_make_bool(arena, false));
    }
    value_set_string(arena, review, "apiVersion",
                     discovery_api_version(arena, call->target.resource));
    value_set_string(arena, review, "kind", call->target.resource->kind);
    tree_map(arena, review, "metadata");
    value_set(arena, review, "status", status);
    status_send_value(call->response, 201, review);
}
