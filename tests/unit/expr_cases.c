/*
 * expr-cases FILE.tsv...: tables of expressions and what they give. A row is
 *
 *   expression TAB options (JSON) TAB expected text, or the word ERROR
 *
 * with \\ \n \t \r in the first and last column. Prints every row that fails,
 * then "N passed, N failed". The options are at the top of each table.
 *
 * `--examples FILE` is docs/expressions.md: rows of its table of functions whose
 * third cell is an expression and whose fourth is what it gives.
 *
 * `--differences FILE` reads a table of docs/differences.md: rows where Assay
 * gives something else on purpose. They pass when both results are those of the
 * table, and fail when they differ from it or no longer differ from each other.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/number.h"
#include "engine/expression/convert.h"
#include "engine/expression/lexer.h"
#include "engine/expression/template.h"

struct row {
    struct arena *arena;
    const char *input;
    size_t input_length;
    const struct value *options;
    const char *expected;
    struct error error;
};

static const char *option(const struct row *row, const char *name,
                          const char *fallback)
{
    const char *value = value_string_at(row->options, name);
    return value ? value : fallback;
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* --- the names of a row: vars, exprs, fns, final --- */

static const struct expression *parsed(struct row *row, const char *text)
{
    return expression_parse(row->arena, text, strlen(text), &row->error);
}

static int answer_name(void *context, struct arena *arena, const char *name,
                       size_t length, const struct expression **answer,
                       struct error *error)
{
    struct row *row = context;
    const struct value *vars = value_get(row->options, "vars");
    const struct value *exprs = value_get(row->options, "exprs");
    const struct value *found = value_get_bytes(vars, name, length);
    (void)error;
    if (found) {
        *answer = expression_of_value(arena, found);
        return 1;
    }
    const char *text = value_string(value_get_bytes(exprs, name, length));
    if (!text)
        return 0;
    *answer = parsed(row, text);
    return *answer ? 1 : -1;
}

static int answer_call(void *context, struct arena *arena,
                       const struct expression_call *call,
                       const struct expression **answer, struct error *error)
{
    struct row *row = context;
    const struct value *functions = value_get(row->options, "fns");
    const char *text =
        value_string(value_get_bytes(functions, call->name, call->length));
    (void)arena;
    (void)error;
    if (!text)
        return 0;
    *answer = parsed(row, text);
    return *answer ? 1 : -1;
}

static int final_name(void *context, struct arena *arena, const char *name,
                      size_t length, const struct expression **answer,
                      struct error *error)
{
    struct row *row = context;
    (void)arena;
    if (is(option(row, "final", ""), "fail"))
        return error_set(error, ERROR_INPUT, "unknown variable '%.*s'",
                         (int)length, name);
    *answer = expression_none();
    return 1;
}

static int final_call(void *context, struct arena *arena,
                      const struct expression_call *call,
                      const struct expression **answer, struct error *error)
{
    return final_name(context, arena, call->name, call->length, answer, error);
}

/* --- the files of a row: a map of paths without the first slash --- */

static const char *read_file(void *context, struct arena *arena,
                             const char *path, size_t *length,
                             struct error *error)
{
    const struct row *row = context;
    const struct value *file =
        value_get(value_get(row->options, "files"), path + 1);
    (void)arena;
    if (!value_is(file, VALUE_STRING)) {
        error_set(error, ERROR_INPUT, "no file '%s'", path);
        return NULL;
    }
    *length = file->string.length;
    return file->string.bytes;
}

/* A folder is told of once for each file below it. */
static void list_files(void *context, const char *path,
                       bool (*found)(void *list, const char *name,
                                     bool is_folder),
                       void *list)
{
    const struct row *row = context;
    const struct value *files = value_get(row->options, "files");
    struct value *told = value_make_map(row->arena);
    size_t skip = strcmp(path, "/") == 0 ? 0 : strlen(path);
    for (size_t i = 0; i < value_count(files); i++) {
        const char *name = files->map.members[i].name;
        if (skip > 0 &&
            (strncmp(name, path + 1, skip - 1) != 0 || name[skip - 1] != '/'))
            continue;
        name += skip;
        size_t length = strcspn(name, "/");
        if (value_get_bytes(told, name, length))
            continue;
        value_set_bytes(row->arena, told, name, length, told);
        if (!found(list, arena_copy(row->arena, name, length),
                   name[length] == '/'))
            return;
    }
}

struct row_names {
    struct expression_names last;
    struct expression_names files;
    struct expression_names first;
    struct expression_files tree;
};

static const struct expression_names *names_of(struct row *row,
                                               struct row_names *names)
{
    names->last = (struct expression_names){
        .name = final_name, .call = final_call, .context = row};
    names->first = (struct expression_names){
        .name = answer_name, .call = answer_call, .context = row};
    names->tree = (struct expression_files){.folder = option(row, "cwd", "/"),
                                            .read = read_file,
                                            .list = list_files,
                                            .context = row};
    names->files = expression_files_names(&names->tree);
    const struct expression_names **next = &names->first.next;
    if (value_get(row->options, "files")) {
        *next = &names->files;
        next = &names->files.next;
    }
    if (value_get(row->options, "final"))
        *next = &names->last;
    return &names->first;
}

/* As the original does it: once without names, then with them. */
static const struct expression *resolved(struct row *row,
                                         const struct expression *expression)
{
    struct row_names names;
    if (expression)
        expression =
            expression_resolve(row->arena, expression, NULL, &row->error);
    if (!expression)
        return NULL;
    return expression_resolve(row->arena, expression, names_of(row, &names),
                              &row->error);
}

static const struct expression_template *
resolved_template(struct row *row, const char *text, size_t length)
{
    struct row_names names;
    const struct expression_template *template =
        expression_template_parse(row->arena, text, length, &row->error);
    if (template)
        template = expression_template_resolve(row->arena, template, NULL,
                                               &row->error);
    if (!template)
        return NULL;
    return expression_template_resolve(row->arena, template,
                                       names_of(row, &names), &row->error);
}

/* --- a template as one expression, which is how the tables show it --- */

static const struct expression *call_of(struct arena *arena, const char *name,
                                        const struct expression *argument)
{
    struct argument *arguments = arena_allocate(arena, sizeof *arguments);
    arguments->expression = argument;
    return node_of_call(arena, name, arguments, 1, 0);
}

static const struct expression *as_sum(struct arena *arena,
                                       const struct segment *segment)
{
    const struct expression *sum = NULL;
    for (; segment; segment = segment->next) {
        const struct expression *part =
            segment->expression
                ? call_of(arena, "string", segment->expression)
                : node_of_value(
                      arena,
                      value_make_bytes(arena, segment->bytes, segment->length),
                      0);
        if (!sum && !segment->expression) {
            sum = part;
            continue;
        }
        struct expression *next = node_make(arena, NODE_BINARY, 0);
        next->operator= OPERATOR_ADD;
        next->left = sum ? sum : expression_none();
        next->right = part;
        sum = next;
    }
    return sum ? sum : expression_of_string(arena, "");
}

/* Whether Testkube shows the sum of texts on the right without parentheses; the
 * language has no such sums, since a template is a list of parts. */
static bool is_shown_bare(const struct expression *node)
{
    return node->kind == NODE_BINARY &&
           node->operator== OPERATOR_ADD && node_type(node) == TYPE_STRING &&
           node_type(node->left) == TYPE_STRING;
}

static void show_sum(struct arena *arena, const struct expression *sum,
                     struct text *text)
{
    if (sum->kind != NODE_BINARY ||
        sum->operator!= OPERATOR_ADD || !is_shown_bare(sum->right)) {
        expression_print(text, sum);
        return;
    }
    struct expression left = *sum;
    left.right = expression_of_string(arena, "");
    expression_print(text, &left);
    text->length -= strlen("\"\"");
    expression_print(text, sum->right);
}

static const struct expression *template_sum(struct row *row)
{
    const struct expression_template *template = expression_template_parse(
        row->arena, row->input, row->input_length, &row->error);
    if (!template)
        return NULL;
    if (expression_template_uses_blocks(template))
        return resolved(
            row, expression_of_template(row->arena, template, &row->error));
    return resolved(row, as_sum(row->arena, template->first));
}

/* --- ways to show a result --- */

static void show_string(struct row *row, const struct expression *result,
                        struct text *text)
{
    (void)row;
    expression_print(text, result);
}

static void show_template(struct row *row, const struct expression *result,
                          struct text *text)
{
    (void)row;
    template_print_expression(text, result, true);
}

static const struct value *known(struct row *row,
                                 const struct expression *result)
{
    if (result->kind != NODE_VALUE)
        error_set(&row->error, ERROR_INPUT, "not static");
    return result->kind == NODE_VALUE ? result->value : &none_value;
}

static void show_value(struct row *row, const struct expression *result,
                       struct text *text)
{
    value_append_text(text, known(row, result));
}

static void show_bool(struct row *row, const struct expression *result,
                      struct text *text)
{
    text_append_string(text,
                       value_is_true(known(row, result)) ? "true" : "false");
}

static void show_int(struct row *row, const struct expression *result,
                     struct text *text)
{
    int64_t integer;
    if (value_to_int(known(row, result), &integer, &row->error) == 0)
        text_append_format(text, "%lld", (long long)integer);
}

static void show_float(struct row *row, const struct expression *result,
                       struct text *text)
{
    double number;
    char printed[NUMBER_TEXT];
    if (value_to_number(known(row, result), &number, &row->error) < 0)
        return;
    text_append(text, printed, number_print_float(number, printed));
}

static void show_map(struct row *row, const struct expression *result,
                     struct text *text)
{
    const struct value *value = known(row, result);
    struct value *map = value_make_map(row->arena);
    for (size_t i = 0; i < value_count(value) && value->kind == VALUE_LIST; i++)
        value_set(row->arena, map, arena_format(row->arena, "%zu", i),
                  value_item(value, i));
    if (value->kind == VALUE_MAP)
        value_append_json(text, value);
    else if (value->kind == VALUE_LIST || is_none(value))
        value_append_json(text, map);
    else
        error_set(&row->error, ERROR_INPUT, "no map");
}

static void show_list(struct row *row, const struct expression *result,
                      struct text *text)
{
    const struct value *value = known(row, result);
    if (is_none(value))
        text_append_string(text, "[]");
    else if (value->kind == VALUE_LIST)
        value_append_json(text, value);
    else
        error_set(&row->error, ERROR_INPUT, "no list");
}

static void show_kinds(struct row *row, const struct expression *result,
                       struct text *text)
{
    static const char *const words[] = {"false", "true"};
    const struct value *value = known(row, result);
    bool whole =
        value->kind == VALUE_FLOAT && trunc(value->number) == value->number;
    bool number = value->kind == VALUE_FLOAT || value->kind == VALUE_INT;
    text_append_format(
        text,
        "{\"bool\":%s,\"int\":%s,\"map\":%s,\"none\":%s,\"number\":%s,"
        "\"slice\":%s,\"string\":%s}",
        words[value->kind == VALUE_BOOL],
        words[value->kind == VALUE_INT || whole],
        words[value->kind == VALUE_MAP], words[is_none(value)], words[number],
        words[value->kind == VALUE_LIST], words[value->kind == VALUE_STRING]);
}

static void show_type(struct row *row, const struct expression *result,
                      struct text *text)
{
    static const char *const names[] = {
        [TYPE_ANY] = "",          [TYPE_BOOL] = "bool",
        [TYPE_INT] = "int64",     [TYPE_FLOAT] = "float64",
        [TYPE_STRING] = "string",
    };
    (void)row;
    text_append_string(text, names[node_type(result)]);
}

static void collect_name(void *context, const char *name, size_t length)
{
    struct row *row = context;
    struct value *names = value_get(row->options, "collected");
    value_set_bytes(row->arena, names, name, length,
                    value_make_map(row->arena));
}

static void collect_calls(struct row *row, const struct expression *node)
{
    if (node->kind == NODE_CALL)
        collect_name(row, node->name, node->length);
    if (node->kind == NODE_CALL)
        for (size_t i = 0; i < node->count; i++)
            collect_calls(row, node->arguments[i].expression);
    if (node->kind == NODE_NOT)
        collect_calls(row, node->negated);
    if (node->kind == NODE_BINARY) {
        collect_calls(row, node->left);
        collect_calls(row, node->right);
    }
}

static void show_names(struct row *row, const struct expression *result,
                       struct text *text)
{
    struct value *options = value_copy(row->arena, row->options);
    struct value *names = value_make_map(row->arena);
    value_set(row->arena, options, "collected", names);
    row->options = options;
    if (is(option(row, "out", ""), "functions"))
        collect_calls(row, result);
    else
        expression_visit_names(result, collect_name, row);
    if (names->map.count == 0)
        text_append_string(text, "null");
    else
        value_append_json(text, names);
}

static const struct {
    const char *name;
    void (*show)(struct row *row, const struct expression *result,
                 struct text *text);
} outputs[] = {
    {"string", show_string},   {"template", show_template},
    {"value", show_value},     {"bool", show_bool},
    {"int", show_int},         {"float", show_float},
    {"mapvalue", show_map},    {"slicevalue", show_list},
    {"is", show_kinds},        {"type", show_type},
    {"accessors", show_names}, {"functions", show_names},
};

static void show(struct row *row, const char *output,
                 const struct expression *result, struct text *text)
{
    for (size_t i = 0; result && i < sizeof outputs / sizeof *outputs; i++)
        if (is(outputs[i].name, output))
            outputs[i].show(row, result, text);
}

/* --- kinds of input --- */

static void run_template(struct row *row, struct text *text)
{
    const char *output = option(row, "out", "string");
    if (!is(output, "template")) {
        const struct expression *sum = template_sum(row);
        if (sum && is(output, "string"))
            show_sum(row->arena, sum, text);
        else
            show(row, output, sum, text);
        return;
    }
    const struct expression_template *template =
        resolved_template(row, row->input, row->input_length);
    bool minimal = value_bool_or(value_get(row->options, "minimal"), false);
    if (template)
        template_print(text, template, !minimal);
}

static void append_element(struct row *row, struct value *list,
                           const struct value *value)
{
    CLEANUP(text_free) struct text text = {0};
    template_print_expression(&text, node_of_value(row->arena, value, 0), true);
    value_append(row->arena, list,
                 value_make_bytes(row->arena, text_string(&text), text.length));
}

static void splice(struct row *row, struct value *list,
                   const struct value *element)
{
    const struct expression_template *template =
        resolved_template(row, element->string.bytes, element->string.length);
    if (!template)
        return;
    const struct expression *sole = expression_template_sole(template);
    const struct value *value =
        sole ? expression_value(row->arena, sole) : NULL;
    CLEANUP(text_free) struct text text = {0};
    if (!value) {
        template_print(&text, template, true);
        value_append(
            row->arena, list,
            value_make_bytes(row->arena, text_string(&text), text.length));
    } else if (value->kind == VALUE_LIST) {
        for (size_t i = 0; i < value->list.count; i++)
            append_element(row, list, value->list.items[i]);
    } else if (!is_none(value)) {
        append_element(row, list, value);
    }
}

static void run_slice(struct row *row, struct text *text)
{
    const struct value *elements =
        value_read_json(row->arena, row->input, row->input_length, &row->error);
    struct value *list = value_make_list(row->arena);
    for (size_t i = 0; i < value_count(elements); i++)
        splice(row, list, value_item(elements, i));
    value_write_json(text, list, JSON_COMPACT);
}

static void run_cast(struct row *row, struct text *text)
{
    static const char *const casts[][2] = {
        {"boolean", "bool"}, {"integer", "int"}, {"number", "int"}};
    const char *type = option(row, "out", "string");
    const struct expression *result = template_sum(row);
    for (size_t i = 0; result && i < sizeof casts / sizeof *casts; i++)
        if (is(casts[i][0], type))
            result = resolved(row, call_of(row->arena, casts[i][1], result));
    if (result)
        expression_print(text, result);
}

static void run_pure(struct row *row, struct text *text)
{
    const struct expression_template *template = expression_template_parse(
        row->arena, row->input, row->input_length, &row->error);
    bool sole = template && expression_template_sole(template);
    const char *from = sole ? strstr(row->input, "{{") + 2 : "";
    const char *end = sole ? strstr(row->input, "}}") : from;
    while (from < end && *from == ' ')
        from++;
    while (end > from && end[-1] == ' ')
        end--;
    text_append_format(text, "%s %.*s", sole ? "true" : "false",
                       (int)(end - from), from);
}

static void run_row(struct row *row, struct text *text)
{
    const char *input = option(row, "in", "expr");
    const char *output = option(row, "out", "string");
    if (is(input, "tpl"))
        run_template(row, text);
    else if (is(input, "slice"))
        run_slice(row, text);
    else if (is(input, "cast"))
        run_cast(row, text);
    else if (is(output, "pure"))
        run_pure(row, text);
    else {
        const struct expression *expression = expression_parse(
            row->arena, row->input, row->input_length, &row->error);
        if (expression && is(output, "wildcard"))
            text_append_string(text,
                               node_is_wildcard(expression) ? "true" : "false");
        else
            show(row, output, resolved(row, expression), text);
    }
}

/* --- the table --- */

static char *unescaped(struct arena *arena, const char *text, size_t length,
                       size_t *made)
{
    static const char letters[] = "\\ntr";
    static const char meanings[] = "\\\n\t\r";
    char *copy = arena_allocate(arena, length + 1);
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        const char *letter = NULL;
        if (text[i] == '\\' && i + 1 < length)
            letter = memchr(letters, text[i + 1], strlen(letters));
        copy[count++] = letter ? meanings[letter - letters] : text[i];
        i += letter != NULL;
    }
    *made = count;
    return copy;
}

static bool is_as_expected(const struct row *row, const struct text *text)
{
    if (error_is_set(&row->error) || is(row->expected, "ERROR")) {
        const char *part = option(row, "error", "");
        return error_is_set(&row->error) && is(row->expected, "ERROR") &&
               strstr(row->error.text, part);
    }
    const struct value *approximate = value_get(row->options, "approx");
    if (approximate)
        return fabs(strtod(text_string(text), NULL) -
                    strtod(row->expected, NULL)) < 1e-5;
    return is(text_string(text), row->expected);
}

/* --- differences --- */

struct difference {
    const char *columns[4]; /* expression, shown as, theirs, ours */
    const struct difference *next;
};

static const struct difference *differences;

/* How a row is read and shown, in the words of the document. */
static const char *shown_as(const struct row *row)
{
    static const char *const words[][3] = {
        {"expr", "string", "expression"}, {"expr", "template", "block"},
        {"tpl", "string", "sum"},         {"tpl", "template", "template"},
        {"expr", "pure", "one block"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is(words[i][0], option(row, "in", "expr")) &&
            is(words[i][1], option(row, "out", "string")))
            return words[i][2];
    return "";
}

/* One cell of a Markdown table without its spaces and backquotes; `\|` is a
 * bar. Moves *at to the next. */
static const char *read_cell(struct arena *arena, const char **at)
{
    CLEANUP(text_free) struct text cell = {0};
    for (; **at != '|' && **at != '\n' && **at != '\0'; ++*at) {
        *at += **at == '\\' && (*at)[1] == '|';
        text_append_character(&cell, **at);
    }
    *at += **at == '|';
    size_t start = strspn(text_string(&cell), " `");
    size_t end = cell.length;
    while (end > start && strchr(" `", cell.data[end - 1]))
        end--;
    return arena_copy(arena, text_string(&cell) + start, end - start);
}

/* Rows of four cells and a reason; others, and the head, match no row. */
static int read_differences(struct arena *arena, const char *file)
{
    struct error error = {0};
    size_t length;
    const char *at = file_read(arena, file, 1 << 20, &length, &error);
    if (!at) {
        fprintf(stderr, "%s\n", error.text);
        return -1;
    }
    for (; *at != '\0'; at += *at == '\n') {
        if (*at == '|') {
            struct difference *made = arena_allocate(arena, sizeof *made);
            at++;
            for (size_t i = 0; i < 4; i++)
                made->columns[i] = read_cell(arena, &at);
            made->next = differences;
            differences = made;
        }
        at += strcspn(at, "\n");
    }
    return 0;
}

static const struct difference *difference_of(const struct row *row)
{
    const struct difference *at = differences;
    while (at && (!is(at->columns[0], row->input) ||
                  !is(at->columns[1], shown_as(row))))
        at = at->next;
    return at;
}

static bool is_as_different(const struct row *row,
                            const struct difference *difference,
                            const struct text *text)
{
    const char *got = error_is_set(&row->error) ? "ERROR" : text_string(text);
    const char *theirs = difference->columns[2];
    const char *ours = difference->columns[3];
    return is(theirs, row->expected) && is(ours, got) && !is(ours, theirs);
}

static bool check_line(const char *file, size_t number, const char *line,
                       size_t length)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct row row = {.arena = arena};
    const char *options = memchr(line, '\t', length);
    const char *end = line + length;
    const char *expected =
        memchr(options + 1, '\t', (size_t)(end - options - 1));
    if (!expected) {
        fprintf(stderr, "%s:%zu: expected three columns\n", file, number);
        return false;
    }
    size_t unused;
    row.input =
        unescaped(arena, line, (size_t)(options - line), &row.input_length);
    row.options = value_read_json(arena, options + 1,
                                  (size_t)(expected - options - 1), &row.error);
    row.expected =
        unescaped(arena, expected + 1, (size_t)(end - expected - 1), &unused);
    CLEANUP(text_free) struct text text = {0};
    if (row.options)
        run_row(&row, &text);
    const struct difference *difference = difference_of(&row);
    if (difference ? is_as_different(&row, difference, &text)
                   : is_as_expected(&row, &text))
        return true;
    if (difference)
        printf("(not as differences.md says)\n");
    printf("%s:%zu: %s\n  options   %.*s\n  got       %s%s\n  expected  %s\n",
           file, number, row.input, (int)(expected - options - 1), options + 1,
           error_is_set(&row.error) ? "ERROR " : "",
           error_is_set(&row.error) ? row.error.text : text_string(&text),
           row.expected);
    return false;
}

/* --- the examples of the manual --- */

static bool check_example(const char *const cells[4])
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct row row = {
        .arena = arena,
        .input = cells[2],
        .input_length = strlen(cells[2]),
        .options = value_make_map(arena),
        .expected = cells[3],
    };
    CLEANUP(text_free) struct text text = {0};
    run_row(&row, &text);
    if (is_as_expected(&row, &text))
        return true;
    printf("%s\n  got       %s\n  expected  %s\n", cells[2],
           error_is_set(&row.error) ? row.error.text : text_string(&text),
           cells[3]);
    return false;
}

/* Rows that begin with a function, "`name(": and have an example. */
static int check_examples(const char *file)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    size_t passed = 0, failed = 0;
    struct error error = {0};
    size_t length;
    const char *at = file_read(arena, file, 1 << 20, &length, &error);
    for (; at && *at != '\0'; at += *at == '\n') {
        if (strncmp(at, "| `", 3) == 0) {
            const char *cells[4];
            at++;
            for (size_t i = 0; i < 4; i++)
                cells[i] = read_cell(arena, &at);
            bool example = strchr(cells[0], '(') && cells[3][0] != '\0';
            bool good = example && check_example(cells);
            passed += good;
            failed += example && !good;
        }
        at += strcspn(at, "\n");
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed > 0 || passed == 0 ? 1 : 0;
}

int main(int count, char **arguments)
{
    if (count == 3 && is(arguments[1], "--examples"))
        return check_examples(arguments[2]);
    size_t passed = 0;
    size_t failed = 0;
    CLEANUP(arena_free) struct arena *kept = arena_new();
    int first = count > 2 && is(arguments[1], "--differences") ? 3 : 1;
    if (first > 1 && read_differences(kept, arguments[2]) < 0)
        return 2;
    for (int i = first; i < count; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        size_t length;
        const char *at =
            file_read(arena, arguments[i], 16 << 20, &length, &error);
        if (!at) {
            fprintf(stderr, "%s\n", error.text);
            return 2;
        }
        for (size_t number = 1; *at != '\0'; number++) {
            size_t width = strcspn(at, "\n");
            bool comment = width == 0 || !memchr(at, '\t', width);
            bool good = comment || check_line(arguments[i], number, at, width);
            passed += good && !comment;
            failed += !good;
            at += width + (at[width] == '\n');
        }
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed > 0 || passed == 0 ? 1 : 0;
}
