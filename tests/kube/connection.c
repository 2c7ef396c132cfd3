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
#include "engine/base/clock.h"

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
    if (connection->feed)
        connection->feed->close(connection->feed);
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

/* Ends the answer: the rest of its body is left out when a rule says so. */
static void end_body(struct connection *connection, bool chunked)
{
    if (chunked)
        http_write_chunk(&connection->output, "", 0);
}

static void close_feed(struct connection *connection)
{
    if (connection->feed)
        connection->feed->close(connection->feed);
    connection->feed = NULL;
    connection->due = 0;
}

/* Cuts a piece of the body; whether nothing more may be sent. */
static bool cut(struct connection *connection, struct text *piece)
{
    if (!connection->cuts || (int64_t)piece->length < connection->rest) {
        connection->rest -= (int64_t)piece->length;
        return false;
    }
    piece->length = (size_t)connection->rest;
    return true;
}

/* Puts what the feed has into the output. WAITING: it has nothing now. */
static enum progress feed(struct connection *connection,
                          struct cluster *cluster)
{
    CLEANUP(text_free) struct text piece = {0};
    struct feed *source = connection->feed;
    enum feed_state state = source->fill(source, cluster, &piece);
    bool over = cut(connection, &piece);
    if (piece.length > 0)
        http_write_chunk(&connection->output, piece.data, piece.length);
    connection->due = source->due;
    if (over || state == FEED_END) {
        close_feed(connection);
        if (over && connection->stalls)
            return DONE;
        if (!over || connection->clean)
            end_body(connection, true);
        connection->ending |= over;
        return DONE;
    }
    return piece.length > 0 ? DONE : WAITING;
}

/* What a rule does to an answer that is complete. */
static void write_cut(struct connection *connection,
                      struct http_response *response)
{
    size_t length = response->body.length;
    http_write(&connection->output, response);
    if (response->cut_after >= (int64_t)length)
        return;
    connection->output.length -= length - (size_t)response->cut_after;
    connection->ending = true;
}

static void write_answer(struct connection *connection,
                         struct http_response *response)
{
    if (response->lost) {
        connection->ending = true;
        if (response->feed)
            response->feed->close(response->feed);
        return;
    }
    if (response->cuts && !response->feed) {
        write_cut(connection, response);
        return;
    }
    http_write(&connection->output, response);
    connection->feed = response->feed;
    connection->cuts = response->cuts;
    connection->clean = response->clean;
    connection->stalls = response->stalls;
    connection->rest = response->cut_after;
}

/* A request that is not complete: its client may be waiting for us. */
static enum progress ask_for_body(struct connection *connection)
{
    if (connection->continued || !http_waits(&connection->input))
        return WAITING;
    connection->continued = true;
    text_append_string(&connection->output, "HTTP/1.1 100 Continue\r\n\r\n");
    return DONE;
}

/* Answers the first request of the input. WAITING: it is not complete. */
static enum progress answer(struct connection *connection,
                            struct cluster *cluster)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct http_request request;
    size_t used = 0;
    int result = http_read(arena, &connection->input, &request, &used);
    if (result < 0)
        return BROKEN;
    if (result == 0)
        return ask_for_body(connection);
    connection->continued = false;
    struct http_response response = {0};
    api_answer(arena, cluster, &request, &response);
    connection->ending = request.close;
    if (response.delay > 0)
        connection->hold_until = clock_monotonic() + response.delay;
    write_answer(connection, &response);
    text_free(&response.body);
    memmove(connection->input.data, connection->input.data + used,
            connection->input.length - used);
    connection->input.length -= used;
    connection->input.data[connection->input.length] = '\0';
    return DONE;
}

/* The next thing to do when all output is sent. */
static enum progress go_on(struct connection *connection,
                           struct cluster *cluster)
{
    if (!connection->feed)
        return answer(connection, cluster);
    enum progress progress = feed(connection, cluster);
    /* Only to see that the client is gone: it may not send more now. */
    if (progress == WAITING && connection->input.length > READ_STEP)
        return BROKEN;
    return progress;
}

/* An answer that is to be late waits here. */
static bool is_held(struct connection *connection)
{
    if (connection->hold_until == 0)
        return false;
    if (clock_monotonic() >= connection->hold_until) {
        connection->hold_until = 0;
        connection->due = 0;
        return false;
    }
    connection->due = connection->hold_until;
    return true;
}

bool connection_step(struct connection *connection, struct cluster *cluster)
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
    while (!is_held(connection)) {
        enum progress progress = send_output(connection);
        if (progress == DONE)
            progress = go_on(connection, cluster);
        else
            return progress == WAITING;
        if (progress == WAITING)
            progress = receive_input(connection);
        if (progress != DONE)
            return progress == WAITING;
    }
    return true;
}
