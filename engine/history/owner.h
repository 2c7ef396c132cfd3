#pragma once
/*
 * Which process writes a run, said in a way that stays true after a reboot and
 * when process ids are used again.
 */
#include <stdbool.h>
#include <stdint.h>

struct owner {
    int64_t process;  /* pid */
    int64_t start;    /* clock ticks after boot; 0: not known */
    char space[64];   /* pid namespace; "" : not known */
    char boot[64];    /* boot id of the kernel; "": not known */
    char machine[80]; /* machine id, or host name */
};

/* This process. */
void owner_self(struct owner *owner);

/* A pidfd of the process, when it is the one that is meant and runs on this machine
 * in our pid namespace; -1 with errno, ESRCH when it is not. The caller closes it. */
int owner_open(const struct owner *owner);

/* Why the process is certain to have ended, in words; NULL: it may still run. */
const char *owner_fate(const struct owner *owner);

/* True when it is certain that the process has ended: it was on this machine
 * before a restart, or it is not among the processes that we can see. */
bool owner_is_gone(const struct owner *owner);
