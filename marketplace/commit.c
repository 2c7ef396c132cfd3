/*
 * gitformat-signature(5): a signature of a commit is its header `gpgsig`, whose
 * further lines begin with a blank; what is signed is the object without that
 * header (and without `gpgsig-sha256`, which signs the same commit of a
 * repository with other object names).
 *
 * The one idea: headers are lines up to the first empty one; each is kept,
 * taken as the signature, or left out. A second `gpgsig` is refused, since
 * programs disagree about which one counts.
 */
#include "marketplace/commit.h"

#include <stdbool.h>
#include <string.h>

#include "engine/base/text.h"
#include "marketplace/limits.h"

static bool begins(const char *line, size_t length, const char *word)
{
    size_t size = strlen(word);
    return length >= size && memcmp(line, word, size) == 0;
}

/* Where the line goes. */
enum target { PAYLOAD, SIGNATURE, NOWHERE };

static enum target choose(const char *line, size_t length, enum target before)
{
    if (length > 0 && line[0] == ' ')
        return before; /* continues a header */
    if (begins(line, length, "gpgsig "))
        return SIGNATURE;
    return begins(line, length, "gpgsig-sha256 ") ? NOWHERE : PAYLOAD;
}

static int refuse(struct error *error, const char *why)
{
    return error_set(error, ERROR_TRUST, "signature-malformed: %s", why);
}

int commit_split(struct arena *arena, const char *bytes, size_t length,
                 struct commit_parts *parts, struct error *error)
{
    CLEANUP(text_free) struct text payload = {0};
    CLEANUP(text_free) struct text signature = {0};
    enum target target = PAYLOAD;
    size_t at = 0;
    *parts = (struct commit_parts){0};
    if (length > COMMIT_BYTES_LIMIT)
        return refuse(error, "the commit is too large");
    while (at < length && bytes[at] != '\n') {
        const char *line = bytes + at;
        const char *end = memchr(line, '\n', length - at);
        if (!end)
            return refuse(error, "the commit has a header that does not end");
        size_t size = (size_t)(end - line) + 1;
        at += size;
        bool first = line[0] != ' ';
        target = choose(line, size, target);
        if (target == SIGNATURE && first && signature.length > 0)
            return refuse(error, "the commit is signed twice");
        if (target == PAYLOAD)
            text_append(&payload, line, size);
        size_t skipped = first ? strlen("gpgsig ") : 1;
        if (target == SIGNATURE)
            text_append(&signature, line + skipped, size - skipped);
    }
    text_append(&payload, bytes + at, length - at);
    parts->payload = arena_copy(arena, text_string(&payload), payload.length);
    parts->payload_length = payload.length;
    if (signature.length == 0)
        return 0;
    parts->signature =
        arena_copy(arena, text_string(&signature), signature.length);
    parts->signature_length = signature.length;
    return 0;
}
