/*
 * One poll loop over the listening socket, all connections and all processes of
 * the node; nothing in it waits for a single one, so that many watches can be
 * open at once.
 */
#include "tests/kube/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "tests/kube/connection.h"
#include "tests/kube/limits.h"
#include "tests/kube/node.h"

int server_listen(uint16_t *port, struct error *error)
{
    int listener =
        socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (listener < 0 ||
        bind(listener, (struct sockaddr *)&address, length) < 0 ||
        listen(listener, SOMAXCONN) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0) {
        error_set_system(error, "cannot listen on 127.0.0.1");
        if (listener >= 0)
            close(listener);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return listener;
}

enum { NODE_SLOTS = 4096, SLOTS = SERVER_CONNECTIONS_LIMIT + 2 + NODE_SLOTS };

/* The loop's state. */
struct server {
    struct connection connections[SERVER_CONNECTIONS_LIMIT];
    struct pollfd slots[SLOTS]; /* connections, listener, signals, node */
    struct cluster *cluster;
    SSL_CTX *context;
    int listener, signals;
};

enum {
    LISTENER_SLOT = SERVER_CONNECTIONS_LIMIT,
    SIGNAL_SLOT,
    NODE_SLOT,
};

/* Puts the next client into a free slot. */
static void accept_client(struct server *server)
{
    for (size_t i = 0; i < SERVER_CONNECTIONS_LIMIT; i++) {
        if (server->connections[i].descriptor >= 0)
            continue;
        int client =
            accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client < 0)
            return;
        int on = 1;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        server->cluster->counts.connections++;
        connection_open(&server->connections[i], client, server->context);
    }
}

/* Fills the slots; how many there are. */
static nfds_t fill_slots(struct server *server)
{
    bool room = false;
    for (size_t i = 0; i < SERVER_CONNECTIONS_LIMIT; i++) {
        const struct connection *connection = &server->connections[i];
        server->slots[i] = (struct pollfd){.fd = connection->descriptor,
                                           .events = connection->events};
        room |= connection->descriptor < 0;
    }
    /* Without room, clients wait in the kernel's queue. */
    server->slots[LISTENER_SLOT] =
        (struct pollfd){.fd = room ? server->listener : -1, .events = POLLIN};
    server->slots[SIGNAL_SLOT] =
        (struct pollfd){.fd = server->signals, .events = POLLIN};
    return NODE_SLOT + node_poll(server->cluster->node,
                                 server->slots + NODE_SLOT, NODE_SLOTS);
}

/* Milliseconds until something is due; -1: for ever. */
static int find_timeout(const struct server *server)
{
    int64_t due = cluster_due(server->cluster);
    for (size_t i = 0; i < SERVER_CONNECTIONS_LIMIT; i++) {
        int64_t own = server->connections[i].due;
        if (server->connections[i].descriptor >= 0 && own > 0 &&
            (due == 0 || own < due))
            due = own;
    }
    if (due == 0)
        return -1;
    int64_t rest = due - clock_monotonic() + CLOCK_MILLISECOND - 1;
    int64_t most = 3600 * CLOCK_SECOND;
    rest = rest < 0 ? 0 : rest;
    return (int)((rest < most ? rest : most) / CLOCK_MILLISECOND);
}

/* Connections with a feed are looked at whenever anything has happened. */
static void step_all(struct server *server)
{
    for (size_t i = 0; i < SERVER_CONNECTIONS_LIMIT; i++) {
        struct connection *connection = &server->connections[i];
        if (connection->descriptor < 0 ||
            (!server->slots[i].revents && !connection->feed &&
             !connection->due))
            continue;
        if (!connection_step(connection, server->cluster))
            connection_close(connection);
    }
}

/* A number that changes whenever a feed may have more. */
static uint64_t find_state(const struct server *server)
{
    return server->cluster->store.next +
           (uint64_t)node_log_state(server->cluster->node);
}

static int serve(struct server *server, struct error *error)
{
    for (;;) {
        cluster_settle(server->cluster);
        uint64_t state = find_state(server);
        step_all(server);
        cluster_settle(server->cluster);
        nfds_t count = fill_slots(server);
        int timeout = find_state(server) == state ? find_timeout(server) : 0;
        if (poll(server->slots, count, timeout) < 0) {
            if (errno == EINTR)
                continue;
            return error_set_system(error, "cannot wait for clients");
        }
        if (server->slots[SIGNAL_SLOT].revents)
            return 0;
        if (server->slots[LISTENER_SLOT].revents)
            accept_client(server);
    }
}

int server_run(int listener, SSL_CTX *context, struct cluster *cluster,
               struct error *error)
{
    struct server *server = memory_allocate(sizeof *server);
    server->cluster = cluster;
    server->context = context;
    server->listener = listener;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    server->signals = signalfd(-1, &signals, SFD_CLOEXEC);
    for (size_t i = 0; i < SERVER_CONNECTIONS_LIMIT; i++)
        server->connections[i].descriptor = -1;
    int result = server->signals < 0
                     ? error_set_system(error, "cannot wait for signals")
                     : serve(server, error);
    for (size_t i = 0; i < SERVER_CONNECTIONS_LIMIT; i++)
        if (server->connections[i].descriptor >= 0)
            connection_close(&server->connections[i]);
    if (server->signals >= 0)
        close(server->signals);
    memory_free(server);
    return result;
}
