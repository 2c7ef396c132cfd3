#pragma once
/* A compiled schema, shared by the compiler and the checker. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/schema/pattern.h"
#include "engine/schema/schema.h"

/* The types of JSON Schema; an integer is a number too. */
enum schema_type {
    TYPE_NULL = 1,
    TYPE_BOOLEAN = 2,
    TYPE_INTEGER = 4,
    TYPE_NUMBER = 8,
    TYPE_STRING = 16,
    TYPE_ARRAY = 32,
    TYPE_OBJECT = 64,
};

struct schema_property {
    const char *name;
    size_t length;
    const struct pattern *pattern; /* of patternProperties, else NULL */
    const struct schema *schema;
};

struct schema_properties {
    struct schema_property *items;
    size_t count;
};

struct schema_list {
    const struct schema **items;
    size_t count;
};

/* Members, items or characters; -1: no bound. */
struct schema_range {
    int64_t least, greatest;
};

/* A format: a named form of texts. */
struct schema_format {
    const char *name;
    const char *expected; /* "a duration such as '5m'" */
    bool (*accepts)(const char *text, size_t length); /* NULL: not checked */
    /* What was meant by a text that is not accepted, or NULL; may be NULL. */
    const char *(*mend)(struct arena *arena, const char *text);
};

struct compiler;

struct schema {
    const struct value *source; /* the document's part */
    struct compiler
        *unread; /* who fills in the rest at the first schema_use; NULL:
                              * it was */
    const struct value *root; /* the document */
    const char *title, *description;
    bool refuses; /* the schema `false` */
    bool deprecated;
    bool unique;
    bool alias;      /* nothing but a reference, and words about it */
    bool visiting;   /* while circles are looked for */
    unsigned height; /* schemas applied to the same value, this one included */
    unsigned types;  /* enum schema_type; 0: any */
    const struct value *accepted, *constant;
    const struct pattern *pattern;
    const char *pattern_text;
    const struct schema_format *format;
    struct schema_range length, items_count, members_count;
    const struct value *minimum, *maximum;
    const struct value *exclusive_minimum, *exclusive_maximum;
    const struct value *multiple;
    const struct value *required; /* a list of strings */
    struct schema_properties properties, patterns;
    const struct schema *additional, *names;
    struct schema_list prefix;
    const struct schema *items;
    struct schema_list all, any, one;
    const struct schema *negated, *condition, *then, *otherwise;
    const struct schema *reference;
};

/* A document that others may refer to by its file name. */
struct schema_document {
    const char *name;
    const struct value *value; /* NULL: `text` was not read yet */
    const char *text;
    size_t length;
};

/* A schema that is met on the way: nothing but `unread` and `source` may be looked at
 * before. */
const struct schema *schema_read(const struct schema *schema);
static inline const struct schema *schema_use(const struct schema *schema)
{
    return schema->unread ? schema_read(schema) : schema;
}

/* Compiles what of `documents` is used, when it is used: for documents that tests
 * have compiled as a whole, since a mistake in one ends the program. Both live in
 * `arena`; `documents` have to live as long. For one thread. */
struct compiler *compiler_make(struct arena *arena,
                               struct schema_document *documents, size_t count);
const struct schema *compiler_root(struct compiler *compiler, size_t document);

/* Compiles the roots of all `documents`, which have been read, into `roots`. 0 or
 * -1. */
int schema_compile_all(struct arena *arena, struct schema_document *documents,
                       size_t count, struct schema **roots,
                       struct error *error) MUST_CHECK;

/* Values of struct schema_format.mend. */
const char *mend_duration(struct arena *arena, const char *text);
const char *mend_quantity(struct arena *arena, const char *text);

/* "did you mean \"5m\"?" about a value that its format does not accept, or that is
 * a number in place of its text; NULL when nobody can tell. */
const char *mend_hint(struct arena *arena, const struct schema *schema,
                      const struct value *value);

/* The format of that name or NULL. */
const struct schema_format *schema_find_format(const char *name);

/* The types a value of this schema may have, also through references; 0: any. */
unsigned schema_types(const struct schema *schema);

/* The type bits that `value` satisfies: 5 is an integer and a number. */
unsigned schema_value_types(const struct value *value);

/* Where a value stands: the chain of names and indexes to the root (NULL). */
struct schema_where {
    const struct schema_where *up;
    const char *name; /* NULL: an item */
    size_t length;
    size_t index;
    struct mark mark; /* of the name */
};

/* Pieces of messages (schema_message.c); results live in `arena`. */

/* " for 'env[0].value'", with the word in front; "" at the root. */
const char *message_where(struct arena *arena, const char *word,
                          const struct schema_where *where);

/* "the boolean true", "the string 'x'", "a list", "nothing". */
const char *message_found(struct arena *arena, const struct value *value);

/* "a string or an integer". */
const char *message_types(struct arena *arena, unsigned types);

/* "an integer or a template": the forms of anyOf and oneOf. */
const char *message_forms(struct arena *arena, const struct schema_list *forms);

/* "'a', 'b' or 'c'" of a list of values. */
const char *message_values(struct arena *arena, const struct value *list);

/* How to write `value` so that it has one of `types`, or NULL. */
const char *message_type_hint(struct arena *arena, unsigned types,
                              const struct value *value);

/* The accepted text nearest to `value`, as a hint, or NULL. */
const char *message_value_hint(struct arena *arena, const struct value *list,
                               const struct value *value);

/* What the writer of an unknown `field` may have meant. */
const char *message_field_hint(struct arena *arena, const struct schema *schema,
                               const struct member *field);
