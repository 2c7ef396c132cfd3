/* A new pod and the rules in, the pod as webhooks of a cluster would have it out. */
#include "tests/kube/mutation.h"

#include <string.h>

#include "tests/kube/tree.h"

/* The list with another item in front. */
static void put_first(struct arena *arena, struct value *map, const char *name,
                      struct value *item)
{
    const struct value *known = value_get(map, name);
    struct value *list = value_make_list(arena);
    value_append(arena, list, item);
    for (size_t i = 0; i < value_count(known); i++)
        value_append(arena, list, value_item(known, i));
    value_set(arena, map, name, list);
}

static struct value *make_container(struct arena *arena,
                                    const struct rule *rule)
{
    struct value *container = value_make_map(arena);
    struct value *command = value_make_list(arena);
    const char *script =
        rule->message ? rule->message
                      : "trap 'exit 0' TERM; while sleep 0.1; do :; done";
    value_append(arena, command, value_make_string(arena, "/bin/sh"));
    value_append(arena, command, value_make_string(arena, "-c"));
    value_append(arena, command, value_make_string(arena, script));
    value_set_string(arena, container, "name", rule->put);
    value_set_string(arena, container, "image", "mesh:1");
    value_set_string(arena, container, "imagePullPolicy", "IfNotPresent");
    value_set_string(arena, container, "terminationMessagePath",
                     "/dev/termination-log");
    value_set_string(arena, container, "terminationMessagePolicy", "File");
    value_set(arena, container, "resources", value_make_map(arena));
    value_set(arena, container, "command", command);
    return container;
}

/* Another digest in place of the image's own. */
static void rewrite_images(struct arena *arena, struct rules *rules,
                           struct value *specification)
{
    const struct value *list = value_get(specification, "containers");
    for (size_t i = 0; i < value_count(list); i++) {
        struct value *container = value_item(list, i);
        const char *image = value_string_at(container, "image");
        struct occasion occasion = {.image = image};
        const struct rule *rule =
            image ? rules_use(rules, ACTION_REWRITE_IMAGE, &occasion) : NULL;
        if (rule && rule->digest)
            value_set_string(arena, container, "image",
                             arena_format(arena, "%.*s@%s",
                                          (int)strcspn(image, "@"), image,
                                          rule->digest));
    }
}

void mutation_apply(struct arena *arena, struct rules *rules,
                    const struct occasion *occasion, struct value *pod)
{
    struct value *specification = value_get(pod, "spec");
    const struct rule *rule = rules_use(rules, ACTION_PUT_CONTAINER, occasion);
    if (rule && rule->put)
        put_first(arena, specification,
                  rule->initial ? "initContainers" : "containers",
                  make_container(arena, rule));
    rewrite_images(arena, rules, specification);
}
