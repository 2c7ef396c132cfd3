#pragma once
/* One run of expression_resolve, and the functions of the library. */
#include "engine/expression/convert.h"
#include "engine/expression/limits.h"

struct evaluation {
    struct arena *arena;
    const struct expression_names *names;
    struct error *error;
    size_t depth;
    size_t steps;
    size_t used_before; /* bytes of the arena */
};

/* A call whose arguments are known. */
struct call {
    struct evaluation *evaluation;
    struct arena *arena;
    const struct expression *node;
    const struct value *const *values; /* spread */
    size_t count;
};

struct function {
    const char *name;
    size_t least;
    size_t most;
    enum static_type type;
    /* One of: gives a value; gives an expression, which is resolved further.
     * NULL with the error set. */
    const struct value *(*value)(struct call *call);
    const struct expression *(*expand)(struct call *call);
};

enum { ANY_NUMBER = 1000000 };

/* NULL: not in the library. */
const struct function *function_find(const char *name, size_t length);

/* Resolves within a run. */
const struct expression *resolve_node(struct evaluation *evaluation,
                                      const struct expression *node);
const struct expression *resolve_call(struct evaluation *evaluation,
                                      const struct expression *node);

/* A node of the value, at the place of `node`; NULL when there is no value. */
const struct expression *evaluation_made(struct evaluation *evaluation,
                                         const struct expression *node,
                                         const struct value *value);

/* Whether nothing of the node is left to be resolved. */
static inline bool node_is_known(const struct expression *node)
{
    return node->kind == NODE_VALUE;
}

/* Counts work; -1 with the error set when it is too much. */
int evaluation_spend(struct evaluation *evaluation,
                     const struct expression *node, size_t steps);

/* Sets the error at the node unless there is one; adds the place to one that
 * has none. Always returns NULL. */
void *evaluation_fail(struct evaluation *evaluation,
                      const struct expression *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Two static operands -> a value; NULL with the error set. */
const struct value *operator_apply(struct evaluation *evaluation,
                                   const struct expression *node,
                                   const struct value *left,
                                   const struct value *right);

/* For functions: the text of argument `index`, counted as work. */
const char *call_text(struct call *call, size_t index, size_t *length);
int call_int(struct call *call, size_t index, int64_t *integer);
void *call_fail(struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const struct value *call_string(struct call *call, const struct text *text);

/* The library, by file. */
const struct value *function_string(struct call *call);
const struct value *function_int(struct call *call);
const struct value *function_float(struct call *call);
const struct value *function_bool(struct call *call);
const struct value *function_floor(struct call *call);
const struct value *function_ceil(struct call *call);
const struct value *function_round(struct call *call);
const struct value *function_len(struct call *call);
const struct value *function_trim(struct call *call);
const struct value *function_json(struct call *call);
const struct value *function_tojson(struct call *call);
const struct value *function_yaml(struct call *call);
const struct value *function_toyaml(struct call *call);
const struct value *function_jq(struct call *call);
const struct value *function_at(struct call *call);
const struct value *function_list(struct call *call);
const struct value *function_join(struct call *call);
const struct value *function_split(struct call *call);
const struct value *function_chunk(struct call *call);
const struct value *function_range(struct call *call);
const struct value *function_filter(struct call *call);
const struct value *function_entries(struct call *call);
const struct value *function_shellquote(struct call *call);
const struct value *function_shellparse(struct call *call);
const struct value *function_makepath(struct call *call);
const struct value *function_date(struct call *call);
const struct expression *function_map(struct call *call);
const struct expression *function_eval(struct call *call);
const struct expression *function_abspath(struct call *call);
const struct expression *function_relpath(struct call *call);
