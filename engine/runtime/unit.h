#pragma once
/*
 * One container of a pod as processes of this machine: bubblewrap with the
 * container's program as pid 1 in it, the program itself, or the client of a
 * container engine.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/runtime/child_process.h"
#include "engine/runtime/machine.h"
#include "engine/runtime/podman.h"
#include "engine/runtime/podspec.h"
#include "engine/runtime/run_folder.h"
#include "engine/runtime/stream.h"

/* What all containers of a run share. */
struct unit_setup {
    const char *bubblewrap;     /* its path; NULL: no sandbox */
    struct podman_setup podman; /* with an engine: its containers */
    const struct machine *machine;
    const struct pod *pod;
    const struct run_folder *folder;
    const struct keeper *keeper;
    const char *kubeconfig; /* its text in a sandbox, else its path; or NULL */
    bool network_none;
};

struct unit {
    struct pod_container *container;
    size_t index; /* in the pod */
    struct process process;
    int info;  /* bubblewrap says the pid of its child here, as JSON; or -1 */
    int latch; /* bubblewrap waits for a byte from here; or -1 */
    char info_text[512];
    size_t info_length;
    pid_t child;      /* the container's program; 0: not known yet */
    int child_handle; /* its pidfd, or -1 */
    struct stream *stream;
    struct text complaint; /* beginning of the standard error */
    bool bare; /* it says nothing of its steps; its errors are output too */
    bool spoke;
    int64_t begun, finished; /* by clock_now */

    /* Of a container of an engine: */
    const struct engine *engine; /* NULL: it is none */
    const char *run_id;
    char *pid_file; /* podman writes the pid of the program there; or NULL */
    int program;    /* its pidfd, or -1 */
    int *folders;   /* of subPaths, open */
    size_t folder_count;
    struct error leftover; /* set: it could not be removed */

    bool started, ended;
    bool told;   /* to end, with SIGTERM */
    bool warned; /* the engine's client was told, before the container began */
    bool killed; /* by us */
    int code;    /* as a shell has it: 128 + signal */
};

/* The unit of a container that was not started yet. `bare`: the plan whose bare
 * step it is, or NULL. */
struct unit unit_make(const struct pod *pod, size_t index, const char *token,
                      const struct plan *bare, struct event_sink *sink);

/* Starts it. In a sandbox its program does not begin before unit_release: much of
 * its start is the making of the sandbox, which can go on meanwhile. ERROR_SYSTEM. */
int unit_start(struct unit *unit, const struct unit_setup *setup,
               struct error *error) MUST_CHECK;

/* Lets the program of a started unit begin. */
void unit_release(struct unit *unit);

/* Takes what bubblewrap says about its child. */
void unit_read_info(struct unit *unit);

/* Tells the container's program to end, once it can hear it; see told. */
void unit_tell(struct unit *unit);

/* Ends it at once with everything in it. */
void unit_kill(struct unit *unit);

/* The process has ended: takes its exit code. */
void unit_reap(struct unit *unit);

/* Kills it when it runs, and frees what it holds. */
void unit_close(struct unit *unit);

/* Whether the container's program was started: what stands on its standard error
 * is its own from then on, and no longer the engine's client's. */
bool unit_has_begun(struct unit *unit);

/* The parts of the above for a container of an engine (unit_container.c). */
int unit_start_container(struct unit *unit, struct arena *arena,
                         const struct unit_setup *setup,
                         struct error *error) MUST_CHECK;
void unit_remove_container(struct unit *unit, struct error *error);
void unit_close_container(struct unit *unit);
