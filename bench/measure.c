/*
 * Runs commands in turn, round after round, and prints for each the median wall
 * time, the median of its difference to the first command of the same round, and
 * its peak memory. In pairs, because a machine that is busy for a while is busy
 * for all of them alike. The peak is the largest of any process that the command
 * started and waited for (ru_maxrss of wait4), not their sum.
 *
 *   measure ROUNDS NAME COMMAND ARGUMENT... [-- NAME COMMAND ARGUMENT...]...
 *
 * The commands' standard output and error go to /dev/null. A command that fails
 * is reported, and makes the exit code 1.
 */
#include <assert.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { COMMANDS_LIMIT = 8, ROUNDS_LIMIT = 10000, WARM_UP_ROUNDS = 2 };

struct command {
    const char *name;
    char **arguments; /* ends with NULL */
    double *times;    /* milliseconds, one for each round */
    double *differences;
    long peak; /* KiB */
    int failures;
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double run(struct command *command, posix_spawn_file_actions_t *actions)
{
    struct rusage usage;
    int status;
    pid_t child;
    double start = now();

    assert(command->arguments[0]);
    if (posix_spawnp(&child, command->arguments[0], actions, NULL,
                     command->arguments, environ) ||
        wait4(child, &status, 0, &usage) != child) {
        fprintf(stderr, "measure: cannot run '%s'\n", command->arguments[0]);
        exit(1);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        command->failures++;
    if (usage.ru_maxrss > command->peak)
        command->peak = usage.ru_maxrss;
    return now() - start;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static double median(double *numbers, int count)
{
    qsort(numbers, (size_t)count, sizeof(*numbers), compare);
    return (numbers[(count - 1) / 2] + numbers[count / 2]) / 2;
}

/* Splits the arguments at "--" into commands; returns how many. */
static int parse(char **arguments, struct command *commands)
{
    int count = 0;

    while (*arguments && count < COMMANDS_LIMIT) {
        struct command *command = &commands[count++];
        command->name = *arguments++;
        command->arguments = arguments;
        if (!*arguments)
            return 0;
        while (*arguments && strcmp(*arguments, "--") != 0)
            arguments++;
        if (*arguments)
            *arguments++ = NULL;
    }
    return *arguments ? 0 : count;
}

static void measure(struct command *commands, int count, int rounds)
{
    posix_spawn_file_actions_t actions;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
        for (int i = 0; i < count; i++) {
            double time = run(&commands[i], &actions);
            if (round < 0)
                continue;
            commands[i].times[round] = time;
            commands[i].differences[round] = time - commands[0].times[round];
        }
    }
    posix_spawn_file_actions_destroy(&actions);
}

static int print(struct command *commands, int count, int rounds)
{
    int failures = 0;

    printf("%-34s %12s %12s %12s\n", "median of paired runs", "wall ms",
           "minus first", "peak MiB");
    for (int i = 0; i < count; i++) {
        struct command *command = &commands[i];
        printf("%-34s %12.2f %12.2f %12.2f", command->name,
               median(command->times, rounds),
               median(command->differences, rounds),
               (double)command->peak / 1024);
        if (command->failures)
            printf("   FAILED %d of %d", command->failures,
                   rounds + WARM_UP_ROUNDS);
        printf("\n");
        failures += command->failures;
    }
    return failures ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct command commands[COMMANDS_LIMIT] = {0};
    long wanted = argc > 3 ? strtol(argv[1], NULL, 10) : 0;
    int rounds = wanted > ROUNDS_LIMIT ? 0 : (int)wanted;
    int count;

    if (rounds < 1 || (count = parse(argv + 2, commands)) == 0) {
        fprintf(stderr, "usage: measure ROUNDS NAME COMMAND [ARGUMENT]... "
                        "[-- NAME COMMAND [ARGUMENT]...]...\n");
        return 2;
    }
    for (int i = 0; i < count; i++) {
        commands[i].times = calloc((size_t)rounds, sizeof(double));
        commands[i].differences = calloc((size_t)rounds, sizeof(double));
        if (!commands[i].times || !commands[i].differences)
            return 1;
    }
    measure(commands, count, rounds);
    return print(commands, count, rounds);
}
