#pragma once
/* Ceilings of a workflow, and why. */
enum {
    WORKFLOW_PARAMETERS_LIMIT = 500, /* spec.config: a page of them is many */
    WORKFLOW_PARAMETER_BYTES_LIMIT = 128 * 1024, /* one environment variable */
    WORKFLOW_DEFAULT_DEPTH_LIMIT = 20, /* defaults that refer to defaults */
};
