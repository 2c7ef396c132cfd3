#pragma once
/* Bytes of one file into another, without passing through us where the kernel can. */
#include <stdbool.h>
#include <sys/types.h>

#include "engine/base/error.h"

/* Asked every now and then; true: give up. */
struct copy_stop {
    bool (*is_wanted)(void *context);
    void *context;
};

enum copy_end {
    COPY_DONE,
    COPY_UNREADABLE, /* errno says why; 0: it has become shorter */
    COPY_UNWRITABLE, /* errno says why */
    COPY_STOPPED,
};

/* Copies the first `size` bytes of `from` to `to` at `place`; holes stay holes. `to`
 * is made at least place + size bytes long. */
enum copy_end copy_bytes(int from, int to, off_t place, off_t size,
                         const struct copy_stop *stop);
