/*
 * What runs, compared with what was asked for. An image can have several digests
 * that are right: of its index and of its platform's manifest, and a node tells one
 * of them. Only the node's own list of images can say that two digests are one
 * image, or that they are not; where it cannot be read, nothing is claimed.
 * https://github.com/kubernetes/kubernetes/issues/115199
 */
#include <string.h>

#include "engine/runtime/kubernetes_view.h"

/* The digest in a reference, or NULL. */
static const char *digest_of(const char *reference)
{
    const char *at = strstr(reference, "@sha256:");
    return at ? at + 1 : NULL;
}

enum image_check container_view_image(const struct container_view *container)
{
    const char *wanted = digest_of(container->image);
    const char *found = digest_of(container->image_id);
    if (!wanted || !found)
        return IMAGE_UNVERIFIED;
    return strcmp(wanted, found) == 0 ? IMAGE_VERIFIED : IMAGE_MISMATCH;
}

static bool has_digest(const struct value *names, const char *digest)
{
    for (size_t i = 0; i < value_count(names); i++) {
        const char *name = value_string(value_item(names, i));
        const char *own = name ? digest_of(name) : NULL;
        if (own && strcmp(own, digest) == 0)
            return true;
    }
    return false;
}

enum image_check node_view_image(const struct value *node,
                                 const struct container_view *container)
{
    const struct value *images = value_path(node, "status.images");
    const char *wanted = digest_of(container->image);
    const char *found = digest_of(container->image_id);
    for (size_t i = 0; wanted && found && i < value_count(images); i++) {
        const struct value *names = value_get(value_item(images, i), "names");
        if (has_digest(names, found))
            return has_digest(names, wanted) ? IMAGE_VERIFIED : IMAGE_MISMATCH;
    }
    return IMAGE_UNVERIFIED;
}

const char *image_check_name(enum image_check check)
{
    static const char *const names[] = {"verified", "unverified", "mismatch"};
    return names[check];
}
