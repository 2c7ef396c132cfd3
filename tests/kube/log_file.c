/*
 * Bytes in, lines with times out. A line longer than LOG_PART is written in parts
 * of which only the first has a time; a line without end waits for it. No two
 * lines have the same time, so that a reader can tell where it was.
 */
#include "tests/kube/log_file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "tests/kube/limits.h"
#include "tests/kube/moment.h"

struct log_file *log_file_open(const char *folder, struct error *error)
{
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) {
        error_set_system(error, "cannot make a log in '%s'", folder);
        return NULL;
    }
    struct log_file *log = memory_allocate(sizeof *log);
    log->holders = 1;
    log->file = file;
    return log;
}

struct log_file *log_file_hold(struct log_file *log)
{
    log->holders++;
    return log;
}

void log_file_release(struct log_file *log)
{
    if (!log || --log->holders > 0)
        return;
    close(log->file);
    for (size_t i = 0; i < LOG_SOURCES; i++)
        text_free(&log->partial[i]);
    memory_free(log);
}

/* A disk that is full loses lines, as on a node. */
static void write_out(struct log_file *log, struct text *out)
{
    if (out->length > 0 &&
        file_write_all(log->file, out->data, out->length) == 0)
        log->size += (int64_t)out->length;
    text_clear(out);
}

/* Puts the time of a line in front of it. Times are counted up by one in the
 * text itself, which is much cheaper than printing each. */
struct stamp {
    char text[MOMENT_NANO_LENGTH + 2];
    int64_t time;
};

static struct stamp make_stamp(int64_t time)
{
    struct stamp stamp = {.time = time};
    moment_print_nano(time, stamp.text);
    stamp.text[MOMENT_NANO_LENGTH] = ' ';
    return stamp;
}

static void advance(struct stamp *stamp)
{
    char *digit = stamp->text + MOMENT_NANO_LENGTH - 2;
    stamp->time++;
    while (*digit == '9')
        *digit-- = '0';
    if (*digit == '.')
        *stamp = make_stamp(stamp->time);
    else
        ++*digit;
}

/* Adds a piece of a line, and its end when it is the last. */
static void add_piece(struct log_file *log, struct text *out,
                      struct stamp *stamp, const char *bytes, size_t length)
{
    if (!log->inside) {
        text_append(out, stamp->text, MOMENT_NANO_LENGTH + 1);
        advance(stamp);
    }
    text_append(out, bytes, length);
    log->inside = length > 0 && bytes[length - 1] != '\n';
}

void log_file_add(struct log_file *log, enum log_source source,
                  const char *bytes, size_t length, int64_t time)
{
    CLEANUP(text_free) struct text out = {0};
    struct text *partial = &log->partial[source];
    struct stamp stamp = make_stamp(time > log->last ? time : log->last + 1);
    while (length > 0) {
        const char *end = memchr(bytes, '\n', length);
        size_t piece = end ? (size_t)(end - bytes) + 1 : length;
        bool waits = partial->length > 0;
        if (piece > LOG_PART - partial->length)
            piece = LOG_PART - partial->length;
        bool whole =
            bytes[piece - 1] == '\n' || piece + partial->length == LOG_PART;
        if (waits || !whole)
            text_append(partial, bytes, piece);
        if (whole && waits)
            add_piece(log, &out, &stamp, partial->data, partial->length);
        else if (whole)
            add_piece(log, &out, &stamp, bytes, piece);
        if (whole)
            text_clear(partial);
        bytes += piece;
        length -= piece;
    }
    log->last = stamp.time;
    write_out(log, &out);
}

void log_file_end(struct log_file *log, int64_t time)
{
    CLEANUP(text_free) struct text out = {0};
    struct stamp stamp = make_stamp(time > log->last ? time : log->last + 1);
    for (size_t i = 0; i < LOG_SOURCES; i++) {
        if (log->partial[i].length > 0) {
            text_append_character(&log->partial[i], '\n');
            add_piece(log, &out, &stamp, log->partial[i].data,
                      log->partial[i].length);
        }
        text_free(&log->partial[i]);
    }
    if (log->inside)
        text_append_character(&out, '\n');
    log->inside = false;
    log->last = stamp.time;
    write_out(log, &out);
    log->ended = true;
}

void log_file_tail(const struct log_file *log, struct text *out)
{
    char bytes[2 * LOG_TAIL_BYTES + 1];
    int64_t start = log->size - (int64_t)sizeof bytes + 1;
    ssize_t length =
        pread(log->file, bytes, sizeof bytes - 1, start > 0 ? start : 0);
    CLEANUP(text_free) struct text lines = {0};
    size_t count = 0;
    bytes[length > 0 ? length : 0] = '\0';
    const char *at = bytes;
    if (start > 0)
        at = strchr(bytes, '\n') ? strchr(bytes, '\n') + 1 : bytes + length;
    while (*at) {
        size_t line = strcspn(at, "\n") + 1;
        if (line > MOMENT_NANO_LENGTH + 1)
            text_append(&lines, at + MOMENT_NANO_LENGTH + 1,
                        line - MOMENT_NANO_LENGTH - 1);
        at += line - (at[line - 1] == '\0');
    }
    size_t first = lines.length;
    while (first > 0 && lines.length - first < LOG_TAIL_BYTES) {
        if (lines.data[first - 1] == '\n' && first < lines.length &&
            ++count == LOG_TAIL_LINES)
            break;
        first--;
    }
    if (lines.length > 0)
        text_append(out, lines.data + first, lines.length - first);
}
