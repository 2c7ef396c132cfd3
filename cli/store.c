#include "cli/store.h"

#include <stdlib.h>

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

struct history *store_open(const char *given, bool write, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *path = given;
    const char *state = setting("XDG_STATE_HOME");
    const char *home = setting("HOME");
    /* The XDG specification: a relative path is to be ignored. */
    if (!path && state && state[0] == '/')
        path = arena_format(arena, "%s/assay/history.db", state);
    if (!path && home)
        path = arena_format(arena, "%s/.local/state/assay/history.db", home);
    if (!path) {
        error_set(error, ERROR_SYSTEM,
                  "no place for the history: set HOME or XDG_STATE_HOME, or "
                  "give --db FILE");
        return NULL;
    }
    return history_open(path, write, error);
}

const char *store_kubeconfig(struct arena *arena, const char *given)
{
    if (given)
        return given;
    if (setting("KUBECONFIG"))
        return arena_string(arena, setting("KUBECONFIG"));
    if (setting("HOME"))
        return arena_format(arena, "%s/.kube/config", setting("HOME"));
    return "";
}
