#pragma once
/* The tree of an expression. Made by the parser and by resolving; immutable. */
#include <stdint.h>

#include "engine/expression/expression.h"

enum node_kind {
    NODE_VALUE,
    NODE_NAME,
    NODE_CALL,
    NODE_PROPERTY,
    NODE_NOT,
    NODE_BINARY,
    NODE_CONDITIONAL,
};

enum operator_id {
    OPERATOR_POWER,
    OPERATOR_MULTIPLY,
    OPERATOR_DIVIDE,
    OPERATOR_MODULO,
    OPERATOR_ADD,
    OPERATOR_SUBTRACT,
    OPERATOR_EQUAL,
    OPERATOR_SAME, /* `=`: as ==, and printed as it was written */
    OPERATOR_NOT_EQUAL,
    OPERATOR_DIFFERENT, /* `<>`: as != */
    OPERATOR_LESS_EQUAL,
    OPERATOR_GREATER_EQUAL,
    OPERATOR_LESS,
    OPERATOR_GREATER,
    OPERATOR_AND,
    OPERATOR_OR,
    OPERATORS,
};

/* What is known of a result before it is known. */
enum static_type { TYPE_ANY, TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_STRING };

struct operator_entry {
    const char *text;
    int priority;
    enum static_type type;
};

/* In the order of enum operator_id; a larger priority binds tighter. */
extern const struct operator_entry operator_table[OPERATORS];

/* Below all operators; what the parser starts with, and what ?: has. */
enum { PRIORITY_LOWEST = -1, PRIORITY_LOGIC = 0, PRIORITY_HIGHEST = 100 };

struct argument {
    const struct expression *expression;
    bool spread; /* `...` follows: its items are the arguments */
};

struct expression {
    enum node_kind kind;
    enum operator_id operator;
    uint32_t offset; /* in the text that was parsed */
    uint32_t depth;  /* levels below, as parsed */
    union {
        const struct value *value;
        struct {
            const char *name; /* of the variable, function or property */
            size_t length;
            const struct expression *operand; /* of a property */
            const struct argument *arguments; /* of a call */
            size_t count;
        };
        const struct expression *negated;
        struct {
            const struct expression *left;
            const struct expression *right;
        };
        struct {
            const struct expression *condition;
            const struct expression *yes;
            const struct expression *no;
        };
    };
};

/* The value none, told from a null in data by its address. */
extern const struct value none_value;

static inline bool is_none(const struct value *value)
{
    return value == &none_value;
}

struct expression *node_make(struct arena *arena, enum node_kind kind,
                             size_t offset);

/* A static node; `value` is shared. */
const struct expression *
node_of_value(struct arena *arena, const struct value *value, size_t offset);
struct expression *node_of_name(struct arena *arena, const char *name,
                                size_t length, size_t offset);
struct expression *node_of_call(struct arena *arena, const char *name,
                                const struct argument *arguments, size_t count,
                                size_t offset);

/* A copy whose parts all stand at `offset`; a static node as it is. */
const struct expression *node_at(struct arena *arena,
                                 const struct expression *expression,
                                 size_t offset);

typedef void node_visitor(void *context, const struct expression *node);

/* Calls `found` with every node, parts before what they are parts of. */
void node_visit(const struct expression *node, node_visitor *found,
                void *context);

enum static_type node_type(const struct expression *node);

/* A variable with `.*` in its name, or the _wc() call that stands for it. */
bool node_is_wildcard(const struct expression *expression);

static inline bool node_is(const struct expression *node, const char *name,
                           size_t count)
{
    return node->kind == NODE_CALL && node->count == count &&
           node->length == __builtin_strlen(name) &&
           __builtin_memcmp(node->name, name, node->length) == 0;
}

/* As expression_parse with every node at `offset`, for text within text. */
const struct expression *parse_inner(struct arena *arena, const char *text,
                                     size_t length, size_t offset,
                                     struct error *error);
