/*
 * A quick way through the YAML that workflows are written in. libyaml knows the
 * whole language, and takes half of the time of `assay validate` for it; nearly
 * every file needs a small part only:
 *
 *   documents that begin with a line `---`, of block maps and block lists
 *   keys of letters, digits and . _ - / that are strings without quotes
 *   scalars of one line: plain, in single or in double quotes
 *   literal blocks (| |- |+), {} and lists of scalars in brackets on one line
 *   comments, and lines that are empty
 *
 * For all of that there is one way to read it, and it is read here. At anything
 * else, however rare or wrong, this reader gives up, and libyaml reads the text
 * from its beginning: no message and no rule exists twice. fuzz_yaml compares
 * the trees of both for every input that is read here.
 */
#include "engine/value/yaml_block.h"

#include "engine/value/yaml_block_part.h"
#include "engine/value/yaml_scalar.h"

static struct value *read_collection(struct yaml_block *block);

/* From the end of a line, or its comment, to the next content. */
static void skip_lines(struct yaml_block *block)
{
    for (;;) {
        if (block->at < block->end && *block->at == '#')
            block->at = yaml_block_line_end(block, block->at);
        if (block->at == block->end || *block->at != '\n')
            return;
        block->line = ++block->at;
        block->number++;
        yaml_block_skip_spaces(block);
    }
}

/* From behind a value to the next content; false: something else follows. */
static bool finish_line(struct yaml_block *block)
{
    yaml_block_skip_spaces(block);
    bool comment = block->at < block->end && *block->at == '#' &&
                   block->at > block->line && block->at[-1] == ' ';
    if (!comment && !yaml_block_ends_line(block, block->at))
        return false;
    skip_lines(block);
    return true;
}

static bool at_document(const struct yaml_block *block)
{
    return block->at == block->line && block->end - block->at >= 3 &&
           memcmp(block->at, "---", 3) == 0 &&
           yaml_block_is_apart(block, block->at + 3);
}

/* The length of the key that begins here, 0 when none does. */
static size_t key_length(const struct yaml_block *block)
{
    const char *at = block->at;
    if (at == block->end || !yaml_is(*at, YAML_KEY_FIRST))
        return 0;
    while (at < block->end && yaml_is(*at, YAML_KEY))
        at++;
    if (at == block->end || *at != ':' || !yaml_block_is_apart(block, at + 1))
        return 0;
    return (size_t)(at - block->at);
}

/* A scalar in brackets. */
static struct value *read_flow_item(struct yaml_block *block)
{
    const char *start = block->at, *at = start;
    if (at < block->end && (*at == '"' || *at == '\'')) {
        struct value *value = yaml_block_quoted(block);
        for (; at < block->at; at++)
            if (!yaml_is(*at, YAML_TEXT))
                return NULL;
        return value;
    }
    while (at < block->end && yaml_is(*at, YAML_ITEM))
        at++;
    if (at == start || *start == '.' ||
        (*start == '-' && (at == start + 1 || at[-1] == '-')))
        return NULL;
    struct mark mark = yaml_block_mark(block);
    block->at = at;
    return yaml_block_add_plain(block, mark, start, (size_t)(at - start));
}

/* [a, 'b', "c"] */
static struct value *read_flow_list(struct yaml_block *block)
{
    if (block->depth >= VALUE_DEPTH_LIMIT)
        return NULL;
    struct value *list = yaml_block_add(block, yaml_block_mark(block),
                                        (struct value){.kind = VALUE_LIST});
    if (!list)
        return NULL;
    do {
        block->at++;
        yaml_block_skip_spaces(block);
        bool empty = list->list.count == 0 && block->at < block->end &&
                     *block->at == ']';
        if (!empty) {
            struct value *item = read_flow_item(block);
            if (!item)
                return NULL;
            value_append(block->arena, list, item);
            yaml_block_skip_spaces(block);
        }
    } while (block->at < block->end && *block->at == ',');
    if (block->at == block->end || *block->at != ']')
        return NULL;
    block->at++;
    return list;
}

/* {} */
static struct value *read_empty_map(struct yaml_block *block)
{
    if (block->end - block->at < 2 || block->at[1] != '}' ||
        block->depth >= VALUE_DEPTH_LIMIT)
        return NULL;
    struct value *map = yaml_block_add(block, yaml_block_mark(block),
                                       (struct value){.kind = VALUE_MAP});
    block->at += 2;
    return map;
}

/* A value that begins in this line, in a map or list whose column is `parent`. */
static struct value *read_inline(struct yaml_block *block, ptrdiff_t parent)
{
    struct value *value = NULL;
    switch (*block->at) {
    case '|':
        value = yaml_block_literal(block, parent);
        if (!value)
            return NULL;
        yaml_block_skip_spaces(block);
        skip_lines(block);
        return value;
    case '"':
    case '\'':
        value = yaml_block_quoted(block);
        break;
    case '[':
        value = read_flow_list(block);
        break;
    case '{':
        value = read_empty_map(block);
        break;
    default:
        value = yaml_block_plain(block);
        break;
    }
    return value && finish_line(block) ? value : NULL;
}

/* What follows a key's colon, or an item's dash, in column `parent`. */
static struct value *read_content(struct yaml_block *block, ptrdiff_t parent,
                                  bool item)
{
    struct mark behind = yaml_block_mark(block);
    struct value *value = NULL;
    yaml_block_skip_spaces(block);
    if (yaml_block_ends_line(block, block->at) || *block->at == '#') {
        skip_lines(block);
        ptrdiff_t column = yaml_block_column(block);
        if (column > parent ||
            (column == parent && !item && yaml_block_at_item(block)))
            value = read_collection(block);
        else
            value = yaml_block_add(block, behind,
                                   (struct value){.style = STYLE_PLAIN});
    } else if (item && (yaml_block_at_item(block) || key_length(block) > 0)) {
        value = read_collection(block);
    } else {
        value = read_inline(block, parent);
    }
    return value && yaml_block_column(block) <= parent ? value : NULL;
}

static bool read_items(struct yaml_block *block, struct value *list)
{
    ptrdiff_t column = yaml_block_column(block);
    while (yaml_block_column(block) == column && yaml_block_at_item(block)) {
        block->at++;
        struct value *item = read_content(block, column, true);
        if (!item)
            return false;
        value_append(block->arena, list, item);
    }
    return true;
}

static bool read_member(struct yaml_block *block, struct value *map)
{
    size_t length = key_length(block);
    struct member member = {
        .name = block->at, .length = length, .mark = yaml_block_mark(block)};
    if (length == 0 || length > VALUE_NAME_LIMIT ||
        value_get_bytes(map, member.name, length))
        return false;
    struct value name;
    yaml_scalar_resolve(member.name, length, &name);
    if (name.kind != VALUE_STRING)
        return false;
    member.name = arena_copy(block->arena, member.name, length);
    ptrdiff_t column = yaml_block_column(block);
    block->at += length + 1;
    member.value = read_content(block, column, false);
    if (!member.value)
        return false;
    value_add_member(block->arena, map, member);
    return true;
}

static bool read_members(struct yaml_block *block, struct value *map)
{
    ptrdiff_t column = yaml_block_column(block);
    while (yaml_block_column(block) == column && !at_document(block))
        if (!read_member(block, map))
            return false;
    return true;
}

/* The block map or block list whose first token is here. */
static struct value *read_collection(struct yaml_block *block)
{
    bool list = yaml_block_at_item(block);
    if ((!list && key_length(block) == 0) || block->depth >= VALUE_DEPTH_LIMIT)
        return NULL;
    struct value *value =
        yaml_block_add(block, yaml_block_mark(block),
                       (struct value){.kind = list ? VALUE_LIST : VALUE_MAP});
    if (!value)
        return NULL;
    block->depth++;
    bool read = list ? read_items(block, value) : read_members(block, value);
    block->depth--;
    return read ? value : NULL;
}

static bool read_document(struct yaml_block *block, struct value *documents)
{
    if (at_document(block)) {
        block->at += 3;
        if (!finish_line(block))
            return false;
    } else if (documents->list.count > 0) {
        return false;
    }
    if (block->at == block->end ||
        documents->list.count == VALUE_DOCUMENTS_LIMIT)
        return false;
    struct value *value = read_collection(block);
    if (!value)
        return false;
    value_append(block->arena, documents, value);
    return true;
}

struct value *yaml_block_read(struct arena *arena, const char *text,
                              size_t length, bool plain_booleans)
{
    struct yaml_block block = {.arena = arena,
                               .start = text,
                               .end = text + length,
                               .at = text,
                               .line = text,
                               .number = 1,
                               .plain_booleans = plain_booleans};
    if (length == 0 || length > VALUE_BYTES_LIMIT ||
        !yaml_block_is_text(text, block.end))
        return NULL;
    struct value *documents = value_make_list(arena);
    yaml_block_skip_spaces(&block);
    skip_lines(&block);
    while (block.at < block.end)
        if (!read_document(&block, documents))
            return NULL;
    return documents->list.count > 0 ? documents : NULL;
}
