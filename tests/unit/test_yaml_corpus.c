/*
 * Real workflows: every YAML file of a folder is read, and written and read again
 * as the same value. The folder is ASSAY_CORPUS, or ../shared/corpus beside the
 * source; without one there is nothing to do.
 */
#include <ftw.h>
#include <stdlib.h>

#include "engine/base/file.h"
#include "engine/value/limits.h"
#include "tests/unit/value_fixture.h"

static int files;

static void check_strings(const struct value *value, const char *source,
                          size_t length)
{
    for (size_t i = 0; i < value_count(value); i++)
        check_strings(value->kind == VALUE_MAP ? value->map.members[i].value
                                               : value->list.items[i],
                      source, length);
    if (value->kind != VALUE_STRING || value->string.length == 0)
        return;
    for (size_t at = 0; at < value->string.length; at += 7) {
        char byte = value->string.bytes[at];
        struct mark mark = value_locate(value, at, source, length);
        bool folded = byte == ' ' || byte == '\n';
        bool within = ((unsigned char)byte & 0xC0) == 0x80;
        if (!folded && !within && source[mark.offset] != '\\' &&
            source[mark.offset] != '\'' && source[mark.offset] != byte)
            fail_msg("%u:%u is not '%c'", mark.line, mark.column, byte);
    }
}

static int check_file(const char *path, const struct stat *status, int type,
                      struct FTW *place)
{
    (void)status;
    (void)place;
    size_t length = strlen(path);
    bool yaml = length > 5 && (strcmp(path + length - 5, ".yaml") == 0 ||
                               strcmp(path + length - 4, ".yml") == 0);
    if (type != FTW_F || !yaml)
        return 0;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct diagnostics list = diagnostics_make(arena, path);
    const char *text =
        file_read(arena, path, VALUE_BYTES_LIMIT, &length, &error);
    CHECK(path, text != NULL);
    struct value *documents = value_read_yaml(arena, text, length, &list);
    if (!documents)
        fail_msg("%s: %s", path, as_problems(arena, &list));
    for (size_t i = 0; i < value_count(documents); i++) {
        const struct value *document = value_item(documents, i);
        const struct value *again = from_yaml(arena, as_yaml(arena, document));
        CHECK(path, value_equal(document, again));
        check_strings(document, text, length);
    }
    files++;
    return 0;
}

static void corpus(void **state)
{
    (void)state;
    const char *folder = getenv("ASSAY_CORPUS");
    if (!folder)
        folder = SOURCE_FOLDER "/../shared/corpus";
    if (nftw(folder, check_file, 16, FTW_PHYS) != 0)
        skip();
    print_message("%d files\n", files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(corpus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
