/*
 * jq(): the value as JSON to a jq program, and the list of its results back.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/expression/evaluation.h"
#include "engine/expression/jq_process.h"
#include "engine/expression/lexer.h"

/* A process is started: as much work as this many nodes. */
enum { STEPS_OF_A_PROCESS = 2000 };

const struct value *function_jq(struct call *call)
{
    size_t length;
    const char *program = call_text(call, 1, &length);
    if (!program ||
        evaluation_spend(call->evaluation, call->node, STEPS_OF_A_PROCESS) < 0)
        return NULL;
    if (strlen(program) != length)
        return call_fail(call, "a jq program cannot hold a NUL byte");
    CLEANUP(text_free) struct text input = {0};
    CLEANUP(text_free) struct text output = {0};
    value_append_json(&input, call->values[0]);
    struct error *error = call->evaluation->error;
    if (input.length > EXPRESSION_STRING_LIMIT)
        return call_fail(call, "the value is too large");
    const struct jq_job job = {
        .program = program,
        .input = text_string(&input),
        .length = input.length,
        .limits =
            {
                .time = EXPRESSION_JQ_SECONDS_LIMIT * CLOCK_SECOND,
                .total = EXPRESSION_JQ_SECONDS_TOTAL * CLOCK_SECOND,
                .memory = EXPRESSION_JQ_MEMORY_LIMIT,
                .results = EXPRESSION_STRING_LIMIT,
            },
    };
    if (jq_process_run(&job, &output, error) < 0)
        return call_fail(call, "argument 2");
    if (evaluation_spend(call->evaluation, call->node, output.length / 16) < 0)
        return NULL;
    size_t used;
    struct error unreadable = {0};
    const struct value *results =
        literal_read(call->arena, text_string(&output), output.length, &used, 0,
                     &unreadable);
    if (!results)
        return call_fail(call, "the results: %.150s", unreadable.text);
    return results;
}
