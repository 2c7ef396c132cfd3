/*
 * One request in, one answer out, by libcurl (loaded when it is first needed).
 * Invariants: https, but for a registry of this machine; the body is bounded; curl
 * leaves the authorization out when a redirect leads to another host, as those to
 * the stores of blobs do.
 */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "engine/base/clock.h"
#include "engine/base/curl_library.h"
#include "engine/base/memory.h"
#include "engine/registry/limits.h"
#include "engine/registry/private.h"

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct answer *answer = context;
    size_t length = size * count;
    if (length > REGISTRY_BODY_LIMIT - answer->body.length)
        return CURL_WRITEFUNC_ERROR;
    text_append(&answer->body, bytes, length);
    return length;
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
    static const char name[] = "www-authenticate:";
    struct answer *answer = context;
    size_t length = size * count, prefix = sizeof name - 1;
    if (length > REGISTRY_CHALLENGE_LIMIT)
        return length; /* it cannot be one that we follow */
    if (length <= prefix || strncasecmp(line, name, prefix) != 0)
        return length;
    while (prefix < length && line[prefix] == ' ')
        prefix++;
    size_t end = length;
    while (end > prefix && (unsigned char)line[end - 1] <= ' ')
        end--;
    text_clear(&answer->challenge);
    text_append(&answer->challenge, line + prefix, end - prefix);
    return length;
}

static struct curl_slist *add(const struct curl_library *curl,
                              struct curl_slist *list, const char *name,
                              const char *value)
{
    CLEANUP(text_free) struct text line = {0};
    if (!value)
        return list;
    text_append_format(&line, "%s: %s", name, value);
    struct curl_slist *longer = curl->slist_append(list, text_string(&line));
    assert(longer); /* fails only without memory */
    memory_wipe(line.data, line.length);
    return longer;
}

static void set_options(const struct curl_library *curl, CURL *easy,
                        const char *url, bool here, int64_t left)
{
    const char *schemes = here ? "http,https" : "https";
    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, schemes);
    curl->easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, schemes);
    curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl->easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REGISTRY_REDIRECTS_LIMIT);
    curl->easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl->easy_setopt(easy, CURLOPT_USERAGENT, "assay");
    curl->easy_setopt(easy, CURLOPT_URL, url);
    if (here)
        curl->easy_setopt(easy, CURLOPT_PROXY, "");
    curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                      (long)(REGISTRY_CONNECT_TIME / CLOCK_MILLISECOND));
    curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                      (long)(left / CLOCK_MILLISECOND) + 1);
}

int transfer_get(const struct request *request, struct answer *answer,
                 struct error *error)
{
    char failure[CURL_ERROR_SIZE] = "";
    const struct curl_library *curl =
        curl_library_load("ask a registry for what an image runs", error);
    int64_t left = request->until - clock_monotonic();
    if (!curl)
        return -1;
    answer_free(answer);
    CURL *easy = curl->easy_init();
    assert(easy); /* fails only without memory */
    struct curl_slist *headers = add(curl, NULL, "Accept", request->accept);
    headers = add(curl, headers, "Authorization", request->authorization);
    set_options(curl, easy, request->url, request->here, left > 0 ? left : 0);
    curl->easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, failure);
    curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
    curl->easy_setopt(easy, CURLOPT_WRITEDATA, answer);
    curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl->easy_setopt(easy, CURLOPT_HEADERDATA, answer);
    CURLcode code = curl->easy_perform(easy);
    curl->easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer->status);
    curl->easy_cleanup(easy);
    curl->slist_free_all(headers);
    if (code == CURLE_OK)
        return 0;
    return error_set(error, ERROR_REMOTE, "%.300s",
                     failure[0] ? failure : curl->easy_strerror(code));
}

void answer_free(struct answer *answer)
{
    text_free(&answer->body);
    text_free(&answer->challenge);
    answer->status = 0;
}
