/*
 * [MARKET/]NAME[@sha256:HEX]. A file's name is told apart by its form: it has
 * an ending of YAML or JSON, begins with a dot or a slash, or has more slashes.
 */
#include "marketplace/reference.h"

#include <string.h>

#include "engine/base/digest.h"
#include "marketplace/limits.h"
#include "marketplace/marketplace.h"

static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

enum { WORKFLOW_NAME_LIMIT = 253 }; /* as names of Kubernetes objects */

bool reference_name_is_valid(const char *name)
{
    size_t length = strlen(name);
    return length >= 1 && length <= MARKETPLACE_NAME_LIMIT &&
           strspn(name, lower) == length && name[0] != '-';
}

bool reference_commit_is_valid(const char *commit)
{
    return strlen(commit) == 40 && strspn(commit, "0123456789abcdef") == 40;
}

static bool ends_as_file(const char *text, size_t length)
{
    static const char *const endings[] = {".yaml", ".yml", ".json"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t size = strlen(endings[i]);
        if (length > size &&
            memcmp(text + length - size, endings[i], size) == 0)
            return true;
    }
    return false;
}

bool reference_workflow_is_valid(const char *name)
{
    size_t length = strlen(name);
    return length >= 1 && length <= WORKFLOW_NAME_LIMIT &&
           strspn(name, letters) == length && !strchr(".-_", name[0]);
}

/* Takes a reference apart; false when it has another form. */
static bool split(struct arena *arena, const char *text,
                  struct marketplace_reference *parts)
{
    size_t length = strcspn(text, "@");
    const char *slash = memchr(text, '/', length);
    *parts = (struct marketplace_reference){0};
    if (text[length] == '@')
        parts->digest = arena_string(arena, text + length + 1);
    else if (ends_as_file(text, length))
        return false;
    if (slash) {
        parts->market = arena_copy(arena, text, (size_t)(slash - text));
        length -= (size_t)(slash + 1 - text);
        text = slash + 1;
    }
    parts->name = arena_copy(arena, text, length);
    return reference_workflow_is_valid(parts->name) &&
           (!parts->market || reference_name_is_valid(parts->market));
}

bool marketplace_is_reference(const char *text)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct marketplace_reference ignored;
    return split(arena, text, &ignored);
}

int marketplace_reference_parse(struct arena *arena, const char *text,
                                struct marketplace_reference *reference,
                                struct error *error)
{
    if (!split(arena, text, reference))
        return error_set(error, ERROR_USAGE,
                         "expected [MARKETPLACE/]NAME[@sha256:HEX], found "
                         "'%.200s'",
                         text);
    if (reference->digest && !digest_is_name(reference->digest))
        return error_set(error, ERROR_USAGE,
                         "expected sha256: and 64 hex digits (0-9, a-f) after "
                         "'@', found '%.100s'",
                         reference->digest);
    return 0;
}
