#pragma once
/* Ceilings of what one container carries out, and why. */
enum {
    ENTRYPOINT_RUN_LIMIT =
        1024 * 1024, /* run.json: a ConfigMap holds no more */
    /* The journal of all steps: start, end, and held time of groups. */
    ENTRYPOINT_STATUS_LIMIT = 16 * 1024 * 1024,
    ENTRYPOINT_ANNOTATIONS_LIMIT = 2 * 1024 * 1024, /* 256 KiB, escaped */
    ENTRYPOINT_STEPS_LIMIT = 10000,
    ENTRYPOINT_DEPTH_LIMIT = 45, /* groups in groups; JSON may nest to 100 */
    ENTRYPOINT_CONTAINERS_LIMIT = 100,   /* of one pod */
    ENTRYPOINT_ENVIRONMENT_LIMIT = 2000, /* variables of one step */
    ENTRYPOINT_ARGUMENTS_LIMIT = 10000,  /* of one command */
    ENTRYPOINT_SECRETS_LIMIT = 1000,
    ENTRYPOINT_RETRY_LIMIT = 1000,
    ENTRYPOINT_REF_LIMIT = 320,     /* bytes: five for each level */
    ENTRYPOINT_LINES_LIMIT = 8000,  /* of secrets with several, masked singly */
    ENTRYPOINT_WORDS_LIMIT = 48000, /* masked: the lines and all forms */
    ENTRYPOINT_TERMINATION_LIMIT = 4096, /* bytes, by Kubernetes */
    ENTRYPOINT_SCRIPT_ARGUMENT_LIMIT =
        100 * 1024,                         /* execve: 128 KiB a string */
    ENTRYPOINT_OUTPUT_LIMIT = 4096,         /* bytes of one output of a step */
    ENTRYPOINT_OUTPUT_FILES_LIMIT = 100,    /* outputs of one attempt */
    ENTRYPOINT_OUTPUTS_LIMIT = 1024 * 1024, /* bytes, of all steps */
    ENTRYPOINT_MOUNTS_LIMIT = 4 * 1024 * 1024,
    ENTRYPOINT_ARTIFACTS_LIMIT = 10000, /* files that one leaf keeps */
    ENTRYPOINT_OUTPUT_STEP = 64 * 1024, /* one read of output */
};

/* Bytes of all files that one leaf keeps: the state folder is on the node's disk. */
#define ENTRYPOINT_ARTIFACT_BYTES (INT64_C(10) * 1024 * 1024 * 1024)
