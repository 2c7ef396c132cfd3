#include "cli/lines.h"

#include <string.h>

static int write_line(const struct lines *lines, const char *bytes,
                      size_t length)
{
    FILE *stream = lines->stream;
    size_t prefix = strlen(lines->prefix);
    if (fwrite(lines->prefix, 1, prefix, stream) != prefix ||
        fwrite(bytes, 1, length, stream) != length ||
        fputc('\n', stream) == EOF)
        return -1;
    return 0;
}

/* A line that has become too long ends here. */
static int cut(struct lines *lines)
{
    int result = 0;
    if (lines->rest.length >= lines->limit) {
        result = write_line(lines, lines->rest.data, lines->rest.length);
        text_clear(&lines->rest);
    }
    return result;
}

int lines_feed(struct lines *lines, const char *bytes, size_t length)
{
    int result = 0;
    while (length > 0) {
        size_t room = lines->limit - lines->rest.length;
        size_t most = length < room ? length : room;
        const char *newline = memchr(bytes, '\n', most);
        size_t count = newline ? (size_t)(newline - bytes) : most;
        text_append(&lines->rest, bytes, count);
        if (newline) {
            if (write_line(lines, text_string(&lines->rest),
                           lines->rest.length) < 0)
                result = -1;
            text_clear(&lines->rest);
            count++;
        } else if (cut(lines) < 0) {
            result = -1;
        }
        bytes += count;
        length -= count;
    }
    return fflush(lines->stream) == 0 ? result : -1;
}

int lines_finish(struct lines *lines)
{
    int result = 0;
    if (lines->rest.length > 0)
        result = write_line(lines, lines->rest.data, lines->rest.length);
    text_free(&lines->rest);
    return fflush(lines->stream) == 0 ? result : -1;
}
