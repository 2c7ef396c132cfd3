/*
 * An image's reference in, what a node says of it out. Nothing is pulled: the
 * container gets this machine's programs. The imageID is the digest that the
 * reference is pinned to, or else one made from its text.
 */
#include <ctype.h>
#include <string.h>

#include "engine/base/digest.h"
#include "tests/kube/node_pod.h"

/* A reference in pieces: "host/path", ":tag", "@sha256:...". */
struct reference {
    const char *name, *tag, *digest;
};

static bool is_valid(const char *image)
{
    const char *slash = strrchr(image, '/');
    size_t name = strcspn(slash ? slash : image, ":@") +
                  (slash ? (size_t)(slash - image) : 0);
    if (*image == '\0')
        return false;
    for (size_t i = 0; image[i]; i++) {
        unsigned char c = (unsigned char)image[i];
        bool upper = isupper(c) && i >= name;
        if (!islower(c) && !isdigit(c) && !upper && !strchr("._-/:@", c))
            return false;
    }
    return true;
}

/* "alpine" is docker.io/library/alpine. */
static struct reference parse(struct arena *arena, const char *image)
{
    const char *at = strchr(image, '@');
    const char *rest =
        arena_copy(arena, image, at ? (size_t)(at - image) : strlen(image));
    const char *slash = strrchr(rest, '/');
    const char *colon = strrchr(slash ? slash : rest, ':');
    const char *name =
        arena_copy(arena, rest, colon ? (size_t)(colon - rest) : strlen(rest));
    size_t first = strcspn(name, "/");
    bool host =
        name[first] && (memchr(name, '.', first) || memchr(name, ':', first) ||
                        strncmp(name, "localhost", first) == 0);
    return (struct reference){
        .name = host ? name
                     : arena_format(arena, "docker.io/%s%s",
                                    name[first] ? "" : "library/", name),
        .tag = colon ? colon + 1 : "latest",
        .digest = at ? at + 1 : NULL,
    };
}

static const char *make_id(struct arena *arena, const char *image,
                           const char *wanted)
{
    struct reference reference = parse(arena, image);
    char hex[65];
    struct digest digest = digest_compute(image, strlen(image));
    digest_print(&digest, hex);
    if (wanted)
        return arena_format(arena, "%s@%s", reference.name, wanted);
    if (reference.digest)
        return arena_format(arena, "%s@%s", reference.name, reference.digest);
    return arena_format(arena, "%s@sha256:%s", reference.name, hex);
}

/* A pull that fails is seen in turns: ErrImagePull, then a pause in which it is
 * ImagePullBackOff. */
static const char *fail_pull(const struct node_pod *pod,
                             const struct node_container *container,
                             const char *given, const char **message)
{
    const char *image = container->image;
    const char *why = given ? given : "manifest unknown";
    bool pauses =
        container->waiting && strcmp(container->waiting, "ErrImagePull") == 0;
    *message = arena_format(
        pod->arena,
        pauses ? "Back-off pulling image \"%s\": ErrImagePull: failed to pull "
                 "and unpack image \"%s\": %s"
               : "failed to pull and unpack image \"%s\": failed to resolve "
                 "reference \"%s\": %s",
        image, image, why);
    return pauses ? "ImagePullBackOff" : "ErrImagePull";
}

/* Whether the image would run as root where that is not allowed. */
static bool is_refused_user(const struct node_pod *pod,
                            const struct node_container *container,
                            int64_t image_user)
{
    const struct value *own =
        value_get(container->specification, "securityContext");
    const struct value *shared =
        value_path(pod->object->value, "spec.securityContext");
    const struct value *must = value_get(own, "runAsNonRoot");
    const struct value *user = value_get(own, "runAsUser");
    if (!must)
        must = value_get(shared, "runAsNonRoot");
    if (!user)
        user = value_get(shared, "runAsUser");
    return value_bool_or(must, false) &&
           value_int_or(user, image_user > 0 ? image_user : 0) == 0;
}

const char *node_image_check(struct cluster *cluster,
                             const struct node_pod *pod,
                             struct node_container *container,
                             const char **message)
{
    const char *image = container->image;
    struct occasion occasion = {
        .namespace_name = pod->object->namespace_name,
        .name = pod->object->name,
        .container = container->name,
        .image = image,
    };
    if (!is_valid(image) ||
        rules_use(&cluster->rules, ACTION_INVALID_IMAGE_NAME, &occasion)) {
        *message = arena_format(pod->arena,
                                "Failed to apply default image tag \"%s\": "
                                "couldn't parse image name \"%s\": invalid "
                                "reference format",
                                image, image);
        return "InvalidImageName";
    }
    const struct rule *rule =
        rules_use(&cluster->rules, ACTION_PULL_ERROR, &occasion);
    if (rule)
        return fail_pull(pod, container, rule->message, message);
    rule = rules_use(&cluster->rules, ACTION_IMAGE, &occasion);
    container->image_id =
        make_id(pod->arena, image, rule ? rule->digest : NULL);
    if (!is_refused_user(pod, container, rule ? rule->user : 0))
        return NULL;
    *message = "container has runAsNonRoot and image will run as root";
    return "CreateContainerConfigError";
}
