/*
 * Started units in, their output to their streams. One poll over all pipes and
 * pidfds. Ending goes in two stages: SIGTERM to each container's program as soon
 * as it can hear it, then SIGKILL after the grace or at the user's second wish.
 * Invariant: when a unit counts as ended, all it wrote has been handed on.
 */
#include "engine/runtime/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/runtime/limits.h"

enum {
    SLOT_OUTPUT,
    SLOT_COMPLAINTS,
    SLOT_INFO,
    SLOT_ENDED,
    SLOTS,

    /* Reads from one container before the others get their turn, and after its
     * end: what a pipe can hold, generously. */
    READS_A_TURN = 16,
    READS_AT_THE_END = 1024,

    TELL_AGAIN = 20, /* milliseconds */
};

DEFINE_CLEANUP(char *, memory_free);

/* Reads at most `turns` times from the container's output. */
static int read_output(struct unit *unit, char *buffer, int turns,
                       struct error *error)
{
    while (unit->process.output >= 0 && turns-- > 0) {
        ssize_t length = read(unit->process.output, buffer, HOST_READ_SIZE);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 && errno == EAGAIN)
            return stream_rest(unit->stream, error);
        if (length <= 0)
            descriptor_close(&unit->process.output);
        else if (stream_feed(unit->stream, buffer, (size_t)length, error) != 0)
            return -1;
        unit->spoke = unit->spoke || length > 0;
    }
    return 0;
}

/* Keeps the beginning of the standard error and reads the rest away. */
static int read_complaints(struct unit *unit, char *buffer, int turns,
                           struct error *error)
{
    while (unit->process.complaints >= 0 && turns-- > 0) {
        ssize_t length = read(unit->process.complaints, buffer, HOST_READ_SIZE);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 && errno == EAGAIN)
            return 0;
        size_t room = HOST_COMPLAINT_LIMIT - unit->complaint.length;
        if (length <= 0)
            descriptor_close(&unit->process.complaints);
        else if (unit->bare && unit_has_begun(unit)) {
            if (stream_feed(unit->stream, buffer, (size_t)length, error) != 0)
                return -1;
        } else
            text_append(&unit->complaint, buffer,
                        (size_t)length < room ? (size_t)length : room);
    }
    return 0;
}

/* Output has come: soon somebody may want it to be where others see it. */
static void plan_rest(struct watch *watch)
{
    if (watch->rest && watch->rest_at == 0)
        watch->rest_at = clock_monotonic() + HOST_REST;
}

static int take_rest(struct watch *watch, struct error *error)
{
    if (watch->rest_at == 0 || clock_monotonic() < watch->rest_at)
        return 0;
    watch->rest_at = 0;
    return watch->rest(watch->rest_context, error);
}

/* The process is gone: its exit code, and what is left in the pipes. */
static int end_unit(struct unit *unit, char *buffer, struct error *error)
{
    unit_reap(unit);
    if (read_complaints(unit, buffer, READS_AT_THE_END, error) != 0 ||
        read_output(unit, buffer, READS_AT_THE_END, error) != 0)
        return -1;
    process_close(&unit->process);
    return stream_finish(unit->stream, error);
}

static int serve(struct watch *watch, struct unit *unit,
                 const struct pollfd *slots, char *buffer, struct error *error)
{
    if (slots[SLOT_INFO].revents)
        unit_read_info(unit);
    if (slots[SLOT_COMPLAINTS].revents &&
        read_complaints(unit, buffer, READS_A_TURN, error) != 0)
        return -1;
    if (slots[SLOT_OUTPUT].revents) {
        plan_rest(watch);
        if (read_output(unit, buffer, READS_A_TURN, error) != 0)
            return -1;
    }
    return slots[SLOT_ENDED].revents ? end_unit(unit, buffer, error) : 0;
}

static void begin_to_end(struct watch *watch, enum watch_cause cause)
{
    if (watch->cause == WATCH_NONE)
        watch->cause = cause;
    if (watch->kill_at == 0)
        watch->kill_at = clock_monotonic() + watch->grace;
}

/* One byte for each wish; the end of the pipe is none. */
static void read_wishes(struct watch *watch)
{
    char wishes[64];
    ssize_t count = read(watch->abort_descriptor, wishes, sizeof wishes);
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (count <= 0) {
        watch->abort_descriptor = -1; /* the caller's to close */
        return;
    }
    watch->wishes += (unsigned)count;
    begin_to_end(watch, WATCH_ABORTED);
    if (watch->wishes > 1)
        watch->kill_at = clock_monotonic();
}

/* Acts on what is due, for all units. Returns how long to wait for more, in
 * milliseconds; -1: for ever. */
static int act(struct watch *watch, struct unit *units, size_t count)
{
    int64_t now = clock_monotonic();
    if (watch->deadline != 0 && now >= watch->deadline)
        begin_to_end(watch, WATCH_DEADLINE);
    int64_t next = watch->kill_at ? watch->kill_at : watch->deadline;
    if (watch->rest_at != 0 && (next == 0 || watch->rest_at < next))
        next = watch->rest_at;
    if (next == 0)
        return -1;
    bool untold = false;
    for (size_t i = 0; watch->kill_at && i < count; i++) {
        if (!units[i].started || units[i].ended)
            continue;
        unit_tell(&units[i]);
        if (now >= watch->kill_at)
            unit_kill(&units[i]);
        untold = untold || !units[i].told;
    }
    if (untold || next <= now)
        return TELL_AGAIN;
    int64_t wait = (next - now) / CLOCK_MILLISECOND + 1;
    return wait < INT32_MAX ? (int)wait : INT32_MAX;
}

/* Fills the slots of all units and the abort descriptor. Whether any unit is
 * still running. */
static bool fill(const struct watch *watch, const struct unit *units,
                 size_t count, struct pollfd *slots)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        const struct unit *unit = &units[i];
        const struct process *process = &unit->process;
        bool running = unit->started && !unit->ended;
        const int descriptors[SLOTS] = {
            [SLOT_OUTPUT] = process->output,
            [SLOT_COMPLAINTS] = process->complaints,
            [SLOT_INFO] = unit->info,
            [SLOT_ENDED] = process->handle,
        };
        for (size_t k = 0; k < SLOTS; k++)
            slots[i * SLOTS + k] = (struct pollfd){
                .fd = running ? descriptors[k] : -1, .events = POLLIN};
        any = any || running;
    }
    slots[count * SLOTS] =
        (struct pollfd){.fd = watch->abort_descriptor, .events = POLLIN};
    return any;
}

static int visit(const struct watch *watch, struct pollfd *slots,
                 struct error *error)
{
    const struct watch_guest *guest = &watch->guest;
    return guest->turn ? guest->turn(guest->context, slots, error) : 0;
}

static int turn(struct watch *watch, struct unit *units, size_t count,
                struct pollfd *slots, struct error *error)
{
    CLEANUP(memory_free) char *buffer = memory_allocate(HOST_READ_SIZE);
    while (fill(watch, units, count, slots)) {
        int wait = act(watch, units, count);
        int guests = visit(watch, slots + count * SLOTS + 1, error);
        if (guests < 0)
            return -1;
        int ready = poll(slots, count * SLOTS + 1 + (size_t)guests, wait);
        if (ready < 0 && errno != EINTR)
            return error_set_system(error, "cannot wait for the containers");
        if (take_rest(watch, error) != 0)
            return -1;
        if (ready <= 0)
            continue;
        if (slots[count * SLOTS].revents)
            read_wishes(watch);
        for (size_t i = 0; i < count; i++)
            if (slots[i * SLOTS + SLOT_ENDED].fd >= 0 &&
                serve(watch, &units[i], &slots[i * SLOTS], buffer, error) != 0)
                return -1;
    }
    return 0;
}

int watch_run(struct watch *watch, struct unit *units, size_t count,
              struct error *error)
{
    struct pollfd *slots = memory_allocate(
        (count * SLOTS + 1 + WATCH_GUEST_SLOTS) * sizeof *slots);
    int result = turn(watch, units, count, slots, error);
    memory_free(slots);
    for (size_t i = 0; result != 0 && i < count; i++)
        unit_kill(&units[i]);
    return result;
}
