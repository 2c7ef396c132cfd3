/*
 * Data is found between holes, and copied by copy_file_range, which shares blocks
 * where the file system can; where the kernel refuses that, by read and write.
 */
#include "engine/entrypoint/copy.h"

#include <errno.h>
#include <unistd.h>

#include "engine/base/file.h"

enum { PIECE = 16 * 1024 * 1024, BUFFER = 64 * 1024 };

/* What file systems and sandboxes say that cannot do it. */
static bool is_refusal(int number)
{
    return number == EXDEV || number == EINVAL || number == ENOSYS ||
           number == EOPNOTSUPP || number == EPERM || number == EBADF;
}

static enum copy_end by_hand(int from, off_t at, int to, off_t place,
                             off_t *done, off_t size)
{
    static char bytes[BUFFER];
    size_t wanted = size < BUFFER ? (size_t)size : BUFFER;
    ssize_t length;
    do
        length = pread(from, bytes, wanted, at);
    while (length < 0 && errno == EINTR);
    errno = length == 0 ? 0 : errno;
    if (length <= 0)
        return COPY_UNREADABLE;
    for (ssize_t written = 0; written < length;) {
        ssize_t part = pwrite(to, bytes + written, (size_t)(length - written),
                              place + written);
        if (part < 0 && errno != EINTR)
            return COPY_UNWRITABLE;
        written += part > 0 ? part : 0;
    }
    *done = length;
    return COPY_DONE;
}

/* Copies some of the `size` bytes; *done says how many. */
static enum copy_end copy_some(int from, off_t at, int to, off_t place,
                               off_t *done, off_t size)
{
    static bool refused;
    while (!refused) {
        off_t input = at, output = place;
        size_t wanted = size < PIECE ? (size_t)size : PIECE;
        ssize_t length = copy_file_range(from, &input, to, &output, wanted, 0);
        if (length > 0) {
            *done = length;
            return COPY_DONE;
        }
        if (length == 0)
            break;
        if (errno == EINTR)
            continue;
        if (!is_refusal(errno))
            break; /* by hand it is seen which side it is */
        refused = true;
    }
    return by_hand(from, at, to, place, done, size);
}

/* The next data at or behind `at`: false when there is none before `size`. */
static bool next_data(int from, off_t *at, off_t *end, off_t size)
{
    off_t data = lseek(from, *at, SEEK_DATA);
    *end = size;
    if (data < 0)
        return errno != ENXIO; /* not known: all of it is data */
    off_t hole = lseek(from, data, SEEK_HOLE);
    if (hole > data && hole < size)
        *end = hole;
    *at = data;
    return data < size;
}

enum copy_end copy_bytes(int from, int to, off_t place, off_t size,
                         const struct copy_stop *stop)
{
    if (ftruncate(to, place + size) < 0)
        return COPY_UNWRITABLE;
    off_t end;
    for (off_t at = 0; at < size && next_data(from, &at, &end, size);)
        while (at < end) {
            off_t done = 0;
            if (stop->is_wanted(stop->context))
                return COPY_STOPPED;
            enum copy_end result =
                copy_some(from, at, to, place + at, &done, end - at);
            if (result != COPY_DONE)
                return result;
            at += done;
        }
    return COPY_DONE;
}
