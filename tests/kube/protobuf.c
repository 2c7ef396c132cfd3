/*
 * Bytes in, a map out. A table says which field of which message is what; fields
 * that are not in it are skipped.
 * https://github.com/kubernetes/api: generated.proto of authorization/v1, core/v1
 */
#include "tests/kube/protobuf.h"

#include <stdint.h>
#include <string.h>

#include "engine/base/base64.h"

/* What a field is: a scalar, a map of them, or a message. */
enum message {
    STRING,
    BYTES, /* base64 in JSON */
    TRUTH,
    STRINGS, /* map<string, string> */
    PIECES,  /* map<string, bytes> */
    UNKNOWN,
    KIND,
    REVIEW,
    REVIEW_SPECIFICATION,
    RESOURCE,
    PATH,
    CONFIG_MAP,
    SECRET,
    PLAIN, /* of which only the metadata counts */
    METADATA,
};

enum wire {
    WIRE_NUMBER = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
};

static const struct field {
    enum message in, is;
    uint64_t number;
    const char *name;
} fields[] = {
    {UNKNOWN, KIND, 1, "type"},
    {UNKNOWN, BYTES, 2, "raw"},
    {KIND, STRING, 1, "apiVersion"},
    {KIND, STRING, 2, "kind"},
    {REVIEW, REVIEW_SPECIFICATION, 2, "spec"},
    {REVIEW_SPECIFICATION, RESOURCE, 1, "resourceAttributes"},
    {REVIEW_SPECIFICATION, PATH, 2, "nonResourceAttributes"},
    {RESOURCE, STRING, 1, "namespace"},
    {RESOURCE, STRING, 2, "verb"},
    {RESOURCE, STRING, 3, "group"},
    {RESOURCE, STRING, 4, "version"},
    {RESOURCE, STRING, 5, "resource"},
    {RESOURCE, STRING, 6, "subresource"},
    {RESOURCE, STRING, 7, "name"},
    {PATH, STRING, 1, "path"},
    {PATH, STRING, 2, "verb"},
    {CONFIG_MAP, METADATA, 1, "metadata"},
    {CONFIG_MAP, STRINGS, 2, "data"},
    {CONFIG_MAP, PIECES, 3, "binaryData"},
    {CONFIG_MAP, TRUTH, 4, "immutable"},
    {PLAIN, METADATA, 1, "metadata"},
    {SECRET, METADATA, 1, "metadata"},
    {SECRET, PIECES, 2, "data"},
    {SECRET, STRING, 3, "type"},
    {SECRET, STRINGS, 4, "stringData"},
    {SECRET, TRUTH, 5, "immutable"},
    {METADATA, STRING, 1, "name"},
    {METADATA, STRING, 2, "generateName"},
    {METADATA, STRING, 3, "namespace"},
    {METADATA, STRINGS, 11, "labels"},
    {METADATA, STRINGS, 12, "annotations"},
};

static const struct {
    const char *kind;
    enum message message;
} kinds[] = {
    {"SelfSubjectAccessReview", REVIEW},
    {"SelfSubjectRulesReview", REVIEW},
    {"ConfigMap", CONFIG_MAP},
    {"Secret", SECRET},
    {"Namespace", PLAIN},
    {"ServiceAccount", PLAIN},
};

/* What is left to read. */
struct input {
    const unsigned char *at, *end;
};

/* One field as it stands there. */
struct entry {
    uint64_t number;
    bool scalar;
    uint64_t value;     /* of a scalar */
    struct input piece; /* of anything else */
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

static int read_entry(struct input *input, struct entry *entry)
{
    uint64_t tag;
    *entry = (struct entry){0};
    if (read_number(input, &tag) < 0)
        return -1;
    entry->number = tag >> 3;
    entry->scalar = (tag & 7) == WIRE_NUMBER;
    return entry->scalar ? read_number(input, &entry->value)
                         : read_piece(input, tag & 7, &entry->piece);
}

static char *copy(struct arena *arena, struct input piece)
{
    return arena_copy(arena, (const char *)piece.at,
                      (size_t)(piece.end - piece.at));
}

static struct value *read_scalar(struct arena *arena, struct input piece,
                                 enum message is)
{
    size_t length = (size_t)(piece.end - piece.at);
    if (is == STRING)
        return value_make_string(arena, copy(arena, piece));
    return value_make_string(
        arena, base64_encode(arena, (const char *)piece.at, length));
}

/* An entry of a map: a message {1: key, 2: value}. */
static int add_pair(struct arena *arena, struct value *map, struct input input,
                    enum message is)
{
    const char *key = "";
    struct value *item = value_make_string(arena, "");
    while (input.at < input.end) {
        struct entry entry;
        if (read_entry(&input, &entry) < 0 || entry.scalar)
            return -1;
        if (entry.number == 1)
            key = copy(arena, entry.piece);
        else if (entry.number == 2)
            item = read_scalar(arena, entry.piece, is);
    }
    value_set(arena, map, key, item);
    return 0;
}

static const struct field *find_field(enum message message, uint64_t number)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].in == message && fields[i].number == number)
            return &fields[i];
    return NULL;
}

static struct value *read_message(struct arena *arena, struct input input,
                                  enum message message);

static int add_field(struct arena *arena, struct value *map,
                     const struct field *field, const struct entry *entry)
{
    struct value *item = NULL;
    bool pairs = field->is == STRINGS || field->is == PIECES;
    if (entry->scalar != (field->is == TRUTH))
        return -1;
    if (pairs) {
        item = value_get(map, field->name);
        if (!item)
            item = value_make_map(arena);
        if (add_pair(arena, item, entry->piece,
                     field->is == PIECES ? BYTES : STRING) < 0)
            return -1;
    } else if (field->is == TRUTH) {
        item = value_make_bool(arena, entry->value != 0);
    } else if (field->is == STRING || field->is == BYTES) {
        item = read_scalar(arena, entry->piece, field->is);
    } else {
        item = read_message(arena, entry->piece, field->is);
    }
    if (item)
        value_set(arena, map, field->name, item);
    return item ? 0 : -1;
}

/* A message; NULL: it is damaged. The table nests no deeper than its names. */
static struct value *read_message(struct arena *arena, struct input input,
                                  enum message message)
{
    struct value *map = value_make_map(arena);
    while (input.at < input.end) {
        struct entry entry;
        if (read_entry(&input, &entry) < 0)
            return NULL;
        const struct field *field = find_field(message, entry.number);
        if (field && add_field(arena, map, field, &entry) < 0)
            return NULL;
    }
    return map;
}

/* The bytes of the envelope's field `raw`. */
static struct input find_raw(struct input input)
{
    struct entry entry;
    while (input.at < input.end && read_entry(&input, &entry) == 0)
        if (entry.number == 2 && !entry.scalar)
            return entry.piece;
    return (struct input){input.end, input.end};
}

struct value *protobuf_read(struct arena *arena, const char *bytes,
                            size_t length)
{
    static const char magic[] = {'k', '8', 's', '\0'};
    const unsigned char *start = (const unsigned char *)bytes;
    if (length < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return NULL;
    struct input input = {start + sizeof magic, start + length};
    const struct value *type =
        value_get(read_message(arena, input, UNKNOWN), "type");
    const char *kind = value_string_at(type, "kind");
    struct value *made = NULL;
    for (size_t i = 0; kind && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            made = read_message(arena, find_raw(input), kinds[i].message);
    if (!made)
        return NULL;
    value_set_string(arena, made, "kind", kind);
    value_set_string(arena, made, "apiVersion",
                     value_string_at(type, "apiVersion"));
    return made;
}
