/*
 * The disk in, a list of what to show out. Two tables say it all: folders of
 * programs, shown as they are (a link stays a link: /bin -> usr/bin), and names
 * in /etc. Small files are copied, which costs a tenth of a mount and takes what
 * a link like resolv.conf leads to, wherever it is; folders are bound.
 * Invariant: nothing appears that a table does not name.
 */
#include "engine/runtime/machine.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"

enum { COPY_LIMIT = 1024 * 1024 };

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
        entry.kind = MACHINE_BIND;
        entry.source = source;
        add(arena, machine, entry);
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
