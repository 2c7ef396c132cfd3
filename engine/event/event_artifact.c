/*
 * The files that steps left: what may be the name of one, and the list of them in
 * the state of a run. A name becomes a path when somebody fetches the file, so
 * whoever hands one on asks event_artifact_fault; the state does not, so that a
 * record with a hostile name can still be read and shown.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/base/digest.h"
#include "engine/base/utf8.h"
#include "engine/event/artifact.h"
#include "engine/event/limits.h"

static bool is_step_back(const char *part, size_t length)
{
    return (length == 1 && part[0] == '.') ||
           (length == 2 && part[0] == '.' && part[1] == '.');
}

static const char *find_fault_of_parts(const char *name, size_t length)
{
    size_t depth = 0;
    for (size_t at = 0; at <= length; depth++) {
        const char *slash = memchr(name + at, '/', length - at);
        size_t end = slash ? (size_t)(slash - name) : length;
        if (end == at)
            return "has an empty part";
        if (is_step_back(name + at, end - at))
            return "has a part '.' or '..'";
        at = end + 1;
    }
    return depth > EVENT_ARTIFACT_DEPTH_LIMIT ? "has too many folders" : NULL;
}

/* Control characters are those of ASCII and U+0080 to U+009F. */
static const char *find_fault_of_text(const char *name, size_t length)
{
    size_t size;
    for (size_t at = 0; at < length; at += size) {
        uint32_t code;
        size = utf8_decode(name + at, length - at, &code);
        if (size == 0)
            return "is not UTF-8";
        if (code < 0x20 || (code >= 0x7f && code < 0xa0))
            return "has control characters";
    }
    return NULL;
}

const char *event_artifact_fault(const char *name, size_t length)
{
    if (length == 0)
        return "is empty";
    if (length > EVENT_ARTIFACT_NAME_LIMIT)
        return "is too long";
    const char *fault = find_fault_of_text(name, length);
    if (fault)
        return fault;
    if (name[0] == '/')
        return "is absolute";
    return find_fault_of_parts(name, length);
}

static struct artifact_state *add(struct run_state *state)
{
    const size_t size = sizeof *state->artifacts;
    if (state->artifact_count == state->artifact_capacity) {
        size_t capacity =
            state->artifact_capacity ? state->artifact_capacity * 2 : 8;
        state->artifacts =
            arena_grow(state->arena, state->artifacts,
                       state->artifact_capacity * size, capacity * size);
        state->artifact_capacity = capacity;
    }
    return &state->artifacts[state->artifact_count++];
}

int artifact_add(struct run_state *state, const struct event *event,
                 struct error *error)
{
    const char *name = value_string_at(event->data, "name");
    const char *digest = value_string_at(event->data, "digest");
    int64_t size = value_int_or(value_get(event->data, "size"), -1);
    if (!name || name[0] == '\0' || strlen(name) > EVENT_ARTIFACT_NAME_LIMIT)
        return error_set(error, ERROR_SYSTEM,
                         "an artifact of step '%.64s' needs a 'name' of at "
                         "most %d bytes",
                         event->step, EVENT_ARTIFACT_NAME_LIMIT);
    if (size < 0 || !digest_is_name(digest))
        return error_set(error, ERROR_SYSTEM,
                         "artifact '%.64s' needs a 'size' and a 'digest' of "
                         "the form sha256:<64 hex digits>",
                         name);
    if (state->artifact_count >= EVENT_ARTIFACT_LIMIT)
        return 0;
    *add(state) = (struct artifact_state){
        .step = event_find_step(state, event->step)->ref,
        .name = arena_string(state->arena, name),
        .size = size,
        .digest = arena_string(state->arena, digest),
    };
    return 0;
}

static bool is_of(const struct artifact_state *artifact, const char *step)
{
    size_t length = step ? strlen(step) : 0;
    return !step ||
           (strncmp(artifact->step, step, length) == 0 &&
            (artifact->step[length] == '\0' || artifact->step[length] == '.'));
}

/* By name, and those of one name in their order. */
static int compare(const void *a, const void *b)
{
    const struct artifact_choice *one = *(struct artifact_choice *const *)a;
    const struct artifact_choice *other = *(struct artifact_choice *const *)b;
    int names = strcmp(one->artifact->name, other->artifact->name);
    return names != 0 ? names : (one > other) - (one < other);
}

struct artifact_choice *event_choose_artifacts(struct arena *arena,
                                               const struct run_state *state,
                                               const char *step, size_t *count)
{
    size_t most = state->artifact_count + 1;
    struct artifact_choice *chosen =
        arena_allocate(arena, most * sizeof *chosen);
    struct artifact_choice **sorted =
        arena_allocate(arena, most * sizeof *sorted);
    *count = 0;
    for (size_t i = 0; i < state->artifact_count; i++) {
        if (!is_of(&state->artifacts[i], step))
            continue;
        chosen[*count].artifact = &state->artifacts[i];
        sorted[*count] = &chosen[*count];
        ++*count;
    }
    qsort(sorted, *count, sizeof *sorted, compare);
    for (size_t i = 0; i + 1 < *count; i++)
        sorted[i]->replaced = strcmp(sorted[i]->artifact->name,
                                     sorted[i + 1]->artifact->name) == 0;
    return chosen;
}

enum status event_shown_status(const struct run_state *state)
{
    for (size_t i = 0; i < state->step_count; i++)
        if (state->status == STATUS_RUNNING &&
            state->steps[i].status == STATUS_PAUSED)
            return STATUS_PAUSED;
    return state->status;
}
