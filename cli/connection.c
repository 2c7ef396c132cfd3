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

int connection_open_recorded(struct arena *arena,
                             const struct connection_request *request,
                             const struct value *place, const char *id,
                             struct connection *connection, struct error *error)
{
    struct connection_request whole = *request;
    const char *context = value_string_at(place, "context");
    if (!whole.namespace_name)
        whole.namespace_name = value_string_at(place, "namespace");
    if (!whole.context && context && strcmp(context, "in-cluster") != 0)
        whole.context = context;
    if (connection_open(arena, &whole, connection, error) < 0)
        return -1;
    const char *server = value_string_at(place, "server");
    const char *found = kube_access_server(connection->access);
    if (server && strcmp(server, found) != 0)
        return error_set(error, ERROR_USAGE,
                         "run %s is in the cluster %s, and the context is that "
                         "of %s: choose another with --context or --kubeconfig",
                         id, server, found);
    return 0;
}
