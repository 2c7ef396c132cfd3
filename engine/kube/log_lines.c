/*
 * The kubelet's format: "<RFC 3339, nine digits> <text>\n". Lines are handed on as
 * their bytes come, never gathered whole. To go on after a cut, the beginnings of
 * all lines with the last time are kept, and how long each one was; the server is
 * asked for everything since that second.
 *
 *   TIME     at the start of a line, gathering its time
 *   TEXT     inside a line that is handed on
 *   COMPARE  inside a line whose time is the last one known: gathering its
 *            beginning, to see whether it is one of those
 *   SKIP     inside a line that is known: left out, up to `skip` bytes
 *   OTHER    a line without a time: the kubelet's own words
 *
 * Invariant: `resuming` only until the first line that is new.
 */
#include "engine/kube/log_lines.h"

#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/base/text.h"
#include "engine/kube/kube_time.h"
#include "engine/kube/limits.h"

enum log_place {
    PLACE_TIME,
    PLACE_TEXT,
    PLACE_COMPARE,
    PLACE_SKIP,
    PLACE_OTHER
};

enum { OTHER_LIMIT = 1024 };

/* A line with the last time. */
struct last_line {
    size_t begin, length; /* its beginning, in `beginnings` */
    uint64_t total;       /* bytes handed on, without the newline */
    bool ended;           /* its newline was seen */
    bool matched;         /* found again after the cut */
};

struct log_lines {
    struct log_lines_setup setup;
    enum log_place place;
    char head[KUBE_TIME_LONGEST + 1]; /* of the line, while in TIME */
    size_t head_length;
    int64_t last; /* time of the last line handed on */
    struct last_line lines[KUBE_LOG_LINES_LIMIT]; /* those with that time */
    size_t line_count;
    struct text beginnings;
    size_t forgotten; /* lines with that time before those, only counted */
    size_t passed;    /* of them, after the cut */
    bool resuming;
    bool found;       /* while resuming: a line with the last time */
    struct text line; /* while in COMPARE or OTHER */
    uint64_t skip;    /* while in SKIP: of the text; then it is handed on */
    struct last_line *skipped; /* while in SKIP; NULL: the whole line */
    struct text out;
    uint64_t count;
};

struct log_lines *log_lines_new(const struct log_lines_setup *setup)
{
    struct log_lines *lines = memory_allocate(sizeof *lines);
    lines->setup = *setup;
    return lines;
}

void log_lines_free(struct log_lines *lines)
{
    text_free(&lines->beginnings);
    text_free(&lines->line);
    text_free(&lines->out);
    memory_free(lines);
}

int64_t log_lines_since(const struct log_lines *lines)
{
    return lines->last;
}

uint64_t log_lines_count(const struct log_lines *lines)
{
    return lines->count;
}

static int flush(struct log_lines *lines, struct error *error)
{
    if (lines->out.length == 0)
        return 0;
    int result = lines->setup.take(lines->setup.context, lines->out.data,
                                   lines->out.length, error);
    text_clear(&lines->out);
    return result;
}

/* The line that is being handed on: the last of those with the last time. */
static struct last_line *current(struct log_lines *lines)
{
    return &lines->lines[lines->line_count - 1];
}

static int emit(struct log_lines *lines, const char *bytes, size_t length,
                struct error *error)
{
    lines->count += length;
    text_append(&lines->out, bytes, length);
    return lines->out.length < KUBE_LOG_BUFFER ? 0 : flush(lines, error);
}

/* Hands on bytes of the text of the current line. */
static int emit_text(struct log_lines *lines, const char *bytes, size_t length,
                     struct error *error)
{
    struct last_line *line = current(lines);
    size_t room = KUBE_LOG_PREFIX_LIMIT - line->length;
    size_t kept = length < room ? length : room;
    text_append(&lines->beginnings, bytes, kept);
    line->length += kept;
    line->total += length;
    return emit(lines, bytes, length, error);
}

/* A new line with that time begins to be handed on. */
static void begin_line(struct log_lines *lines, int64_t time)
{
    if (time != lines->last)
        lines->forgotten = 0;
    else if (lines->line_count == KUBE_LOG_LINES_LIMIT)
        lines->forgotten += lines->line_count;
    if (time != lines->last || lines->line_count == KUBE_LOG_LINES_LIMIT) {
        lines->line_count = 0;
        text_clear(&lines->beginnings);
    }
    lines->last = time;
    lines->lines[lines->line_count++] =
        (struct last_line){.begin = lines->beginnings.length};
    lines->place = PLACE_TEXT;
}

static int end_line(struct log_lines *lines, struct error *error)
{
    current(lines)->ended = true;
    lines->place = PLACE_TIME;
    lines->head_length = 0;
    return emit(lines, "\n", 1, error);
}

static void skip_line(struct log_lines *lines)
{
    lines->place = PLACE_SKIP;
    lines->skip = UINT64_MAX;
    lines->skipped = NULL;
}

/* A line after the cut that is newer than all that is known. */
static int resume_at(struct log_lines *lines, struct error *error)
{
    if (!lines->resuming)
        return 0;
    lines->resuming = false;
    if (lines->found)
        return 0;
    return lines->setup.note(
        lines->setup.context,
        "the node no longer had the end of what was read before: lines may be "
        "missing here",
        error);
}

/* The time of a line is known. */
static int take_time(struct log_lines *lines, int64_t time, struct error *error)
{
    text_clear(&lines->line);
    if (!lines->resuming) {
        begin_line(lines, time);
        return 0;
    }
    if (time < lines->last) {
        skip_line(lines);
        return 0;
    }
    if (time == lines->last) {
        lines->found = true;
        lines->place = PLACE_COMPARE;
        if (lines->passed++ < lines->forgotten)
            skip_line(lines);
        return 0;
    }
    if (resume_at(lines, error) < 0)
        return -1;
    begin_line(lines, time);
    return 0;
}

/* A line without a time begins. */
static void begin_other(struct log_lines *lines)
{
    text_clear(&lines->line);
    text_append(&lines->line, lines->head, lines->head_length);
    lines->place = PLACE_OTHER;
}

/* Gathers the time of a line. Returns the bytes taken, or -1. */
static ptrdiff_t feed_time(struct log_lines *lines, const char *bytes,
                           size_t length, struct error *error)
{
    size_t taken = 0;
    while (taken < length) {
        char letter = bytes[taken];
        int64_t time;
        if (letter == ' ' &&
            kube_time_read(lines->head, lines->head_length, &time) ==
                lines->head_length &&
            lines->head_length > 0)
            return take_time(lines, time, error) < 0 ? -1
                                                     : (ptrdiff_t)taken + 1;
        if (letter == '\n' || letter == ' ' ||
            lines->head_length == KUBE_TIME_LONGEST) {
            begin_other(lines);
            break;
        }
        lines->head[lines->head_length++] = letter;
        taken++;
    }
    return (ptrdiff_t)taken;
}

/* Whether the gathered beginning (`ended`: the whole line) is that of a line that
 * is known. Of the line that the cut went through only a part is. */
static bool is_same(const struct log_lines *lines,
                    const struct last_line *known, bool ended)
{
    size_t length = lines->line.length;
    bool whole = known->length == known->total;
    if (known->matched || length < known->length ||
        memcmp(text_string(&lines->beginnings) + known->begin,
               text_string(&lines->line), known->length) != 0)
        return false;
    if (!known->ended)
        return true;
    return whole ? ended && length == known->total : !ended;
}

static struct last_line *find_known(struct log_lines *lines, bool ended)
{
    for (size_t i = 0; i < lines->line_count; i++)
        if (is_same(lines, &lines->lines[i], ended))
            return &lines->lines[i];
    return NULL;
}

/* Enough of the line was gathered to decide. The gathered bytes are used up. */
static int decide(struct log_lines *lines, bool ended, struct error *error)
{
    struct last_line *known = find_known(lines, ended);
    if (!known) {
        lines->resuming = false;
        begin_line(lines, lines->last);
        return emit_text(lines, text_string(&lines->line), lines->line.length,
                         error);
    }
    known->matched = true;
    lines->place = PLACE_SKIP;
    lines->skipped = known;
    lines->skip = known->ended ? UINT64_MAX : known->total;
    if (known->ended)
        return 0;
    /* The line that the cut went through: the rest of it is new. */
    size_t length = lines->line.length;
    if (length <= lines->skip) {
        lines->skip -= length;
        return 0;
    }
    size_t old = (size_t)lines->skip;
    lines->skip = 0;
    lines->resuming = false;
    lines->place = PLACE_TEXT;
    return emit_text(lines, text_string(&lines->line) + old, length - old,
                     error);
}

/* Gathers the beginning of a line to compare. Returns the bytes taken, or -1. */
static ptrdiff_t feed_compare(struct log_lines *lines, const char *bytes,
                              size_t length, struct error *error)
{
    /* One more than is kept: only then it is known to be longer. */
    size_t room = KUBE_LOG_PREFIX_LIMIT + 1 - lines->line.length;
    const char *end = memchr(bytes, '\n', length < room ? length : room);
    size_t part = end ? (size_t)(end - bytes) : length < room ? length : room;
    text_append(&lines->line, bytes, part);
    if ((end || part == room) && decide(lines, end != NULL, error) < 0)
        return -1;
    return (ptrdiff_t)part;
}

/* Leaves out what is known. Returns the bytes taken. */
static ptrdiff_t feed_skip(struct log_lines *lines, const char *bytes,
                           size_t length, struct error *error)
{
    (void)error;
    const char *end = memchr(bytes, '\n', length);
    size_t part = end ? (size_t)(end - bytes) : length;
    struct last_line *line = lines->skipped;
    bool rest = line && !line->ended; /* its end is new */
    if (rest && part >= lines->skip && (end || part > lines->skip)) {
        ptrdiff_t taken = (ptrdiff_t)lines->skip;
        lines->skip = 0;
        lines->resuming = false;
        lines->place = PLACE_TEXT; /* it is the current line */
        return taken;
    }
    if (rest)
        lines->skip -= part;
    if (!end)
        return (ptrdiff_t)part;
    lines->place = PLACE_TIME;
    lines->head_length = 0;
    return (ptrdiff_t)part + 1;
}

static ptrdiff_t feed_text(struct log_lines *lines, const char *bytes,
                           size_t length, struct error *error)
{
    const char *end = memchr(bytes, '\n', length);
    size_t part = end ? (size_t)(end - bytes) : length;
    if (emit_text(lines, bytes, part, error) < 0)
        return -1;
    if (!end)
        return (ptrdiff_t)part;
    return end_line(lines, error) < 0 ? -1 : (ptrdiff_t)part + 1;
}

/* Hands on the kubelet's own words as a note. */
static int end_other(struct log_lines *lines, struct error *error)
{
    CLEANUP(text_free) struct text printable = {0};
    text_append_escaped(&printable, text_string(&lines->line),
                        lines->line.length, false);
    text_clear(&lines->line);
    lines->place = PLACE_TIME;
    lines->head_length = 0;
    if (printable.length == 0)
        return 0;
    if (flush(lines, error) < 0)
        return -1;
    return lines->setup.note(lines->setup.context, text_string(&printable),
                             error);
}

static ptrdiff_t feed_other(struct log_lines *lines, const char *bytes,
                            size_t length, struct error *error)
{
    const char *end = memchr(bytes, '\n', length);
    size_t part = end ? (size_t)(end - bytes) : length;
    size_t room = OTHER_LIMIT - lines->line.length;
    text_append(&lines->line, bytes, part < room ? part : room);
    if (!end)
        return (ptrdiff_t)part;
    return end_other(lines, error) < 0 ? -1 : (ptrdiff_t)part + 1;
}

int log_lines_feed(struct log_lines *lines, const char *bytes, size_t length,
                   struct error *error)
{
    static ptrdiff_t (*const feeds[])(struct log_lines *, const char *, size_t,
                                      struct error *) = {
        [PLACE_TIME] = feed_time,       [PLACE_TEXT] = feed_text,
        [PLACE_COMPARE] = feed_compare, [PLACE_SKIP] = feed_skip,
        [PLACE_OTHER] = feed_other,
    };
    while (length > 0) {
        ptrdiff_t taken = feeds[lines->place](lines, bytes, length, error);
        if (taken < 0)
            return -1;
        bytes += taken;
        length -= (size_t)taken;
    }
    return flush(lines, error);
}

int log_lines_cut(struct log_lines *lines, struct error *error)
{
    if (lines->place == PLACE_OTHER && end_other(lines, error) < 0)
        return -1;
    /* A line that was only being compared or skipped is not lost: it comes
     * again. */
    lines->place = PLACE_TIME;
    lines->head_length = 0;
    lines->resuming = lines->last != 0;
    lines->found = false;
    lines->passed = 0;
    for (size_t i = 0; i < lines->line_count; i++)
        lines->lines[i].matched = false;
    return flush(lines, error);
}
