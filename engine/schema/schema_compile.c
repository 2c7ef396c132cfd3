/*
 * In: JSON Schema documents. Out: one struct schema for each schema in them.
 * Every schema met is given a node at once and put into a queue; a node is filled
 * when its turn comes, one table row a keyword. So references may point forward,
 * backward and in circles, and nothing here is recursive except the last step,
 * which refuses schemas that would be applied to one value without end.
 *
 * The schemas of the program itself are known to be good. Their nodes have no turn:
 * each is filled when it is first used, and a document is read when something refers
 * to it. A workflow uses a tenth of them.
 */
#include <assert.h>
#include <string.h>

#include "engine/schema/compiler.h"
#include "engine/schema/limits.h"

static struct schema **find_slot(const struct compiler *compiler,
                                 const struct value *source)
{
    size_t slot = ((uintptr_t)source >> 4) % compiler->slot_count;
    while (compiler->slots[slot] && compiler->slots[slot]->source != source)
        slot = (slot + 1) % compiler->slot_count;
    return &compiler->slots[slot];
}

static void grow_slots(struct compiler *compiler)
{
    compiler->slot_count = 4 * compiler->room + 1;
    compiler->slots = arena_allocate(
        compiler->arena, compiler->slot_count * sizeof *compiler->slots);
    for (size_t i = 0; i < compiler->count; i++)
        *find_slot(compiler, compiler->nodes[i]->source) = compiler->nodes[i];
}

static void grow(struct compiler *compiler)
{
    size_t room = compiler->room ? 2 * compiler->room : 8;
    size_t size = sizeof(struct schema *);
    compiler->nodes = arena_grow(compiler->arena, compiler->nodes,
                                 compiler->room * size, room * size);
    compiler->room = room;
    grow_slots(compiler);
}

struct schema *compiler_node(struct compiler *compiler,
                             const struct value *source,
                             const struct value *root)
{
    if (compiler->count == compiler->room)
        grow(compiler);
    struct schema **slot = find_slot(compiler, source);
    if (*slot)
        return *slot;
    if (source->kind != VALUE_MAP && source->kind != VALUE_BOOL) {
        error_set(compiler->error, ERROR_INPUT,
                  "expected a schema (an object, true or false), found %s",
                  value_kind_name(source->kind));
        error_place(compiler->error, NULL, source->mark);
        return NULL;
    }
    if (compiler->count == SCHEMA_NODES_LIMIT) {
        error_set(compiler->error, ERROR_INPUT,
                  "the schema has more than %d parts", SCHEMA_NODES_LIMIT);
        return NULL;
    }
    struct schema *node = arena_allocate(compiler->arena, sizeof *node);
    *node = (struct schema){
        .source = source,
        .unread = compiler->lazy ? compiler : NULL,
        .root = root,
        .length = {-1, -1},
        .items_count = {-1, -1},
        .members_count = {-1, -1},
    };
    compiler->nodes[compiler->count++] = node;
    *slot = node;
    return node;
}

static const struct value *read_document(struct compiler *compiler,
                                         struct schema_document *document)
{
    if (!document->value)
        document->value = value_read_json(compiler->arena, document->text,
                                          document->length, compiler->error);
    return document->value;
}

const struct value *compiler_document(struct compiler *compiler,
                                      const char *name, size_t length)
{
    for (size_t i = 0; i < compiler->document_count; i++) {
        struct schema_document *document = &compiler->documents[i];
        if (document->name && strlen(document->name) == length &&
            memcmp(document->name, name, length) == 0)
            return read_document(compiler, document);
    }
    return NULL;
}

const struct schema *schema_read(const struct schema *schema)
{
    /* Nodes are ours until they are filled. */
    struct schema *node = (struct schema *)(uintptr_t)schema;
    int result = compiler_fill(node->unread, node);
    assert(result == 0);
    (void)result;
    node->unread = NULL;
    return node;
}

struct compiler *compiler_make(struct arena *arena,
                               struct schema_document *documents, size_t count)
{
    struct compiler *compiler = arena_allocate(arena, sizeof *compiler);
    *compiler = (struct compiler){
        .arena = arena,
        .documents = documents,
        .document_count = count,
        .lazy = true,
    };
    compiler->error = &compiler->impossible;
    return compiler;
}

const struct schema *compiler_root(struct compiler *compiler, size_t document)
{
    const struct value *root =
        read_document(compiler, &compiler->documents[document]);
    assert(root);
    const struct schema *node = compiler_node(compiler, root, root);
    assert(node);
    return node;
}

static int measure(struct schema *node, unsigned depth, struct error *error);

/* Measures `schema`, when there is one, as applied to the same value as
 * `node`. */
static int measure_below(struct schema *node, const struct schema *schema,
                         unsigned depth, struct error *error)
{
    if (!schema)
        return 0;
    /* Nodes are ours until the compiler is done with them. */
    struct schema *below = (struct schema *)(uintptr_t)schema;
    if (measure(below, depth + 1, error) < 0)
        return -1;
    if (below->height + 1 > node->height)
        node->height = below->height + 1;
    return 0;
}

/* Refuses circles and long chains of schemas that apply to one value. */
static int measure(struct schema *node, unsigned depth, struct error *error)
{
    if (node->visiting) {
        error_set(error, ERROR_INPUT,
                  "the schema refers to itself in a circle");
        return error_place(error, NULL, node->source->mark);
    }
    if (depth + (node->height ? node->height : 1) > SCHEMA_CHAIN_LIMIT) {
        error_set(error, ERROR_INPUT, "more than %d schemas apply to one value",
                  SCHEMA_CHAIN_LIMIT);
        return error_place(error, NULL, node->source->mark);
    }
    if (node->height > 0)
        return 0;
    node->visiting = true;
    node->height = 1;
    const struct schema *single[] = {node->reference, node->negated,
                                     node->condition, node->then,
                                     node->otherwise};
    const struct schema_list *lists[] = {&node->all, &node->any, &node->one};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (measure_below(node, single[i], depth, error) < 0)
            return -1;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (size_t j = 0; j < lists[i]->count; j++)
            if (measure_below(node, lists[i]->items[j], depth, error) < 0)
                return -1;
    node->visiting = false;
    return 0;
}

int schema_compile_all(struct arena *arena, struct schema_document *documents,
                       size_t count, struct schema **roots, struct error *error)
{
    struct compiler compiler = {
        .arena = arena,
        .documents = documents,
        .document_count = count,
        .error = error,
    };
    for (size_t i = 0; i < count; i++) {
        const struct value *root = documents[i].value;
        roots[i] = compiler_node(&compiler, root, root);
        if (!roots[i])
            return -1;
    }
    for (size_t i = 0; i < compiler.count; i++)
        if (compiler_fill(&compiler, compiler.nodes[i]) < 0)
            return -1;
    for (size_t i = 0; i < compiler.count; i++)
        if (measure(compiler.nodes[i], 0, error) < 0)
            return -1;
    return 0;
}

struct schema *schema_compile(struct arena *arena, const struct value *document,
                              struct error *error)
{
    struct schema_document only = {.value = document};
    struct schema *root;
    if (schema_compile_all(arena, &only, 1, &root, error) < 0)
        return NULL;
    return root;
}
