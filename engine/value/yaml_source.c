/*
 * Places in a source. libyaml counts characters; our marks also hold the byte, and
 * their lines are those of an editor: only LF ends one (CR LF included).
 */
#include "engine/value/yaml_source.h"

#include <endian.h>
#include <string.h>

#include "engine/base/utf8.h"

struct yaml_source yaml_source_make(const char *start, size_t length)
{
    struct yaml_source source = {
        .start = start, .length = length, .mark = {.line = 1, .column = 1}};
    if (length >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0)
        source.mark.offset = 3;
    return source;
}

static void step_forward(struct yaml_source *source)
{
    struct mark *mark = &source->mark;
    if (source->start[mark->offset] == '\n') {
        mark->line++;
        mark->column = 1;
    } else {
        mark->column++;
    }
    mark->offset++;
    while (mark->offset < source->length &&
           utf8_continues(source->start[mark->offset]))
        mark->offset++;
    source->index++;
}

/* Moves over at most `most` characters, eight at a time, up to the first eight
 * that are not ASCII. */
static void skip_ascii(struct yaml_source *source, size_t most)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    struct mark mark = source->mark;
    size_t left = source->length - mark.offset;
    if (left > most)
        left = most;
    size_t start = mark.offset;
    while (left >= sizeof ones) {
        uint64_t word;
        memcpy(&word, source->start + mark.offset, sizeof word);
        word = le64toh(word);
        if (word & highs)
            break;
        /* The lowest bit stands for the first byte that is a line feed. */
        uint64_t other = word ^ ones * '\n';
        uint64_t feeds = (other - ones) & ~other & highs;
        size_t count = sizeof word;
        mark.column += (uint32_t)count;
        if (feeds) {
            count = (size_t)__builtin_ctzll(feeds) / 8 + 1;
            mark.line++;
            mark.column = 1;
        }
        mark.offset += (uint32_t)count;
        left -= count;
    }
    source->index += mark.offset - start;
    source->mark = mark;
}

static void count_column(struct yaml_source *source)
{
    struct mark *mark = &source->mark;
    uint32_t column = 1;
    for (size_t at = mark->offset; at > 0 && source->start[at - 1] != '\n';
         at--)
        column += !utf8_continues(source->start[at - 1]);
    mark->column = column;
}

static void step_back(struct yaml_source *source)
{
    struct mark *mark = &source->mark;
    do
        mark->offset--;
    while (mark->offset > 0 && utf8_continues(source->start[mark->offset]));
    source->index--;
    mark->column--;
    if (source->start[mark->offset] == '\n') {
        mark->line--;
        count_column(source);
    }
}

struct mark yaml_source_seek(struct yaml_source *source, size_t index)
{
    while (source->index < index && source->mark.offset < source->length) {
        skip_ascii(source, index - source->index);
        if (source->index < index && source->mark.offset < source->length)
            step_forward(source);
    }
    while (source->index > index && source->mark.offset > 0)
        step_back(source);
    return source->mark;
}

struct mark yaml_source_seek_offset(struct yaml_source *source, size_t offset)
{
    while (source->mark.offset < offset &&
           source->mark.offset < source->length) {
        skip_ascii(source, offset - source->mark.offset);
        if (source->mark.offset < offset &&
            source->mark.offset < source->length)
            step_forward(source);
    }
    while (source->index > 0 && source->mark.offset > offset)
        step_back(source);
    return source->mark;
}

size_t yaml_break_length(const char *at, const char *end)
{
    size_t left = (size_t)(end - at);
    if (left >= 1 && *at == '\n')
        return 1;
    if (left >= 1 && *at == '\r')
        return left >= 2 && at[1] == '\n' ? 2 : 1;
    if (left >= 2 && memcmp(at, "\xC2\x85", 2) == 0)
        return 2;
    if (left >= 3 && (memcmp(at, "\xE2\x80\xA8", 3) == 0 ||
                      memcmp(at, "\xE2\x80\xA9", 3) == 0))
        return 3;
    return 0;
}

const char *yaml_line_end(const char *at, const char *end)
{
    while (at < end && yaml_break_length(at, end) == 0)
        at++;
    return at;
}
