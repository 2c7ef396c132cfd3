#pragma once
/* Ceilings of a plan, and why. */
enum {
    PLAN_STEPS_LIMIT = 10000,           /* the entrypoint's own ceiling */
    PLAN_DEPTH_LIMIT = 32,              /* groups in groups */
    PLAN_CONTAINERS_LIMIT = 100,        /* of one pod */
    PLAN_SECRETS_LIMIT = 1000,          /* the entrypoint's own ceiling */
    PLAN_SECRET_REFERENCES_LIMIT = 100, /* variables of each container */
    PLAN_SEQUENCE_MULTIPLE = 2,         /* of the largest: then chained */
    PLAN_CLAIMS_LIMIT = 100,            /* volumes of a pod */
    PLAN_PATH_LIMIT = 1024,             /* of a file in a container */
    PLAN_RUN_BYTES_LIMIT = 900 * 1024,  /* a ConfigMap holds 1 MiB */
    /* of an archive as it is sent, of its content, and of each file in it */
    PLAN_ARCHIVE_BYTES_LIMIT = 1024 * 1024 * 1024,
    PLAN_RUN_INDENT_LIMIT = 256 * 1024,   /* larger ones are not for people */
    PLAN_SECRET_BYTES_LIMIT = 900 * 1024, /* a Secret holds 1 MiB */
};
