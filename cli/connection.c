#include "cli/connection.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/store.h"

/* A DNS label (RFC 1123): it becomes a part of paths. */
static int check_namespace(const char *name, struct error *error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t length = strlen(name);
    if (length > 0 && length <= 63 && strspn(name, letters) == length &&
        name[0] != '-' && name[length - 1] != '-')
        return 0;
    return error_set(error, ERROR_USAGE,
                     "'%.100s' is not the name of a namespace", name);
}

bool connection_is_configured(const struct connection_request *request)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct kube_config_sources sources =
        store_kubeconfig(arena, request->kubeconfig);
    return sources.path || sources.list || request->context ||
           getenv("KUBERNETES_SERVICE_HOST") ||
           (sources.fallback && access(sources.fallback, F_OK) == 0);
}

int connection_open(struct arena *arena,
                    const struct connection_request *request,
                    struct connection *connection, struct error *error)
{
    struct kube_config_sources sources =
        store_kubeconfig(arena, request->kubeconfig);
    connection->access =
        kube_access_read(arena, &sources, request->context, error);
    if (!connection->access)
        return -1;
    connection->namespace_name =
        request->namespace_name ? request->namespace_name
                                : kube_access_namespace(connection->access);
    if (check_namespace(connection->namespace_name, error) < 0)
        return -1;
    connection->client = kube_client_open(connection->access, error);
    return connection->client ? 0 : -1;
}
