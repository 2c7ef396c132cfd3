/* repository.h, fetch.h, index.h: repositories made by git itself, good and
 * hostile. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "marketplace/fetch.h"
#include "marketplace/index.h"
#include "marketplace/limits.h"
#include "tests/unit/market_fixture.h"

/* Runs a shell script in the repository `source`. */
static void script(const char *text)
{
    char whole[8192];
    snprintf(whole, sizeof whole, "cd source && %s", text);
    RUN("sh", "-ec", whole);
}

/* A new repository `source` with one workflow. */
static void make_source(void)
{
    RUN("rm", "-rf", "source", "incoming");
    RUN("git", "init", "-q", "-b", "main", "source");
    script("mkdir -p workflows/a && printf 'kind: TestWorkflow\\n"
           "metadata: {name: one}\\n' >workflows/a/one.yaml && git add . && "
           "git commit -qm one");
}

/* HEAD of the source. */
static void read_head(char head[COMMIT_NAME])
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    size_t length;
    script("git rev-parse HEAD >../head");
    snprintf(head, COMMIT_NAME, "%s", market_read(arena, "head", &length));
}

static struct fetch fetch_of(char url[256])
{
    char folder[128];
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(url, 256, "file://%s/source", folder);
    return (struct fetch){
        .url = url,
        .seconds = 20,
        .bytes_limit = FETCH_BYTES_LIMIT,
        .objects_limit = FETCH_OBJECT_LIMIT,
    };
}

static int fetch_source(char head[COMMIT_NAME], struct error *error)
{
    char url[256];
    struct fetch fetch = fetch_of(url);
    RUN("rm", "-rf", "incoming");
    assert_int_equal(repository_make("incoming", NULL, error), 0);
    return fetch_head("incoming", &fetch, head, error);
}

/* The source fetched and open. */
static struct repository *fetched(char head[COMMIT_NAME])
{
    struct error error = {0};
    char want[COMMIT_NAME];
    if (fetch_source(head, &error) < 0)
        fail_msg("%s", error.text);
    read_head(want);
    assert_string_equal(head, want);
    struct repository *repository = repository_open("incoming", &error);
    assert_non_null(repository);
    return repository;
}

static void the_head_is_fetched_and_read(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct marketplace_index index;
    char head[COMMIT_NAME];
    make_source();
    CLEANUP(repository_close) struct repository *repository = fetched(head);
    assert_true(repository_has_commit(repository, head));
    assert_int_equal(index_read(arena, repository, head, &index, &error), 0);
    assert_int_equal(index.count, 1);
    assert_string_equal(index.entries[0].name, "one");
    assert_string_equal(index.entries[0].path, "workflows/a/one.yaml");
    RUN("sh", "-ec",
        "printf 'sha256:%s' $(sha256sum <source/workflows/a/one.yaml | "
        "cut -d ' ' -f 1) >digest");
    size_t length;
    assert_string_equal(index.entries[0].digest,
                        market_read(arena, "digest", &length));
    assert_int_equal(access("incoming/workflows", F_OK), -1);
}

static void unsafe_entries_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *script, *want; /* NULL: accepted */
    } rows[] = {
        {"a link", "ln -s /etc/passwd workflows/a/link.yaml && git add .",
         "'workflows/a/link.yaml' is a symbolic link"},
        {"a link to a folder", "ln -s .. workflows/b && git add .",
         "'workflows/b' is a symbolic link"},
        {"the folder a link",
         "git mv workflows other && ln -s other workflows && git add .",
         "'workflows' is not a folder"},
        {"the folder a file", "git rm -rq . && echo x >workflows && git add .",
         "'workflows' is not a folder"},
        {"a submodule",
         "git update-index --add --cacheinfo 160000,$(git rev-parse "
         "HEAD),workflows/sub",
         "'workflows/sub' is a submodule"},
        {"a blank in a name", "echo x >'workflows/a b.yaml' && git add .",
         "unsafe-entry: a name in 'workflows'"},
        {"an escape in a name",
         "echo x >\"workflows/$(printf '\\033[2J').yaml\" && git add .",
         "unsafe-entry: a name in 'workflows'"},
        {"a backslash", "echo x >'workflows/..\\a.yaml' && git add .",
         "unsafe-entry: a name in 'workflows'"},
        {"letters of others", "echo x >workflows/\xc3\xa4.yaml && git add .",
         "unsafe-entry: a name in 'workflows'"},
        {"too deep",
         "mkdir -p workflows/1/2/3/4/5/6/7/8/9 && echo x "
         ">workflows/1/2/3/4/5/6/7/8/9/a && git add .",
         "folders more than 8 deep"},
        {"deep enough",
         "mkdir -p workflows/1/2/3/4/5/6/7/8 && echo x "
         ">workflows/1/2/3/4/5/6/7/8/a && git add .",
         NULL},
        {"a link elsewhere", "ln -s workflows other && git add .", NULL},
        {"no workflows", "git rm -rq . && echo x >README && git add .", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct marketplace_index index;
        char head[COMMIT_NAME];
        make_source();
        script(rows[i].script);
        script("git commit -qm hostile");
        CLEANUP(repository_close) struct repository *repository = fetched(head);
        int result = index_read(arena, repository, head, &index, &error);
        if (!rows[i].want && result < 0)
            fail_msg("%s: %s", rows[i].name, error.text);
        if (rows[i].want)
            CHECK_ERROR(rows[i].name, error, ERROR_TRUST, rows[i].want);
    }
}

static void files_that_are_no_workflows_do_not_matter(void **state)
{
    (void)state;
    static const struct {
        const char *name, *script, *want; /* the problem; NULL: none */
    } rows[] = {
        {"broken YAML", "echo 'a: [' >workflows/x.yaml", ""},
        {"another kind", "echo 'kind: Job' >workflows/x.yaml", NULL},
        {"an empty file", ": >workflows/x.yaml", NULL},
        {"not YAML by name", "echo 'a: [' >workflows/x.txt", NULL},
        {"no name", "echo 'kind: TestWorkflow' >workflows/x.yaml",
         "a workflow without a usable name"},
        {"a bad name",
         "printf 'kind: TestWorkflow\\nmetadata: {name: ../x}\\n' "
         ">workflows/x.yaml",
         "a workflow without a usable name"},
        {"an escape for a name",
         "printf 'kind: TestWorkflow\\nmetadata: {name: \"\\\\e[2J\"}\\n' "
         ">workflows/x.yaml",
         "a workflow without a usable name"},
        {"a name twice", "cp workflows/a/one.yaml workflows/z.yaml",
         "its name 'one' is taken by "
         "'workflows/a/one.yaml'"},
        {"too large",
         "head -c 262145 /dev/zero | tr '\\0' '#' >workflows/x.yaml",
         "length-exceeded: a blob of "
         "262145 bytes"},
        {"large", "head -c 262144 /dev/zero | tr '\\0' '#' >workflows/x.yaml",
         NULL},
        {"many aliases",
         "{ echo 'a: &a [x,x,x,x,x,x,x,x,x]'; for i in b c d e f g h i j; do "
         "echo \"$i: &$i [*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p]\" | sed "
         "s/\\*/*${o:-a}/g; "
         "o=$i; done; } >workflows/x.yaml",
         ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct marketplace_index index;
        char head[COMMIT_NAME];
        make_source();
        script(rows[i].script);
        script("git add . && git commit -qm more");
        CLEANUP(repository_close) struct repository *repository = fetched(head);
        if (index_read(arena, repository, head, &index, &error) < 0)
            fail_msg("%s: %s", rows[i].name, error.text);
        CHECK(rows[i].name, index.count == 1);
        CHECK(rows[i].name, index.problem_count == (rows[i].want ? 1 : 0));
        if (rows[i].want && !strstr(index.problems[0].text, rows[i].want))
            fail_msg("%s: %s", rows[i].name, index.problems[0].text);
    }
}

static void images_are_listed_once_and_sorted(void **state)
{
    (void)state;
    static const char text[] =
        "kind: TestWorkflow\n"
        "metadata: {name: one}\n"
        "spec:\n"
        "  config: {image: {type: string, default: not-this}}\n"
        "  container: {'image': c}\n"
        "  services: {db: {\"image\": b}}\n"
        "  pod: {volumes: [{image: {reference: not-here, image: a}}]}\n"
        "  steps: [{run: &r {image: d}}, {run: *r}, {run: {image: ''}},\n"
        "    {run: {image: '{{ config.image }}'}}, {run: {image: 1}},\n"
        "    {steps: [{steps: [{steps: [{run: {image: e}}]}]}]}]\n";
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct marketplace_index index = {0};
    struct error error = {0};
    struct text listed = {0};
    assert_int_equal(index_add_file(arena, "workflows/a.yaml", text,
                                    strlen(text), &index, &error),
                     0);
    assert_int_equal(index.count, 1);
    value_write_json(&listed, index.entries[0].images, JSON_COMPACT);
    assert_string_equal(
        text_string(&listed),
        "[\"a\",\"b\",\"c\",\"d\",\"e\",\"{{ config.image }}\"]");
    text_free(&listed);
}

static void images_have_a_limit(void **state)
{
    (void)state;
    for (int beyond = 0; beyond < 2; beyond++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct marketplace_index index = {0};
        struct error error = {0};
        struct text text = {0};
        text_append_string(&text, "kind: TestWorkflow\nmetadata: {name: a}\n"
                                  "spec:\n");
        for (int i = 0; i < LOCK_IMAGE_LIMIT + beyond; i++)
            text_append_format(&text, "  s%d: {image: i%d}\n", i, i);
        assert_int_equal(index_add_file(arena, "workflows/a.yaml", text.data,
                                        text.length, &index, &error),
                         0);
        text_free(&text);
        assert_int_equal(index.count, 1 - beyond);
        assert_int_equal(index.problem_count, beyond);
    }
}

static void workflows_have_a_limit(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct marketplace_index index = {0};
    struct error error = {0};
    for (int i = 0; i <= WORKFLOW_COUNT_LIMIT; i++) {
        const char *text = arena_format(
            arena, "kind: TestWorkflow\nmetadata: {name: w%d}\n", i);
        int result = index_add_file(arena, "workflows/a.yaml", text,
                                    strlen(text), &index, &error);
        assert_int_equal(result, i < WORKFLOW_COUNT_LIMIT ? 0 : -1);
    }
    CHECK_ERROR("too many", error, ERROR_TRUST,
                "length-exceeded: more than 2000 workflows");
}

/* One file more than may be listed, and exactly as many (the folder counts). */
static void files_have_a_limit(void **state)
{
    (void)state;
    static const char *const counts[] = {"20000", "19999"};
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct tree_files files;
        char head[COMMIT_NAME], text[512];
        make_source();
        snprintf(text, sizeof text,
                 "b=$(echo x | git hash-object -w --stdin) && "
                 "t=$(seq 1 %s | sed \"s/.*/100644 blob $b\tf&/\" | "
                 "git mktree) && u=$(printf '040000 tree %%s\\tsub\\n' $t | "
                 "git mktree) && "
                 "w=$(printf '040000 tree %%s\\tworkflows\\n' $u | "
                 "git mktree) && "
                 "git reset -q --soft $(git commit-tree -m many $w)",
                 counts[i]);
        script(text);
        CLEANUP(repository_close) struct repository *repository = fetched(head);
        int result = repository_list(arena, repository, head, "workflows",
                                     &files, &error);
        CHECK(counts[i], (result < 0) == (i == 0));
        if (result < 0)
            CHECK_ERROR(counts[i], error, ERROR_TRUST,
                        "length-exceeded: more than 20000 files and folders");
    }
}

static void commits_are_related(void **state)
{
    (void)state;
    struct error error = {0};
    enum relation relation;
    char first[COMMIT_NAME], second[COMMIT_NAME], side[COMMIT_NAME];
    make_source();
    read_head(first);
    script("git commit -q --allow-empty -m side && git branch side");
    read_head(side);
    script("git reset -q --hard HEAD~ && git commit -q --allow-empty -m two");
    read_head(second);
    CLEANUP(repository_close)
    struct repository *repository = repository_open("source/.git", &error);
    assert_non_null(repository);
    const struct {
        const char *name, *before, *after;
        enum relation want;
    } rows[] = {
        {"same", first, first, RELATION_SAME},
        {"newer", first, second, RELATION_NEWER},
        {"older", second, first, RELATION_OLDER},
        {"unrelated", side, second, RELATION_NONE},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK(rows[i].name,
              repository_relate(repository, rows[i].before, rows[i].after,
                                &relation, &error) == 0);
        CHECK(rows[i].name, relation == rows[i].want);
    }
    assert_int_equal(
        repository_relate(repository, "HEAD", first, &relation, &error), -1);
}

static bool holds(const struct wire *bytes, const void *text)
{
    return memmem(bytes->bytes, bytes->length, text, strlen(text));
}

static void older_versions_are_found(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct wire bytes;
    char first[COMMIT_NAME], head[COMMIT_NAME], found[COMMIT_NAME] = "";
    make_source();
    script("echo '# version 1' >>workflows/a/one.yaml && git commit -qam 1");
    read_head(first);
    script("for i in 2 3 4; do sed -i \"s/version.*/version $i/\" "
           "workflows/a/one.yaml && git commit -qam $i; done");
    read_head(head);
    CLEANUP(repository_close)
    struct repository *repository = repository_open("source/.git", &error);
    struct version_search search = {head, "workflows/a/one.yaml", holds,
                                    "version 1"};
    assert_int_equal(
        repository_find_version(arena, repository, &search, found, &error), 1);
    assert_string_equal(found, first);
    assert_int_equal(repository_read_file(arena, repository, found, search.path,
                                          &bytes, &error),
                     0);
    assert_true(holds(&bytes, "version 1"));
    search.context = "version 9";
    assert_int_equal(
        repository_find_version(arena, repository, &search, found, &error), 0);
    assert_int_equal(repository_read_file(arena, repository, found,
                                          "workflows/../x", &bytes, &error),
                     -1);
    CHECK_ERROR("no file", error, ERROR_TRUST, "missing-file");
}

static void a_changed_object_is_not_read(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct wire bytes;
    char head[COMMIT_NAME];
    make_source();
    read_head(head);
    /* Other content under the name of the blob. */
    script("b=$(git rev-parse HEAD:workflows/a/one.yaml) && "
           "o=$(echo evil | git hash-object -w --stdin) && "
           "f() { echo .git/objects/$(echo $1 | cut -c 1-2)/"
           "$(echo $1 | cut -c 3-); } && cp -f $(f $o) $(f $b)");
    CLEANUP(repository_close)
    struct repository *repository = repository_open("source/.git", &error);
    assert_int_equal(repository_read_file(arena, repository, head,
                                          "workflows/a/one.yaml", &bytes,
                                          &error),
                     -1);
    CHECK_ERROR("changed", error, ERROR_TRUST, "unreadable-object");
}

static void a_fetch_has_limits(void **state)
{
    (void)state;
    char url[256], head[COMMIT_NAME];
    make_source();
    script("head -c 300000 /dev/urandom >big && git add . && "
           "git commit -qm big");
    const struct {
        const char *name;
        size_t bytes, objects;
        const char *want;
    } rows[] = {
        {"enough", 1000000, 100, NULL},
        {"bytes", 100000, 100, "length-exceeded: the repository is larger"},
        {"objects", 1000000, 7, "length-exceeded: the repository is larger"},
        {"just as many", 1000000, 8, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error error = {0};
        struct fetch fetch = fetch_of(url);
        fetch.bytes_limit = rows[i].bytes;
        fetch.objects_limit = rows[i].objects;
        RUN("rm", "-rf", "incoming");
        assert_int_equal(repository_make("incoming", NULL, &error), 0);
        int result = fetch_head("incoming", &fetch, head, &error);
        if (!rows[i].want && result < 0)
            fail_msg("%s: %s", rows[i].name, error.text);
        if (rows[i].want)
            CHECK_ERROR(rows[i].name, error, ERROR_TRUST, rows[i].want);
    }
}

static void a_silent_server_is_given_up(void **state)
{
    (void)state;
    struct error error = {0};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(server, 4), 0);
    getsockname(server, (struct sockaddr *)&address, &length);
    char url[256], head[COMMIT_NAME];
    struct fetch fetch = fetch_of(url);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/a.git",
             ntohs(address.sin_port));
    fetch.seconds = 1;
    RUN("rm", "-rf", "incoming");
    assert_int_equal(repository_make("incoming", NULL, &error), 0);
    int64_t start = clock_monotonic();
    assert_int_equal(fetch_head("incoming", &fetch, head, &error), -1);
    assert_true(clock_monotonic() - start < 10 * CLOCK_SECOND);
    CHECK_ERROR("silent", error, ERROR_REMOTE,
                "no complete answer within 1 seconds");
    close(server);
}

static void what_cannot_be_fetched_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *name, *script, *want;
    } rows[] = {
        {"an empty repository", "rm -rf .git && git init -q",
         "has no HEAD: it is empty"},
        {"no repository", "rm -rf .git", "cannot fetch"},
        {"a broken one", "rm -rf .git/objects && mkdir .git/objects", ""},
        {"other object names",
         "rm -rf .git && git init -q --object-format=sha256", "cannot fetch"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error error = {0};
        char head[COMMIT_NAME];
        make_source();
        script(rows[i].script);
        CHECK(rows[i].name, fetch_source(head, &error) < 0);
        CHECK_ERROR(rows[i].name, error, ERROR_REMOTE, rows[i].want);
    }
}

static void the_users_configuration_is_not_read(void **state)
{
    (void)state;
    struct error error = {0};
    char head[COMMIT_NAME];
    make_source();
    /* Would send every fetch elsewhere. */
    char text[512], folder[128];
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(text, sizeof text,
             "[url \"file:///nowhere\"]\n\tinsteadOf = file://%s\n", folder);
    market_write(".gitconfig", text, strlen(text));
    int result = fetch_source(head, &error);
    unlink(".gitconfig");
    if (result < 0)
        fail_msg("%s", error.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_is_fetched_and_read),
        cmocka_unit_test(unsafe_entries_are_refused),
        cmocka_unit_test(files_that_are_no_workflows_do_not_matter),
        cmocka_unit_test(images_are_listed_once_and_sorted),
        cmocka_unit_test(images_have_a_limit),
        cmocka_unit_test(workflows_have_a_limit),
        cmocka_unit_test(files_have_a_limit),
        cmocka_unit_test(commits_are_related),
        cmocka_unit_test(older_versions_are_found),
        cmocka_unit_test(a_changed_object_is_not_read),
        cmocka_unit_test(a_fetch_has_limits),
        cmocka_unit_test(a_silent_server_is_given_up),
        cmocka_unit_test(what_cannot_be_fetched_is_told),
        cmocka_unit_test(the_users_configuration_is_not_read),
    };
    return cmocka_run_group_tests(tests, market_set_up, market_tear_down);
}
