#pragma once
/* The ceilings of this module. Each is tested from both sides. */
#include "engine/base/clock.h"

enum {
    /* A control line longer than this is output. The entrypoint's own are
     * under 8 KiB. */
    STREAM_LINE_LIMIT = 64 * 1024,
    STREAM_REFERENCE_LIMIT = 256, /* bytes of a step's ref */
    STREAM_TOKEN_LIMIT = 64,      /* digits of a token */

    /* A pod. Five descriptors a container and one a file have to stay under
     * the usual limit of 1024 open files. */
    POD_CONTAINER_LIMIT = 128,
    POD_VOLUME_LIMIT = 256,
    POD_MOUNT_LIMIT = 256,     /* in one container */
    POD_FILE_LIMIT = 256,      /* in the volumes of one container */
    POD_ARGUMENT_LIMIT = 1024, /* of one container */
    POD_VARIABLE_LIMIT = 2048, /* of one container */

    /* What is read in one go from a container, and of what it says on its
     * standard error (the rest is read and dropped). */
    HOST_READ_SIZE = 64 * 1024,
    HOST_COMPLAINT_LIMIT = 2048,

    ARTIFACT_COUNT_LIMIT = 10000, /* of a run: EVENT_ARTIFACT_LIMIT */
    ARTIFACT_NOTE_LIMIT = 20,     /* notes of a run about what was not kept */

    RESUME_REF_LIMIT = 200, /* bytes of the ref in the name of a file */

    OUTCOME_MESSAGE_LIMIT = 4096, /* a termination message, as Kubernetes */
    OUTCOME_STEP_LIMIT = 10000,
};

/* Bytes of an artifact, and of all those of a run: against a full disk. */
#define ARTIFACT_FILE_LIMIT (INT64_C(8) << 30)
#define ARTIFACT_RUN_LIMIT  (INT64_C(32) << 30)

/* From the first wish to abort (or the deadline) to SIGKILL: the entrypoint
 * itself gives its steps 10 s. */
#define HOST_GRACE       (15 * CLOCK_SECOND)
#define HOST_GRACE_AFTER (60 * CLOCK_SECOND) /* when `after` steps may run */

/* From output to the moment when it should be where others see it. */
#define HOST_REST (CLOCK_SECOND / 4)

/* A container engine. What it says of an image (the whole history of it, too);
 * the length of a name; a line of a file of variables, which podman reads in
 * pieces of 64 KiB; and how long a command of it may take that only looks or
 * removes. */
enum {
    PODMAN_ANSWER_LIMIT = 1024 * 1024,
    PODMAN_REFERENCE_LIMIT = 512,
    PODMAN_LINE_LIMIT = 60 * 1024,
};
#define PODMAN_PATIENCE (20 * CLOCK_SECOND)

/* A pod in a cluster: what it gets to end after it was told to, and what we wait
 * for more than that. The entrypoint gives its steps 10 s. */
#define KUBERNETES_GRACE  (20 * CLOCK_SECOND)
#define KUBERNETES_MARGIN (15 * CLOCK_SECOND)

/* What is waited for its logs to begin before a pod is told to end. */
#define KUBERNETES_LISTEN (3 * CLOCK_SECOND)

/* From the end of a pod to the end of reading its logs. */
#define KUBERNETES_DRAIN (30 * CLOCK_SECOND)

/* What is waited for the Job to say why its pod was ended. The controller gathers
 * changes for a second. */
#define KUBERNETES_REASON (3 * CLOCK_SECOND)

/* How long a pod may take to start, unless said otherwise; how long a Job may be
 * without one before its events are asked why, and how often. */
#define KUBERNETES_START   (300 * CLOCK_SECOND)
#define KUBERNETES_NO_POD  (3 * CLOCK_SECOND)
#define KUBERNETES_REFUSED (10 * CLOCK_SECOND) /* then that is the outcome */
#define KUBERNETES_ASK     (2 * CLOCK_SECOND)

/* How often the events of a pod that does not start are looked at; and how long it
 * may take when they say that an image is on its way: images of browsers have
 * gigabytes. */
#define KUBERNETES_LOOK (5 * CLOCK_SECOND)
#define KUBERNETES_PULL (1800 * CLOCK_SECOND)

/* With a Job for each step: how long the first one stays after its end, with all that
 * the others need; and from an abort to the end of the stages behind it, which may
 * have `after` steps. */
#define KUBERNETES_STAGES_LIFE (INT64_C(7) * 24 * 3600 * CLOCK_SECOND)
#define KUBERNETES_AFTER       (60 * CLOCK_SECOND)

/* A deadline that the cluster does not see to is ours after that. */
#define KUBERNETES_LATE (60 * CLOCK_SECOND)

/* A cluster that does not answer for so long is left alone; the run goes on. */
#define KUBERNETES_BLIND (600 * CLOCK_SECOND)

/* A pod that waits is spoken of after that. */
#define KUBERNETES_TELL (5 * CLOCK_SECOND)

enum { KUBERNETES_WARNING_LIMIT = 16 }; /* of the server, each once */
