/*
 * An answer that says no in, one clear line out. The server's refusals are
 * Status objects, but a proxy in between may send anything, so nothing is
 * expected: what is not JSON is shown by its first line.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/kube/transfer.h"

enum { SHOWN = 360 };

/* The first line of a text that is no Status; tags of HTML are left out. */
static void append_first_line(struct text *text, const struct text *body)
{
    CLEANUP(text_free) struct text line = {0};
    bool tag = false;
    for (size_t i = 0; i < body->length && line.length < SHOWN; i++) {
        char letter = body->data[i];
        if (letter == '\n' && line.length > 0)
            break;
        tag = tag || letter == '<';
        if (!tag && letter != '\n')
            text_append_character(&line, letter);
        tag = tag && letter != '>';
    }
    text_append_escaped(text, text_string(&line), line.length, false);
}

static void append_status(struct text *text, const struct kube_answer *answer)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error ignored = {0};
    const struct text *body = answer->refusal;
    const struct value *status =
        value_read_json(arena, text_string(body), body->length, &ignored);
    const char *message = value_string_at(status, "message");
    if (message && *message)
        text_append_escaped(text, message, strnlen(message, SHOWN), false);
    else
        append_first_line(text, body);
}

int kube_status_explain(const char *what, const struct kube_answer *answer,
                        struct error *error)
{
    if (answer->failure && answer->status < 300)
        return error_set(error, ERROR_REMOTE, "cannot %.160s: %.300s", what,
                         answer->failure);
    CLEANUP(text_free) struct text text = {0};
    append_status(&text, answer);
    if (text.length == 0)
        text_append_string(&text, "the server gave no reason");
    if (answer->status == 401)
        text_append_string(&text, ": the server does not know these "
                                  "credentials");
    return error_set(error, ERROR_REMOTE, "cannot %.160s: %.300s (HTTP %ld)",
                     what, text_string(&text), answer->status);
}
