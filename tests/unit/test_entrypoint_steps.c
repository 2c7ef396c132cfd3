/*
 * The entrypoint as a program: what its steps do, what it prints of them, and what
 * is left of them afterwards. Each case runs the static program, as it travels in a
 * Job, and the one with the sanitizers of this build.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/random.h"
#include "engine/value/value.h"
#include "tests/unit/case.h"

#define TOKEN "0123456789abcdef0123456789abcdef"

static const char *const programs[] = {
    BUILD_FOLDER "/assay-entrypoint",
    BUILD_FOLDER "/engine/entrypoint/assay-entrypoint-checked",
};

struct scene {
    struct arena *arena;
    char folder[64];
    const char *program;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    scene->arena = arena_new();
    strcpy(scene->folder, "/tmp/assay-test-XXXXXX");
    if (!mkdtemp(scene->folder))
        return -1;
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    struct error error = {0};
    int result = folder_remove(scene->folder, &error);
    arena_free(scene->arena);
    free(scene);
    return result;
}

static const char *in_folder(struct scene *scene, const char *name)
{
    return arena_format(scene->arena, "%s/%s", scene->folder, name);
}

/* Single quotes of `steps` become double ones; `^` becomes a single quote. */
static void write_instructions(struct scene *scene, int containers,
                               const char *steps)
{
    char *text = arena_format(
        scene->arena,
        "{'version':1,'workflow':'w','secrets':[{'name':'config.password',"
        "'variable':'ASSAY_SECRET_0'}],'containers':[%s],'steps':%s}",
        containers == 2 ? "{'name':'a'},{'name':'b'}" : "{'name':'a'}", steps);
    for (char *at = text; *at; at++)
        *at = *at == '\'' ? '"' : *at == '^' ? '\'' : *at;
    struct error error = {0};
    assert_int_equal(file_write_atomic(in_folder(scene, "run.json"), text,
                                       strlen(text), 0644, &error),
                     0);
    mkdir(in_folder(scene, "state"), 0777);
}

struct program {
    pid_t pid;
    int output;
};

static _Noreturn void become(struct scene *scene, int container, int output)
{
    char *arguments[] = {
        arena_string(scene->arena, scene->program),
        arena_string(scene->arena, "--run"),
        arena_format(scene->arena, "%s/run.json", scene->folder),
        arena_string(scene->arena, "--container"),
        arena_format(scene->arena, "%d", container),
        arena_string(scene->arena, "--state"),
        arena_format(scene->arena, "%s/state", scene->folder),
        arena_string(scene->arena, "--termination"),
        arena_format(scene->arena, "%s/last-word-%d", scene->folder, container),
        NULL,
    };
    char *variables[] = {
        arena_string(scene->arena, "PATH=/usr/bin:/bin"),
        arena_string(scene->arena, "ASSAY_TOKEN=" TOKEN),
        arena_string(scene->arena, "ASSAY_SECRET_0=hunter2"),
        arena_string(scene->arena, "FROM_IMAGE=yes"),
        NULL,
    };
    dup2(output, STDOUT_FILENO);
    int errors =
        open(in_folder(scene, "stderr"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(errors, STDERR_FILENO);
    if (chdir(scene->folder) == 0)
        execve(arguments[0], arguments, variables);
    _exit(99);
}

static struct program start(struct scene *scene, int container)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct program program = {.output = ends[0]};
    program.pid = fork();
    if (program.pid == 0)
        become(scene, container, ends[1]);
    close(ends[1]);
    return program;
}

static void append_control(struct scene *scene, struct text *text,
                           const char *json, size_t length)
{
    struct error error = {0};
    const struct value *line =
        value_read_json(scene->arena, json, length, &error);
    assert_non_null(line);
    assert_true(value_int_or(value_get(line, "time"), 0) > 0);
    const char *event = value_string_at(line, "event");
    const char *reason = value_string_at(line, "reason");
    text_append_format(text, "%s> %s", value_get(line, "joined") ? "|\n" : "",
                       event);
    if (value_get(line, "step"))
        text_append_format(text, " %s", value_string_at(line, "step"));
    if (value_get(line, "attempt"))
        text_append_format(text, "#%d",
                           (int)value_int_or(value_get(line, "attempt"), 0));
    if (value_get(line, "status"))
        text_append_format(text, " %s", value_string_at(line, "status"));
    if (value_get(line, "exitCode"))
        text_append_format(text, " %d",
                           (int)value_int_or(value_get(line, "exitCode"), -1));
    if (reason)
        text_append_format(text, " (%s)", reason);
    text_append_character(text, '\n');
}

/* The output, with control lines in a short form; the newline that the program put
 * in front of one is shown as `|`. */
static const char *transcript(struct scene *scene, const char *output)
{
    static const char mark[] = "::assay:" TOKEN ":";
    CLEANUP(text_free) struct text text = {0};
    while (*output) {
        const char *end = strchr(output, '\n');
        size_t length = end ? (size_t)(end - output) : strlen(output);
        if (strncmp(output, mark, strlen(mark)) == 0) {
            if (strstr(output, "\"joined\"") &&
                strstr(output, "\"joined\"") < output + length &&
                text.length > 0)
                text.data[--text.length] = '\0';
            append_control(scene, &text, output + strlen(mark),
                           length - strlen(mark));
        } else {
            text_append(&text, output, length);
            text_append_string(&text, end ? "\n" : "");
        }
        output += length + (end ? 1 : 0);
    }
    return arena_string(scene->arena, text_string(&text));
}

/* All output up to the end of the program, then its exit code. */
static const char *finish(struct scene *scene, struct program *program,
                          int *code)
{
    CLEANUP(text_free) struct text output = {0};
    char piece[4096];
    for (ssize_t length;
         (length = read(program->output, piece, sizeof piece)) > 0;)
        text_append(&output, piece, (size_t)length);
    close(program->output);
    int status;
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return transcript(scene, text_string(&output));
}

static const char *run(struct scene *scene, const char *steps, int *code)
{
    write_instructions(scene, 1, steps);
    struct program program = start(scene, 0);
    return finish(scene, &program, code);
}

static const char *read_file(struct scene *scene, const char *name)
{
    struct error error = {0};
    size_t length;
    const char *text = file_read(scene->arena, in_folder(scene, name), 1 << 20,
                                 &length, &error);
    return text ? text : "";
}

#define STEP(ref, more)  "{'ref':'" ref "','container':0," more "}"
#define SHELL(ref, text) STEP(ref, "'shell':'" text "'")

static void steps_do_what_is_written(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *name, *steps, *want;
        int code;
    } rows[] = {
        {"one that passes", "[" SHELL("1", "echo hello") "]",
         "> start 1#1\nhello\n> finish 1 passed 0\n> done passed\n", 0},
        {"one that fails", "[" SHELL("1", "exit 3") "," SHELL("2", "x") "]",
         "> start 1#1\n> finish 1 failed 3\n> finish 2 skipped\n"
         "> done failed\n",
         1},
        {"a failing command ends a shell text",
         "[" SHELL("1", "false; echo no") "]",
         "> start 1#1\n> finish 1 failed 1\n> done failed\n", 1},
        {"a line without an end", "[" SHELL("1", "printf x") "]",
         "> start 1#1\nx|\n> finish 1 passed 0\n> done passed\n", 0},
        {"both streams", "[" SHELL("1", "echo a; echo b >&2; echo c") "]",
         "> start 1#1\na\nb\nc\n> finish 1 passed 0\n> done passed\n", 0},
        {"a command without a shell",
         "[" STEP("1", "'command':['printf','%s.','a b','^']") "]",
         "> start 1#1\na b.'.|\n> finish 1 passed 0\n> done passed\n", 0},
        {"no input", "[" SHELL("1", "cat; echo end") "]",
         "> start 1#1\nend\n> finish 1 passed 0\n> done passed\n", 0},
        {"negative",
         "[" STEP("1", "'negative':true,'shell':'exit 1'") "," STEP(
             "2", "'negative':true,'shell':'exit 0'") "]",
         "> start 1#1\n> finish 1 passed 1\n> start 2#1\n"
         "> finish 2 failed 0 (it was expected to fail)\n> done failed\n",
         1},
        {"optional",
         "[" STEP("1", "'optional':true,'shell':'exit 1'") "," SHELL(
             "2", "echo on") "]",
         "> start 1#1\n> finish 1 failed 1\n> start 2#1\non\n"
         "> finish 2 passed 0\n> done passed\n",
         0},
        {"conditions",
         "[" STEP("1", "'id':'one','shell':'exit 1'") "," STEP(
             "2",
             "'condition"
             "':'failed'"
             ",'shell':'"
             "echo "
             "because'") "," STEP("3",
                                  "'condition':'!one && two','shell':'echo "
                                  "no'") "," STEP("4",
                                                  "'conditio"
                                                  "n':'"
                                                  "always','"
                                                  "shell':'"
                                                  "echo "
                                                  "yes'") "," STEP("5",
                                                                   "'condit"
                                                                   "ion':'"
                                                                   "never',"
                                                                   "'shell'"
                                                                   ":'echo "
                                                                   "no'") "]",
         "> start 1#1\n> finish 1 failed 1\n> start 2#1\nbecause\n"
         "> finish 2 passed 0\n"
         "> finish 3 failed (condition '!one && two': unknown name 'two')\n"
         "> start 4#1\nyes\n> finish 4 passed 0\n> finish 5 skipped\n"
         "> done failed\n",
         1},
        {"a group",
         "[{'ref':'1','steps':[" SHELL("1.1", "exit 1") "," SHELL(
             "1.2",
             "echo no") "]}," SHELL("2", "echo no") "," STEP("3",
                                                             "'condition':'"
                                                             "failed','shell':'"
                                                             "echo yes'") "]",
         "> start 1#1\n> start 1.1#1\n> finish 1.1 failed 1\n"
         "> finish 1.2 skipped\n> finish 1 failed\n> finish 2 skipped\n"
         "> start 3#1\nyes\n> finish 3 passed 0\n> done failed\n",
         1},
        {"retries",
         "[" STEP("1", "'retry':{'count':2},'shell':'echo x >>n; "
                       "cat n; test $(wc -l <n) -ge 2'") "]",
         "> start 1#1\nx\n> start 1#2\nx\nx\n> finish 1 passed 0\n"
         "> done passed\n",
         0},
        {"until",
         "[" STEP("1", "'retry':{'count':2,'until':'self.failed'},"
                       "'shell':'echo x'") "]",
         "> start 1#1\nx\n> start 1#2\nx\n> start 1#3\nx\n"
         "> finish 1 passed 0\n> done passed\n",
         0},
        {"names in templates",
         "[" STEP("1",
                  "'env':[{'name':'A','value':'a b'}],"
                  "'shell':{'template':'echo {{ env.A }} {{ env.FROM_IMAGE }} "
                  "{{ env.NONE }}. {{ passed }}'}") "]",
         "> start 1#1\na b yes . true\n> finish 1 passed 0\n> done "
         "passed\n",
         0},
        {"a list in a command",
         "[" STEP("1", "'command':['printf','%s.',"
                       "{'template':'{{ split(\\'a,b c\\') }}'}]") "]",
         "> start 1#1\na.b c.|\n> finish 1 passed 0\n> done passed\n", 0},
        {"secrets are masked",
         "[" STEP("1", "'env':[{'name':'P','variable':'ASSAY_SECRET_0'}],"
                       "'shell':'echo $P; echo hunt; printf er2; printf "
                       "hunter; printf 2'") "]",
         "> start 1#1\n********\nhunt\ner2********|\n> finish 1 passed 0\n"
         "> done passed\n",
         0},
        {"a secret in a template is on no command line",
         "[" STEP("1", "'shell':{'template':'P={{ secret.config.password }}; "
                       "tr ^\\\\0^ ^ ^ </proc/$$/cmdline | sed ^s,[0-9]* "
                       "*$,N,^; echo; "
                       "test $P = hunter2; ! grep -q ASSAY_ "
                       "/proc/self/environ'}") "]",
         "> start 1#1\n/bin/sh /proc/self/fd/N\n> finish 1 passed 0\n"
         "> done passed\n",
         0},
        {"a control line cannot be forged",
         "[" SHELL("1",
                   "echo ^::assay:ffffffffffffffffffffffffffffffff:{}^; env | "
                   "grep ASSAY_ || exit 1") "]",
         "> start 1#1\n::assay:ffffffffffffffffffffffffffffffff:{}\n"
         "> finish 1 failed 1\n> done failed\n",
         1},
        {"no such program", "[" STEP("1", "'command':['no-such-program']") "]",
         "> start 1#1\nassay: cannot run 'no-such-program': No such file "
         "or "
         "directory\n> finish 1 failed 127\n> done failed\n",
         1},
        {"not a program", "[" STEP("1", "'command':['/etc/passwd']") "]",
         "> start 1#1\nassay: cannot run '/etc/passwd': Permission denied\n"
         "> finish 1 failed 126\n> done failed\n",
         1},
        {"a working directory is made",
         "[" STEP("1",
                  "'workingDir':'made/here','shell':'basename $(pwd)'") "]",
         "> start 1#1\nhere\n> finish 1 passed 0\n> done passed\n", 0},
        {"a signal of its own", "[" SHELL("1", "kill -SEGV $$") "]",
         "> start 1#1\n> finish 1 failed 139 (killed by signal 11 "
         "(Segmentation fault))\n> done failed\n",
         1},
        {"killed from outside",
         "[" SHELL("1", "kill -9 $$") "," SHELL("2", "echo no") "]",
         "> start 1#1\n> finish 1 aborted 137 (killed by signal 9 "
         "(Killed): "
         "out of memory?)\n> finish 2 aborted (the run was aborted)\n"
         "> done aborted\n",
         137},
        {"a timeout",
         "[" STEP("1", "'timeout':'100ms','shell':'echo a; sleep "
                       "60; echo b'") "," SHELL("2", "echo no") "]",
         "> start 1#1\na\n> finish 1 timeout 143 (longer than the timeout "
         "of "
         "100 ms)\n> finish 2 skipped\n> done failed\n",
         1},
        {"a group's timeout",
         "[{'ref':'1','timeout':'200ms','steps':[" SHELL(
             "1.1", "sleep 60") "," SHELL("1.2", "echo no") "]}]",
         "> start 1#1\n> start 1.1#1\n> finish 1.1 timeout 143 (longer "
         "than "
         "the timeout of 200 ms of its group)\n"
         "> finish 1.2 skipped (the time of its group is over)\n"
         "> finish 1 timeout (longer than the timeout of 200 ms)\n"
         "> done failed\n",
         1},
    };
    for (size_t p = 0; p < COUNT_OF(programs); p++)
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            int code;
            scene->program = programs[p];
            unlink(in_folder(scene, "n"));
            const char *got = run(scene, rows[i].steps, &code);
            CHECK_TEXT(rows[i].name, got, rows[i].want);
            CHECK(rows[i].name, code == rows[i].code);
        }
}

static bool is_alive(struct scene *scene, const char *pid_file)
{
    long pid = strtol(read_file(scene, pid_file), NULL, 10);
    assert_true(pid > 1);
    return kill((pid_t)pid, 0) == 0;
}

/* However a process hides, it does not outlive its step. */
static void nothing_outlives_its_step(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *name, *steps;
    } rows[] = {
        {"in the background", "[" SHELL("1", "sleep 600 & echo $! >pid") "]"},
        {"in a session of its own",
         "[" SHELL("1", "setsid sh -c ^echo $$ >pid; exec sleep 600^ & "
                        "while ! test -s pid; do sleep 0.01; done") "]"},
        {"twice removed, deaf to TERM",
         "[" SHELL("1", "(setsid sh -c ^trap : TERM; echo $$ >pid; while :; do "
                        "sleep 0.1; done^ 2>/dev/null &) & "
                        "while ! test -s pid; do sleep 0.01; done") "]"},
        {"with its output closed",
         "[" SHELL("1", "sleep 600 >/dev/null 2>&1 & echo $! >pid") "]"},
    };
    for (size_t p = 0; p < COUNT_OF(programs); p++)
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            int code;
            scene->program = programs[p];
            unlink(in_folder(scene, "pid"));
            const char *got = run(scene, rows[i].steps, &code);
            CHECK_TEXT(rows[i].name, got,
                       "> start 1#1\n> finish 1 passed 0\n> done passed\n");
            CHECK(rows[i].name, !is_alive(scene, "pid"));
        }
}

static void wait_for_file(struct scene *scene, const char *name)
{
    for (int i = 0; i < 1000 && read_file(scene, name)[0] == '\0'; i++)
        usleep(10000);
    assert_true(read_file(scene, name)[0] != '\0');
}

static void a_wish_to_end_ends_the_step_and_the_rest(void **state)
{
    struct scene *scene = *state;
    for (size_t p = 0; p < COUNT_OF(programs); p++) {
        scene->program = programs[p];
        unlink(in_folder(scene, "pid"));
        write_instructions(
            scene, 1,
            "[" SHELL(
                "1",
                "exec 2>/dev/null; trap ^echo bye; exit 0^ TERM; "
                "echo $$ >pid; "
                "while :; do sleep 0.05; done") "," STEP("2", "'condition':'"
                                                              "always','shell':"
                                                              "'echo no'") "]");
        struct program program = start(scene, 0);
        wait_for_file(scene, "pid");
        kill(program.pid, SIGTERM);
        int code;
        CHECK_TEXT(scene->program, finish(scene, &program, &code),
                   "> start 1#1\nbye\n"
                   "> finish 1 aborted 137 (the run was aborted)\n"
                   "> finish 2 aborted (the run was aborted)\n"
                   "> done aborted\n");
        assert_int_equal(code, 137);
        assert_false(is_alive(scene, "pid"));
    }
}

#define SECOND(ref, text)                                                      \
    "{'ref':'" ref "','container':1,'condition':'always','shell':'" text "'}"

/* The second container is started first and has its turn second. */
static void containers_take_turns(void **state)
{
    struct scene *scene = *state;
    for (size_t p = 0; p < COUNT_OF(programs); p++) {
        scene->program = programs[p];
        struct error error = {0};
        assert_int_equal(folder_remove(in_folder(scene, "state"), &error), 0);
        write_instructions(
            scene, 2,
            "[" SHELL("1", "sleep 0.2; echo one; exit 1") "," SECOND(
                "2", "echo two") "]");
        struct program second = start(scene, 1);
        usleep(100000);
        struct program first = start(scene, 0);
        int code;
        CHECK_TEXT("first", finish(scene, &first, &code),
                   "> start 1#1\none\n> finish 1 failed 1\n> done failed\n");
        assert_int_equal(code, 1);
        CHECK_TEXT("second", finish(scene, &second, &code),
                   "> start 2#1\ntwo\n> finish 2 passed 0\n> done failed\n");
        assert_int_equal(code, 1);
    }
}

/* A container that dies takes the run with it: nothing later is started. */
static void after_the_death_of_a_container_nothing_starts(void **state)
{
    struct scene *scene = *state;
    for (size_t p = 0; p < COUNT_OF(programs); p++) {
        scene->program = programs[p];
        struct error error = {0};
        assert_int_equal(folder_remove(in_folder(scene, "state"), &error), 0);
        unlink(in_folder(scene, "pid"));
        write_instructions(scene, 2,
                           "[" SHELL("1", "echo $$ >pid; sleep 600") "," SECOND(
                               "2", "echo no") "]");
        struct program first = start(scene, 0);
        struct program second = start(scene, 1);
        wait_for_file(scene, "pid");
        kill(first.pid, SIGKILL);
        int code;
        CHECK_TEXT("second", finish(scene, &second, &code),
                   "> finish 1 aborted (the run was aborted)\n"
                   "> finish 2 aborted (the run was aborted)\n"
                   "> done aborted\n");
        assert_int_equal(code, 137);
        kill((pid_t)strtol(read_file(scene, "pid"), NULL, 10), SIGKILL);
        finish(scene, &first, &code);
        assert_int_equal(code, -SIGKILL);
    }
}

/* A container that waits for its turn uses no processor time for it. */
static void waiting_costs_nothing(void **state)
{
    struct scene *scene = *state;
    scene->program = programs[0];
    write_instructions(scene, 2,
                       "[" SHELL("1", "sleep 1") "," SECOND("2", "true") "]");
    struct program second = start(scene, 1);
    struct program first = start(scene, 0);
    int code;
    finish(scene, &first, &code);
    struct rusage usage;
    int status;
    close(second.output);
    assert_int_equal(wait4(second.pid, &status, 0, &usage), second.pid);
    assert_int_equal(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec, 0);
    assert_true(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec < 100000);
}

static void much_output_takes_little_memory(void **state)
{
    struct scene *scene = *state;
    scene->program = programs[0];
    write_instructions(scene, 1,
                       "[" SHELL("1", "head -c 209715200 /dev/zero; echo") "]");
    struct program program = start(scene, 0);
    static char piece[1 << 16];
    size_t total = 0;
    for (ssize_t length;
         (length = read(program.output, piece, sizeof piece)) > 0;)
        total += (size_t)length;
    close(program.output);
    struct rusage usage;
    int status;
    assert_int_equal(wait4(program.pid, &status, 0, &usage), program.pid);
    assert_int_equal(status, 0);
    assert_true(total > 209715200);
    assert_true(usage.ru_maxrss < 8 * 1024); /* KiB; children have less */
}

static void bytes_come_through_as_they_are(void **state)
{
    struct scene *scene = *state;
    for (size_t p = 0; p < COUNT_OF(programs); p++) {
        scene->program = programs[p];
        write_instructions(
            scene, 1, "[" SHELL("1", "printf ^a\\\\0b\\\\377c\\\\r\\\\n^") "]");
        struct program program = start(scene, 0);
        char bytes[4096];
        size_t length = 0;
        for (ssize_t more; (more = read(program.output, bytes + length,
                                        sizeof bytes - length)) > 0;)
            length += (size_t)more;
        close(program.output);
        waitpid(program.pid, NULL, 0);
        assert_non_null(memmem(bytes, length, "a\0b\377c\r\n", 7));
    }
}

/* When nobody reads any more, the step is ended, and that is a failure. */
static void a_reader_that_goes_ends_the_step(void **state)
{
    struct scene *scene = *state;
    for (size_t p = 0; p < COUNT_OF(programs); p++) {
        scene->program = programs[p];
        write_instructions(scene, 1, "[" SHELL("1", "yes") "]");
        struct program program = start(scene, 0);
        char byte;
        assert_int_equal(read(program.output, &byte, 1), 1);
        close(program.output);
        int status;
        assert_int_equal(waitpid(program.pid, &status, 0), program.pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 190);
        assert_non_null(
            strstr(read_file(scene, "last-word-0"), "cannot write"));
    }
}

static void the_last_word_tells_the_steps(void **state)
{
    struct scene *scene = *state;
    for (size_t p = 0; p < COUNT_OF(programs); p++) {
        int code;
        scene->program = programs[p];
        run(scene, "[" SHELL("1", "true") "," SHELL("2", "exit 7") "]", &code);
        struct error error = {0};
        const char *text = read_file(scene, "last-word-0");
        const struct value *word =
            value_read_json(scene->arena, text, strlen(text), &error);
        CHECK_TEXT("status", value_string_at(word, "status"), "failed");
        const struct value *second = value_item(value_get(word, "steps"), 1);
        CHECK_TEXT("ref", value_string(value_item(second, 0)), "2");
        CHECK_TEXT("of it", value_string(value_item(second, 1)), "failed");
        assert_int_equal(value_int_or(value_item(second, 2), -1), 7);
    }
}

static void what_cannot_be_used_is_said(void **state)
{
    struct scene *scene = *state;
    for (size_t p = 0; p < COUNT_OF(programs); p++) {
        int code;
        scene->program = programs[p];
        unlink(in_folder(scene, "stderr"));
        CHECK_TEXT("output", run(scene, "[{'ref':'1'}]", &code), "");
        assert_int_equal(code, 155);
        assert_non_null(strstr(read_file(scene, "stderr"),
                               "run.json: step '1': 'container' is not"));
        assert_non_null(
            strstr(read_file(scene, "last-word-0"), "'container' is not"));
    }
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_do_what_is_written),
        TEST(nothing_outlives_its_step),
        TEST(a_wish_to_end_ends_the_step_and_the_rest),
        TEST(containers_take_turns),
        TEST(after_the_death_of_a_container_nothing_starts),
        TEST(waiting_costs_nothing),
        TEST(much_output_takes_little_memory),
        TEST(bytes_come_through_as_they_are),
        TEST(a_reader_that_goes_ends_the_step),
        TEST(the_last_word_tells_the_steps),
        TEST(what_cannot_be_used_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
