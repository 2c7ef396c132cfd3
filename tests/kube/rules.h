#pragma once
/*
 * What the server does wrong on purpose, from a YAML or JSON list of rules. A
 * member that is absent fits everything; names are patterns with * and ?.
 *
 *   - {verb: list, resource: pods, namespace: shop, status: 403}
 *   - {action: cut, verb: watch, resource: jobs, bytes: 1000, times: 2}
 *   - {action: pull-error, image: "*broken*", message: manifest unknown}
 *
 * What it fits:
 *   verb       get, list, watch, create, update, patch, delete,
 *              deletecollection
 *   resource   the plural, or PLURAL/PART as in pods/log
 *   namespace, name, container, image
 *   skip: n    not the first n times that it fits
 *   times: n   then only n times
 * What happens (action, and the members that it reads):
 *   refuse              the default: `status` (403) with `message` and, in
 *                       seconds, `retryAfter`
 *   answer-late         the answer waits for `delay`
 *   lose-answer         the request is carried out, the connection closed
 *   cut                 the body of the answer ends after `bytes`: at once, or
 *                       in good order when `clean`; with `stall` a stream says
 *                       nothing more, as one does whose log was rotated away
 *   expire              a watch: one ERROR event with code 410, at the beginning
 *   refuse-pod          the Job controller: cannot create the pod, `message`
 *   put-container       a webhook: each new pod gets one more container in front,
 *                       named `put`, that runs the script `message`; with
 *                       `initial` an initContainer
 *   rewrite-image       a webhook: the image gets another `digest`
 *   unschedulable       the scheduler: no node fits, `message`
 *   pull-error          the kubelet: ErrImagePull, then ImagePullBackOff; with
 *                       `times: n` the pull succeeds after n tries
 *   pull-slowly         the kubelet: the pull takes `delay`
 *   invalid-image-name  the kubelet: InvalidImageName
 *   start-error         the kubelet: the container cannot be created,
 *                       StartError, exit code 128, `message`
 *   out-of-memory       the container is killed `delay` after its start:
 *                       OOMKilled, 137
 *   evict               the pod is killed `delay` after its start: Evicted,
 *                       `message`
 *   lose-node           `delay` after the pod's start the node says nothing
 *                       more: status and logs stay as they are, and only a
 *                       deletion with grace 0 takes the pod away
 *   image               what is known of an image: `digest` as imageID (none:
 *                       that of the reference, or one made up) and `user`, the
 *                       uid it runs as
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

enum action {
    ACTION_REFUSE,
    ACTION_ANSWER_LATE,
    ACTION_LOSE_ANSWER,
    ACTION_CUT,
    ACTION_EXPIRE,
    ACTION_REFUSE_POD,
    ACTION_PUT_CONTAINER,
    ACTION_REWRITE_IMAGE,
    ACTION_UNSCHEDULABLE,
    ACTION_PULL_ERROR,
    ACTION_PULL_SLOWLY,
    ACTION_INVALID_IMAGE_NAME,
    ACTION_START_ERROR,
    ACTION_OUT_OF_MEMORY,
    ACTION_EVICT,
    ACTION_LOSE_NODE,
    ACTION_IMAGE,
    ACTIONS,
};

/* What happens, told to the rules. NULL: unknown, only rules that do not ask for
 * it fit. */
struct occasion {
    const char *verb;
    const char *resource;
    const char *namespace_name;
    const char *name;
    const char *container;
    const char *image;
};

struct rule {
    enum action action;
    struct occasion pattern; /* NULL: any */
    int64_t skip, times;     /* times: -1 is for ever */
    int status;
    int retry_after;
    const char *message; /* NULL: what a real server says */
    const char *digest;
    const char *put;
    int64_t user; /* -1: not said */
    int64_t bytes;
    int64_t delay; /* nanoseconds */
    bool clean, stall, initial;
};

struct rules {
    struct arena *arena; /* of the rules; NULL: none yet */
    struct rule *items;
    size_t count;
};

/* Adds the rules of a file, or of a document. -1 with what is wrong; the rules
 * are then as before. */
int rules_load(struct rules *rules, const char *path,
               struct error *error) MUST_CHECK;
int rules_add(struct rules *rules, const struct value *list,
              struct error *error) MUST_CHECK;

/* Forgets all rules. */
void rules_clear(struct rules *rules);

/* The first rule of that action that fits and is not used up, or NULL; uses it
 * once. Valid until the next change of the rules. */
const struct rule *rules_use(struct rules *rules, enum action action,
                             const struct occasion *occasion);

/* Whether such a rule is there; uses nothing. */
const struct rule *rules_find(const struct rules *rules, enum action action,
                              const struct occasion *occasion);
