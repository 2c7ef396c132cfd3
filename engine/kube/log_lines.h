#pragma once
/*
 * The bytes of a log as the API sends them, every line behind its time: the
 * times are taken away, and after a cut, when the server begins again a little
 * before, what is known already is left out. Pure; memory is bounded whatever
 * comes in.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/cleanup.h"
#include "engine/base/error.h"

struct log_lines;

struct log_lines_setup {
    void *context;
    int (*take)(void *context, const char *bytes, size_t length,
                struct error *error);
    int (*note)(void *context, const char *text, struct error *error);
};

struct log_lines *log_lines_new(const struct log_lines_setup *setup);
void log_lines_free(struct log_lines *lines);

/* The next bytes of the stream. -1 when a callback failed. */
int log_lines_feed(struct log_lines *lines, const char *bytes, size_t length,
                   struct error *error) MUST_CHECK;

/* The stream was cut (or ended) here; what is fed next is from a new one that
 * begins at log_lines_since. */
int log_lines_cut(struct log_lines *lines, struct error *error) MUST_CHECK;

/* The time of the last line, in nanoseconds since 1970; 0: none came yet. */
int64_t log_lines_since(const struct log_lines *lines);

/* How many bytes have been handed on. */
uint64_t log_lines_count(const struct log_lines *lines);
