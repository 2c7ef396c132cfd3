#pragma once
/* Ceilings of what one container carries out, and why. */
enum {
    ENTRYPOINT_RUN_LIMIT =
        1024 * 1024, /* run.json: a ConfigMap holds no more */
    ENTRYPOINT_STATUS_LIMIT = 4 * 1024 * 1024, /* status.json: all steps */
    ENTRYPOINT_STEPS_LIMIT = 10000,
    ENTRYPOINT_DEPTH_LIMIT = 45, /* groups in groups; JSON may nest to 100 */
    ENTRYPOINT_CONTAINERS_LIMIT = 100,   /* of one pod */
    ENTRYPOINT_ENVIRONMENT_LIMIT = 2000, /* variables of one step */
    ENTRYPOINT_ARGUMENTS_LIMIT = 10000,  /* of one command */
    ENTRYPOINT_SECRETS_LIMIT = 1000,
    ENTRYPOINT_RETRY_LIMIT = 1000,
    ENTRYPOINT_REF_LIMIT = 320,     /* bytes: five for each level */
    ENTRYPOINT_LINES_LIMIT = 8000,  /* of secrets with several, masked singly */
    ENTRYPOINT_WORDS_LIMIT = 16000, /* masked: the lines and all forms */
    ENTRYPOINT_TERMINATION_LIMIT = 4096, /* bytes, by Kubernetes */
    ENTRYPOINT_SCRIPT_ARGUMENT_LIMIT =
        100 * 1024,                     /* execve: 128 KiB a string */
    ENTRYPOINT_OUTPUT_STEP = 64 * 1024, /* one read of output */
};
