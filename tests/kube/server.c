/*
 * One poll loop over the listening socket and all connections; nothing in it
 * waits for a single client, so that many watches can be open at once.
 */
#include "tests/kube/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/kube/connection.h"
#include "tests/kube/limits.h"

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

/* Puts the next client into a free slot. */
static void accept_client(int listener, SSL_CTX *context,
                          struct connection *connections)
{
    for (size_t i = 0; i < SERVER_CONNECTIONS_LIMIT; i++) {
        if (connections[i].descriptor >= 0)
            continue;
        int client =
            accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client < 0)
            return;
        connection_open(&connections[i], client, context);
    }
}

int server_run(int listener, SSL_CTX *context, const struct api *api,
               struct error *error)
{
    struct connection connections[SERVER_CONNECTIONS_LIMIT];
    struct pollfd polled[SERVER_CONNECTIONS_LIMIT + 1];
    for (size_t i = 0; i < SERVER_CONNECTIONS_LIMIT; i++)
        connections[i] = (struct connection){.descriptor = -1};
    for (;;) {
        nfds_t free_slots = 0;
        for (size_t i = 0; i < SERVER_CONNECTIONS_LIMIT; i++) {
            polled[i] = (struct pollfd){.fd = connections[i].descriptor,
                                        .events = connections[i].events};
            free_slots += connections[i].descriptor < 0;
        }
        /* Without a free slot, clients wait in the kernel's queue. */
        polled[SERVER_CONNECTIONS_LIMIT] =
            (struct pollfd){.fd = free_slots ? listener : -1, .events = POLLIN};
        if (poll(polled, SERVER_CONNECTIONS_LIMIT + 1, -1) < 0) {
            if (errno == EINTR)
                continue;
            return error_set_system(error, "cannot wait for clients");
        }
        for (size_t i = 0; i < SERVER_CONNECTIONS_LIMIT; i++) {
            if (polled[i].revents && !connection_step(&connections[i], api))
                connection_close(&connections[i]);
        }
        if (polled[SERVER_CONNECTIONS_LIMIT].revents)
            accept_client(listener, context, connections);
    }
}
