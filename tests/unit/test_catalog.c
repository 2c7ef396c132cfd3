/* marketplace/catalog: what every workflow of ours keeps to. docs/catalog.md */
#include <ftw.h>

#include "engine/base/file.h"
#include "engine/value/value.h"
#include "tests/unit/case.h"

#define CATALOG "marketplace/catalog/workflows"

enum { FILES_LIMIT = 100, BYTES_LIMIT = 1024 * 1024 };

static char *files[FILES_LIMIT];
static size_t file_count;
static struct arena *kept;

static int note_file(const char *path, const struct stat *status, int kind,
                     struct FTW *walk)
{
    (void)status;
    (void)walk;
    const char *dot = strrchr(path, '.');
    if (kind == FTW_F && dot && strcmp(dot, ".yaml") == 0) {
        assert_true(file_count < FILES_LIMIT);
        files[file_count++] = arena_string(kept, path);
    }
    return 0;
}

static int find_files(void **state)
{
    (void)state;
    kept = arena_new();
    return nftw(SOURCE_FOLDER "/" CATALOG, note_file, 8, FTW_PHYS);
}

static int forget_files(void **state)
{
    (void)state;
    arena_free(kept);
    return 0;
}

static const struct value *read_workflow(const char *path)
{
    struct error error = {0};
    size_t length = 0;
    const char *text = file_read(kept, path, BYTES_LIMIT, &length, &error);
    struct diagnostics found = diagnostics_make(kept, path);
    const struct value *documents =
        text ? value_read_yaml(kept, text, length, &found) : NULL;
    CHECK(path, value_count(documents) == 1);
    return value_item(documents, 0);
}

static void the_catalog_has_workflows(void **state)
{
    (void)state;
    assert_true(file_count >= 6);
}

/* workflows/<category>/<component>/<name>.yaml, as labels and name say. */
static void paths_follow_the_labels(void **state)
{
    (void)state;
    for (size_t i = 0; i < file_count; i++) {
        const struct value *workflow = read_workflow(files[i]);
        const struct value *labels = value_path(workflow, "metadata.labels");
        const char *want = arena_format(
            kept, SOURCE_FOLDER "/" CATALOG "/%s/%s/%s.yaml",
            value_string_at(labels, "marketplace.testkube.io/category"),
            value_string_at(labels, "marketplace.testkube.io/component"),
            value_string(value_path(workflow, "metadata.name")));
        CHECK_TEXT("path", files[i], want);
    }
}

static void names_and_descriptions_are_there(void **state)
{
    (void)state;
    static const struct {
        const char *part, *name;
    } rows[] = {
        {"metadata.labels", "marketplace.testkube.io/validation-type"},
        {"metadata.annotations", "marketplace.testkube.io/display-name"},
        {"metadata.annotations", "marketplace.testkube.io/description"},
        {"metadata.annotations", "marketplace.testkube.io/tags"},
    };
    for (size_t i = 0; i < file_count; i++) {
        const struct value *workflow = read_workflow(files[i]);
        for (size_t k = 0; k < COUNT_OF(rows); k++) {
            const char *text = value_string_at(
                value_path(workflow, rows[k].part), rows[k].name);
            CHECK(files[i], text && *text);
        }
        CHECK_TEXT(files[i], value_string_at(workflow, "apiVersion"),
                   "testworkflows.testkube.io/v1");
    }
}

static void parameters_are_described(void **state)
{
    (void)state;
    for (size_t i = 0; i < file_count; i++) {
        const struct value *config =
            value_path(read_workflow(files[i]), "spec.config");
        CHECK(files[i], value_count(config) > 0);
        for (size_t k = 0; k < value_count(config); k++) {
            const struct member *parameter = &config->map.members[k];
            CHECK(parameter->name,
                  value_string_at(parameter->value, "description"));
            CHECK(parameter->name, value_string_at(parameter->value, "type"));
            CHECK(parameter->name,
                  !strstr(parameter->name, "password") ||
                      value_bool_or(value_get(parameter->value, "sensitive"),
                                    false));
        }
    }
}

static bool is_pinned(const char *image)
{
    static const char mark[] = "@sha256:";
    const char *digest = strstr(image, mark);
    if (!digest || digest == image)
        return false;
    digest += sizeof mark - 1;
    return strlen(digest) == 64 && strspn(digest, "0123456789abcdef") == 64;
}

/* Calls `look` with every string of the tree and the name of its member. */
static void walk(const struct value *value, const char *name,
                 void (*look)(const char *name, const char *text))
{
    if (value_string(value))
        look(name, value_string(value));
    for (size_t i = 0; i < value_count(value); i++) {
        if (value_is(value, VALUE_MAP))
            walk(value->map.members[i].value, value->map.members[i].name, look);
        else
            walk(value_item(value, i), name, look);
    }
}

static size_t images, scripts;

static void look_at_image(const char *name, const char *text)
{
    if (strcmp(name, "image") != 0)
        return;
    images++;
    CHECK(text, strcmp(text, "{{ config.image }}") == 0 || is_pinned(text));
}

static void images_are_pinned(void **state)
{
    (void)state;
    for (size_t i = 0; i < file_count; i++) {
        const struct value *spec = value_get(read_workflow(files[i]), "spec");
        images = 0;
        walk(spec, "spec", look_at_image);
        CHECK(files[i], images > 0);
        const struct value *chosen = value_path(spec, "config.image.default");
        CHECK(files[i], !chosen || is_pinned(value_string(chosen)));
    }
}

static void look_at_script(const char *name, const char *text)
{
    static const char *const unwanted[] = {"{{",    "apk ", "apt-get", "sudo",
                                           "eval ", "`",    "| sh\n",  NULL};
    if (strcmp(name, "shell") != 0)
        return;
    scripts++;
    CHECK(text, strncmp(text, "set -eu", 7) == 0);
    for (size_t i = 0; unwanted[i]; i++)
        CHECK(unwanted[i], !strstr(text, unwanted[i]));
}

/* Parameters by env only: no expression stands in a script. */
static void scripts_hold_no_expressions_and_install_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < file_count; i++) {
        scripts = 0;
        walk(read_workflow(files[i]), "", look_at_script);
        CHECK(files[i], scripts > 0);
    }
}

static void pods_are_bounded_and_restricted(void **state)
{
    (void)state;
    for (size_t i = 0; i < file_count; i++) {
        const struct value *spec = value_get(read_workflow(files[i]), "spec");
        CHECK(files[i],
              value_int_or(value_path(spec, "job.activeDeadlineSeconds"), 0) >
                  0);
        const struct value *container = value_get(spec, "container");
        CHECK(files[i], value_path(container, "resources.requests.cpu") &&
                            value_path(container, "resources.requests.memory"));
        const struct value *security = value_get(container, "securityContext");
        CHECK(files[i],
              value_bool_or(value_get(security, "runAsNonRoot"), false));
        CHECK(files[i],
              value_bool_or(value_get(security, "readOnlyRootFilesystem"),
                            false));
        CHECK(files[i],
              !value_bool_or(value_get(security, "allowPrivilegeEscalation"),
                             true));
        CHECK_TEXT(files[i],
                   value_string(value_item(
                       value_path(security, "capabilities.drop"), 0)),
                   "ALL");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_catalog_has_workflows),
        cmocka_unit_test(paths_follow_the_labels),
        cmocka_unit_test(names_and_descriptions_are_there),
        cmocka_unit_test(parameters_are_described),
        cmocka_unit_test(images_are_pinned),
        cmocka_unit_test(scripts_hold_no_expressions_and_install_nothing),
        cmocka_unit_test(pods_are_bounded_and_restricted),
    };
    return cmocka_run_group_tests(tests, find_files, forget_files);
}
