#include "cli/output.h"

#include <string.h>

#include "cli/print.h"

int output_parse(const char *word, enum output *output, struct error *error)
{
    static const char *const words[] = {
        [OUTPUT_TEXT] = "text",
        [OUTPUT_JSON] = "json",
        [OUTPUT_NDJSON] = "ndjson",
        [OUTPUT_YAML] = "yaml",
    };
    *output = OUTPUT_TEXT;
    if (!word)
        return 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0) {
            *output = (enum output)i;
            return 0;
        }
    return error_set(error, ERROR_USAGE,
                     "--output: expected text, json, ndjson or yaml, found "
                     "'%.100s'",
                     word);
}

void output_print(const struct value *value, enum output output)
{
    CLEANUP(text_free) struct text text = {0};
    if (output == OUTPUT_YAML) {
        value_write_yaml(&text, value);
    } else if (output == OUTPUT_NDJSON && value_is(value, VALUE_LIST)) {
        for (size_t i = 0; i < value_count(value); i++) {
            value_write_json(&text, value_item(value, i), JSON_COMPACT);
            text_append_character(&text, '\n');
        }
    } else {
        value_write_json(&text, value,
                         output == OUTPUT_JSON ? JSON_INDENT : JSON_COMPACT);
        text_append_character(&text, '\n');
    }
    print_text(&text);
}
