/*
 * A log file in, its lines out, with or without their times. The file is read in
 * steps, so that a log of any size costs the same memory. Lines before `since`
 * are left out up to the first that is not: later ones are later.
 */
#include "tests/kube/log_feed.h"

#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "tests/kube/limits.h"
#include "tests/kube/moment.h"

struct log_feed {
    struct feed feed; /* first */
    struct log_file *log;
    struct log_feed_options options;
    char since[MOMENT_NANO_LENGTH + 1];
    int64_t offset; /* in the file, always at the beginning of a line unless
                        `inside` */
    int64_t end;    /* without follow: where the log ended at the request */
    bool inside;    /* a line that is being sent */
    bool dropping;  /* a line that is too early */
    bool found;     /* the first line that is not too early */
};

/* Where the last `lines` lines of the file begin. */
static int64_t find_tail(const struct log_file *log, int64_t lines)
{
    char bytes[16 * 1024];
    int64_t end = log->size;
    if (lines <= 0)
        return lines == 0 ? end : 0;
    while (end > 0) {
        int64_t start = end - (int64_t)sizeof bytes;
        start = start > 0 ? start : 0;
        ssize_t length = pread(log->file, bytes, (size_t)(end - start), start);
        if (length != end - start)
            return 0;
        for (ssize_t i = length; i-- > 0;)
            if (bytes[i] == '\n' && start + i + 1 < log->size && --lines == 0)
                return start + i + 1;
        end = start;
    }
    return 0;
}

/* Sends a part of a line, without its time unless that is wanted. */
static void send_part(struct log_feed *reader, struct text *out,
                      const char *bytes, size_t length)
{
    size_t skip = MOMENT_NANO_LENGTH + 1;
    if (reader->inside || reader->options.timestamps)
        skip = 0;
    text_append(out, bytes + skip, length - skip);
    reader->inside = bytes[length - 1] != '\n';
}

/* Takes the line, or part of a line, at the beginning of the bytes; its length,
 * or 0 when more bytes are needed to tell its time. */
static size_t take_line(struct log_feed *reader, struct text *out,
                        const char *bytes, size_t length)
{
    const char *end = memchr(bytes, '\n', length);
    size_t line = end ? (size_t)(end - bytes) + 1 : length;
    bool begins = !reader->inside && !reader->dropping;
    if (begins && line <= MOMENT_NANO_LENGTH && !end)
        return 0;
    if (begins && !reader->found)
        reader->dropping = memcmp(bytes, reader->since, MOMENT_NANO_LENGTH) < 0;
    if (reader->dropping) {
        reader->dropping = !end;
        return line;
    }
    reader->found = true;
    send_part(reader, out, bytes, line);
    return line;
}

static size_t take_lines(struct log_feed *reader, struct text *out,
                         const char *bytes, size_t length)
{
    size_t taken = 0;
    while (taken < length) {
        size_t line = take_line(reader, out, bytes + taken, length - taken);
        if (line == 0)
            break;
        taken += line;
    }
    return taken;
}

/* Keeps the body within the limit; whether it is reached. */
static bool apply_limit(struct log_feed *reader, struct text *out,
                        size_t before)
{
    if (reader->options.limit < 0)
        return false;
    int64_t made = (int64_t)(out->length - before);
    if (made < reader->options.limit) {
        reader->options.limit -= made;
        return false;
    }
    if (made > reader->options.limit) {
        out->length = before + (size_t)reader->options.limit;
        out->data[out->length] = '\0';
    }
    reader->options.limit = 0;
    return true;
}

static enum feed_state fill(struct feed *feed, struct cluster *cluster,
                            struct text *out)
{
    struct log_feed *reader = (struct log_feed *)feed;
    const struct log_file *log = reader->log;
    (void)cluster;
    int64_t end = reader->options.follow ? log->size : reader->end;
    size_t wanted = FEED_STEP;
    if (end - reader->offset < FEED_STEP)
        wanted = (size_t)(end - reader->offset);
    char *bytes = memory_allocate(wanted + 1);
    ssize_t length = pread(log->file, bytes, wanted, reader->offset);
    size_t before = out->length;
    size_t taken =
        length > 0 ? take_lines(reader, out, bytes, (size_t)length) : 0;
    memory_free(bytes);
    reader->offset += (int64_t)taken;
    if (apply_limit(reader, out, before))
        return FEED_END;
    if (taken > 0 && reader->offset < end)
        return FEED_MORE;
    return reader->options.follow && !log->ended ? FEED_IDLE : FEED_END;
}

static void close_feed(struct feed *feed)
{
    struct log_feed *reader = (struct log_feed *)feed;
    log_file_release(reader->log);
    memory_free(reader);
}

struct feed *log_feed_open(struct log_file *log,
                           const struct log_feed_options *options)
{
    struct log_feed *reader = memory_allocate(sizeof *reader);
    reader->feed = (struct feed){.fill = fill, .close = close_feed};
    reader->log = log_file_hold(log);
    reader->options = *options;
    reader->end = log->size;
    reader->offset = find_tail(log, options->tail);
    moment_print_nano(options->since, reader->since);
    return &reader->feed;
}
