/*
 * A descriptor in, another out, and the digest of what was written. One buffer
 * each way, whatever the size. gzip by zlib with a header that says nothing of
 * where and when it was made, so that equal files stay equal.
 */
#include <errno.h>
#include <unistd.h>

#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/history/copy.h"
#include "engine/history/packing.h"

enum {
    PIECE = 64 * 1024,
    WINDOW = 15 + 16, /* the largest, with a header of gzip */
    MEMORY = 8,
    SYSTEM_UNKNOWN = 255,
};

struct copying {
    int source, target;
    struct digest_stream *digest;
    int64_t read, written;
    int64_t limit;
    struct error *error;
    unsigned char in[PIECE], out[PIECE];
};

static void copying_free(struct copying *copying)
{
    digest_stream_free(copying->digest);
    memory_free(copying);
}
DEFINE_CLEANUP(struct copying *, copying_free);

static int put(struct copying *copying, const unsigned char *bytes,
               size_t length)
{
    digest_stream_add(copying->digest, bytes, length);
    copying->written += (int64_t)length;
    if (file_write_all(copying->target, (const char *)bytes, length) == 0)
        return 0;
    return error_set_system(copying->error, "cannot write the copy");
}

/* The next bytes into `in`: how many, 0 at the end, -1. */
static ptrdiff_t take(struct copying *copying)
{
    ssize_t count;
    do
        count = read(copying->source, copying->in, PIECE);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return error_set_system(copying->error, "cannot read the file");
    copying->read += count;
    if (copying->read > copying->limit)
        return error_set(copying->error, ERROR_INPUT,
                         "it has more than %lld bytes",
                         (long long)copying->limit);
    return count;
}

static int copy_plain(struct copying *copying)
{
    ptrdiff_t count;
    while ((count = take(copying)) > 0)
        if (put(copying, copying->in, (size_t)count) != 0)
            return -1;
    return (int)count;
}

/* Writes what zlib makes of its input until it wants more, or has ended. */
static int drain(struct copying *copying, z_stream *packer, int flush)
{
    do {
        packer->next_out = copying->out;
        packer->avail_out = PIECE;
        int result = zlib.deflate(packer, flush);
        if (result == Z_STREAM_ERROR)
            return error_set(copying->error, ERROR_SYSTEM, "zlib failed: %s",
                             packer->msg ? packer->msg : "no reason given");
        if (put(copying, copying->out, PIECE - packer->avail_out) != 0)
            return -1;
    } while (packer->avail_out == 0);
    return 0;
}

static int pack(struct copying *copying, z_stream *packer)
{
    for (;;) {
        ptrdiff_t count = take(copying);
        if (count < 0)
            return -1;
        packer->next_in = copying->in;
        packer->avail_in = (unsigned)count;
        if (drain(copying, packer, count > 0 ? Z_NO_FLUSH : Z_FINISH) != 0)
            return -1;
        if (count == 0)
            return 0;
    }
}

static int copy_gzip(struct copying *copying)
{
    gz_header header = {.os = SYSTEM_UNKNOWN};
    z_stream packer = {0};
    if (zlib_load(copying->error) != 0)
        return -1;
    if (zlib.deflateInit2_(&packer, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW,
                           MEMORY, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                           (int)sizeof packer) != Z_OK)
        return error_set(copying->error, ERROR_SYSTEM, "zlib cannot start");
    int result =
        zlib.deflateSetHeader(&packer, &header) == Z_OK
            ? pack(copying, &packer)
            : error_set(copying->error, ERROR_SYSTEM, "zlib takes no header");
    zlib.deflateEnd(&packer);
    return result;
}

int copy_file(int source, int target, int64_t limit, enum copy_form form,
              struct copied *copied, struct error *error)
{
    CLEANUP(copying_free)
    struct copying *copying = memory_allocate(sizeof *copying);
    copying->source = source;
    copying->target = target;
    copying->limit = limit;
    copying->error = error;
    copying->digest = digest_stream_new();
    if ((form == COPY_GZIP ? copy_gzip(copying) : copy_plain(copying)) != 0)
        return -1;
    struct digest digest = digest_stream_end(copying->digest);
    digest_print(&digest, copied->hex);
    copied->size = copying->written;
    return 0;
}
