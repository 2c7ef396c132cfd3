/*
 * The disk in, a list of what to show out. Two tables say it all: folders of
 * programs, shown as they are (a link stays a link: /bin -> usr/bin), and names
 * in /etc. Small files are copied, which costs a tenth of a mount and takes what
 * a link like resolv.conf leads to, wherever it is; so are folders of a few files.
 * Other folders are bound.
 * Invariant: nothing appears that a table does not name.
 */
#include "engine/runtime/machine.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"

enum {
    COPY_LIMIT = 1024 * 1024,
    FOLDER_ENTRIES = 5, /* together as dear as one mount, or less */
    FOLDER_BYTES = 64 * 1024,
    FOLDER_SIZE = 4096, /* of the folder itself: more names than a few */
};

static const char *const program_folders[] = {
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
};

/* What programs read to start, to find names, hosts and certificates. A star
 * stands for any rest. */
static const char *const settings[] = {
    "alpine-release",
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "gai.conf",
    "host.conf",
    "hosts",
    "java*",
    "ld-musl-*",
    "ld.so.cache",
    "ld.so.conf",
    "localtime",
    "lsb-release",
    "mime.types",
    "netconfig",
    "nsswitch.conf",
    "os-release",
    "perl",
    "postgresql-common", /* psql of Debian is a script that reads it */
    "protocols",
    "python3*",
    "redhat-release",
    "resolv.conf",
    "rpc",
    "services",
    "terminfo",
    "timezone",
};

/* Inside folders of /etc that also hold keys. */
static const char *const nested_settings[] = {
    "pki/ca-trust", "pki/java",      "pki/tls/cert.pem", "pki/tls/certs",
    "ssl/cert.pem", "ssl/ca-bundle", "ssl/certs",        "ssl/openssl.cnf",
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void add(struct arena *arena, struct machine *machine,
                struct machine_entry entry)
{
    size_t size = machine->count * sizeof entry;
    machine->entries =
        arena_grow(arena, machine->entries, size, size + sizeof entry);
    machine->entries[machine->count++] = entry;
}

/* The target of a symbolic link, or NULL. */
static const char *read_link(struct arena *arena, const char *path)
{
    char target[4096];
    ssize_t length = readlink(path, target, sizeof target);
    if (length <= 0 || length == sizeof target)
        return NULL;
    return arena_copy(arena, target, (size_t)length);
}

static void add_programs(struct arena *arena, struct machine *machine,
                         const char *root)
{
    for (size_t i = 0; i < LENGTH(program_folders); i++) {
        struct machine_entry entry = {.path = program_folders[i]};
        const char *source = arena_format(arena, "%s%s", root, entry.path);
        struct stat status;
        entry.source = read_link(arena, source);
        entry.kind = entry.source ? MACHINE_LINK : MACHINE_BIND;
        if (!entry.source && stat(source, &status) == 0 &&
            S_ISDIR(status.st_mode))
            entry.source = source;
        if (entry.source)
            add(arena, machine, entry);
    }
}

/* Adds the folder at root + `path` and all that is in it. False: it holds more, or
 * something else, than is copied. */
static bool copy_folder(struct arena *arena, struct machine *machine,
                        const char *root, const char *path, size_t most);

/* One thing inside a folder. */
static bool copy_inside(struct arena *arena, struct machine *machine,
                        const char *root, const char *path, size_t most)
{
    const char *source = arena_format(arena, "%s%s", root, path);
    struct machine_entry entry = {.kind = MACHINE_COPY, .path = path};
    struct error ignored = {0};
    struct stat status;
    if (machine->count >= most || lstat(source, &status) != 0)
        return false;
    if (S_ISDIR(status.st_mode))
        return copy_folder(arena, machine, root, path, most);
    if (!S_ISREG(status.st_mode) || (status.st_mode & 0444) != 0444)
        return false;
    entry.bytes =
        file_read(arena, source, FOLDER_BYTES, &entry.length, &ignored);
    entry.program = (status.st_mode & 0111) == 0111;
    if (entry.bytes)
        add(arena, machine, entry);
    return entry.bytes != NULL;
}

static bool copy_folder(struct arena *arena, struct machine *machine,
                        const char *root, const char *path, size_t most)
{
    DIR *folder = opendir(arena_format(arena, "%s%s", root, path));
    const struct dirent *entry;
    bool good = folder != NULL;
    add(arena, machine, (struct machine_entry){MACHINE_FOLDER, .path = path});
    while (good && (entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            good = copy_inside(
                arena, machine, root,
                arena_format(arena, "%s/%s", path, entry->d_name), most);
    if (folder)
        closedir(folder);
    return good;
}

/* A folder of settings. */
static void add_folder(struct arena *arena, struct machine *machine,
                       const char *root, const char *path, off_t size)
{
    size_t before = machine->count;
    if (size <= FOLDER_SIZE &&
        copy_folder(arena, machine, root, path, before + FOLDER_ENTRIES + 1))
        return;
    machine->count = before;
    add(arena, machine,
        (struct machine_entry){MACHINE_BIND, path,
                               .source =
                                   arena_format(arena, "%s%s", root, path)});
}

/* One name in /etc. What cannot be read is as good as missing. */
static void add_setting(struct arena *arena, struct machine *machine,
                        const char *root, const char *name)
{
    struct machine_entry entry = {.path = arena_format(arena, "/etc/%s", name)};
    const char *source = arena_format(arena, "%s%s", root, entry.path);
    struct stat status;
    if (stat(source, &status) != 0)
        return;
    if (S_ISDIR(status.st_mode)) {
        add_folder(arena, machine, root, entry.path, status.st_size);
        return;
    }
    struct error ignored = {0};
    entry.kind = MACHINE_COPY;
    if (S_ISREG(status.st_mode))
        entry.bytes =
            file_read(arena, source, COPY_LIMIT, &entry.length, &ignored);
    if (entry.bytes)
        add(arena, machine, entry);
}

static bool is_setting(const char *name)
{
    for (size_t i = 0; i < LENGTH(settings); i++) {
        size_t length = strlen(settings[i]);
        bool prefix = settings[i][length - 1] == '*';
        if (prefix ? strncmp(name, settings[i], length - 1) == 0
                   : strcmp(name, settings[i]) == 0)
            return true;
    }
    return false;
}

static int select_setting(const struct dirent *entry)
{
    return is_setting(entry->d_name);
}

/* By bytes: the order of a sandbox does not depend on the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

struct machine *machine_read(struct arena *arena, const char *root)
{
    struct machine *machine = arena_allocate(arena, sizeof *machine);
    machine->user = getuid();
    machine->group = getgid();
    add_programs(arena, machine, root);
    struct dirent **names = NULL;
    const char *folder = arena_format(arena, "%s/etc", root);
    int count = scandir(folder, &names, select_setting, compare_names);
    for (int i = 0; i < count; i++) {
        add_setting(arena, machine, root, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    for (size_t i = 0; i < LENGTH(nested_settings); i++)
        add_setting(arena, machine, root, nested_settings[i]);
    return machine;
}
