/*
 * Templates: names put in, and what is asked of them. Known expressions become
 * text and known conditions choose their branch; the rest stays as it is. The
 * branches that are not chosen are not looked at.
 */
#include "engine/expression/template.h"

#include <string.h>

#include "engine/expression/evaluation.h"

/* One resolution: the limits hold for the template as a whole. */
struct template_resolution {
    struct evaluation evaluation;
    struct segments list;
    size_t length; /* of the texts so far */
    bool sole;
};

static int resolve_segments(struct template_resolution *resolution,
                            const struct segment *segment);

static int add_text(struct template_resolution *resolution, const char *bytes,
                    size_t length)
{
    resolution->length += length;
    if (resolution->length > EXPRESSION_STRING_LIMIT)
        return error_set(resolution->evaluation.error, ERROR_INPUT,
                         "the text has more than %d bytes",
                         EXPRESSION_STRING_LIMIT);
    if (length == 0)
        return 0;
    struct segment *made = segments_add(&resolution->list);
    made->bytes = bytes;
    made->length = length;
    return 0;
}

static int resolve_expression(struct template_resolution *resolution,
                              const struct expression *expression)
{
    struct evaluation *evaluation = &resolution->evaluation;
    const struct expression *resolved = resolve_node(evaluation, expression);
    if (!resolved)
        return -1;
    if (!expression_is_static(resolved) || resolution->sole) {
        segments_add(&resolution->list)->expression = resolved;
        return 0;
    }
    size_t length;
    const char *bytes =
        value_to_text(evaluation->arena, resolved->value, &length);
    if (evaluation_spend(evaluation, expression, length / 64) < 0)
        return -1;
    return add_text(resolution, bytes, length);
}

/* A branch under a condition that is not known. */
static int add_branch(struct template_resolution *resolution,
                      const struct branch ***last,
                      const struct expression *condition,
                      const struct segment *content)
{
    struct arena *arena = resolution->list.arena;
    struct branch *branch = arena_allocate(arena, sizeof *branch);
    branch->condition = condition;
    **last = branch;
    *last = &branch->next;
    struct segments outer = resolution->list;
    resolution->list = (struct segments){arena, &branch->first};
    int result = resolve_segments(resolution, content);
    resolution->list = outer;
    return result;
}

/* Branches that are known not to be taken are left out; one that is known to be
 * taken ends the choice: as the else of those before, or in place of it all. */
static int resolve_choice(struct template_resolution *resolution,
                          const struct branch *branch)
{
    struct segment *choice = NULL;
    const struct branch **last = NULL;
    for (; branch; branch = branch->next) {
        const struct expression *condition = NULL;
        if (branch->condition) {
            condition =
                resolve_node(&resolution->evaluation, branch->condition);
            if (!condition)
                return -1;
        }
        bool known = !condition || expression_is_static(condition);
        bool taken = !condition || expression_truth(condition);
        if (known && !taken)
            continue;
        if (known && !choice)
            return resolve_segments(resolution, branch->first);
        if (!choice) {
            choice = segments_add(&resolution->list);
            last = &choice->branches;
        }
        if (add_branch(resolution, &last, known ? NULL : condition,
                       branch->first) < 0)
            return -1;
        if (known)
            break;
    }
    return 0;
}

static int resolve_segments(struct template_resolution *resolution,
                            const struct segment *segment)
{
    for (; segment; segment = segment->next) {
        int result =
            segment->branches ? resolve_choice(resolution, segment->branches)
            : segment->expression
                ? resolve_expression(resolution, segment->expression)
                : add_text(resolution, segment->bytes, segment->length);
        if (result < 0)
            return -1;
    }
    return 0;
}

const struct expression_template *expression_template_resolve(
    struct arena *arena, const struct expression_template *template,
    const struct expression_names *names, struct error *error)
{
    struct expression_template *made = arena_allocate(arena, sizeof *made);
    struct template_resolution resolution = {
        .evaluation = {.arena = arena,
                       .names = names,
                       .error = error,
                       .used_before = arena_used(arena)},
        .list = {arena, &made->first},
        .sole = template->sole,
    };
    made->blocks = template->blocks;
    made->sole = template->sole;
    if (resolve_segments(&resolution, template->first) < 0)
        return NULL;
    return made;
}

bool expression_template_is_static(const struct expression_template *template)
{
    for (const struct segment *at = template->first; at; at = at->next)
        if (at->branches ||
            (at->expression && !expression_is_static(at->expression)))
            return false;
    return true;
}

char *expression_template_text(struct arena *arena,
                               const struct expression_template *template,
                               size_t *length)
{
    CLEANUP(text_free) struct text text = {0};
    if (!expression_template_is_static(template))
        return NULL;
    for (const struct segment *at = template->first; at; at = at->next) {
        if (at->expression)
            value_append_text(&text, at->expression->value);
        else
            text_append(&text, at->bytes, at->length);
        if (text.length > EXPRESSION_STRING_LIMIT)
            return NULL;
    }
    *length = text.length;
    return arena_copy(arena, text_string(&text), text.length);
}

const struct expression *
expression_template_sole(const struct expression_template *template)
{
    if (!template->sole)
        return NULL;
    for (const struct segment *at = template->first; at; at = at->next)
        if (at->expression)
            return at->expression;
    return NULL;
}

bool expression_template_uses_blocks(const struct expression_template *template)
{
    return template->blocks;
}

struct template_visit {
    void (*name)(void *context, const char *name, size_t length);
    void (*call)(void *context, const struct expression_reference *call);
    void *context;
    bool conditions;
    void (*reference)(void *context,
                      const struct expression_reference *reference);
    const char *function; /* NULL: no block is left out */
    bool (*leave_out)(void *context, size_t offset);
};

static void visit_expression(const struct expression *expression,
                             const struct template_visit *visit)
{
    if (visit->name)
        expression_visit_names(expression, visit->name, visit->context);
    if (visit->call)
        expression_visit_calls(expression, visit->call, visit->context);
    if (visit->reference)
        expression_visit_references(expression, visit->reference,
                                    visit->context);
}

static bool is_left_out(const struct expression *node,
                        const struct template_visit *visit)
{
    return visit->function && node->kind == NODE_CALL &&
           node->length == strlen(visit->function) &&
           memcmp(node->name, visit->function, node->length) == 0 &&
           visit->leave_out(visit->context, node->offset);
}

static void visit_segments(const struct segment *segment,
                           const struct template_visit *visit)
{
    for (; segment; segment = segment->next) {
        if (segment->expression && !is_left_out(segment->expression, visit))
            visit_expression(segment->expression, visit);
        const struct branch *branch = segment->branches;
        for (; branch; branch = branch->next) {
            if (branch->condition && visit->conditions)
                visit_expression(branch->condition, visit);
            visit_segments(branch->first, visit);
        }
    }
}

void expression_template_visit_names(const struct expression_template *template,
                                     void (*found)(void *context,
                                                   const char *name,
                                                   size_t length),
                                     void *context)
{
    struct template_visit visit = {
        .name = found, .context = context, .conditions = true};
    visit_segments(template->first, &visit);
}

void expression_template_visit_shown(const struct expression_template *template,
                                     void (*found)(void *context,
                                                   const char *name,
                                                   size_t length),
                                     void *context)
{
    struct template_visit visit = {.name = found, .context = context};
    visit_segments(template->first, &visit);
}

void expression_template_visit_shown_outside(
    const struct expression_template *template, const char *function,
    bool (*leave_out)(void *context, size_t offset),
    void (*found)(void *context, const char *name, size_t length),
    void *context)
{
    struct template_visit visit = {.name = found,
                                   .context = context,
                                   .function = function,
                                   .leave_out = leave_out};
    visit_segments(template->first, &visit);
}

void expression_template_visit_calls(
    const struct expression_template *template,
    void (*found)(void *context, const struct expression_reference *call),
    void *context)
{
    struct template_visit visit = {
        .call = found, .context = context, .conditions = true};
    visit_segments(template->first, &visit);
}

void expression_template_visit_references(
    const struct expression_template *template,
    void (*found)(void *context, const struct expression_reference *reference),
    void *context)
{
    struct template_visit visit = {
        .reference = found, .context = context, .conditions = true};
    visit_segments(template->first, &visit);
}

static bool first_name(const struct segment *segment,
                       struct expression_reference *reference)
{
    for (; segment; segment = segment->next) {
        if (segment->expression &&
            expression_first_name(segment->expression, reference))
            return true;
        const struct branch *branch = segment->branches;
        for (; branch; branch = branch->next)
            if ((branch->condition &&
                 expression_first_name(branch->condition, reference)) ||
                first_name(branch->first, reference))
                return true;
    }
    return false;
}

bool expression_template_first_name(const struct expression_template *template,
                                    struct expression_reference *reference)
{
    return first_name(template->first, reference);
}
