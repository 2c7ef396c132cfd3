#pragma once
/* A jq program, run where it can do no harm. */
#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"
#include "engine/base/text.h"

struct jq_limits {
    int64_t time;   /* of one program, nanoseconds */
    int64_t total;  /* of all programs of this process */
    size_t memory;  /* bytes that it may take */
    size_t results; /* bytes of what it gives */
};

/* One JSON value and the program that reads it. */
struct jq_job {
    const char *program;
    const char *input;
    size_t length;
    struct jq_limits limits;
};

/* Puts the list of what the program gives, as JSON, into `output`. The first call
 * loads libjq (ERROR_SYSTEM when it is missing); each starts a process of its own,
 * which ends before the call does. ERROR_INPUT when the program is wrong, fails,
 * or takes more than its limits allow. */
int jq_process_run(const struct jq_job *job, struct text *output,
                   struct error *error) MUST_CHECK;
