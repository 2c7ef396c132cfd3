/*
 * Locks are released by the kernel however a container ends, and closing the file
 * that was open for writing wakes the waiter (inotify): no container is waited for
 * that is dead, and waiting costs nothing. Times are of CLOCK_MONOTONIC, which the
 * containers of a pod share.
 */
#include "engine/entrypoint/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/entrypoint/limits.h"
#include "engine/entrypoint/seal.h"
#include "engine/entrypoint/verdict.h"

enum { PATH_SIZE = 4096, LINE_SIZE = ENTRYPOINT_REF_LIMIT + 80 };

#define JOURNAL "journal"
#define DONE    "done:" /* no ref has a colon */
#define TOLD    "told: "

#define ABORT_PATIENCE (15 * CLOCK_SECOND) /* more than a step has to end */
#define AFTER_PATIENCE (60 * CLOCK_SECOND) /* and `after` steps to run */

static int make_path(const struct state *state, const char *name, size_t number,
                     char path[PATH_SIZE], struct error *error)
{
    int length = number == (size_t)-1
                     ? snprintf(path, PATH_SIZE, "%s/%s", state->folder, name)
                     : snprintf(path, PATH_SIZE, "%s/%s%zu", state->folder,
                                name, number);
    if (length < 0 || length >= PATH_SIZE)
        return error_set(error, ERROR_INPUT,
                         "the state folder's path is too "
                         "long");
    return 0;
}

static int take_turn(struct state *state, const char *path, struct error *error)
{
    char hidden[PATH_SIZE];
    if (make_path(state, ".turn-", state->container, hidden, error) < 0)
        return -1;
    state->turn = open(hidden, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (state->turn < 0 || flock(state->turn, LOCK_EX | LOCK_NB) < 0 ||
        rename(hidden, path) < 0)
        return error_set_system(error, "cannot take the turn '%.200s'", path);
    return 0;
}

int state_claim(struct state *state, struct error *error)
{
    char path[PATH_SIZE];
    if (make_path(state, "turn-", state->container, path, error) < 0)
        return -1;
    /* A node that started anew starts containers again. */
    state->again = access(path, F_OK) == 0;
    return take_turn(state, path, error);
}

/* A step that empties the folder would leave the next container waiting for ever. */
static int restore_turn(struct state *state, struct error *error)
{
    char path[PATH_SIZE];
    struct stat there, ours;
    if (make_path(state, "turn-", state->container, path, error) < 0)
        return -1;
    if (stat(path, &there) == 0 && fstat(state->turn, &ours) == 0 &&
        there.st_ino == ours.st_ino && there.st_dev == ours.st_dev)
        return 0;
    int lost = state->turn;
    int result = take_turn(state, path, error);
    close(lost);
    return result;
}

/* Whether the container before has ended: its file is there and free. */
static bool is_free(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0)
        return false;
    bool free = flock(descriptor, LOCK_SH | LOCK_NB) == 0;
    close(descriptor);
    return free;
}

/* How long the next wait may be. A file's closing is announced a moment before its
 * lock is free, so after news the looks are close together at first. An abort
 * reaches all containers: the one before ends soon, and says so. */
struct patience {
    int pause;     /* milliseconds */
    int64_t after; /* how long a signal leaves us */
    int64_t end;   /* of waiting after a signal; 0: none came */
};

enum { SHORTEST_PAUSE = 5, LONGEST_PAUSE = 1000 };

static int look_around(int notices, struct signals *signals,
                       struct patience *patience, struct error *error)
{
    struct pollfd files[] = {{notices, POLLIN, 0},
                             {signals->descriptor, POLLIN, 0}};
    if (poll(files, 2, patience->pause) < 0 && errno != EINTR)
        return error_set_system(error, "cannot wait for a turn");
    if (files[1].revents && signals_take(signals) > 0)
        patience->end =
            clock_monotonic() + (signals->told > 1 ? 0 : patience->after);
    patience->pause = patience->pause * 2 < LONGEST_PAUSE ? patience->pause * 2
                                                          : LONGEST_PAUSE;
    char events[4096];
    if (!files[0].revents)
        return 0;
    patience->pause = SHORTEST_PAUSE;
    if (read(notices, events, sizeof events) < 0 && errno != EAGAIN)
        return error_set_system(error, "cannot wait for a turn");
    return 0;
}

static int64_t patience_of(const struct state *state)
{
    for (size_t i = 0; i < state->instructions->step_count; i++)
        if (state->instructions->steps[i].after)
            return AFTER_PATIENCE;
    return ABORT_PATIENCE;
}

static int watch(const struct state *state, const char *path, int notices,
                 struct signals *signals, struct error *error)
{
    /* Our own look at the file closes it too: only closing after writing, and
     * the renaming into place, are of interest. */
    if (inotify_add_watch(notices, state->folder,
                          IN_CLOSE_WRITE | IN_MOVED_TO) < 0)
        return error_set_system(error, "cannot watch '%.200s'", state->folder);
    struct patience patience = {LONGEST_PAUSE, patience_of(state), 0};
    while (!is_free(path)) {
        if (patience.end > 0 && clock_monotonic() >= patience.end)
            return TURN_MISSED;
        if (look_around(notices, signals, &patience, error) < 0)
            return -1;
    }
    return patience.end == 0 ? TURN_TAKEN : TURN_ABORTED;
}

int state_wait(const struct state *state, struct signals *signals,
               struct error *error)
{
    char path[PATH_SIZE];
    if (state->container == 0)
        return TURN_TAKEN;
    if (make_path(state, "turn-", state->container - 1, path, error) < 0)
        return -1;
    int notices = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (notices < 0)
        return error_set_system(error, "cannot use inotify");
    int result = watch(state, path, notices, signals, error);
    close(notices);
    return result;
}

/* Takes the seal off the end of a line; whether it is ours. */
static bool open_seal(const struct state *state, char *line)
{
    enum { DIGITS = 16 };
    char *space = strrchr(line, ' '), *end;
    if (!space)
        return false;
    *space = '\0';
    uint64_t seal = strtoull(space + 1, &end, 16);
    return end - space - 1 == DIGITS && *end == '\0' &&
           seal == seal_make(state->token, line, (size_t)(space - line));
}

/* "<ref> <status> <started> <held>" */
static void load_step(const struct state *state, char *line)
{
    char *word = strchr(line, ' ');
    char *number = word ? strchr(word + 1, ' ') : NULL;
    if (!number)
        return;
    *word++ = *number++ = '\0';
    struct step *step =
        instructions_find_ref(state->instructions, line, strlen(line));
    int status = verdict_parse(word);
    if (!step || status < 0)
        return;
    step->status = (enum step_status)status;
    step->started = strtoll(number, &number, 10);
    step->held = strtoll(number, NULL, 10);
}

/* The number of a container that was told to abort. Those beside it, this one too, are
 * told the same by signals of their own. */
static void load_told(struct state *state, const char *number)
{
    size_t told = strtoull(number, NULL, 10);
    bool beside = told < state->container;
    for (size_t i = told + 1; i <= state->container; i++)
        beside = beside && state->instructions->beside[i];
    state->owed = state->owed || beside;
}

/* "<sequence> " and a step, "told: " and a number, or "done:". What is not sealed was torn when a container
 * died, or is a step's; what comes again is a step's copy. False: lines before it are
 * missing. */
static bool load_line(struct state *state, char *line, size_t *done)
{
    char *rest;
    if (!open_seal(state, line))
        return true;
    size_t sequence = strtoull(line, &rest, 10);
    if (*rest != ' ' || sequence < state->sequence)
        return true;
    if (sequence > state->sequence)
        return false;
    state->sequence++;
    if (strcmp(rest + 1, DONE) == 0)
        *done += 1;
    else if (strncmp(rest + 1, TOLD, strlen(TOLD)) == 0)
        load_told(state, rest + 1 + strlen(TOLD));
    else
        load_step(state, rest + 1);
    return true;
}

int state_load(struct state *state, bool *died, struct error *error)
{
    *died = false;
    if (state->container == 0 && !state->again)
        return 0;
    char path[PATH_SIZE];
    if (make_path(state, JOURNAL, (size_t)-1, path, error) < 0)
        return -1;
    *died = true;
    if (access(path, F_OK) < 0)
        return 0;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    size_t length, done = 0;
    char *text =
        file_read(arena, path, ENTRYPOINT_STATUS_LIMIT, &length, error);
    if (!text)
        return error_context(error, "the state of the other containers");
    bool whole = true;
    for (char *line = text, *end; line < text + length; line = end + 1) {
        end = strchrnul(line, '\n');
        *end = '\0';
        whole = load_line(state, line, &done) && whole;
    }
    *died = !whole || done < state->container + (state->again ? 1 : 0);
    return 0;
}

static int open_journal(struct state *state, const char *path,
                        struct error *error)
{
    state->journal = open(
        path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    /* For containers of other users; its maker alone may say so. */
    if (state->journal < 0 ||
        (fchmod(state->journal, 0666) < 0 && errno != EPERM))
        return error_set_system(error, "cannot write '%.200s'", path);
    return 0;
}

/* Whole lines in one write each, with a newline in front: what was torn before
 * spoils no more than itself. */
static int append(struct state *state, const char *line, struct error *error)
{
    char path[PATH_SIZE], sealed[LINE_SIZE + 80];
    if (state->instructions->container_count == 1)
        return 0; /* nobody reads it */
    if (make_path(state, JOURNAL, (size_t)-1, path, error) < 0 ||
        (state->journal < 0 && open_journal(state, path, error) < 0))
        return -1;
    int length =
        snprintf(sealed, sizeof sealed, "\n%zu %s", state->sequence, line);
    uint64_t seal = seal_make(state->token, sealed + 1, (size_t)length - 1);
    length += snprintf(sealed + length, sizeof sealed - (size_t)length,
                       " %016llx\n", (unsigned long long)seal);
    if (file_write_all(state->journal, sealed, (size_t)length) < 0)
        return error_set_system(error, "cannot write '%.200s'", path);
    state->sequence++;
    return 0;
}

int state_note(struct state *state, const struct step *step,
               struct error *error)
{
    char line[LINE_SIZE];
    snprintf(line, sizeof line, "%s %s %lld %lld", step->ref,
             verdict_name(step->status), (long long)step->started,
             (long long)step->held);
    return append(state, line, error);
}

int state_finish(struct state *state, bool told, struct error *error)
{
    char line[sizeof TOLD + 24];
    snprintf(line, sizeof line, TOLD "%zu", state->container);
    if (told && append(state, line, error) < 0)
        return -1;
    return append(state, DONE, error) < 0 ? -1 : restore_turn(state, error);
}

static bool is_reported(const struct state *state, const struct step *step)
{
    return verdict_is_final(step->status) &&
           (step->group || step->container == state->container);
}

static bool is_dull(enum step_status status)
{
    return status == STEP_PASSED || status == STEP_SKIPPED;
}

/* Appends the steps that have ended, the dull ones on demand; whether all fitted. */
static bool print_steps(struct text *text, const struct state *state,
                        bool with_dull, size_t limit)
{
    const char *separator = "";
    for (const struct step *step = instructions_first(state->instructions);
         step; step = instructions_next(state->instructions, step, true)) {
        if (step->status == STEP_PENDING)
            break; /* so are all behind it */
        bool dull = is_dull(step->status);
        if (!is_reported(state, step) || (dull && !with_dull))
            continue;
        char entry[ENTRYPOINT_REF_LIMIT + 80];
        char code[16] = "null";
        if (step->exit_code >= 0)
            snprintf(code, sizeof code, "%d", step->exit_code);
        snprintf(entry, sizeof entry, "%s[\"%s\",\"%s\",%s,%lld]", separator,
                 step->ref, verdict_name(step->status), code,
                 (long long)(step->duration / CLOCK_MILLISECOND));
        if (text->length + strlen(entry) > limit)
            return false;
        text_append_string(text, entry);
        separator = ",";
    }
    return true;
}

bool state_print_report(struct text *text, const struct state *state,
                        const char *reason)
{
    enum { TAIL = 16 }; /* ],"cut":true} */
    text_append_format(text, "{\"v\":1,\"status\":\"%s\"",
                       verdict_name(verdict_of_run(state->instructions)));
    if (reason) {
        struct value value = {.kind = VALUE_STRING};
        value.string.bytes = reason;
        value.string.length = strlen(reason);
        text_append_string(text, ",\"reason\":");
        value_write_json(text, &value, JSON_COMPACT);
    }
    text_append_string(text, ",\"steps\":[");
    size_t start = text->length;
    size_t limit = ENTRYPOINT_TERMINATION_LIMIT - TAIL;
    bool complete = print_steps(text, state, true, limit);
    if (!complete) {
        text->length = start;
        print_steps(text, state, false, limit);
    }
    text_append_string(text, complete ? "]}" : "],\"cut\":true}");
    return complete;
}

int state_report_end(struct state *state, const struct step *step,
                     struct error *error)
{
    /* What has grown too long says nothing of these, and stays as it is. */
    if (state->cut && is_dull(step->status))
        return 0;
    return state_report(state, NULL, error);
}

int state_report(struct state *state, const char *reason, struct error *error)
{
    if (!state->termination)
        return 0;
    CLEANUP(text_free) struct text text = {0};
    state->cut = !state_print_report(&text, state, reason);
    /* A mount point of the kubelet: it cannot be replaced, only rewritten. */
    int descriptor =
        open(state->termination, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return error_set_system(error, "cannot write '%.200s'",
                                state->termination);
    bool good = file_write_all(descriptor, text.data, text.length) == 0 &&
                ftruncate(descriptor, (off_t)text.length) == 0;
    int number = errno;
    close(descriptor);
    errno = number;
    return good ? 0
                : error_set_system(error, "cannot write '%.200s'",
                                   state->termination);
}
