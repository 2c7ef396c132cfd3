#include "engine/value/value.h"
struct mark value_locate(const struct value *value, size_t offset,
                         const char *source, size_t source_length)
{
    (void) offset; (void) source; (void) source_length;
    return value->mark;
}
