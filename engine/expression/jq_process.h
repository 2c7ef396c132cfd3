#pragma once
/* A jq program, run where it can do no harm. */
#include "engine/base/error.h"
#include "engine/base/text.h"

/* Runs `program` on one JSON value and puts the list of what it gives, as JSON,
 * into `output`. The first call loads libjq (ERROR_SYSTEM when it is missing);
 * each starts a process of its own, which ends before the call does. ERROR_INPUT
 * when the program is wrong, fails, or takes more than its limits allow. */
int jq_process_run(const char *program, const char *input, size_t length,
                   struct text *output, struct error *error) MUST_CHECK;
