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
#include "engine/expression/limits.h"

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

struct job {
    const struct jq_library *jq;
    const char *program;
    const char *input;
    size_t length;
    int pipe;
    struct text *output; /* of the child: results, or what is wrong */
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
static bool confine(int pipe)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    rlim_t memory = mapped() + EXPRESSION_JQ_MEMORY_LIMIT;
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        return false;
    if (dup2(pipe, 3) < 0 || close_range(4, ~0U, 0) != 0)
        return false;
    static char *nothing[] = {NULL};
    environ = nothing;
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && set_limit(RLIMIT_CORE, 0) &&
           set_limit(RLIMIT_NOFILE, 0) && set_limit(RLIMIT_FSIZE, 0) &&
           set_limit(RLIMIT_AS, memory) &&
           set_limit(RLIMIT_CPU, EXPRESSION_JQ_SECONDS_LIMIT);
}

static void refuse(struct job *job, const char *why)
{
    if (job->refused)
        return;
    job->refused = true;
    text_clear(job->output);
    text_append_string(job->output, why);
}

/* A message of libjq: "jq: error: what (at place)\nand more". */
static void refuse_message(void *context, jv message)
{
    static const char prefix[] = "jq: error: ";
    struct job *job = context;
    char why[200];
    if (job->jq->jv_get_kind(message) != JV_KIND_STRING) {
        refuse(job, "the program failed");
        return;
    }
    const char *text = job->jq->jv_string_value(message);
    if (strncmp(text, prefix, strlen(prefix)) == 0)
        text += strlen(prefix);
    size_t length = strcspn(text, "\n");
    length = length < sizeof why ? length : sizeof why - 1;
    memcpy(why, text, length);
    why[length] = '\0';
    refuse(job, why);
}

static void add_result(struct job *job, jv result)
{
    const struct jq_library *jq = job->jq;
    jv text = jq->jv_dump_string(result, 0);
    if (job->output->length > 1)
        text_append_character(job->output, ',');
    text_append(job->output, jq->jv_string_value(text),
                (size_t)jq->jv_string_length_bytes(jq->jv_copy(text)));
    jq->jv_free(text);
    if (job->output->length > EXPRESSION_STRING_LIMIT)
        refuse(job, "the results are too long");
}

static void run_program(struct job *job)
{
    const struct jq_library *jq = job->jq;
    jq_state *state = jq->jq_init();
    if (!state) {
        refuse(job, "libjq cannot start");
        return;
    }
    /* libjq 1.6 leaves those that are not set as the memory was. */
    jq->jq_set_error_cb(state, refuse_message, job);
    jq->jq_set_input_cb(state, NULL, NULL);
    jq->jq_set_debug_cb(state, NULL, NULL);
    jq->jq_set_attr(state, jq->jv_string("JQ_LIBRARY_PATH"), jq->jv_array());
    jv input = jq->jv_parse_sized(job->input, (int)job->length);
    if (jq->jv_get_kind(input) == JV_KIND_INVALID ||
        !jq->jq_compile(state, job->program)) {
        refuse(job, "the program cannot be compiled");
        return;
    }
    text_append_character(job->output, '[');
    jq->jq_start(state, input, 0);
    jv result = jq->jq_next(state);
    while (!job->refused && jq->jv_get_kind(result) != JV_KIND_INVALID) {
        add_result(job, result);
        result = jq->jq_next(state);
    }
    if (jq->jq_halted(state))
        refuse(job, "'halt' has no meaning here");
    if (jq->jv_invalid_has_msg(jq->jv_copy(result)))
        refuse_message(job, jq->jv_invalid_get_msg(result));
    if (!job->refused)
        text_append_character(job->output, ']');
}

static _Noreturn void be_child(struct job *job)
{
    struct text output = {0};
    job->output = &output;
    if (confine(job->pipe))
        run_program(job);
    else
        refuse(job, "the limits of its process cannot be set");
    if (file_write_all(3, text_string(&output), output.length) < 0)
        _exit(2);
    _exit(job->refused ? CHILD_REFUSED : CHILD_GOOD);
}

/* --- in the parent --- */

static int64_t spent; /* by all programs of this process, nanoseconds */

/* Reads until the child ends. False when it is too slow or says too much. */
static bool collect(int pipe, int64_t deadline, struct text *output)
{
    char bytes[16384];
    for (;;) {
        int64_t left = (deadline - clock_monotonic()) / CLOCK_MILLISECOND;
        struct pollfd wait = {.fd = pipe, .events = POLLIN};
        if (left <= 0)
            return false;
        if (poll(&wait, 1, (int)left) <= 0)
            continue;
        ssize_t length = read(pipe, bytes, sizeof bytes);
        if (length == 0)
            return true;
        if (length > 0)
            text_append(output, bytes, (size_t)length);
        if (output->length > EXPRESSION_STRING_LIMIT + sizeof bytes)
            return false;
    }
}

static int judge(int status, bool collected, struct text *output,
                 struct error *error)
{
    if (collected && WIFEXITED(status) && WEXITSTATUS(status) == CHILD_GOOD)
        return 0;
    if (collected && WIFEXITED(status) && WEXITSTATUS(status) == CHILD_REFUSED)
        return error_set(error, ERROR_INPUT, "%.200s", text_string(output));
    return error_set(error, ERROR_INPUT,
                     "the program takes too much time or memory: at most %d s "
                     "and %d MiB",
                     EXPRESSION_JQ_SECONDS_LIMIT,
                     EXPRESSION_JQ_MEMORY_LIMIT / (1024 * 1024));
}

static int run_child(struct job *job, int64_t deadline, struct text *output,
                     struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_system(error, "cannot make a pipe");
    job->pipe = ends[1];
    pid_t child = fork();
    if (child == 0)
        be_child(job);
    close(ends[1]);
    bool collected = child > 0 && collect(ends[0], deadline, output);
    close(ends[0]);
    if (child < 0)
        return error_set_system(error, "cannot start a process for jq()");
    if (!collected)
        kill(child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return judge(status, collected, output, error);
}

int jq_process_run(const char *program, const char *input, size_t length,
                   struct text *output, struct error *error)
{
    struct job job = {.program = program, .input = input, .length = length};
    job.jq = load(error);
    if (!job.jq)
        return -1;
    if (spent > EXPRESSION_JQ_SECONDS_TOTAL * CLOCK_SECOND)
        return error_set(error, ERROR_INPUT,
                         "all jq programs together take more than %d s",
                         EXPRESSION_JQ_SECONDS_TOTAL);
    int64_t start = clock_monotonic();
    int64_t deadline = start + EXPRESSION_JQ_SECONDS_LIMIT * CLOCK_SECOND;
    int result = run_child(&job, deadline, output, error);
    spent += clock_monotonic() - start;
    return result;
}
