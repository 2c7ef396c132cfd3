/* Any text as a kubeconfig: parsed, and reduced when it is one. Paths in it lead to
 * nothing, so that no file is read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/kube/kube.h"
#include "engine/kube/kubeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool names_a_file(const uint8_t *data, size_t size)
{
    static const char *const members[] = {"certificate-authority",
                                          "client-certificate", "client-key",
                                          "tokenFile", NULL};
    for (size_t i = 0; members[i]; i++) {
        const void *found =
            size ? memmem(data, size, members[i], strlen(members[i])) : NULL;
        if (found)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const struct value *config = kube_config_parse(
        arena, "/nowhere/config", (const char *)data, size, &error);
    if (!config != error_is_set(&error))
        abort();
    if (!config || names_a_file(data, size))
        return 0;
    const struct value *reduced =
        kube_config_reduce(arena, config, NULL, &error);
    if (!reduced != error_is_set(&error))
        abort();
    return 0;
}
