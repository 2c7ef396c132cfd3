/*
 * U+202A-202E and U+2066-2069: editors show the text after them in another order
 * than it has, so that a script does something else than what a reader sees
 * (https://trojansource.codes).
 */
#include "engine/value/yaml_turning.h"

#include <string.h>

/* The place of the next of them from `offset` on, or the end. */
static size_t find_turning(const struct yaml_source *source, size_t offset)
{
    const char *end = source->start + source->length;
    const char *at = source->start + offset;
    for (; at < end && (at = memchr(at, 0xE2, (size_t)(end - at))); at++) {
        if (end - at < 3)
            break;
        unsigned second = (unsigned char)at[1], third = (unsigned char)at[2];
        if ((second == 0x80 && third >= 0xAA && third <= 0xAE) ||
            (second == 0x81 && third >= 0xA6 && third <= 0xA9))
            return (size_t)(at - source->start);
    }
    return source->length;
}

struct yaml_turning yaml_turning_make(struct yaml_source *source,
                                      struct diagnostics *diagnostics)
{
    return (struct yaml_turning){.source = source,
                                 .diagnostics = diagnostics,
                                 .next = find_turning(source, 0)};
}

void yaml_turning_report(struct yaml_turning *turning, size_t offset)
{
    struct yaml_source *source = turning->source;
    while (turning->next < offset) {
        const char *at = source->start + turning->next;
        unsigned code = 0x2000U | ((unsigned char)at[1] & 0x3FU) << 6 |
                        ((unsigned char)at[2] & 0x3FU);
        diagnostics_add(
            turning->diagnostics, SEVERITY_ERROR, "E100",
            yaml_source_seek_offset(source, turning->next),
            "remove it; where it is meant, put the text in quotes",
            "the invisible character U+%04X shows the text after it in "
            "another order",
            code);
        turning->next = find_turning(source, turning->next + 3);
    }
}

void yaml_turning_pass_quoted(struct yaml_turning *turning, size_t start,
                              size_t end)
{
    struct yaml_source *source = turning->source;
    if (turning->next >= source->length)
        return;
    yaml_turning_report(turning, yaml_source_seek(source, start).offset);
    size_t last = yaml_source_seek(source, end).offset;
    if (turning->next < last)
        turning->next = find_turning(source, last);
}
