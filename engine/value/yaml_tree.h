#pragma once
/* The tree of a YAML stream while it is made from libyaml's events: how much of
 * it there may be, and the parts that are made of other parts. */
#include "engine/value/value.h"

struct yaml_tree {
    struct arena *arena;
    struct diagnostics *diagnostics;
    size_t depth; /* of the node that is being read */
    size_t nodes;
    size_t alias_nodes;
    size_t alias_bytes;
};

/* Adds E102: more of `what` than `limit`. Returns -1. */
int yaml_tree_stop(struct yaml_tree *tree, struct mark mark, const char *what,
                   size_t limit);

/* Counts one node; -1 with a diagnostic when it is one too many. */
int yaml_tree_count(struct yaml_tree *tree, struct mark mark);

/* The node of an anchor once more, for the alias in the place `alias`. Bytes of
 * strings are shared, nodes are not. NULL with a diagnostic at a limit. */
struct value *yaml_tree_copy(struct yaml_tree *tree, const struct value *value,
                             struct mark alias);

/* Adds to `map` the members that it does not have yet of what its key `<<` names:
 * a map or a list of maps (https://yaml.org/type/merge.html). E100 for anything
 * else. The members' values are shared. */
void yaml_tree_merge(struct yaml_tree *tree, struct value *map,
                     const struct value *merged);
