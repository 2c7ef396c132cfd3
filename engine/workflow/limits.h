#pragma once
/* Ceilings of a workflow, and why. */
enum {
    WORKFLOW_PARAMETERS_LIMIT = 500, /* spec.config: a page of them is many */
    WORKFLOW_PARAMETER_BYTES_LIMIT = 128 * 1024, /* one environment variable */
    WORKFLOW_DEFAULT_DEPTH_LIMIT = 20, /* defaults that refer to defaults */
    TEMPLATES_LIMIT = 1000,     /* that may be used: a large folder of them */
    TEMPLATES_USES_LIMIT = 500, /* of one workflow: a page of steps is many */
    TEMPLATES_DEPTH_LIMIT = 16, /* templates used by templates */
    TEMPLATES_NODES_LIMIT = 50000,            /* values that come of them all */
    WORKFLOW_LOCATE_LIMIT = 64 * 1024 * 1024, /* bytes scanned for the places of
        lints; later ones are placed where their text begins */
    WORKFLOW_ARGUMENTS_LIMIT = 20, /* in which `sh -c` is looked for */
    WORKFLOW_IGNORES_LIMIT = 1000, /* codes of comments: a file has few */
};
