#pragma once
/* A position that walks over a source text, counting lines and characters. */
#include <stddef.h>

#include "engine/base/error.h"

struct yaml_source {
    const char *start;
    size_t length;
    size_t index; /* characters before the position, a byte order mark not */
    struct mark mark;
};

/* The beginning of a text, after its byte order mark if it has one. */
struct yaml_source yaml_source_make(const char *start, size_t length);

/* Moves to a character by its number, or to a byte by its offset, or as near as
 * the text goes, and returns the mark there. Costs the distance moved; going
 * back also the length of a line. */
struct mark yaml_source_seek(struct yaml_source *source, size_t index);
struct mark yaml_source_seek_offset(struct yaml_source *source, size_t offset);

/* The length of the line break at `at`: LF, CR, CR LF, and the Unicode ones that
 * YAML 1.1 knows (NEL, LS, PS). 0 when there is none. */
size_t yaml_break_length(const char *at, const char *end);

/* The end of the line that `at` is in: its line break, or `end`. */
const char *yaml_line_end(const char *at, const char *end);
