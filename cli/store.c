#include "cli/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/print.h"

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

const char *store_history_path(struct arena *arena, const char *given,
                               struct error *error)
{
    const char *state = setting("XDG_STATE_HOME");
    const char *home = setting("HOME");
    if (given)
        return given;
    /* The XDG specification: a relative path is to be ignored. */
    if (state && state[0] == '/')
        return arena_format(arena, "%s/assay/history.db", state);
    if (home)
        return arena_format(arena, "%s/.local/state/assay/history.db", home);
    error_set(error, ERROR_SYSTEM,
              "no place for the history: set HOME or XDG_STATE_HOME, or give "
              "--db FILE");
    return NULL;
}

struct history *store_open(const char *given, bool write, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *path = store_history_path(arena, given, error);
    return path ? history_open(path, write, error) : NULL;
}

/* The keeper of a run removes its folder, unless it was ended too. */
static void remove_folder(void *context, const struct run_state *state)
{
    const char *folder = value_string_at(state->environment, "folder");
    struct error failure = {0};
    (void)context;
    if (folder && runtime_remove_folder(folder, &failure) < 0)
        print_note(failure.text);
}

int store_reconcile(struct history *history, struct error *error)
{
    return history_reconcile_each(history, remove_folder, NULL, error);
}

struct history *store_open_reconciled(const char *given, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *path = store_history_path(arena, given, error);
    if (!path)
        return NULL;
    if (access(path, W_OK) == 0) {
        struct error ignored = {0};
        CLEANUP(history_close)
        struct history *writer = history_open(path, true, &ignored);
        if (writer && store_reconcile(writer, &ignored) < 0)
            print_error(&ignored);
    }
    return history_open(path, false, error);
}

/* The runtime's kind of store by the history's. */
static int keep(struct artifact_store *store, int source, int64_t limit,
                bool compress, struct artifact_kept *kept, struct error *error)
{
    struct history_artifacts *artifacts =
        ((struct store_artifacts *)store)->kept;
    struct history_artifact file;
    if (history_artifacts_keep(artifacts, source, limit, compress, &file,
                               error) < 0)
        return -1;
    _Static_assert(sizeof kept->digest == sizeof file.digest, "digest");
    kept->size = file.size;
    memcpy(kept->digest, file.digest, sizeof file.digest);
    return 0;
}

int store_artifacts_open(struct store_artifacts *artifacts, const char *given,
                         bool write, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *path = store_history_path(arena, given, error);
    artifacts->store.keep = keep;
    artifacts->kept = path ? history_artifacts_open(path, write, error) : NULL;
    return artifacts->kept ? 0 : -1;
}

void store_artifacts_close(struct store_artifacts *artifacts)
{
    struct error error = {0};
    if (artifacts->kept && history_artifacts_flush(artifacts->kept, &error) < 0)
        print_note(error.text);
    history_artifacts_close(artifacts->kept);
    artifacts->kept = NULL;
}

struct kube_config_sources store_kubeconfig(struct arena *arena,
                                            const char *given)
{
    struct kube_config_sources sources = {
        .path = given,
        .list = setting("KUBECONFIG"),
    };
    if (setting("HOME"))
        sources.fallback =
            arena_format(arena, "%s/.kube/config", setting("HOME"));
    return sources;
}
