#pragma once
/*
 * The one value type: YAML input, JSON from and to an API, expression results and
 * manifests are all trees of `struct value`. A value lives as long as the arena it
 * was made in; there is no per-node free. Trees are built once and then shared:
 * take `const struct value *` unless you are building.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/diagnostics.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

enum value_kind {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_MAP,
};

/* How a string stood in its YAML source, so that an offset inside it can be
 * mapped back to a line and column (value_locate). */
enum value_style {
    STYLE_NONE, /* not from a source, or JSON */
    STYLE_PLAIN,
    STYLE_SINGLE_QUOTED,
    STYLE_DOUBLE_QUOTED,
    STYLE_LITERAL,
    STYLE_FOLDED,
};

struct value;

/* One entry of a map, in source order. */
struct member {
    const char *name; /* NUL-terminated, and may hold NUL bytes: see length */
    size_t length;
    struct mark mark; /* of the name */
    struct value *value;
};

struct value {
    enum value_kind kind;
    enum value_style style;
    struct mark mark; /* line 0: not from a source */
    union {
        bool boolean;
        int64_t integer;
        double number; /* VALUE_FLOAT */
        struct {
            const char *bytes; /* valid UTF-8, NUL-terminated */
            size_t length;
        } string;
        struct {
            struct value **items;
            size_t count;
        } list;
        struct {
            struct member *members;
            size_t count;
            void *index; /* private: a hash table of large maps */
        } map;
    };
};

/* Making. Strings are copied into the arena. */
struct value *value_make_null(struct arena *arena);
struct value *value_make_bool(struct arena *arena, bool boolean);
struct value *value_make_int(struct arena *arena, int64_t integer);
struct value *value_make_float(struct arena *arena, double number);
struct value *value_make_string(struct arena *arena, const char *string);
struct value *value_make_bytes(struct arena *arena, const char *bytes,
                               size_t length);
struct value *value_make_list(struct arena *arena);
struct value *value_make_map(struct arena *arena);

/* Appends to a list that was made in `arena`; amortised constant time. */
void value_append(struct arena *arena, struct value *list, struct value *item);

/* Adds a member whose name is not in the map. The name is not copied: it has to
 * live as long as `arena`. Returns the member, as below. */
struct member *value_add_member(struct arena *arena, struct value *map,
                                struct member added);

/* Adds a member, or replaces the value of the member of that name. Returns the
 * member; valid until the next addition to the map. */
struct member *value_set(struct arena *arena, struct value *map,
                         const char *name, struct value *item);
struct member *value_set_bytes(struct arena *arena, struct value *map,
                               const char *name, size_t length,
                               struct value *item);

/* value_set of a string; NULL leaves the member out. */
void value_set_string(struct arena *arena, struct value *map, const char *name,
                      const char *string);

/* The map `name` of a map; made when it is not there, or something else is. */
struct value *value_need_map(struct arena *arena, struct value *map,
                             const char *name);

/* Reading. All allow NULL and a value of another kind: the answer is then NULL,
 * 0 or the fallback, so that optional paths need no checks. */
struct value *value_get(const struct value *map, const char *name);
struct value *value_get_bytes(const struct value *map, const char *name,
                              size_t length);
struct value *value_path(const struct value *map, const char *dotted);
struct value *value_item(const struct value *list, size_t index);
size_t value_count(const struct value *value);       /* items or members */
const char *value_string(const struct value *value); /* NULL: not a string */
const char *value_string_at(const struct value *map, const char *name);
int64_t value_int_or(const struct value *value, int64_t fallback);
bool value_bool_or(const struct value *value, bool fallback);
bool value_is(const struct value *value, enum value_kind kind);
bool value_equal(const struct value *a, const struct value *b);

/* A deep copy into `arena`, marks included. */
struct value *value_copy(struct arena *arena, const struct value *value);

/* "null", "boolean", "integer", "number", "string", "list", "map". */
const char *value_kind_name(enum value_kind kind);

/* The scalar as text in the way Kubernetes tools print it: null -> "", true,
 * 12, 1.5, the string itself. NULL for lists and maps. Lives in `arena`. */
const char *value_scalar_text(struct arena *arena, const struct value *value);

/* JSON (RFC 8259), strict: UTF-8 checked, no trailing text, duplicate names and
 * depth and size beyond value/limits.h are errors. Integers without fraction
 * and exponent that fit are VALUE_INT, else VALUE_FLOAT. NULL with ERROR_INPUT
 * and the place set. */
struct value *value_read_json(struct arena *arena, const char *text,
                              size_t length, struct error *error);

enum json_flags {
    JSON_COMPACT = 0,
    JSON_INDENT = 1,    /* two spaces */
    JSON_SORT = 2,      /* members by byte order of their names */
    JSON_HTML_SAFE = 4, /* < > & U+2028 U+2029 as \u escapes */
};

/* Appends `value` as JSON. Floats print with the fewest digits that read back
 * the same double, plain for 1e-6 <= |x| < 1e21 (a whole one reads back as an
 * integer if it fits); infinities and NaN print as null. */
void value_write_json(struct text *text, const struct value *value,
                      unsigned flags);

/* A YAML stream as a list of its documents, scalars typed as Kubernetes' own
 * YAML handling does (YAML 1.1 booleans y/n/yes/no/on/off, octal, and so on;
 * map keys become strings). Anchors, aliases and `<<` are expanded. All problems
 * go to `diagnostics` (E100 syntax, E101 duplicate key, E102 limit); NULL when
 * one of them is an error. */
struct value *value_read_yaml(struct arena *arena, const char *text,
                              size_t length, struct diagnostics *diagnostics);

/* The same with the booleans of YAML 1.2: true and false in three spellings; yes,
 * no, on, off, y and n are texts. */
struct value *value_read_yaml_core(struct arena *arena, const char *text,
                                   size_t length,
                                   struct diagnostics *diagnostics);

/* Whether every YAML reader, of 1.1 or 1.2, takes this text without quotes for a
 * string, and not for a number, a boolean or null. */
bool value_yaml_is_string(const char *bytes, size_t length);

/* Appends `value` as one YAML document (block style, no `---`), which every YAML
 * 1.1 and 1.2 reader reads back as the same value; texts of several lines become
 * literal blocks where they can. */
void value_write_yaml(struct text *text, const struct value *value);

/* Makes the marks of the whole tree point into another text (struct mark). */
void value_set_source(struct value *value, uint32_t source);

/* The place of byte `offset` of the string `value`, which was read from the YAML
 * `source`; for plain and block scalars exact, also inside block scalars. */
struct mark value_locate(const struct value *value, size_t offset,
                         const char *source, size_t source_length);
