/*
 * Segments -> template text that reads back as the same template.
 *
 * Sums of texts are taken apart, "x"+a as x{{a}}, except where that would leave
 * one block alone: a list may take the place of such an element, and the text
 * that stood here may not become one. Plain text waits in `pending` until it is
 * known what follows: a brace before a block must not become part of it.
 */
#include <string.h>

#include "engine/expression/convert.h"
#include "engine/expression/template.h"

struct printer {
    struct text *out;
    struct text pending;
    bool every_brace;
    bool blocks; /* `{{ if }}` stands in the text: end and else are keywords */
};

static void append_braces(struct text *out, const char *braces, size_t count)
{
    text_append_string(out, "{{\"");
    text_append(out, braces, count);
    text_append_string(out, "\"}}");
}

static size_t count_braces(const char *bytes, size_t length)
{
    size_t count = 0;
    while (count < length && bytes[count] == '{')
        count++;
    return count;
}

static void escape(struct text *out, const char *bytes, size_t length,
                   bool before_block)
{
    while (length > 0) {
        const char *brace = memchr(bytes, '{', length);
        size_t plain = brace ? (size_t)(brace - bytes) : length;
        text_append(out, bytes, plain);
        bytes += plain;
        length -= plain;
        size_t count = count_braces(bytes, length);
        if (count > 1 || (count == 1 && count == length && before_block))
            append_braces(out, bytes, count);
        else
            text_append(out, bytes, count);
        bytes += count;
        length -= count;
    }
}

static void escape_every_brace(struct text *out, const char *bytes,
                               size_t length)
{
    while (length > 0) {
        size_t count = count_braces(bytes, length);
        size_t used = count > 1 ? 2 : 1;
        if (count > 0)
            append_braces(out, bytes, used);
        else
            text_append(out, bytes, used);
        bytes += used;
        length -= used;
    }
}

static void flush(struct printer *printer, bool before_block)
{
    const struct text *text = &printer->pending;
    if (printer->every_brace)
        escape_every_brace(printer->out, text_string(text), text->length);
    else
        escape(printer->out, text_string(text), text->length, before_block);
    text_clear(&printer->pending);
}

static bool is_cast_to_string(const struct expression *node)
{
    return node_is(node, "string", 1) && !node->arguments[0].spread;
}

static bool is_sum_of_texts(const struct expression *node)
{
    return node->kind == NODE_BINARY && node->operator== OPERATOR_ADD &&
                                            node_type(node) == TYPE_STRING;
}

/* A variable may have the name of a keyword: it needs parentheses where the word
 * would be one. */
static void print_block(struct printer *printer, const struct expression *node)
{
    CLEANUP(text_free) struct text block = {0};
    flush(printer, true);
    text_append_string(&block, "{{");
    expression_print(&block, node);
    text_append_string(&block, "}}");
    struct block_start start =
        block_start_read(text_string(&block), block.length, 0);
    bool keyword = start.keyword == KEYWORD_IF ||
                   (start.keyword != KEYWORD_NONE && printer->blocks);
    text_append_string(printer->out, keyword ? "{{(" : "{{");
    text_append(printer->out, block.data + 2, block.length - 4);
    text_append_string(printer->out, keyword ? ")}}" : "}}");
}

static void print_pieces(struct printer *printer, const struct expression *node)
{
    if (node->kind == NODE_VALUE) {
        value_append_text(&printer->pending, node->value);
    } else if (is_sum_of_texts(node)) {
        print_pieces(printer, node->left);
        print_pieces(printer, node->right);
    } else {
        print_block(printer, is_cast_to_string(node)
                                 ? node->arguments[0].expression
                                 : node);
    }
}

static bool is_blank(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\r\n", bytes[i]) || bytes[i] == '\0')
            return false;
    return true;
}

/* Blocks and visible texts that an expression would be taken apart into; more
 * than one is as good as many. */
static size_t count_pieces(const struct expression *node)
{
    if (is_sum_of_texts(node))
        return count_pieces(node->left) + count_pieces(node->right);
    if (node->kind != NODE_VALUE)
        return 1;
    if (node->value->kind != VALUE_STRING)
        return 1;
    return is_blank(node->value->string.bytes, node->value->string.length) ? 0
                                                                           : 1;
}

/* The only thing of a template that is not blank: whole. What was not alone as
 * it was written is kept from being so. */
static void print_alone(struct printer *printer, const struct expression *node,
                        bool sole)
{
    if (node->kind == NODE_VALUE || count_pieces(node) > 1) {
        print_pieces(printer, node);
        return;
    }
    if (sole || node_type(node) == TYPE_STRING) {
        print_block(printer, node);
        return;
    }
    struct argument argument = {.expression = node};
    struct expression cast = {
        .kind = NODE_CALL,
        .name = "string",
        .length = strlen("string"),
        .arguments = &argument,
        .count = 1,
    };
    print_block(printer, &cast);
}

static void print_segments(struct printer *printer,
                           const struct segment *segment);

static void print_choice(struct printer *printer, const struct branch *branch)
{
    for (const struct branch *at = branch; at; at = at->next) {
        flush(printer, true);
        text_append_string(printer->out, at == branch ? "{{ " : "{{ else ");
        if (at->condition) {
            text_append_string(printer->out, "if ");
            expression_print(printer->out, at->condition);
            text_append_character(printer->out, ' ');
        }
        text_append_string(printer->out, "}}");
        print_segments(printer, at->first);
    }
    flush(printer, true);
    text_append_string(printer->out, "{{ end }}");
}

static void print_segments(struct printer *printer,
                           const struct segment *segment)
{
    for (; segment; segment = segment->next) {
        if (segment->branches)
            print_choice(printer, segment->branches);
        else if (segment->expression)
            print_pieces(printer, segment->expression);
        else
            text_append(&printer->pending, segment->bytes, segment->length);
    }
}

/* The expression that stands alone in what is left of the template. */
static const struct expression *
alone(const struct expression_template *template)
{
    const struct expression *found = NULL;
    for (const struct segment *at = template->first; at; at = at->next) {
        if (at->branches || (at->expression && found) ||
            (at->bytes && !is_blank(at->bytes, at->length)))
            return NULL;
        if (at->expression)
            found = at->expression;
    }
    return found;
}

/* Of the choices in the text that was parsed, some may be decided. */
static bool has_choice(const struct segment *segment)
{
    while (segment && !segment->branches)
        segment = segment->next;
    return segment != NULL;
}

void template_print(struct text *text,
                    const struct expression_template *template,
                    bool every_brace)
{
    struct printer printer = {.out = text,
                              .every_brace = every_brace,
                              .blocks = has_choice(template->first)};
    const struct expression *only = alone(template);
    for (const struct segment *at = template->first; at && only; at = at->next)
        if (at->bytes)
            text_append(&printer.pending, at->bytes, at->length);
        else
            print_alone(&printer, only, template->sole);
    if (!only)
        print_segments(&printer, template->first);
    flush(&printer, false);
    text_free(&printer.pending);
}

void template_print_expression(struct text *text,
                               const struct expression *expression,
                               bool every_brace)
{
    struct printer printer = {
        .out = text, .every_brace = every_brace, .blocks = true};
    print_pieces(&printer, expression);
    flush(&printer, false);
    text_free(&printer.pending);
}

void expression_template_print(struct text *text,
                               const struct expression_template *template)
{
    template_print(text, template, false);
}

void expression_template_escape(struct text *text, const char *bytes,
                                size_t length)
{
    escape(text, bytes, length, true);
}
