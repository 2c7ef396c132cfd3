/*
 * The containers of a pod in, what they say out: each is listened to when its turn has
 * come, and its image is compared with the one that was asked for. What is told of a
 * container twice is said once.
 */
#include "engine/base/clock.h"
#include "engine/runtime/kubernetes.h"

static int take_log(void *context, const char *bytes, size_t length,
                    struct error *error)
{
    struct follower *follower = context;
    struct cluster *cluster = follower->cluster;
    if (follower->stream)
        return stream_feed(follower->stream, bytes, length, error);
    struct event event = {.kind = EVENT_OUTPUT,
                          .time = clock_now(),
                          .step = cluster_bare_step(cluster),
                          .text = bytes,
                          .length = length};
    return event_emit(cluster->containers, &event, error);
}

static int take_log_note(void *context, const char *text, struct error *error)
{
    struct follower *follower = context;
    struct cluster *cluster = follower->cluster;
    return cluster_note(cluster,
                        arena_format(cluster->arena,
                                     "log of container '%s': %.600s",
                                     follower->name, text),
                        NULL, error);
}

static void begin_log(struct follower *follower)
{
    struct cluster *cluster = follower->cluster;
    struct kube_log_setup setup = {
        .namespace_name = cluster->choice.namespace_name,
        .pod = cluster->pod.name,
        .container = follower->name,
        .context = follower,
        .take = take_log,
        .note = take_log_note,
    };
    follower->log = kube_log_start(cluster->options->client, &setup);
}

/* Two digests that differ, as the pod's node sees them. Who may not read nodes
 * does not get to know. */
static int ask_node(struct cluster *cluster, const struct container_view *view,
                    enum image_check *check, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *name = cluster->pod.node;
    struct kube_call call = {
        .method = "GET",
        .path = kube_path(arena, &kube_nodes, NULL, name),
        .what = arena_format(arena, "get node '%.253s'", name),
    };
    if (kube_call_run(cluster->options->client, arena, &call, 1, error) < 0)
        return -1;
    *check = node_view_image(call.object, view);
    return 0;
}

/* Compares the image that runs with the one that was asked for, and records it. */
static int check_image(struct follower *follower,
                       const struct container_view *view, struct error *error)
{
    struct cluster *cluster = follower->cluster;
    if (follower->image_told || !view->started || view->image_id[0] == '\0')
        return 0;
    follower->image_told = true;
    struct container_view asked = *view;
    const char *planned = value_string_at(
        cluster_container(cluster->plan,
                          (size_t)(follower - cluster->followers)),
        "image");
    /* Not what a webhook has made of it. */
    if (planned)
        asked.image = planned;
    enum image_check check = container_view_image(&asked);
    if (check == IMAGE_MISMATCH && ask_node(cluster, &asked, &check, error) < 0)
        return -1;
    struct arena *arena = cluster->arena;
    struct value *data = value_make_map(arena);
    value_set_string(arena, data, "container", view->name);
    value_set_string(arena, data, "image", asked.image);
    value_set_string(arena, data, "imageID", view->image_id);
    value_set_string(arena, data, "check", image_check_name(check));
    const char *text = arena_format(arena, "image of container '%s': %s",
                                    view->name, image_check_name(check));
    if (check == IMAGE_MISMATCH && cluster->cause == STOP_NONE) {
        cluster->cause = STOP_TROUBLE;
        cluster->why_kind = ERROR_TRUST;
        cluster->why =
            arena_format(arena,
                         "container '%s' runs another image than was asked "
                         "for: '%.160s' instead of '%.160s'",
                         view->name, view->image_id, asked.image);
    }
    return cluster_note(cluster, text, data, error);
}

/* One that said `done` has said everything. */
static bool has_said_all(const struct follower *follower)
{
    enum status said;
    return follower->stream && stream_is_done(follower->stream, &said);
}

void cluster_end_log(struct follower *follower)
{
    if (follower->log)
        kube_log_end(follower->log, has_said_all(follower));
}

/* `in_turn`: everything that comes before what this container says was read. */
static int update_follower(struct follower *follower,
                           const struct container_view *view, bool in_turn,
                           struct error *error)
{
    struct cluster *cluster = follower->cluster;
    if (check_image(follower, view, error) != 0)
        return -1;
    if (in_turn && view->started && !follower->log && !cluster->pod_gone)
        begin_log(follower);
    if (view->phase == CONTAINER_ENDED || has_said_all(follower))
        cluster_end_log(follower);
    return follower->stream || !in_turn
               ? 0
               : cluster_tell_bare(follower, view, error);
}

bool cluster_has_read(const struct cluster *cluster, size_t index)
{
    const struct kube_log *log = cluster->followers[index].log;
    if (log)
        return kube_log_is_complete(log) || kube_log_is_lost(log);
    return cluster->pod_gone || index >= cluster->pod.count ||
           !cluster->pod.containers[index].started;
}

/* The containers of the view are those of the plan, in that order. They take
 * turns: those of a chain are started one after another, others wait in silence.
 * Read one after another, what they say comes in the order in which it happened. */
int cluster_update_followers(struct cluster *cluster, struct error *error)
{
    bool in_turn = true;
    for (size_t i = 0; i < cluster->follower_count && i < cluster->pod.count;
         i++) {
        struct follower *follower = &cluster->followers[i];
        const struct container_view *view = &cluster->pod.containers[i];
        if (update_follower(follower, view, in_turn, error) != 0)
            return -1;
        in_turn = in_turn && view->phase == CONTAINER_ENDED &&
                  cluster_has_read(cluster, i);
    }
    return 0;
}
