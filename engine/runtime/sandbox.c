/*
 * A container and the machine in, bubblewrap's options out. The root is a tmpfs
 * of the container's own, filled from top to bottom and made read-only at the
 * end; only emptyDirs, /run and what else is a mount of its own stay writable.
 * A volume of files is a folder of that root, or a tmpfs of its own where it meets
 * another mount; both are gone with the container: secrets do not touch the disk.
 * Few mounts, because bubblewrap reads the list of all of them after each. The
 * environment is cleared and set by options, not inherited: a variable
 * like LD_PRELOAD must reach the steps only, not bubblewrap.
 */
#include "engine/runtime/sandbox.h"

#include <string.h>

#include "engine/runtime/limits.h"
#include "engine/runtime/variables.h"

#define HOST_NAME "assay"

static const char *const isolation[] = {
    "--unshare-user",       "--unshare-pid",
    "--unshare-ipc",        "--unshare-uts",
    "--unshare-cgroup-try", "--die-with-parent",
    "--new-session",        "--as-pid-1",
    "--cap-drop",           "ALL",
    "--hostname",           HOST_NAME,
};

/* Places that programs expect, private to the container. */
static const char *const private_places[] = {
    "--proc", "/proc",     "--dev", "/dev",     "--perms",   "0755", "--dir",
    "/var",   "--symlink", "/run",  "/var/run", "--symlink", "/tmp", "/var/tmp",
};

/* Where it can write, unless something of its own is mounted there. */
static const struct {
    const char *path, *mode;
} writable_places[] = {{"/run", "0755"}, {"/tmp", "1777"}};

/* What is made in these is not only of volumes. */
static const char *const shared_places[] = {"/proc", "/dev", "/run",
                                            "/tmp",  "/var", "/etc"};

static const struct pod_variable defaults[] = {
    {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    {"LANG", "C.UTF-8"},
    {"CI", "1"},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* What is being built, and from what. */
struct builder {
    struct arena *arena;
    const struct sandbox_setup *setup;
    struct sandbox sandbox;
};

static void add(struct builder *builder, const char *argument)
{
    text_append(&builder->sandbox.arguments, argument, strlen(argument) + 1);
}

static void add_list(struct builder *builder, const char *const *list,
                     size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(builder, list[i]);
}

static void add_three(struct builder *builder, const char *option,
                      const char *source, const char *path)
{
    add(builder, option);
    add(builder, source);
    add(builder, path);
}

/* An option that takes its source from a descriptor. */
static void add_input(struct builder *builder, const char *option,
                      struct sandbox_input input, const char *path)
{
    struct sandbox *sandbox = &builder->sandbox;
    size_t size = sandbox->input_count * sizeof input;
    sandbox->inputs =
        arena_grow(builder->arena, sandbox->inputs, size, size + sizeof input);
    sandbox->inputs[sandbox->input_count] = input;
    add_three(builder, option,
              arena_format(builder->arena, "%zu",
                           SANDBOX_FIRST_INPUT + sandbox->input_count),
              path);
    sandbox->input_count++;
}

static void add_file(struct builder *builder, const char *option,
                     const struct pod_file *file, const char *path)
{
    add(builder, "--perms");
    add(builder, arena_format(builder->arena, "%04o", (unsigned)file->mode));
    add_input(
        builder, option,
        (struct sandbox_input){.bytes = file->bytes, .length = file->length},
        path);
}

static void add_text(struct builder *builder, const char *text,
                     const char *path)
{
    add_file(builder, "--file",
             &(struct pod_file){path, text, strlen(text), 0644}, path);
}

static void add_machine(struct builder *builder)
{
    static const char *const options[] = {
        [MACHINE_BIND] = "--ro-bind", [MACHINE_LINK] = "--symlink"};
    const struct machine *machine = builder->setup->machine;
    for (size_t i = 0; i < machine->count; i++) {
        const struct machine_entry *entry = &machine->entries[i];
        struct pod_file file = {entry->path, entry->bytes, entry->length,
                                entry->program ? 0755 : 0644};
        if (entry->kind == MACHINE_COPY) {
            add_file(builder, "--file", &file, entry->path);
        } else if (entry->kind == MACHINE_FOLDER) {
            add(builder, "--perms");
            add_three(builder, "0755", "--dir", entry->path);
        } else {
            add_three(builder, options[entry->kind], entry->source,
                      entry->path);
        }
    }
}

/* Who the steps are: the pod's runAsUser, or else the user of this process. */
static void add_identity(struct builder *builder)
{
    const struct pod_container *container = builder->setup->container;
    const struct machine *machine = builder->setup->machine;
    struct arena *arena = builder->arena;
    int64_t user = container->user >= 0 ? container->user : machine->user;
    int64_t group = container->group >= 0 ? container->group : machine->group;
    add(builder, "--uid");
    add(builder, arena_format(arena, "%lld", (long long)user));
    add(builder, "--gid");
    add(builder, arena_format(arena, "%lld", (long long)group));
    const char *own_user =
        user == 0 || user == 65534
            ? ""
            : arena_format(arena, "assay:x:%lld:%lld:assay:/tmp:/bin/sh\n",
                           (long long)user, (long long)group);
    const char *own_group =
        group == 0 || group == 65534
            ? ""
            : arena_format(arena, "assay:x:%lld:\n", (long long)group);
    add_text(builder,
             arena_format(arena,
                          "root:x:0:0:root:/tmp:/bin/sh\n%s"
                          "nobody:x:65534:65534:nobody:/:/bin/false\n",
                          own_user),
             "/etc/passwd");
    add_text(builder,
             arena_format(arena, "root:x:0:\n%snogroup:x:65534:\n", own_group),
             "/etc/group");
    add_text(builder, HOST_NAME "\n", "/etc/hostname");
}

const char *sandbox_folder(struct arena *arena, const char *volumes,
                           const struct pod *pod,
                           const struct pod_volume *volume)
{
    return arena_format(arena, "%s/%zu", volumes,
                        (size_t)(volume - pod->volumes));
}

/* Whether one of the paths is the other or inside it. */
static bool meet(const char *a, const char *b)
{
    size_t length = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    const char *longer = strlen(a) < strlen(b) ? b : a;
    return strncmp(a, b, length) == 0 &&
           (length <= 1 || longer[length] == '/' || longer[length] == '\0');
}

/* Whether nothing else of the container is at, in or around the mount. */
static bool stands_alone(const struct sandbox_setup *setup,
                         const struct pod_mount *mount)
{
    const struct pod_container *container = setup->container;
    const struct machine *machine = setup->machine;
    for (size_t i = 0; i < LENGTH(shared_places); i++)
        if (meet(mount->path, shared_places[i]))
            return false;
    for (size_t i = 0; i < machine->count; i++)
        if (meet(mount->path, machine->entries[i].path))
            return false;
    for (size_t i = 0; i < container->mount_count; i++)
        if (&container->mounts[i] != mount &&
            meet(mount->path, container->mounts[i].path))
            return false;
    return true;
}

/* The files of a volume below `place`, or the one or the folder that a subPath
 * names at `place`. */
static void add_files(struct builder *builder, const struct pod_mount *mount)
{
    const struct pod_volume *volume = mount->volume;
    const char *sub_path = mount->sub_path ? mount->sub_path : "";
    size_t prefix = strlen(sub_path);
    for (size_t i = 0; i < volume->file_count; i++) {
        const struct pod_file *file = &volume->files[i];
        if (prefix && strcmp(file->path, sub_path) == 0) {
            add_file(builder, "--ro-bind-data", file, mount->path);
            return;
        }
    }
    bool alone = stands_alone(builder->setup, mount);
    add(builder, "--perms");
    add_three(builder, "0755", alone ? "--dir" : "--tmpfs", mount->path);
    for (size_t i = 0; i < volume->file_count; i++) {
        const struct pod_file *file = &volume->files[i];
        const char *rest = file->path + prefix;
        if (strncmp(file->path, sub_path, prefix) != 0 ||
            (prefix && *rest != '/'))
            continue;
        add_file(builder, "--file", file,
                 arena_format(builder->arena, "%s/%s", mount->path,
                              rest + (prefix > 0)));
    }
    if (alone)
        return; /* the root becomes read-only as a whole */
    add(builder, "--remount-ro");
    add(builder, mount->path);
}

static void add_mount(struct builder *builder, const struct pod_mount *mount)
{
    if (!mount->volume->empty) {
        add_files(builder, mount);
        return;
    }
    if (mount->volume->inside) {
        add(builder, "--perms");
        add_three(builder, "0777", "--tmpfs", mount->path);
        return;
    }
    const struct sandbox_setup *setup = builder->setup;
    const char *source = sandbox_folder(builder->arena, setup->volumes,
                                        setup->pod, mount->volume);
    struct sandbox_input input = {.folder = source,
                                  .sub_path = mount->sub_path};
    if (mount->sub_path)
        add_input(builder, mount->read_only ? "--ro-bind-fd" : "--bind-fd",
                  input, mount->path);
    else
        add_three(builder, mount->read_only ? "--ro-bind" : "--bind", source,
                  mount->path);
}

static bool is_mounted(const struct pod_container *container, const char *path)
{
    for (size_t i = 0; i < container->mount_count; i++)
        if (strcmp(container->mounts[i].path, path) == 0)
            return true;
    return false;
}

static void add_places(struct builder *builder)
{
    const struct pod_container *container = builder->setup->container;
    add_list(builder, private_places, LENGTH(private_places));
    for (size_t i = 0; i < LENGTH(writable_places); i++) {
        if (is_mounted(container, writable_places[i].path))
            continue;
        add(builder, "--perms");
        add_three(builder, writable_places[i].mode, "--tmpfs",
                  writable_places[i].path);
    }
}

/* An image has a working directory of its own, which can be written to as a rule;
 * here it is /data. */
static const char *start_folder(const struct pod_container *container)
{
    if (container->folder)
        return container->folder;
    return is_mounted(container, "/data") ? "/data" : "/";
}

static void add_container(struct builder *builder)
{
    const struct sandbox_setup *setup = builder->setup;
    const struct pod_container *container = setup->container;
    for (size_t i = 0; i < container->mount_count; i++)
        add_mount(builder, &container->mounts[i]);
    if (setup->termination)
        add_three(builder, "--bind", setup->termination,
                  container->termination);
    if (setup->kubeconfig) {
        struct pod_file file = {SANDBOX_KUBECONFIG, setup->kubeconfig,
                                strlen(setup->kubeconfig), 0400};
        add_file(builder, "--file", &file, SANDBOX_KUBECONFIG);
    }
    add(builder, "--remount-ro");
    add(builder, "/");
    add(builder, "--chdir");
    add(builder, start_folder(container));
    add(builder, "--clearenv");
    for (size_t i = 0; i < container->variable_count; i++)
        add_three(builder, "--setenv", container->variables[i].name,
                  container->variables[i].value);
}

struct sandbox sandbox_make(struct arena *arena,
                            const struct sandbox_setup *setup)
{
    struct builder builder = {.arena = arena, .setup = setup};
    add_list(&builder, isolation, LENGTH(isolation));
    if (setup->network_none)
        add(&builder, "--unshare-net");
    add(&builder, "--info-fd");
    add(&builder, arena_format(arena, "%d", SANDBOX_INFO_DESCRIPTOR));
    add(&builder, "--block-fd");
    add(&builder, arena_format(arena, "%d", SANDBOX_LATCH_DESCRIPTOR));
    add_machine(&builder);
    add_identity(&builder);
    add_places(&builder);
    add_container(&builder);
    return builder.sandbox;
}

/* Sets a variable unless the container has it. */
static void set_default(struct arena *arena, struct pod_container *container,
                        const char *name, const char *value)
{
    for (size_t i = 0; i < container->variable_count; i++)
        if (strcmp(container->variables[i].name, name) == 0)
            return;
    variables_set(arena, container, name, value);
}

void sandbox_complete(struct arena *arena, struct pod_container *container,
                      const char *home, const char *kubeconfig)
{
    for (size_t i = 0; i < LENGTH(defaults); i++)
        set_default(arena, container, defaults[i].name, defaults[i].value);
    set_default(arena, container, "HOME", home);
    if (kubeconfig)
        variables_set(arena, container, "KUBECONFIG", kubeconfig);
}
