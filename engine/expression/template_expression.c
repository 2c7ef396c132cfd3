/* A template -> one expression that gives the same text: what a template's own
 * argument is to those who use it. */
#include "engine/expression/limits.h"
#include "engine/expression/template.h"

static const struct expression *sum_of(struct arena *arena,
                                       const struct segment *segment,
                                       uint32_t depth, struct error *error);

static uint32_t deeper(const struct expression *a, const struct expression *b)
{
    return (a->depth > b->depth ? a->depth : b->depth) + 1;
}

/* The branches from this one on: a chain of ?:. */
static const struct expression *choice_of(struct arena *arena,
                                          const struct branch *branch,
                                          uint32_t depth, struct error *error)
{
    if (!branch)
        return expression_of_string(arena, "");
    const struct expression *yes =
        sum_of(arena, branch->first, depth + 1, error);
    if (!yes || !branch->condition)
        return yes;
    const struct expression *no =
        choice_of(arena, branch->next, depth + 1, error);
    if (!no)
        return NULL;
    struct expression *choice = node_make(arena, NODE_CONDITIONAL, 0);
    choice->condition = branch->condition;
    choice->yes = yes;
    choice->no = no;
    choice->depth = deeper(yes, no);
    if (choice->depth <= branch->condition->depth)
        choice->depth = branch->condition->depth + 1;
    return choice;
}

static const struct expression *part_of(struct arena *arena,
                                        const struct segment *segment,
                                        uint32_t depth, struct error *error)
{
    if (segment->branches)
        return choice_of(arena, segment->branches, depth, error);
    if (!segment->expression)
        return node_of_value(
            arena, value_make_bytes(arena, segment->bytes, segment->length), 0);
    struct argument *arguments = arena_allocate(arena, sizeof *arguments);
    arguments->expression = segment->expression;
    return node_of_call(arena, "string", arguments, 1, 0);
}

static const struct expression *sum_of(struct arena *arena,
                                       const struct segment *segment,
                                       uint32_t depth, struct error *error)
{
    const struct expression *sum = NULL;
    for (; segment; segment = segment->next) {
        const struct expression *part = part_of(arena, segment, depth, error);
        if (!part)
            return NULL;
        if (sum) {
            struct expression *next = node_make(arena, NODE_BINARY, 0);
            next->operator= OPERATOR_ADD;
            next->left = sum;
            next->right = part;
            next->depth = deeper(sum, part);
            part = next;
        }
        sum = part;
        if (depth + sum->depth > EXPRESSION_DEPTH_LIMIT) {
            error_set(error, ERROR_INPUT,
                      "the text has too many {{ }} that are known in the pod "
                      "only, expected at most %d",
                      EXPRESSION_DEPTH_LIMIT);
            return NULL;
        }
    }
    return sum ? sum : expression_of_string(arena, "");
}

const struct expression *
expression_of_template(struct arena *arena,
                       const struct expression_template *template,
                       struct error *error)
{
    const struct expression *sole = expression_template_sole(template);
    return sole ? sole : sum_of(arena, template->first, 0, error);
}
