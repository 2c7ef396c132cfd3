#pragma once
/*
 * For the process tests of the entrypoint: runs the real program in a folder of its
 * own and writes its output down, control lines in short:
 *
 *     [start 1#1] [finish 1 failed 3 (reason)] [done failed]
 *     [artifact 1 a/b.txt 1-0 12]
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"
#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/value/value.h"

#define TEST_TOKEN "00112233445566778899aabbccddeeff"
#define CONTROL    "::assay:" TEST_TOKEN ":"

struct scene {
    const char *program;
    const char *state; /* folder; NULL: the scene's */
    bool chained;
    char folder[64];
    struct text log;
};

struct child {
    pid_t pid;
    int output;
};

static inline void scene_open(struct scene *scene, const char *program)
{
    *scene = (struct scene){.program = program};
    strcpy(scene->folder, "/tmp/entrypoint-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    assert_int_equal(chdir(scene->folder), 0);
    assert_int_equal(chmod(scene->folder, 0777), 0);
}

/* From now on the program is a copy in the scene's folder: one that another user,
 * whom a wrapper makes of it, can reach. */
static inline void scene_lend(struct scene *scene)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    size_t length;
    char *bytes = file_read(arena, scene->program, 1 << 20, &length, &error);
    assert_non_null(bytes);
    assert_int_equal(file_write_atomic("entry", bytes, length, 0755, &error),
                     0);
    assert_int_equal(chmod("entry", 0755), 0);
    scene->program = "./entry";
}

static inline void scene_close(struct scene *scene)
{
    struct error error = {0};
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(folder_remove(scene->folder, &error), 0);
    text_free(&scene->log);
}

/* run.json of the steps, ' standing for "; from `beside` on, each container runs beside
 * the one before. */
static inline void scene_plan_beside(const char *steps, int containers,
                                     int beside)
{
    CLEANUP(text_free) struct text text = {0};
    struct error error = {0};
    text_append_string(&text,
                       "{'version':1,'secrets':[{'name':'config.password',"
                       "'variable':'ASSAY_SECRET_0'}],'containers':[");
    for (int i = 0; i < containers; i++)
        text_append_format(&text, "%s{'name':'c%d'%s}", i ? "," : "", i,
                           i >= beside ? ",'beside':true" : "");
    text_append_format(&text, "],'steps':[%s]}", steps);
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == '\'')
            text.data[i] = '"';
    assert_int_equal(
        file_write_atomic("run.json", text.data, text.length, 0666, &error), 0);
}

static inline void scene_plan(const char *steps, int containers)
{
    scene_plan_beside(steps, containers, containers);
}

static inline size_t scene_arguments(const struct scene *scene,
                                     const char *container,
                                     const char **arguments)
{
    const char *const own[] = {scene->program,
                               "--run",
                               "run.json",
                               "--container",
                               container,
                               "--state",
                               scene->state ? scene->state : ".",
                               "--pod",
                               "pod",
                               "--outputs",
                               "shared/out",
                               "--results",
                               "results",
                               "--termination"};
    memcpy(arguments, own, sizeof own);
    return COUNT_OF(own);
}

/* `wrapper` (NULL at the end, or NULL) goes before the program. */
static inline struct child scene_start(const struct scene *scene,
                                       const char *container,
                                       const char *const *wrapper)
{
    const char *arguments[48];
    size_t count = 0;
    while (wrapper && wrapper[count]) {
        arguments[count] = wrapper[count];
        count++;
    }
    count += scene_arguments(scene, container, arguments + count);
    char termination[32];
    snprintf(termination, sizeof termination, "termination-%s", container);
    arguments[count++] = termination;
    if (scene->chained)
        arguments[count++] = "--chained";
    arguments[count] = NULL;
    /* Sanitizers look for leaks by ptrace, which the program forbids. */
    static const char *const variables[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                            "ASAN_OPTIONS=detect_leaks=0",
                                            "ASSAY_TOKEN=" TEST_TOKEN,
                                            "ASSAY_SECRET_0=hush-hush",
                                            "FROM_IMAGE=yes",
                                            NULL};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct child child = {fork(), ends[0]};
    assert_true(child.pid >= 0);
    if (child.pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execvpe(arguments[0], (char *const *)(uintptr_t)arguments,
                (char *const *)(uintptr_t)variables);
        _exit(99);
    }
    close(ends[1]);
    return child;
}

static inline void log_control(struct text *log, const char *line,
                               size_t length)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const struct value *event = value_read_json(arena, line, length, &error);
    if (!event)
        fail_msg("control line: %s", error.text);
    const char *kind = value_string_at(event, "event");
    const char *status = value_string_at(event, "status");
    const char *step = value_string_at(event, "step");
    const char *reason = value_string_at(event, "reason");
    assert_true(value_int_or(value_get(event, "time"), 0) > 0);
    if (value_bool_or(value_get(event, "joined"), false))
        text_append_string(log, "|");
    text_append_format(log, "[%s", kind);
    if (step)
        text_append_format(log, " %s", step);
    if (strcmp(kind, "start") == 0)
        text_append_format(log, "#%d",
                           (int)value_int_or(value_get(event, "attempt"), 0));
    if (status)
        text_append_format(log, " %s", status);
    int64_t code = value_int_or(value_get(event, "exitCode"), -1);
    if (code >= 0)
        text_append_format(log, " %d", (int)code);
    if (reason)
        text_append_format(log, " (%s)", reason);
    if (strcmp(kind, "artifact") == 0)
        text_append_format(log, " %s %s %d%s", value_string_at(event, "name"),
                           value_string_at(event, "file"),
                           (int)value_int_or(value_get(event, "size"), -1),
                           value_bool_or(value_get(event, "compress"), false)
                               ? " compress"
                               : "");
    text_append_string(log, "]\n");
}

static inline void log_output(struct text *log, const struct text *output)
{
    const char *at = text_string(output), *end = at + output->length;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        size_t prefix = strlen(CONTROL);
        if (length > prefix && memcmp(at, CONTROL, prefix) == 0) {
            log_control(log, at + prefix, length - prefix);
        } else {
            text_append(log, at, length);
            text_append_string(log, "\n");
        }
        at += length + 1;
    }
}

static inline void read_all(int descriptor, struct text *text)
{
    char bytes[65536];
    for (ssize_t length; (length = read(descriptor, bytes, sizeof bytes)) > 0;)
        text_append(text, bytes, (size_t)length);
    close(descriptor);
}

/* The exit code, or -signal; the output is in the scene's log. */
static inline int scene_wait(struct scene *scene, struct child child,
                             struct rusage *usage)
{
    CLEANUP(text_free) struct text output = {0};
    struct rusage ignored;
    int status;
    read_all(child.output, &output);
    assert_int_equal(wait4(child.pid, &status, 0, usage ? usage : &ignored),
                     child.pid);
    text_clear(&scene->log);
    log_output(&scene->log, &output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline int scene_run(struct scene *scene, const char *steps)
{
    scene_plan(steps, 1);
    return scene_wait(scene, scene_start(scene, "0", NULL), NULL);
}

static inline const char *read_text(struct arena *arena, const char *path)
{
    struct error error = {0};
    size_t length;
    const char *text = file_read(arena, path, 1 << 20, &length, &error);
    return text ? text : error.text[0] ? arena_string(arena, error.text) : "";
}
