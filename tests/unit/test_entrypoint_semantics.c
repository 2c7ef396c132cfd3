/*
 * The tables of docs/steps.md, row by row, carried out by the real program: all steps
 * in one container; each leaf in a container of its own, all started at once; and the
 * same started one after the other. What the page says is what this reads.
 */
#include <ctype.h>

#include "tests/unit/entrypoint_fixture.h"

static const char *const programs[] = {
    BUILD_FOLDER "/engine/entrypoint/assay-entrypoint-checked",
    BUILD_FOLDER "/assay-entrypoint",
};

enum { CONTAINERS = 24 };

/* --- the notation ---------------------------------------------------------- */

struct reading {
    const char *at;
    struct text *steps; /* JSON */
    size_t leaves;      /* so far: the number of the next container */
    bool apart;         /* each in a container of its own */
};

static void skip_spaces(struct reading *reading)
{
    while (*reading->at == ' ')
        reading->at++;
}

/* Takes a word when it comes next. */
static bool take(struct reading *reading, const char *word)
{
    skip_spaces(reading);
    size_t length = strlen(word);
    if (strncmp(reading->at, word, length) != 0 ||
        isalnum((unsigned char)reading->at[length]))
        return false;
    reading->at += length;
    skip_spaces(reading);
    return true;
}

/* Up to a space, `;` or `)`. */
static size_t word_length(const struct reading *reading)
{
    return strcspn(reading->at, " ;)");
}

/* An expression: up to `;`, `)` that was not opened, or " if ". */
static size_t expression_length(const struct reading *reading)
{
    int depth = 0;
    const char *at = reading->at;
    for (; *at && *at != ';' && strncmp(at, " if ", 4) != 0; at++) {
        depth += *at == '(';
        depth -= *at == ')';
        if (depth < 0)
            break;
    }
    while (at > reading->at && at[-1] == ' ')
        at--;
    return (size_t)(at - reading->at);
}

static void add_member(struct reading *reading, const char *name, size_t length)
{
    struct value value = {.kind = VALUE_STRING};
    value.string.bytes = reading->at;
    value.string.length = length;
    text_append_format(reading->steps, ",\"%s\":", name);
    value_write_json(reading->steps, &value, JSON_COMPACT);
    reading->at += length;
}

static void read_retry(struct reading *reading)
{
    size_t length = word_length(reading);
    text_append_format(reading->steps, ",\"retry\":{\"count\":%.*s",
                       (int)length, reading->at);
    reading->at += length;
    if (take(reading, "until"))
        add_member(reading, "until", expression_length(reading));
    text_append_string(reading->steps, "}");
}

static void read_modifiers(struct reading *reading)
{
    static const char *const flags[] = {"optional", "negative", "after"};
    static const char *const texts[][2] = {
        {"id", "id"}, {"within", "timeout"}, {"delay", "delay"}};
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < COUNT_OF(flags); i++)
            if (take(reading, flags[i])) {
                text_append_format(reading->steps, ",\"%s\":true", flags[i]);
                more = true;
            }
        for (size_t i = 0; i < COUNT_OF(texts); i++)
            if (take(reading, texts[i][0])) {
                add_member(reading, texts[i][1], word_length(reading));
                more = true;
            }
        if (take(reading, "retry")) {
            read_retry(reading);
            more = true;
        }
        if (take(reading, "if")) {
            add_member(reading, "condition", expression_length(reading));
            more = true;
        }
    }
    skip_spaces(reading);
}

static void read_work(struct reading *reading, const char *ref)
{
    static const char *const scripts[][2] = {
        {"pass", "true"},
        {"fail", "exit 1"},
        {"slow", "exec sleep 60"},
        {"killed", "kill -KILL $$"},
    };
    text_append_format(reading->steps, ",\"container\":%zu",
                       reading->apart ? reading->leaves : 0);
    reading->leaves++;
    if (take(reading, "idle")) {
        text_append_string(reading->steps, ",\"idle\":true");
        return;
    }
    if (take(reading, "flaky")) {
        text_append_format(reading->steps,
                           ",\"shell\":\"echo . >>tries-%s; test $(wc -l "
                           "<tries-%s) -gt 1\"",
                           ref, ref);
        return;
    }
    if (take(reading, "exit")) {
        size_t length = word_length(reading);
        text_append_format(reading->steps, ",\"shell\":\"exit %.*s\"",
                           (int)length, reading->at);
        reading->at += length;
        return;
    }
    for (size_t i = 0; i < COUNT_OF(scripts); i++)
        if (take(reading, scripts[i][0])) {
            text_append_format(reading->steps, ",\"shell\":\"%s\"",
                               scripts[i][1]);
            return;
        }
    fail_msg("not a step: '%s'", reading->at);
}

static void read_list(struct reading *reading, const char *prefix)
{
    skip_spaces(reading);
    for (int number = 1; *reading->at && *reading->at != ')'; number++) {
        char ref[64], inner[72];
        snprintf(ref, sizeof ref, "%s%d", prefix, number);
        snprintf(inner, sizeof inner, "%s.", ref);
        text_append_format(reading->steps, "%s{\"ref\":\"%s\"",
                           number > 1 ? "," : "", ref);
        skip_spaces(reading);
        if (*reading->at == '(') {
            reading->at++;
            text_append_string(reading->steps, ",\"steps\":[");
            read_list(reading, inner);
            assert_int_equal(*reading->at++, ')');
            text_append_string(reading->steps, "]");
        } else {
            read_work(reading, ref);
        }
        read_modifiers(reading);
        text_append_string(reading->steps, "}");
        if (*reading->at == ';')
            reading->at++;
        else if (*reading->at && *reading->at != ')')
            fail_msg("not understood: '%s'", reading->at);
    }
}

/* --- carrying out ---------------------------------------------------------- */

/* Puts what became of the steps behind each other, in the notation of the page. */
static void print_list(struct text *out, const struct text *log,
                       const struct value *steps)
{
    for (size_t i = 0; i < value_count(steps); i++) {
        const struct value *step = value_item(steps, i);
        const char *ref = value_string_at(step, "ref");
        if (out->length > 0 && out->data[out->length - 1] != '(')
            text_append_string(out, " ");
        if (value_get(step, "steps")) {
            text_append_string(out, "(");
            print_list(out, log, value_get(step, "steps"));
            text_append_string(out, ") ");
        }
        char mark[80];
        snprintf(mark, sizeof mark, "[finish %s ", ref);
        const char *found = strstr(text_string(log), mark);
        if (!found) {
            text_append_string(out, "?");
            continue;
        }
        found += strlen(mark);
        text_append(out, found, strcspn(found, " ]"));
        int attempts = 0;
        do
            snprintf(mark, sizeof mark, "[start %s#%d]", ref, ++attempts);
        while (strstr(text_string(log), mark));
        if (attempts > 2)
            text_append_format(out, "*%d", attempts - 1);
        snprintf(mark, sizeof mark, "[finish %s ", ref);
        if (strstr(found, mark))
            text_append_string(out, " twice");
    }
}

/* The status in the last "[done ...]". */
static void print_done(struct text *out, const struct text *log)
{
    const char *done = NULL, *at = text_string(log);
    for (; (at = strstr(at, "[done ")); at++)
        done = at + strlen("[done ");
    text_append_format(out, " | %.*s", done ? (int)strcspn(done, "]") : 1,
                       done ? done : "?");
}

enum way { WAY_TOGETHER, WAY_AT_ONCE, WAY_CHAINED, WAYS };

/* Starts the containers; their logs go to `log` in order. The last exit code. */
static int carry_out(struct scene *scene, enum way way, int containers,
                     struct text *log)
{
    struct child children[CONTAINERS];
    char number[16];
    int code = -1;
    for (int i = containers - 1; way == WAY_AT_ONCE && i >= 0; i--) {
        snprintf(number, sizeof number, "%d", i);
        children[i] = scene_start(scene, number, NULL);
    }
    for (int i = 0; i < containers; i++) {
        snprintf(number, sizeof number, "%d", i);
        scene->chained = way == WAY_CHAINED && i + 1 < containers;
        if (way != WAY_AT_ONCE)
            children[i] = scene_start(scene, number, NULL);
        code = scene_wait(scene, children[i], NULL);
        if (scene->chained)
            assert_int_equal(code, 0);
        text_append_string(log, text_string(&scene->log));
    }
    return code;
}

static int exit_code_of(const char *run)
{
    return strcmp(run, "passed") == 0   ? 0
           : strcmp(run, "failed") == 0 ? 1
                                        : 137;
}

/* The row in one way; `got` is "become | run". */
static void run_row(const char *steps, enum way way, struct text *got)
{
    struct scene scene;
    CLEANUP(text_free) struct text json = {0}, log = {0}, whole = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct reading reading = {steps, &json, 0, way != WAY_TOGETHER};
    read_list(&reading, "");
    assert_in_range(reading.leaves, 0, CONTAINERS);
    int containers =
        reading.apart && reading.leaves > 0 ? (int)reading.leaves : 1;
    text_append_format(&whole, "[%s]", text_string(&json));
    const struct value *tree =
        value_read_json(arena, whole.data, whole.length, &error);
    if (!tree)
        fail_msg("%s: %s", steps, error.text);
    scene_open(&scene, programs[way == WAY_TOGETHER ? 0 : 1]);
    scene_plan(text_string(&json), containers);
    int code = carry_out(&scene, way, containers, &log);
    print_list(got, &log, tree);
    print_done(got, &log);
    const char *run = strrchr(text_string(got), ' ') + 1;
    if (code != exit_code_of(run))
        text_append_format(got, ", but exit code %d", code);
    scene_close(&scene);
}

static const char *const ways[WAYS] = {"together", "at once", "chained"};

static size_t wrong_rows; /* all of them are told */

static size_t check_row(const char *steps, const char *want)
{
    for (enum way way = 0; way < WAYS; way++) {
        CLEANUP(text_free) struct text got = {0}, name = {0};
        text_append_format(&name, "%s (%s)", steps, ways[way]);
        run_row(steps, way, &got);
        if (strcmp(text_string(&got), want) == 0)
            continue;
        print_error("%s\n  got  %s\n  want %s\n", text_string(&name),
                    text_string(&got), want);
        wrong_rows++;
    }
    return 1;
}

/* --- the page -------------------------------------------------------------- */

static char *read_page(struct arena *arena)
{
    struct error error = {0};
    size_t length;
    char *page = file_read(arena, SOURCE_FOLDER "/docs/steps.md", 1 << 20,
                           &length, &error);
    if (!page)
        fail_msg("%s", error.text);
    return page;
}

/* The cells of a table's line; backslashes in front of * and | go. */
static size_t cut_cells(struct arena *arena, const char *line, size_t length,
                        const char *cells[8])
{
    char *copy = arena_copy(arena, line, length), *to = copy;
    size_t count = 0;
    for (char *at = copy; *at; at++) {
        if (*at == '\\' && (at[1] == '*' || at[1] == '|'))
            *to++ = *++at;
        else if (*at == '|') {
            *to++ = '\0';
            if (count < 8)
                cells[count++] = to;
        } else if (*at != '`')
            *to++ = *at;
    }
    *to = '\0';
    for (size_t i = 0; i < count; i++) {
        char *cell = copy + (cells[i] - copy);
        while (*cell == ' ')
            cell++;
        size_t end = strlen(cell);
        while (end > 0 && cell[end - 1] == ' ')
            cell[--end] = '\0';
        cells[i] = cell;
    }
    return count > 0 ? count - 1 : 0; /* the last bar begins no cell */
}

/* Calls `row` with the cells of each row of the table whose head begins so. */
static size_t each_row(const char *head,
                       size_t (*row)(const char *const cells[8], size_t count))
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *line = strstr(read_page(arena), head);
    size_t rows = 0;
    if (!line)
        fail_msg("docs/steps.md has no table '%s'", head);
    for (int number = 0; line && *line == '|'; number++) {
        const char *cells[8];
        size_t length = strcspn(line, "\n");
        size_t count = cut_cells(arena, line, length, cells);
        if (number > 1) /* the head and its rule */
            rows += row(cells, count);
        line += length + (line[length] == '\n');
    }
    return rows;
}

static size_t check_case(const char *const cells[8], size_t count)
{
    CLEANUP(text_free) struct text want = {0};
    assert_int_equal(count, 3);
    if (strncmp(cells[0], "**", 2) == 0)
        return 0;
    text_append_format(&want, "%s | %s", cells[1], cells[2]);
    return check_row(cells[0], text_string(&want));
}

static void test_every_case(void **state)
{
    (void)state;
    assert_in_range(each_row("| steps | become | run |\n", check_case), 100,
                    1000);
    assert_int_equal(wrong_rows, 0);
}

/* What each situation of the short table is in steps. Three steps follow: one without
 * a condition, one with `failed`, one with `always`. */
static const char *const situations[][2] = {
    {"all passed", "pass; pass"},
    {"a step failed", "pass; fail"},
    {"an optional step failed or timed out",
     "fail optional; slow within 100ms optional"},
    {"a negative step exited 1", "fail negative"},
    {"a negative step exited 0", "pass negative"},
    {"a step was skipped by its condition", "pass if never"},
    {"a failed step, then a failed step that passes", "fail; pass if failed"},
    {"a step timed out", "slow within 100ms"},
    {"a child failed in a group",
     "(fail; pass; pass if failed; pass if always)"},
    {"an optional group with a failed child", "(fail; pass) optional"},
};

static size_t check_situation(const char *const cells[8], size_t count)
{
    assert_int_equal(count, 5);
    size_t i = 0;
    while (i < COUNT_OF(situations) && strcmp(situations[i][0], cells[0]) != 0)
        i++;
    if (i == COUNT_OF(situations))
        fail_msg("no steps for the situation '%s'", cells[0]);
    CLEANUP(text_free) struct text steps = {0}, got = {0}, want = {0};
    text_append_format(&steps, "%s; pass; pass if failed; pass if always",
                       situations[i][1]);
    for (size_t cell = 1; cell <= 3; cell++)
        text_append_string(&want, strstr(cells[cell], "skipped") ? " skipped"
                                                                 : " passed");
    text_append_format(&want, " | %s", cells[4]);
    run_row(text_string(&steps), WAY_TOGETHER, &got);
    /* What became of the last three. */
    CHECK(cells[0], got.length > want.length);
    CHECK_TEXT(cells[0], got.data + got.length - want.length,
               text_string(&want));
    return 1;
}

static void test_situations(void **state)
{
    (void)state;
    assert_int_equal(each_row("| situation | next step |", check_situation),
                     COUNT_OF(situations));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_situations),
        cmocka_unit_test(test_every_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
