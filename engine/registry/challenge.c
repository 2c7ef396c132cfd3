/* Bearer realm="...",service="...",scope="..." in, the three texts out (RFC 7235,
 * the token specification of the distribution project). */
#include <string.h>
#include <strings.h>

#include "engine/registry/limits.h"
#include "engine/registry/private.h"

/* The value of one parameter; `*text` is moved behind it. NULL: damaged. */
static const char *read_value(struct arena *arena, const char **text)
{
    const char *begin = *text;
    if (*begin != '"') {
        size_t length = strcspn(begin, ", ");
        *text = begin + length;
        return arena_copy(arena, begin, length);
    }
    begin++;
    size_t length = strcspn(begin, "\"\\");
    if (begin[length] != '"')
        return NULL; /* nobody escapes anything there */
    *text = begin + length + 1;
    return arena_copy(arena, begin, length);
}

static bool read_parameters(struct arena *arena, const char *text,
                            struct challenge *made)
{
    const struct {
        const char *name;
        const char **target;
    } known[] = {
        {"realm", &made->realm},
        {"service", &made->service},
        {"scope", &made->scope},
    };
    while (*(text += strspn(text, ", "))) {
        size_t name = strcspn(text, "=, ");
        const char *word = text;
        if (text[name] != '=')
            return false;
        text += name + 1;
        const char *value = read_value(arena, &text);
        if (!value)
            return false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (strlen(known[i].name) == name &&
                strncasecmp(known[i].name, word, name) == 0)
                *known[i].target = value;
    }
    return true;
}

bool challenge_read(struct arena *arena, const char *header,
                    struct challenge *made)
{
    *made = (struct challenge){0};
    size_t kind = strcspn(header, " ");
    if (strlen(header) > REGISTRY_CHALLENGE_LIMIT)
        return false;
    if (kind == 5 && strncasecmp(header, "Basic", kind) == 0) {
        made->basic = true;
        return true;
    }
    return kind == 6 && strncasecmp(header, "Bearer", kind) == 0 &&
           read_parameters(arena, header + kind, made) && made->realm;
}
