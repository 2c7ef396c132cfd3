/*
 * Bytes in, requests out; responses in, bytes out. Only whole requests leave here,
 * and only with a Content-Length: API clients send no chunked bodies. Anything
 * unusual ends the connection, so that a client's mistake is noticed.
 */
#include "tests/kube/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *found = c ? strchr(digits, c | 0x20) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Percent-decodes; NULL when a digit is missing or a NUL would come out. */
static const char *decode(struct arena *arena, const char *bytes, size_t length,
                          bool form)
{
    char *out = arena_allocate(arena, length + 1);
    size_t made = 0;
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];
        if (c == '+' && form)
            c = ' ';
        if (c == '%') {
            if (length - i < 3)
                return NULL;
            int high = hex_digit(bytes[i + 1]);
            int low = hex_digit(bytes[i + 2]);
            if (high < 0 || low < 0 || high + low == 0)
                return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        }
        out[made++] = c;
    }
    return out;
}

static int read_path(struct arena *arena, const char *path, size_t length,
                     struct http_request *request)
{
    request->path = arena_copy(arena, path, length);
    for (size_t i = 0; i < length;) {
        if (path[i] == '/') {
            i++;
            continue;
        }
        size_t end = i;
        while (end < length && path[end] != '/')
            end++;
        if (request->segment_count == SERVER_SEGMENTS_LIMIT)
            return -1;
        const char *part = decode(arena, path + i, end - i, false);
        if (!part)
            return -1;
        request->segments[request->segment_count++] = part;
        i = end;
    }
    return 0;
}

static int read_query(struct arena *arena, const char *query, size_t length,
                      struct http_request *request)
{
    for (size_t i = 0; i < length;) {
        const char *part = query + i;
        const char *end = memchr(part, '&', length - i);
        size_t size = end ? (size_t)(end - part) : length - i;
        i += size + 1;
        if (size == 0)
            continue;
        const char *equals = memchr(part, '=', size);
        size_t name = equals ? (size_t)(equals - part) : size;
        size_t rest = equals ? size - name - 1 : 0;
        if (request->query_count == SERVER_QUERY_LIMIT)
            return -1;
        struct http_parameter *parameter =
            &request->query[request->query_count++];
        parameter->name = decode(arena, part, name, true);
        parameter->value = decode(arena, part + size - rest, rest, true);
        if (!parameter->name || !parameter->value)
            return -1;
    }
    return 0;
}

/* "GET /path?query HTTP/1.1" */
static int read_request_line(struct arena *arena, const char *line,
                             size_t length, struct http_request *request)
{
    static const char version[] = " HTTP/1.1";
    const size_t tail = sizeof version - 1;
    const char *space = memchr(line, ' ', length);
    if (!space || length < tail + 3 ||
        memcmp(line + length - tail, version, tail) != 0)
        return -1;
    request->method = arena_copy(arena, line, (size_t)(space - line));
    const char *target = space + 1;
    const char *end = line + length - tail;
    if (target >= end || *target != '/')
        return -1;
    const char *mark = memchr(target, '?', (size_t)(end - target));
    const char *path_end = mark ? mark : end;
    if (read_path(arena, target, (size_t)(path_end - target), request) < 0)
        return -1;
    return mark ? read_query(arena, mark + 1, (size_t)(end - mark - 1), request)
                : 0;
}

static int read_length(const char *text, size_t *length)
{
    char *end = NULL;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno ||
        number > SERVER_BODY_LIMIT)
        return -1;
    *length = number;
    return 0;
}

static int read_header(struct arena *arena, const char *line, size_t length,
                       struct http_request *request)
{
    const char *colon = memchr(line, ':', length);
    if (!colon || colon == line)
        return -1;
    const char *name = arena_copy(arena, line, (size_t)(colon - line));
    const char *start = colon + 1;
    while (start < line + length && (*start == ' ' || *start == '\t'))
        start++;
    const char *value =
        arena_copy(arena, start, (size_t)(line + length - start));
    if (strcasecmp(name, "authorization") == 0)
        request->authorization = value;
    else if (strcasecmp(name, "content-type") == 0)
        request->content_type = value;
    else if (strcasecmp(name, "accept") == 0)
        request->accept = value;
    else if (strcasecmp(name, "connection") == 0)
        request->close = strcasecmp(value, "close") == 0;
    else if (strcasecmp(name, "transfer-encoding") == 0)
        return -1;
    else if (strcasecmp(name, "content-length") == 0)
        return read_length(value, &request->body_length);
    return 0;
}

int http_read(struct arena *arena, const struct text *input,
              struct http_request *request, size_t *used)
{
    *request = (struct http_request){.content_type = "", .accept = ""};
    const char *end = input->length
                          ? memmem(input->data, input->length, "\r\n\r\n", 4)
                          : NULL;
    if (!end)
        return input->length > SERVER_HEADER_LIMIT ? -1 : 0;
    size_t head = (size_t)(end - input->data) + 2;
    if (head > SERVER_HEADER_LIMIT)
        return -1;
    bool first = true;
    for (const char *line = input->data; line < input->data + head;) {
        const char *stop =
            memmem(line, (size_t)(input->data + head - line), "\r\n", 2);
        size_t length = (size_t)(stop - line);
        int result = first ? read_request_line(arena, line, length, request)
                           : read_header(arena, line, length, request);
        if (result < 0)
            return -1;
        first = false;
        line = stop + 2;
    }
    *used = head + 2 + request->body_length;
    if (input->length < *used)
        return 0;
    request->body =
        arena_copy(arena, input->data + head + 2, request->body_length);
    return 1;
}

/* RFC 9110, section 6.6.1, which every server of Go follows. */
static void append_date(struct text *output)
{
    char date[64];
    struct tm parts;
    time_t now = time(NULL);
    gmtime_r(&now, &parts);
    if (strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts) > 0)
        text_append_format(output, "Date: %s\r\n", date);
}

void http_write(struct text *output, const struct http_response *response)
{
    const char *reason = "Unknown";
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].status == response->status)
            reason = reasons[i].reason;
    }
    text_append_format(output,
                       "HTTP/1.1 %d %s\r\n"
                       "Content-Type: %s\r\n",
                       response->status, reason, response->type);
    append_date(output);
    if (response->retry_after > 0)
        text_append_format(output, "Retry-After: %d\r\n",
                           response->retry_after);
    if (response->warning)
        text_append_format(output, "Warning: 299 - \"%s\"\r\n",
                           response->warning);
    if (response->feed) {
        text_append_string(output, "Transfer-Encoding: chunked\r\n\r\n");
        return;
    }
    text_append_format(output, "Content-Length: %zu\r\n\r\n",
                       response->body.length);
    text_append(output, text_string(&response->body), response->body.length);
}

void http_write_chunk(struct text *output, const char *bytes, size_t length)
{
    text_append_format(output, "%zx\r\n", length);
    text_append(output, bytes, length);
    text_append_string(output, "\r\n");
}

const char *http_query(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->query_count; i++) {
        if (strcmp(request->query[i].name, name) == 0)
            return request->query[i].value;
    }
    return NULL;
}

bool http_asks(const struct http_request *request, const char *name)
{
    const char *value = http_query(request, name);
    return value && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

int64_t http_number(const struct http_request *request, const char *name,
                    int64_t fallback)
{
    const char *text = http_query(request, name);
    if (!text || !*text)
        return fallback;
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return *end == '\0' && number >= 0 && !errno ? number : -1;
}

bool http_waits(const struct text *input)
{
    static const char line[] = "\r\nexpect: 100-continue\r\n";
    const char *end = input->length
                          ? memmem(input->data, input->length, "\r\n\r\n", 4)
                          : NULL;
    size_t head = end ? (size_t)(end - input->data) + 4 : 0;
    for (size_t i = 0; i + sizeof line - 1 < head; i++)
        if (strncasecmp(input->data + i, line, sizeof line - 1) == 0)
            return true;
    return false;
}
