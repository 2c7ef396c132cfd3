/*
 * bench-steps ENTRYPOINT FOLDER [ROUNDS]: what a step costs inside a container beyond
 * its own process: N steps `true` by the entrypoint, minus N times fork and exec of
 * `/bin/sh -c true`, in turn; the median of the rounds, by the clock and by the
 * processor's time. With 1,000 and 9,990 steps, alone and with a second container, for
 * which each step is noted. Fails when a step costs 1 ms.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"

enum { ROUNDS_LIMIT = 101 };

/* Nanoseconds. */
struct cost {
    int64_t time, processor;
};

static void quit(const char *what)
{
    perror(what);
    exit(2);
}

static int64_t nanoseconds(struct timeval time)
{
    return time.tv_sec * CLOCK_SECOND + time.tv_usec * 1000;
}

/* Adds the processor's time of it, and of all it has waited for. */
static void wait_for(pid_t pid, struct cost *cost)
{
    int status;
    struct rusage usage;
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0)
        quit("a process");
    cost->processor +=
        nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
}

/* N steps, and one more in a second container when there is one. */
static void write_plan(int steps, int containers)
{
    FILE *file = fopen("run.json", "we");
    if (!file)
        quit("run.json");
    fprintf(file, "{\"version\":1,\"containers\":[{}%s],\"steps\":[",
            containers > 1 ? ",{}" : "");
    for (int i = 0; i < steps; i++)
        fprintf(file, "%s{\"ref\":\"%d\",\"container\":0,\"shell\":\"true\"}",
                i ? "," : "", i);
    if (containers > 1)
        fprintf(file, ",{\"ref\":\"x\",\"container\":1,\"shell\":\"true\"}");
    fprintf(file, "]}");
    if (fclose(file) != 0)
        quit("run.json");
}

static struct cost run_steps(const char *program)
{
    unlink("journal");
    unlink("turn-0");
    struct cost cost = {0};
    int64_t begin = clock_monotonic();
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, STDOUT_FILENO);
        setenv("ASSAY_TOKEN", "00112233445566778899aabbccddeeff", 1);
        execl(program, program, "--run", "run.json", "--container", "0",
              "--state", ".", "--termination", "termination", (char *)NULL);
        _exit(99);
    }
    wait_for(pid, &cost);
    cost.time = clock_monotonic() - begin;
    return cost;
}

static struct cost run_bare(int steps)
{
    struct cost cost = {0};
    int64_t begin = clock_monotonic();
    for (int i = 0; i < steps; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            execl("/bin/sh", "/bin/sh", "-c", "set -e\ntrue", (char *)NULL);
            _exit(99);
        }
        wait_for(pid, &cost);
    }
    cost.time = clock_monotonic() - begin;
    return cost;
}

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

/* What a step costs more. */
static struct cost measure(const char *program, int steps, int containers,
                           int rounds)
{
    int64_t times[ROUNDS_LIMIT], processors[ROUNDS_LIMIT];
    write_plan(steps, containers);
    for (int i = 0; i < rounds; i++) {
        struct cost bare = run_bare(steps), whole = run_steps(program);
        times[i] = (whole.time - bare.time) / steps;
        processors[i] = (whole.processor - bare.processor) / steps;
    }
    qsort(times, (size_t)rounds, sizeof *times, compare);
    qsort(processors, (size_t)rounds, sizeof *processors, compare);
    return (struct cost){times[rounds / 2], processors[rounds / 2]};
}

int main(int count, char **arguments)
{
    int rounds = count > 3 ? (int)strtol(arguments[3], NULL, 10) : 3;
    int bad = 0;
    if (count < 3 || rounds < 1 || rounds > ROUNDS_LIMIT ||
        chdir(arguments[2]) < 0)
        quit("usage: bench-steps ENTRYPOINT FOLDER [ROUNDS]");
    for (int containers = 1; containers <= 2; containers++)
        for (int steps = 1000; steps < 10000; steps += 8990) {
            struct cost cost = measure(arguments[1], steps, containers, rounds);
            printf("%d container%s %5d steps: %5.0f us each, %5.0f us of the "
                   "processor\n",
                   containers, containers > 1 ? "s," : ", ", steps,
                   (double)cost.time / 1000, (double)cost.processor / 1000);
            bad += cost.time >= CLOCK_MILLISECOND;
        }
    return bad > 0;
}
