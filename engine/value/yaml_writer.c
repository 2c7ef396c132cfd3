#include "engine/value/value.h"
void value_write_yaml(struct text *text, const struct value *value)
{
    value_write_json(text, value, JSON_INDENT);
    text_append_character(text, '\n');
}
