#pragma once
/*
 * What a container has printed: a file without a name, each line with the time of
 * its end in front, as a node keeps it. Counted, because readers outlive pods.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"
#include "engine/base/text.h"

enum log_source { LOG_OUTPUT, LOG_COMPLAINTS, LOG_SOURCES };

struct log_file {
    size_t holders;
    int file;
    int64_t size; /* bytes in the file */
    bool ended;   /* nothing more will come */
    bool inside;  /* a line: its beginning has been written */
    int64_t last; /* time of the last line: no line is earlier */
    struct text partial[LOG_SOURCES]; /* lines that have not ended */
};

/* An empty log in the folder, held once. ERROR_SYSTEM. */
struct log_file *log_file_open(const char *folder, struct error *error);
struct log_file *log_file_hold(struct log_file *log);
void log_file_release(struct log_file *log);

/* Takes what was printed to one of the two, at `time`. */
void log_file_add(struct log_file *log, enum log_source source,
                  const char *bytes, size_t length, int64_t time);

/* Nothing more will come: lines without end get one. */
void log_file_end(struct log_file *log, int64_t time);

/* Appends the last lines, without times, as a termination message has them. */
void log_file_tail(const struct log_file *log, struct text *out);
