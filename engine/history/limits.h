#pragma once
/* Ceilings of the history, and why. Tested from both sides. */
enum {
    HISTORY_ID_LIMIT = 39,            /* characters: history_entry.id */
    HISTORY_CHUNK_LIMIT = 256 * 1024, /* output in one chunk, as in the SQL */
    HISTORY_BODY_LIMIT = 4 * 1024 * 1024, /* one event as JSON: a big plan */
    HISTORY_BUSY_LIMIT = 20000, /* ms that a writer waits for another */
    HISTORY_FLUSH_EVERY = 1000, /* ms: output that waits at most so long
                                          * when more of it comes */
};
