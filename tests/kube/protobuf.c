/*
 * Bytes in, a map out. A table says which field of which message is what; all
 * fields are strings or messages, others are skipped.
 * https://github.com/kubernetes/api: authorization/v1/generated.proto
 */
#include "tests/kube/protobuf.h"

#include <stdint.h>
#include <string.h>

enum message { STRING, UNKNOWN, REVIEW, SPECIFICATION, RESOURCE, PATH };

enum wire {
    WIRE_NUMBER = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5
};

static const struct field {
    enum message in;
    uint64_t number;
    const char *name;
    enum message is;
} fields[] = {
    {UNKNOWN, 2, "raw", REVIEW},
    {REVIEW, 2, "spec", SPECIFICATION},
    {SPECIFICATION, 1, "resourceAttributes", RESOURCE},
    {SPECIFICATION, 2, "nonResourceAttributes", PATH},
    {RESOURCE, 1, "namespace", STRING},
    {RESOURCE, 2, "verb", STRING},
    {RESOURCE, 3, "group", STRING},
    {RESOURCE, 4, "version", STRING},
    {RESOURCE, 5, "resource", STRING},
    {RESOURCE, 6, "subresource", STRING},
    {RESOURCE, 7, "name", STRING},
    {PATH, 1, "path", STRING},
    {PATH, 2, "verb", STRING},
};

/* What is left to read. */
struct input {
    const unsigned char *at, *end;
};

static int read_number(struct input *input, uint64_t *number)
{
    *number = 0;
    for (unsigned shift = 0; shift < 64 && input->at < input->end; shift += 7) {
        unsigned char byte = *input->at++;
        *number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return 0;
    }
    return -1;
}

/* The piece of a field that is not a number. */
static int read_piece(struct input *input, uint64_t wire, struct input *piece)
{
    uint64_t length = wire == WIRE_FIXED64 ? 8 : 4;
    if (wire != WIRE_BYTES && wire != WIRE_FIXED64 && wire != WIRE_FIXED32)
        return -1;
    if (wire == WIRE_BYTES && read_number(input, &length) < 0)
        return -1;
    if (length > (uint64_t)(input->end - input->at))
        return -1;
    *piece = (struct input){input->at, input->at + length};
    input->at += length;
    return 0;
}

static const struct field *find_field(enum message message, uint64_t number)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].in == message && fields[i].number == number)
            return &fields[i];
    return NULL;
}

/* A message; NULL: it is damaged. The table nests no deeper than its names. */
static struct value *read_message(struct arena *arena, struct input input,
                                  enum message message)
{
    struct value *map = value_make_map(arena);
    while (input.at < input.end) {
        struct input piece;
        uint64_t tag, number;
        if (read_number(&input, &tag) < 0)
            return NULL;
        if ((tag & 7) == WIRE_NUMBER) {
            if (read_number(&input, &number) < 0)
                return NULL;
            continue;
        }
        if (read_piece(&input, tag & 7, &piece) < 0)
            return NULL;
        const struct field *field = find_field(message, tag >> 3);
        if (!field || (tag & 7) != WIRE_BYTES)
            continue;
        struct value *item =
            field->is == STRING
                ? value_make_string(arena,
                                    arena_copy(arena, (const char *)piece.at,
                                               (size_t)(piece.end - piece.at)))
                : read_message(arena, piece, field->is);
        if (!item)
            return NULL;
        value_set(arena, map, field->name, item);
    }
    return map;
}

struct value *protobuf_read_review(struct arena *arena, const char *bytes,
                                   size_t length)
{
    static const char magic[] = {'k', '8', 's', '\0'};
    const unsigned char *start = (const unsigned char *)bytes;
    if (length < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return NULL;
    struct input input = {start + sizeof magic, start + length};
    return value_get(read_message(arena, input, UNKNOWN), "raw");
}
