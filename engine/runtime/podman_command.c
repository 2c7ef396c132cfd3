/*
 * A decoded container in, argv and environment out. Everything from the workflow
 * stands behind `--option=`, or behind the image, where no option can begin; the
 * image's name is checked so that it is one.
 */
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/text.h"
#include "engine/runtime/limits.h"
#include "engine/runtime/podman.h"
#include "engine/runtime/sandbox.h"

#define OWN_PREFIX "ASSAY_"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* passthrough: the container's program writes to our pipe itself, so that there
 * is no copy in between, and an engine that is killed leaves nobody to write. */
static const char *const podman_first[] = {
    "--log-level=error",
    "run",
    "--rm",
    "--quiet",
    "--no-healthcheck",
    "--log-driver=passthrough",
    "--http-proxy=false",
};
static const char *const docker_first[] = {
    "run",
    "--rm",
    "--no-healthcheck",
    "--log-driver=none",
};

static const char *const pull_words[] = {
    [PULL_AS_PLANNED] = NULL,
    [PULL_MISSING] = "missing",
    [PULL_ALWAYS] = "always",
    [PULL_NEVER] = "never",
};

static const struct {
    const char *policy, *word;
} pull_policies[] = {
    {"IfNotPresent", "missing"},
    {"Always", "always"},
    {"Never", "never"},
};

void podman_add(struct podman_words *words, const char *word)
{
    /* One more for the NULL at the end. */
    size_t size = (words->count + 1) * sizeof *words->items;
    words->items =
        arena_grow(words->arena, words->items, words->items ? size : 0,
                   size + sizeof *words->items);
    words->items[words->count++] = word;
}

static void add_list(struct podman_words *words, const char *const *list,
                     size_t count)
{
    for (size_t i = 0; i < count; i++)
        podman_add(words, list[i]);
}

static const char *find_pull(const struct podman_setup *setup,
                             const struct pod_container *container)
{
    const char *policy =
        value_string_at(container->specification, "imagePullPolicy");
    if (pull_words[setup->pull])
        return pull_words[setup->pull];
    for (size_t i = 0; policy && i < LENGTH(pull_policies); i++)
        if (strcmp(pull_policies[i].policy, policy) == 0)
            return pull_policies[i].word;
    return "missing";
}

/* --- mounts ---------------------------------------------------------------- */

/* One --volume. Its parts are separated by colons, which no path may have. */
static int add_volume(struct podman_words *words, const char *source,
                      const char *path, bool read_only, struct error *error)
{
    if (strchr(source, ':') || strchr(path, ':'))
        return error_set(error, ERROR_SYSTEM,
                         "'%.200s' cannot be mounted at '%.200s': a container "
                         "engine takes no path with a ':'",
                         source, path);
    /* z: where SELinux labels files, containers may use these. */
    podman_add(words, arena_format(words->arena, "--volume=%s:%s:%s", source,
                                   path, read_only ? "ro,z" : "z"));
    return 0;
}

static int add_mount(struct podman_words *words,
                     const struct podman_setup *setup,
                     const struct pod_container *container, size_t index,
                     struct error *error)
{
    const struct pod_mount *mount = &container->mounts[index];
    const char *source = sandbox_folder(words->arena, setup->folder->volumes,
                                        setup->pod, mount->volume);
    if (mount->sub_path && setup->sub_paths && setup->sub_paths[index])
        source = setup->sub_paths[index];
    else if (mount->sub_path)
        source = arena_format(words->arena, "%s/%s", source, mount->sub_path);
    return add_volume(words, source, mount->path,
                      mount->read_only || !mount->volume->empty, error);
}

static int add_mounts(struct podman_words *words,
                      const struct podman_setup *setup,
                      const struct pod_container *container, size_t index,
                      struct error *error)
{
    for (size_t i = 0; i < container->mount_count; i++)
        if (add_mount(words, setup, container, i, error) != 0)
            return -1;
    if (setup->kubeconfig) {
        podman_add(words, "--env=KUBECONFIG=" SANDBOX_KUBECONFIG);
        if (add_volume(words, setup->kubeconfig, SANDBOX_KUBECONFIG, true,
                       error) != 0)
            return -1;
    }
    return add_volume(
        words, run_folder_termination(words->arena, setup->folder, index),
        container->termination, false, error);
}

/* --- variables ------------------------------------------------------------- */

/* As Kubernetes has them; to podman a star at the end would mean others too. */
static bool is_plain_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    return name[0] != '\0' && strspn(name, letters) == strlen(name);
}

/* A variable of the client, and its name as an option. */
static void add_own(struct podman_words *words, struct podman_command *command,
                    const struct pod_variable *variable)
{
    podman_add(words, arena_format(words->arena, "--env=%s", variable->name));
    command->variables[command->variable_count++] = *variable;
}

/* A line of the file of variables. */
static int add_line(struct text *content, const struct pod_variable *variable,
                    struct error *error)
{
    size_t length = strlen(variable->name) + strlen(variable->value) + 1;
    if (strpbrk(variable->value, "\r\n"))
        return error_set(error, ERROR_SYSTEM,
                         "the variable '%s' has several lines, which a "
                         "container engine does not take from a file; give it "
                         "to the step's own 'env', or as a file",
                         variable->name);
    if (length >= PODMAN_LINE_LIMIT)
        return error_set(error, ERROR_SYSTEM,
                         "the variable '%s' is longer than the %d bytes that a "
                         "container engine takes",
                         variable->name, PODMAN_LINE_LIMIT);
    text_append_format(content, "%s=%s\n", variable->name, variable->value);
    return 0;
}

static int add_variables(struct podman_words *words,
                         struct podman_command *command,
                         const struct podman_setup *setup,
                         const struct pod_container *container, size_t index,
                         struct error *error)
{
    CLEANUP(text_free) struct text content = {0};
    command->variables =
        arena_allocate(words->arena, (container->variable_count + 1) *
                                         sizeof *command->variables);
    for (size_t i = 0; i < container->variable_count; i++) {
        const struct pod_variable *variable = &container->variables[i];
        if (!is_plain_name(variable->name))
            return error_set(error, ERROR_SYSTEM,
                             "a container engine takes no variable with the "
                             "name '%.200s'",
                             variable->name);
        if (strncmp(variable->name, OWN_PREFIX, strlen(OWN_PREFIX)) == 0)
            add_own(words, command, variable);
        else if (add_line(&content, variable, error) != 0)
            return -1;
    }
    if (content.length == 0)
        return 0;
    command->content =
        arena_copy(words->arena, text_string(&content), content.length);
    memory_wipe(content.data, content.length);
    command->file = arena_format(words->arena, "%s/environment-%zu",
                                 setup->folder->path, index);
    podman_add(words,
               arena_format(words->arena, "--env-file=%s", command->file));
    return 0;
}

/* --- the whole ------------------------------------------------------------- */

static const char *make_name(struct arena *arena, const char *run_id,
                             size_t index)
{
    return arena_format(arena, "assay-%s-%zu", run_id, index);
}

static void add_first(struct podman_words *words,
                      struct podman_command *command,
                      const struct podman_setup *setup,
                      const struct pod_container *container, size_t index)
{
    const struct engine *engine = setup->engine;
    struct arena *arena = words->arena;
    podman_add(words, engine->name);
    if (engine->docker)
        add_list(words, docker_first, LENGTH(docker_first));
    else
        add_list(words, podman_first, LENGTH(podman_first));
    podman_add(words, arena_format(arena, "--name=%s", command->name));
    podman_add(words,
               arena_format(arena, "--label=assay.dev/run=%s", setup->run_id));
    podman_add(words,
               arena_format(arena, "--pull=%s", find_pull(setup, container)));
    podman_add(words,
               setup->network_none ? "--network=none" : "--network=host");
    if (engine->docker)
        return;
    command->pid_file =
        arena_format(arena, "%s/pid-%zu", setup->folder->path, index);
    podman_add(words, arena_format(arena, "--pidfile=%s", command->pid_file));
}

/* The image and what comes after it. `command` of the pod replaces the entrypoint
 * of the image and its command. */
static void add_command_line(struct podman_words *words,
                             const struct podman_command *command,
                             const struct pod_container *container)
{
    struct arena *arena = words->arena;
    size_t first = container->image_command ? 0 : 1;
    if (container->folder)
        podman_add(words,
                   arena_format(arena, "--workdir=%s", container->folder));
    if (first == 1)
        podman_add(words, arena_format(arena, "--entrypoint=%s",
                                       container->arguments[0]));
    podman_add(words, command->image);
    for (size_t i = first; i < container->argument_count; i++)
        podman_add(words, container->arguments[i]);
}

struct podman_command *podman_command_make(struct arena *arena,
                                           const struct podman_setup *setup,
                                           size_t index, struct error *error)
{
    const struct pod_container *container = &setup->pod->containers[index];
    struct podman_command *command = arena_allocate(arena, sizeof *command);
    struct podman_words words = {.arena = arena};
    const char *image = value_string_at(container->specification, "image");
    command->name = make_name(arena, setup->run_id, index);
    command->image = image ? podman_image_name(arena, image) : NULL;
    if (!command->image) {
        error_set(error, ERROR_SYSTEM,
                  "container '%s': '%.200s' is not the name of an image",
                  container->name, image ? image : "");
        return NULL;
    }
    add_first(&words, command, setup, container, index);
    if (podman_add_settings(&words, setup, container, error) != 0 ||
        add_mounts(&words, setup, container, index, error) != 0 ||
        add_variables(&words, command, setup, container, index, error) != 0) {
        error_context(error, "container '%s'", container->name);
        return NULL;
    }
    add_command_line(&words, command, container);
    command->arguments = words.items;
    return command;
}

const char **podman_removal_make(struct arena *arena,
                                 const struct engine *engine,
                                 const char *run_id, size_t first, size_t count)
{
    static const char *const of_podman[] = {"rm", "--force", "--ignore",
                                            "--volumes", "--time=0"};
    static const char *const of_docker[] = {"rm", "--force", "--volumes"};
    struct podman_words words = {.arena = arena};
    podman_add(&words, engine->name);
    if (engine->docker)
        add_list(&words, of_docker, LENGTH(of_docker));
    else
        add_list(&words, of_podman, LENGTH(of_podman));
    for (size_t i = first; i < first + count; i++)
        podman_add(&words, make_name(arena, run_id, i));
    return words.items;
}

const char **podman_folder_removal_make(struct arena *arena,
                                        const struct engine *engine,
                                        const char *folder)
{
    static const char *const first[] = {"podman", "unshare", "rm", "-rf", "--"};
    struct podman_words words = {.arena = arena};
    if (!engine->rootless)
        return NULL;
    add_list(&words, first, LENGTH(first));
    podman_add(&words, folder);
    return words.items;
}
