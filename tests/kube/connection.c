/*
 * Readiness in, answers out. The one idea: everything that can be done without
 * waiting is done, and `events` says what to wait for. One request is answered at
 * a time, and the next one is not looked at before the answer is sent, so the
 * output stays as small as one answer.
 */
#include "tests/kube/connection.h"

#include <limits.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/arena.h"

enum { READ_STEP = 16 * 1024 };

void connection_open(struct connection *connection, int descriptor,
                     SSL_CTX *context)
{
    *connection = (struct connection){
        .descriptor = descriptor, .tls = SSL_new(context), .events = POLLIN};
    if (connection->tls)
        SSL_set_fd(connection->tls, descriptor);
}

void connection_close(struct connection *connection)
{
    if (connection->tls && connection->accepted)
        SSL_shutdown(connection->tls);
    SSL_free(connection->tls);
    close(connection->descriptor);
    text_free(&connection->input);
    text_free(&connection->output);
    *connection = (struct connection){.descriptor = -1};
}

enum progress { DONE, WAITING, BROKEN };

/* What the result of an SSL_... function means; notes what it waits for. */
static enum progress judge(struct connection *connection, int result)
{
    if (result > 0)
        return DONE;
    int reason = SSL_get_error(connection->tls, result);
    if (reason == SSL_ERROR_WANT_READ) {
        connection->events |= POLLIN;
        return WAITING;
    }
    if (reason == SSL_ERROR_WANT_WRITE) {
        connection->events |= POLLOUT;
        return WAITING;
    }
    return BROKEN;
}

static enum progress send_output(struct connection *connection)
{
    while (connection->sent < connection->output.length) {
        size_t left = connection->output.length - connection->sent;
        int result = SSL_write(connection->tls,
                               connection->output.data + connection->sent,
                               left > INT_MAX ? INT_MAX : (int)left);
        enum progress progress = judge(connection, result);
        if (progress != DONE)
            return progress;
        connection->sent += (size_t)result;
    }
    text_clear(&connection->output);
    connection->sent = 0;
    return connection->ending ? BROKEN : DONE;
}

static enum progress receive_input(struct connection *connection)
{
    char bytes[READ_STEP];
    int result = SSL_read(connection->tls, bytes, sizeof bytes);
    if (result > 0)
        text_append(&connection->input, bytes, (size_t)result);
    return judge(connection, result);
}

/* Answers the first request of the input. WAITING: it is not complete. */
static enum progress answer(struct connection *connection,
                            const struct api *api)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct http_request request;
    size_t used = 0;
    int result = http_read(arena, &connection->input, &request, &used);
    if (result <= 0)
        return result < 0 ? BROKEN : WAITING;
    struct http_response response = {0};
    api_answer(arena, api, &request, &response);
    http_write(&connection->output, &response);
    text_free(&response.body);
    connection->ending = request.close;
    memmove(connection->input.data, connection->input.data + used,
            connection->input.length - used);
    connection->input.length -= used;
    connection->input.data[connection->input.length] = '\0';
    return DONE;
}

bool connection_step(struct connection *connection, const struct api *api)
{
    if (!connection->tls)
        return false;
    ERR_clear_error();
    connection->events = 0;
    if (!connection->accepted) {
        enum progress progress = judge(connection, SSL_accept(connection->tls));
        if (progress != DONE)
            return progress == WAITING;
        connection->accepted = true;
    }
    for (;;) {
        enum progress progress = send_output(connection);
        if (progress == DONE)
            progress = answer(connection, api);
        else
            return progress == WAITING;
        if (progress == WAITING)
            progress = receive_input(connection);
        if (progress != DONE)
            return progress == WAITING;
    }
}
