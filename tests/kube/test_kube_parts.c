/* The parts of the test API server that need no server: selectors, patches,
 * times, rules, validation, protobuf, logs and the store with its watches. */
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/value/value.h"
#include "tests/kube/change_feed.h"
#include "tests/kube/log_feed.h"
#include "tests/kube/moment.h"
#include "tests/kube/protobuf.h"
#include "tests/kube/rules.h"
#include "tests/kube/selector.h"
#include "tests/kube/tree.h"
#include "tests/kube/validation.h"
#include "tests/unit/case.h"

static struct value *read_json(struct arena *arena, const char *row,
                               const char *json)
{
    struct error error = {0};
    struct value *value = value_read_json(arena, json, strlen(json), &error);
    if (!value)
        fail_msg("%s: %s", row, error.text);
    return value;
}

static const char *print(struct arena *arena, const struct value *value)
{
    CLEANUP(text_free) struct text text = {0};
    value_write_json(&text, value, JSON_SORT);
    return arena_string(arena, text_string(&text));
}

static void selectors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fits; /* {a: b, c/d: e} */
    } rows[] = {
        {"", true},
        {"a=b", true},
        {"a==b", true},
        {"a=c", false},
        {"a!=c", true},
        {"a!=b", false},
        {"x!=b", true},
        {"a", true},
        {"x", false},
        {"!a", false},
        {"!x", true},
        {"a in (b, c)", true},
        {"a in (c)", false},
        {"a notin (c,d)", true},
        {"x notin (c)", true},
        {"a notin (b)", false},
        {"a=b,c/d=e", true},
        {"a=b, c/d in (e) ,!x", true},
        {"a=b,c/d=f", false},
    };
    static const char *const wrong[] = {
        "a=b=c", "a in b", "a in (b", "=b", "a b", "!a=b", "a=b c=d", "(a)",
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct value *object =
        read_json(arena, "object",
                  "{\"metadata\":{\"labels\":{\"a\":\"b\",\"c/d\":\"e\"}}}");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct selector selector;
        struct error error = {0};
        CHECK(rows[i].text,
              selector_parse(arena, rows[i].text, &selector, &error) == 0);
        CHECK(rows[i].text,
              selector_fits_labels(&selector, object) == rows[i].fits);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct selector selector;
        struct error error = {0};
        CHECK(wrong[i], selector_parse(arena, wrong[i], &selector, &error) < 0);
    }
}

enum how { MERGE, STRATEGIC, EDIT };

static void patches(void **state)
{
    (void)state;
    static const struct {
        enum how how;
        const char *target, *patch, *want; /* NULL: refused */
    } rows[] = {
        {MERGE, "{\"a\":1,\"b\":2}", "{\"b\":null,\"c\":3}",
         "{\"a\":1,\"c\":3}"},
        {MERGE, "{\"a\":{\"b\":1}}", "{\"a\":{\"c\":2}}",
         "{\"a\":{\"b\":1,\"c\":2}}"},
        {MERGE, "{\"a\":[1,2]}", "{\"a\":[3]}", "{\"a\":[3]}"},
        {MERGE, "{\"a\":1}", "{\"a\":{\"b\":null,\"c\":2}}",
         "{\"a\":{\"c\":2}}"},
        {STRATEGIC, "{\"containers\":[{\"name\":\"x\",\"image\":\"1\"}]}",
         "{\"containers\":[{\"name\":\"x\",\"tty\":true},{\"name\":\"y\"}]}",
         "{\"containers\":[{\"image\":\"1\",\"name\":\"x\",\"tty\":true},"
         "{\"name\":\"y\"}]}"},
        {STRATEGIC, "{\"env\":[{\"name\":\"x\"},{\"name\":\"y\"}]}",
         "{\"env\":[{\"name\":\"x\",\"$patch\":\"delete\"}]}",
         "{\"env\":[{\"name\":\"y\"}]}"},
        {STRATEGIC, "{\"a\":{\"b\":1}}",
         "{\"a\":{\"$patch\":\"replace\",\"c\":2}}", "{\"a\":{\"c\":2}}"},
        {STRATEGIC, "{\"args\":[\"a\"]}", "{\"args\":[\"b\"]}",
         "{\"args\":[\"b\"]}"},
        {EDIT, "{\"a\":[1,2]}",
         "[{\"op\":\"add\",\"path\":\"/a/1\",\"value\":9}]", "{\"a\":[1,9,2]}"},
        {EDIT, "{\"a\":[1]}",
         "[{\"op\":\"add\",\"path\":\"/a/-\",\"value\":9}]", "{\"a\":[1,9]}"},
        {EDIT, "{\"a/b\":{\"c~\":1}}",
         "[{\"op\":\"remove\",\"path\":\"/a~1b/c~0\"}]", "{\"a/b\":{}}"},
        {EDIT, "{\"a\":[1,2]}",
         "[{\"op\":\"replace\",\"path\":\"/a/0\",\"value\":3}]",
         "{\"a\":[3,2]}"},
        {EDIT, "{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]",
         NULL},
        {EDIT, "{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"/b\"}]", NULL},
        {EDIT, "{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"b\",\"value\":1}]",
         NULL},
        {EDIT, "{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b/c\",\"value\":1}]",
         NULL},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct value *target =
            read_json(arena, rows[i].patch, rows[i].target);
        const struct value *patch =
            read_json(arena, rows[i].patch, rows[i].patch);
        const char *before = print(arena, target);
        struct error error = {0};
        struct value *made = rows[i].how == MERGE
                                 ? tree_merge(arena, target, patch)
                             : rows[i].how == STRATEGIC
                                 ? tree_merge_strategic(arena, target, patch)
                                 : tree_edit(arena, target, patch, &error);
        CHECK(rows[i].patch, (made != NULL) == (rows[i].want != NULL));
        if (made)
            CHECK_TEXT(rows[i].patch, print(arena, made), rows[i].want);
        CHECK_TEXT(rows[i].patch, print(arena, target), before);
    }
}

static void moments(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t time;
    } rows[] = {
        {"1970-01-01T00:00:01Z", CLOCK_SECOND},
        {"1970-01-01T00:00:01.5Z", CLOCK_SECOND + CLOCK_SECOND / 2},
        {"1970-01-01T00:00:01.000000007Z", CLOCK_SECOND + 7},
        {"1970-01-01T01:00:01+01:00", CLOCK_SECOND},
        {"1969-12-31T23:30:01-00:30", CLOCK_SECOND},
        {"1970-01-01", -1},
        {"1970-01-01T00:00:01", -1},
        {"1970-01-01T00:00:01Zx", -1},
        {"", -1},
    };
    char text[MOMENT_NANO_LENGTH + 1];
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(rows[i].text, moment_parse(rows[i].text) == rows[i].time);
    moment_print_nano(CLOCK_SECOND + 7, text);
    assert_string_equal(text, "1970-01-01T00:00:01.000000007Z");
    assert_string_equal(moment_print(arena, CLOCK_SECOND + 7),
                        "1970-01-01T00:00:01Z");
}

static void rules_fit(void **state)
{
    (void)state;
    static const char document[] =
        "[{\"verb\":\"create\",\"skip\":1,\"times\":2},"
        "{\"action\":\"cut\",\"name\":\"a*\",\"bytes\":7,\"clean\":true},"
        "{\"action\":\"evict\",\"delay\":\"1.5s\"}]";
    static const char *const wrong[] = {
        "[{\"action\":\"nothing\"}]", "[{\"odd\":1}]",   "[1]",
        "[{\"delay\":\"soon\"}]",     "[{\"verb\":[]}]",
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct rules rules = {0};
    struct error error = {0};
    const struct occasion create = {.verb = "create", .name = "abc"};
    const struct occasion list = {.verb = "list"};
    assert_int_equal(
        rules_add(&rules, read_json(arena, "rules", document), &error), 0);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct error found = {0};
        CHECK(wrong[i], rules_add(&rules, read_json(arena, wrong[i], wrong[i]),
                                  &found) < 0);
        CHECK(wrong[i], rules.count == 3);
    }
    assert_null(rules_use(&rules, ACTION_REFUSE, &list));
    assert_null(rules_use(&rules, ACTION_REFUSE, &create));
    assert_int_equal(rules_use(&rules, ACTION_REFUSE, &create)->status, 403);
    assert_non_null(rules_find(&rules, ACTION_REFUSE, &create));
    assert_non_null(rules_use(&rules, ACTION_REFUSE, &create));
    assert_null(rules_use(&rules, ACTION_REFUSE, &create));
    assert_null(rules_use(&rules, ACTION_CUT, &list));
    assert_true(rules_use(&rules, ACTION_CUT, &create)->clean);
    assert_true(rules_use(&rules, ACTION_EVICT, &list)->delay ==
                CLOCK_SECOND + CLOCK_SECOND / 2);
    rules_clear(&rules);
    assert_null(rules_use(&rules, ACTION_EVICT, &list));
}

static void unknown_fields(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *object, *want; /* NULL: none */
    } rows[] = {
        {"Job", "{\"spec\":{\"template\":{\"spec\":{}}}}", NULL},
        {"Job", "{\"sepc\":{}}", "unknown field \"sepc\""},
        {"Job",
         "{\"spec\":{\"a\":1,\"template\":{\"spec\":{\"containers\":"
         "[{},{\"imag\":\"x\"}]}}}}",
         "unknown field \"spec.a\", unknown field "
         "\"spec.template.spec.containers[1].imag\""},
        {"ConfigMap", "{\"data\":{\"any\":\"thing\"}}", NULL},
        {"ConfigMap", "{\"datas\":{}}", "unknown field \"datas\""},
        {"Service", "{\"any\":1}", NULL},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct resource resource = {.kind = rows[i].kind};
        const char *found = validation_unknown(
            arena, &resource, read_json(arena, rows[i].object, rows[i].object));
        if (rows[i].want)
            CHECK_TEXT(rows[i].object, found, rows[i].want);
        else
            CHECK(rows[i].object, !found);
    }
}

static void invalid_objects(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *object, *before, *field; /* NULL: valid */
    } rows[] = {
        {"ConfigMap", "{\"metadata\":{\"name\":\"a.b-c\"}}", NULL, NULL},
        {"ConfigMap", "{\"metadata\":{\"name\":\"A\"}}", NULL, "metadata.name"},
        {"ConfigMap", "{\"metadata\":{\"name\":\"a-\"}}", NULL,
         "metadata.name"},
        {"ConfigMap", "{\"metadata\":{}}", NULL, "metadata.name"},
        {"Namespace",
         "{\"metadata\":{\"name\":"
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaa\"}}",
         NULL, "metadata.name"},
        {"ConfigMap", "{\"metadata\":{\"name\":\"a\"},\"immutable\":true}",
         "{\"immutable\":true,\"data\":{\"a\":\"b\"}}", "data"},
        {"Pod", "{\"metadata\":{\"name\":\"a\"},\"spec\":{}}", NULL,
         "spec.containers"},
        {"Pod",
         "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":"
         "\"x\",\"image\":\"i\",\"volumeMounts\":[{\"name\":\"v\","
         "\"mountPath\":\"/v\"}]}]}}",
         NULL, "spec.containers[0].volumeMounts[0].name"},
        {"Pod",
         "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":"
         "\"x\",\"image\":\"i\"},{\"name\":\"x\",\"image\":\"i\"}]}}",
         NULL, "spec.containers[1].name"},
        {"Job",
         "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"template\":{\"spec\":{"
         "\"containers\":[{\"name\":\"x\",\"image\":\"i\"}]}}}}",
         NULL, "spec.template.spec.restartPolicy"},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *row = rows[i].object;
        const struct resource resource = {.kind = rows[i].kind};
        const struct value *before =
            rows[i].before ? read_json(arena, row, rows[i].before) : NULL;
        const struct value *causes = validation_causes(
            arena, &resource, read_json(arena, row, row), before);
        CHECK(row, value_count(causes) == (rows[i].field ? 1 : 0));
        if (rows[i].field)
            CHECK_TEXT(row, value_string_at(value_item(causes, 0), "field"),
                       rows[i].field);
    }
}

static void protobuf(void **state)
{
    (void)state;
    /* {apiVersion: v1, kind: ConfigMap}, {metadata: {name: a}, data: {k: v}} */
    static const char bytes[] = "k8s\0"
                                "\x0a\x0f\x0a\x02v1\x12\x09"
                                "ConfigMap"
                                "\x12\x0d\x0a\x03\x0a\x01"
                                "a\x12\x06\x0a\x01k\x12\x01v";
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct value *made = protobuf_read(arena, bytes, sizeof bytes - 1);
    CHECK_TEXT("a ConfigMap", print(arena, made),
               "{\"apiVersion\":\"v1\",\"data\":{\"k\":\"v\"},\"kind\":"
               "\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}");
    /* Cut anywhere it is refused or shorter, and nothing is read beyond. */
    for (size_t length = 0; length < sizeof bytes - 1; length++) {
        char *cut = arena_copy(arena, bytes, length);
        protobuf_read(arena, cut, length);
    }
    assert_null(protobuf_read(arena, "{}", 2));
}

/* All that a feed has, as text. */
static const char *drain(struct arena *arena, struct feed *feed,
                         struct cluster *cluster, enum feed_state *state)
{
    CLEANUP(text_free) struct text out = {0};
    do
        *state = feed->fill(feed, cluster, &out);
    while (*state == FEED_MORE);
    return arena_string(arena, text_string(&out));
}

static const char *read_log(struct arena *arena, struct log_file *log,
                            struct log_feed_options options)
{
    enum feed_state state;
    struct feed *feed = log_feed_open(log, &options);
    const char *text = drain(arena, feed, NULL, &state);
    feed->close(feed);
    return text;
}

static void add(struct log_file *log, enum log_source source, const char *text,
                int64_t time)
{
    log_file_add(log, source, text, strlen(text), time);
}

static void logs(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct log_file *log = log_file_open("/tmp", &error);
    assert_non_null(log);
    add(log, LOG_OUTPUT, "one\ntw", CLOCK_SECOND);
    add(log, LOG_COMPLAINTS, "err\n", 2 * CLOCK_SECOND);
    add(log, LOG_OUTPUT, "o\nend", 3 * CLOCK_SECOND);
    const struct log_feed_options all = {.tail = -1, .limit = -1};
    CHECK_TEXT("a line waits for its end", read_log(arena, log, all),
               "one\nerr\ntwo\n");
    log_file_end(log, 4 * CLOCK_SECOND);
    CHECK_TEXT("the end of a line", read_log(arena, log, all),
               "one\nerr\ntwo\nend\n");
    const struct {
        const char *name;
        struct log_feed_options options;
        const char *want;
    } rows[] = {
        {"times",
         {.timestamps = true, .tail = 1, .limit = -1},
         "1970-01-01T00:00:04.000000000Z end\n"},
        {"since",
         {.since = 2 * CLOCK_SECOND, .tail = -1, .limit = -1},
         "err\ntwo\nend\n"},
        {"since is exact",
         {.since = 2 * CLOCK_SECOND + 1, .tail = -1, .limit = -1},
         "two\nend\n"},
        {"tail", {.tail = 2, .limit = -1}, "two\nend\n"},
        {"tail of more", {.tail = 9, .limit = -1}, "one\nerr\ntwo\nend\n"},
        {"tail of nothing", {.tail = 0, .limit = -1}, ""},
        {"limit", {.tail = -1, .limit = 5}, "one\ne"},
        {"limit of nothing", {.tail = -1, .limit = 0}, ""},
        {"follow an end",
         {.follow = true, .tail = -1, .limit = -1},
         "one\nerr\ntwo\nend\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_TEXT(rows[i].name, read_log(arena, log, rows[i].options),
                   rows[i].want);
    CLEANUP(text_free) struct text tail = {0};
    log_file_tail(log, &tail);
    assert_string_equal(text_string(&tail), "one\nerr\ntwo\nend\n");
    log_file_release(log);
}

/* Lines of every length around the limit of a part, written in pieces of every
 * size, come out as they were, each with one time. */
static void long_lines(void **state)
{
    (void)state;
    enum { LONGEST = 40000 };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const size_t lengths[] = {0, 1, 16382, 16383, 16384, 16385, LONGEST};
    const size_t pieces[] = {1000, 16383, 16384, LONGEST};
    char *line = arena_allocate(arena, LONGEST + 2);
    for (size_t i = 0; i < COUNT_OF(lengths) * COUNT_OF(pieces); i++) {
        size_t length = lengths[i % COUNT_OF(lengths)];
        size_t piece = pieces[i / COUNT_OF(lengths)];
        struct error error = {0};
        struct log_file *log = log_file_open("/tmp", &error);
        memset(line, 'x', length);
        memcpy(line + length, "\n", 2);
        for (size_t at = 0; at <= length; at += piece)
            log_file_add(log, LOG_OUTPUT, line + at,
                         piece < length + 1 - at ? piece : length + 1 - at, 1);
        log_file_end(log, 2);
        const char *name = arena_format(arena, "%zu by %zu", length, piece);
        CHECK_TEXT(name,
                   read_log(arena, log,
                            (struct log_feed_options){.tail = -1, .limit = -1}),
                   line);
        CHECK(name, log->size == (int64_t)length + 1 + MOMENT_NANO_LENGTH + 1);
        log_file_release(log);
    }
}

static void put(struct cluster *cluster, const char *name, const char *label)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct value *object = read_json(
        arena, name,
        arena_format(arena,
                     "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"n\","
                     "\"labels\":{\"l\":\"%s\"}}}",
                     name, label));
    assert_non_null(store_put(&cluster->store,
                              discovery_find("", "v1", "configmaps"), object));
}

/* The types and names of what a watch tells. */
static const char *list_changes(struct arena *arena, const char *lines)
{
    const char *list = "";
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        const struct value *line =
            read_json(arena, "line", arena_copy(arena, lines, length));
        const char *name =
            value_string(value_path(line, "object.metadata.name"));
        list = arena_format(arena, "%s%s %s\n", list,
                            value_string_at(line, "type"), name ? name : "-");
        lines += length + (lines[length] == '\n');
    }
    return list;
}

static struct feed *watch(const struct cluster *cluster, int64_t version,
                          const char *labels)
{
    struct error error = {0};
    struct change_feed_options options = {
        .resource = discovery_find("", "v1", "configmaps"),
        .namespace_name = "n",
        .labels = labels,
        .version = version,
        .timeout = 3600 * CLOCK_SECOND};
    struct feed *feed = change_feed_open(cluster, &options, &error);
    assert_non_null(feed);
    return feed;
}

static void watches(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct cluster cluster;
    enum feed_state end;
    cluster_open(&cluster);
    put(&cluster, "a", "1");
    int64_t first = cluster.store.version;
    struct feed *all = watch(&cluster, -1, NULL);
    struct feed *labelled = watch(&cluster, first, "l=1");
    put(&cluster, "b", "1");
    put(&cluster, "b", "1"); /* nothing new */
    put(&cluster, "a", "2");
    put(&cluster, "a", "1");
    store_remove(&cluster.store,
                 store_find(&cluster.store,
                            discovery_find("", "v1", "configmaps"), "n", "b"));
    CHECK_TEXT("all", list_changes(arena, drain(arena, all, &cluster, &end)),
               "ADDED a\nADDED b\nMODIFIED a\nMODIFIED a\nDELETED b\n");
    assert_int_equal(end, FEED_IDLE);
    CHECK_TEXT("by label",
               list_changes(arena, drain(arena, labelled, &cluster, &end)),
               "ADDED b\nDELETED a\nADDED a\nDELETED b\n");
    put(&cluster, "c", "1");
    store_forget(&cluster.store);
    CHECK_TEXT("behind", list_changes(arena, drain(arena, all, &cluster, &end)),
               "ERROR -\n");
    assert_int_equal(end, FEED_END);
    all->close(all);
    labelled->close(labelled);
    struct feed *old = watch(&cluster, first, NULL);
    CHECK_TEXT("too old",
               list_changes(arena, drain(arena, old, &cluster, &end)),
               "ERROR -\n");
    old->close(old);
    cluster_close(&cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selectors),      cmocka_unit_test(patches),
        cmocka_unit_test(moments),        cmocka_unit_test(rules_fit),
        cmocka_unit_test(unknown_fields), cmocka_unit_test(invalid_objects),
        cmocka_unit_test(protobuf),       cmocka_unit_test(logs),
        cmocka_unit_test(long_lines),     cmocka_unit_test(watches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
