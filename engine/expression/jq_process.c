/*
 * A jq program and a JSON value -> the list of its results.
 *
 * libjq neither counts steps nor frees memory on the way out of an endless loop,
 * and `def f: f; f` or `[range(1e12)]` are one line. So a program runs in a child:
 * the kernel ends it when it has used its processor time or its memory, and the
 * parent when its time is over or its answer too long. The child inherits nothing
 * worth having: an empty environment ($ENV, env, ~/.jq), no descriptor but the pipe
 * and none to be had (import, include and modulemeta find no file), no input
 * callback (input, inputs), its standard streams closed off (stderr, debug). `halt`
 * ends the program and is an error. What comes back is JSON text, read like any
 * other.
 *
 * All programs of one process share a purse of time, so that a document with a
 * thousand of them does not take a thousand times the limit.
 */
#include "engine/expression/jq_process.h"

#include <errno.h>
#include <fcntl.h>
#include <jq.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/library.h"

#define JQ_FUNCTIONS(ITEM)                                                     \
    ITEM(jq_init)                                                              \
    ITEM(jq_set_error_cb)                                                      \
    ITEM(jq_set_input_cb)                                                      \
    ITEM(jq_set_debug_cb)                                                      \
    ITEM(jq_compile)                                                           \
    ITEM(jq_start)                                                             \
    ITEM(jq_next)                                                              \
    ITEM(jq_halted)                                                            \
    ITEM(jq_set_attr)                                                          \
    ITEM(jv_get_kind)                                                          \
    ITEM(jv_array)                                                             \
    ITEM(jv_copy)                                                              \
    ITEM(jv_free)                                                              \
    ITEM(jv_string)                                                            \
    ITEM(jv_string_value)                                                      \
    ITEM(jv_string_length_bytes)                                               \
    ITEM(jv_invalid_has_msg)                                                   \
    ITEM(jv_invalid_get_msg)                                                   \
    ITEM(jv_parse_sized)                                                       \
    ITEM(jv_dump_string)

struct jq_library {
#define ITEM(name) __typeof__(name) *name;
    JQ_FUNCTIONS(ITEM)
#undef ITEM
};

static const struct jq_library *load(struct error *error)
{
#define ITEM(name) #name,
    static const char *const names[] = {JQ_FUNCTIONS(ITEM)};
#undef ITEM
    static const struct library description = {
        .soname = "libjq.so.1",
        .package = "libjq1",
        .purpose = "evaluate jq() in an expression",
        .names = names,
        .count = sizeof names / sizeof *names,
    };
    static struct jq_library library;
    static bool loaded;
    if (!loaded && library_load(&description, &library, error) < 0)
        return NULL;
    loaded = true;
    return &library;
}

/* --- in the child --- */

enum { CHILD_GOOD = 0, CHILD_REFUSED = 64 }; /* its exit status */

struct child {
    const struct jq_library *jq;
    const struct jq_job *job;
    int pipe;
    struct text output; /* results, or what is wrong */
    bool refused;
};

/* Memory that the process has mapped now. */
static rlim_t mapped(void)
{
    char text[64] = "";
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    long page = sysconf(_SC_PAGESIZE);
    return length > 0 && page > 0
               ? (rlim_t)strtoul(text, NULL, 10) * (rlim_t)page
               : 0;
}

static bool set_limit(int resource, rlim_t limit)
{
    struct rlimit both = {limit, limit};
    return setrlimit((__rlimit_resource_t)resource, &both) == 0;
}

/* Gives up what a program of a stranger has no use for. */
static bool confine(int pipe, const struct jq_limits *limits)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    rlim_t memory = mapped() + limits->memory;
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        return false;
    if (dup2(pipe, 3) < 0 || close_range(4, ~0U, 0) != 0)
        return false;
    static char *nothing[] = {NULL};
    environ = nothing;
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && set_limit(RLIMIT_CORE, 0) &&
           set_limit(RLIMIT_NOFILE, 0) && set_limit(RLIMIT_FSIZE, 0) &&
           set_limit(RLIMIT_AS, memory) &&
           set_limit(RLIMIT_CPU, (rlim_t)(limits->time / CLOCK_SECOND) + 1);
}

static void refuse(struct child *child, const char *why)
{
    if (child->refused)
        return;
    child->refused = true;
    text_clear(&child->output);
    text_append_string(&child->output, why);
}

/* A message of libjq: "jq: error: what (at place)\nand more". */
static void refuse_message(void *context, jv message)
{
    static const char prefix[] = "jq: error: ";
    struct child *child = context;
    char why[200];
    if (child->jq->jv_get_kind(message) != JV_KIND_STRING) {
        refuse(child, "the program failed");
        return;
    }
    const char *text = child->jq->jv_string_value(message);
    if (strncmp(text, prefix, strlen(prefix)) == 0)
        text += strlen(prefix);
    size_t length = strcspn(text, "\n");
    length = length < sizeof why ? length : sizeof why - 1;
    memcpy(why, text, length);
    why[length] = '\0';
    refuse(child, why);
}

static void add_result(struct child *child, jv result)
{
    const struct jq_library *jq = child->jq;
    jv text = jq->jv_dump_string(result, 0);
    if (child->output.length > 1)
        text_append_character(&child->output, ',');
    text_append(&child->output, jq->jv_string_value(text),
                (size_t)jq->jv_string_length_bytes(jq->jv_copy(text)));
    jq->jv_free(text);
    if (child->output.length > child->job->limits.results)
        refuse(child, "the results are too long");
}

static void run_program(struct child *child)
{
    const struct jq_library *jq = child->jq;
    jq_state *state = jq->jq_init();
    if (!state) {
        refuse(child, "libjq cannot start");
        return;
    }
    /* libjq 1.6 leaves those that are not set as the memory was. */
    jq->jq_set_error_cb(state, refuse_message, child);
    jq->jq_set_input_cb(state, NULL, NULL);
    jq->jq_set_debug_cb(state, NULL, NULL);
    jq->jq_set_attr(state, jq->jv_string("JQ_LIBRARY_PATH"), jq->jv_array());
    jv input = jq->jv_parse_sized(child->job->input, (int)child->job->length);
    if (jq->jv_get_kind(input) == JV_KIND_INVALID ||
        !jq->jq_compile(state, child->job->program)) {
        refuse(child, "the program cannot be compiled");
        return;
    }
    text_append_character(&child->output, '[');
    jq->jq_start(state, input, 0);
    jv result = jq->jq_next(state);
    while (!child->refused && jq->jv_get_kind(result) != JV_KIND_INVALID) {
        add_result(child, result);
        result = jq->jq_next(state);
    }
    if (child->refused)
        return;
    if (jq->jq_halted(state))
        refuse(child, "'halt' has no meaning here");
    if (jq->jv_invalid_has_msg(jq->jv_copy(result)))
        refuse_message(child, jq->jv_invalid_get_msg(result));
    if (!child->refused)
        text_append_character(&child->output, ']');
}

static _Noreturn void be_child(struct child *child)
{
    if (confine(child->pipe, &child->job->limits))
        run_program(child);
    else
        refuse(child, "the limits of its process cannot be set");
    if (file_write_all(3, text_string(&child->output), child->output.length) <
        0)
        _exit(2);
    _exit(child->refused ? CHILD_REFUSED : CHILD_GOOD);
}

/* --- in the parent --- */

static int64_t spent; /* by all programs of this process, nanoseconds */

/* Reads until the child ends. False when it is too slow or says too much. */
static bool collect(int pipe, const struct jq_limits *limits,
                    struct text *output)
{
    char bytes[16384];
    int64_t deadline = clock_monotonic() + limits->time;
    for (;;) {
        int64_t left = deadline - clock_monotonic();
        struct pollfd wait = {.fd = pipe, .events = POLLIN};
        if (left <= 0)
            return false;
        if (poll(&wait, 1, (int)(left / CLOCK_MILLISECOND) + 1) <= 0)
            continue;
        ssize_t length = read(pipe, bytes, sizeof bytes);
        if (length == 0)
            return true;
        if (length > 0)
            text_append(output, bytes, (size_t)length);
        if (output->length > limits->results + sizeof bytes)
            return false;
    }
}

static int judge(int status, const struct jq_limits *limits,
                 const struct text *output, struct error *error)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_GOOD)
        return 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_REFUSED)
        return error_set(error, ERROR_INPUT, "%.200s", text_string(output));
    return error_set(error, ERROR_INPUT,
                     "the program takes too much time or memory: at most "
                     "%.1f s and %zu MiB",
                     (double)limits->time / CLOCK_SECOND, limits->memory >> 20);
}

static int run_child(struct child *child, struct text *output,
                     struct error *error)
{
    const struct jq_limits *limits = &child->job->limits;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_system(error, "cannot make a pipe");
    child->pipe = ends[1];
    pid_t process = fork();
    if (process == 0)
        be_child(child);
    close(ends[1]);
    bool collected = process > 0 && collect(ends[0], limits, output);
    close(ends[0]);
    if (process < 0)
        return error_set_system(error, "cannot start a process for jq()");
    if (!collected)
        kill(process, SIGKILL);
    int status = 0;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR)
        continue;
    return judge(status, limits, output, error);
}

int jq_process_run(const struct jq_job *job, struct text *output,
                   struct error *error)
{
    struct child child = {.jq = load(error), .job = job};
    if (!child.jq)
        return -1;
    if (spent >= job->limits.total)
        return error_set(error, ERROR_INPUT,
                         "all jq programs together take more than %.1f s",
                         (double)job->limits.total / CLOCK_SECOND);
    int64_t start = clock_monotonic();
    int result = run_child(&child, output, error);
    spent += clock_monotonic() - start;
    return result;
}
