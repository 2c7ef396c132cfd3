/*
 * Patterns -> paths -> copies -> control lines. No link is followed: a folder or file
 * counts only when the kernel says that it was opened under the very path that was
 * asked for. One file that cannot be kept does not stop the others.
 */
#include "engine/entrypoint/artifacts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/utf8.h"
#include "engine/entrypoint/archive.h"
#include "engine/entrypoint/copy.h"
#include "engine/entrypoint/limits.h"
#include "engine/entrypoint/shared_folder.h"
#include "engine/entrypoint/volumes.h"

struct keeping {
    struct arena *arena;
    const struct artifacts *artifacts;
    const struct step *step;
    const struct process *process;
    struct process_result *result;
    struct output *output;
    struct volumes volumes;
    const char *target; /* <state>/artifacts */
    size_t *number;     /* of the next file there */
    size_t kept, failed;
    off_t bytes;
    int archive; /* the tar that is being written; -1: none */
    off_t archive_size;
    struct error *error; /* of writing the output */
};

/* --- what is asked for ----------------------------------------------------- */

int artifacts_plan(struct arena *arena, const struct names *names,
                   const struct step *step, const char *folder,
                   struct artifacts *artifacts, struct error *error)
{
    char current[PATH_MAX], real[PATH_MAX];
    const struct instruction_artifacts *wanted = step->artifacts;
    if (!getcwd(current, sizeof current))
        return error_set_system(error, "cannot tell the current folder");
    /* The folder itself may be given by a link; nothing below it. One that is
     * missing has no files. */
    const char *wished = !folder ? current
                         : folder[0] == '/'
                             ? folder
                             : arena_format(arena, "%s/%s", current, folder);
    artifacts->folder =
        arena_string(arena, realpath(wished, real) ? real : wished);
    artifacts->paths = value_make_list(arena);
    for (size_t i = 0; i < wanted->path_count; i++)
        if (names_arguments(arena, names, &wanted->paths[i], artifacts->paths,
                            error) < 0)
            return error_context(error, "artifacts.paths[%zu]", i);
    if (!wanted->archive.bytes)
        return 0;
    artifacts->archive = names_text(arena, names, &wanted->archive, error);
    if (!artifacts->archive)
        return error_context(error, "artifacts.archive");
    if (!artifacts_name_is_safe(artifacts->archive))
        return error_set(error, ERROR_INPUT,
                         "artifacts.archive: expected a relative path without "
                         "'..', found '%.100s'",
                         artifacts->archive);
    return 0;
}

bool artifacts_name_is_safe(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length >= PATH_MAX || name[0] == '/' ||
        name[length - 1] == '/')
        return false;
    for (size_t at = 0, used; at < length; at += used) {
        uint32_t code;
        used = utf8_decode(name + at, length - at, &code);
        if (used == 0 || code < 0x20 || (code >= 0x7F && code < 0xA0))
            return false;
    }
    for (const char *part = name; *part; part += *part == '/') {
        size_t size = strcspn(part, "/");
        if (size == 0 || (size == 1 && part[0] == '.') ||
            (size == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        part += size;
    }
    return true;
}

/* --- opening and listing --------------------------------------------------- */

/* Whether the kernel's name for what was opened is the path. A single file that is
 * mounted may have been removed where it came from. */
static bool is_named(const char *real, size_t length, const char *path)
{
    static const char removed[] = " (deleted)";
    size_t size = strlen(path);
    return length >= size && memcmp(real, path, size) == 0 &&
           (length == size ||
            (length == size + sizeof removed - 1 &&
             memcmp(real + size, removed, sizeof removed - 1) == 0));
}

/* Opens without following a link anywhere in the path. -1 with errno set. */
static int open_there(const char *path, int flags)
{
    char name[64], real[PATH_MAX];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
                                    O_NOCTTY | flags);
    if (descriptor < 0)
        return -1;
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(name, real, sizeof real);
    if (length >= 0 && is_named(real, (size_t)length, path))
        return descriptor;
    close(descriptor);
    errno = ELOOP;
    return -1;
}

static int say(struct keeping *keeping, const char *path, const char *why)
{
    CLEANUP(text_free) struct text line = {0};
    text_append_string(&line, "'");
    text_append_escaped(&line, path, strlen(path), false);
    text_append_format(&line, "' %s", why);
    return output_say(keeping->output, text_string(&line), keeping->error);
}

/* One that cannot be kept. */
static int miss(struct keeping *keeping, const char *path, const char *why)
{
    CLEANUP(text_free) struct text reason = {0};
    keeping->failed++;
    text_append_format(&reason, "cannot be kept: %s", why);
    return say(keeping, path, text_string(&reason));
}

static bool is_folder(int folder, const struct dirent *entry, bool *is_file)
{
    struct stat status;
    bool known =
        entry->d_type != DT_UNKNOWN ||
        fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0;
    *is_file = known ? entry->d_type == DT_REG : S_ISREG(status.st_mode);
    return known ? entry->d_type == DT_DIR : S_ISDIR(status.st_mode);
}

static void list_folder(void *context, const char *path,
                        bool (*found)(void *list, const char *name,
                                      bool is_folder),
                        void *list)
{
    struct keeping *keeping = context;
    if (!volumes_lead(&keeping->volumes, path))
        return;
    int descriptor = open_there(path, O_DIRECTORY);
    DIR *folder = descriptor >= 0 ? fdopendir(descriptor) : NULL;
    if (!folder && errno != ENOENT && errno != ENOTDIR && errno != ELOOP &&
        !error_is_set(keeping->error))
        (void)!miss(keeping, path, strerror(errno));
    if (!folder && descriptor >= 0)
        close(descriptor);
    const struct dirent *entry;
    bool more = true, is_file;
    while (folder && more && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        bool below = is_folder(dirfd(folder), entry, &is_file);
        CLEANUP(text_free) struct text inner = {0};
        text_append_format(&inner, "%s/%s", path[1] ? path : "", entry->d_name);
        if (below ? volumes_lead(&keeping->volumes, text_string(&inner))
                  : is_file &&
                        volumes_hold(&keeping->volumes, text_string(&inner)))
            more = found(list, entry->d_name, below);
    }
    if (folder)
        closedir(folder);
}

/* --- keeping --------------------------------------------------------------- */

/* Time is over, or we were told to stop. */
static bool is_interrupted(void *context)
{
    struct keeping *keeping = context;
    keeping->result->stops += signals_take(keeping->process->signals);
    if (keeping->result->stops > 0)
        keeping->result->end = PROCESS_STOPPED;
    if (keeping->result->end == PROCESS_EXITED &&
        keeping->process->deadline > 0 &&
        keeping->process->deadline <= clock_monotonic())
        keeping->result->end = PROCESS_DEADLINE;
    return keeping->result->end != PROCESS_EXITED;
}

/* What the reader calls it: relative to the folder, or to the root. */
static const char *name_of(const struct keeping *keeping, const char *path)
{
    const char *folder = keeping->artifacts->folder;
    size_t length = strlen(folder);
    if (length > 1 && strncmp(path, folder, length) == 0 && path[length] == '/')
        return path + length + 1;
    return path + 1;
}

static int make_target(struct keeping *keeping, char file[NAME_MAX + 1],
                       const char **path)
{
    snprintf(file, NAME_MAX + 1, "%.230s-%zu", keeping->step->ref,
             *keeping->number);
    *path = arena_format(keeping->arena, "%s/%s", keeping->target, file);
    return open(*path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                0644);
}

/* Copies an opened file to a file of its own. NULL, or why not. */
static const char *keep_alone(struct keeping *keeping, int source,
                              const char *path, const struct stat *status)
{
    char file[NAME_MAX + 1];
    const char *made;
    const struct copy_stop stop = {is_interrupted, keeping};
    int target = make_target(keeping, file, &made);
    if (target < 0)
        return strerror(errno);
    errno = 0;
    enum copy_end end = copy_bytes(source, target, 0, status->st_size, &stop);
    int number = errno;
    close(target);
    if (end != COPY_DONE) {
        unlink(made);
        return end == COPY_STOPPED ? "interrupted"
               : number == 0       ? "it became shorter meanwhile"
                                   : strerror(number);
    }
    ++*keeping->number;
    const struct output_file kept = {name_of(keeping, path), file,
                                     status->st_size, false};
    output_artifact(keeping->output, keeping->step, &kept, keeping->error);
    return NULL;
}

/* Appends an opened file to the archive. NULL, or why not; what was written of it is
 * then written over. */
static const char *keep_archived(struct keeping *keeping, int source,
                                 const char *path, const struct stat *status)
{
    CLEANUP(text_free) struct text header = {0};
    const struct copy_stop stop = {is_interrupted, keeping};
    archive_append_header(&header, name_of(keeping, path), status);
    off_t begin = keeping->archive_size + (off_t)header.length;
    off_t end =
        begin + status->st_size + (off_t)archive_padding(status->st_size);
    if (pwrite(keeping->archive, header.data, header.length,
               keeping->archive_size) != (ssize_t)header.length)
        return strerror(errno);
    errno = 0;
    enum copy_end result =
        copy_bytes(source, keeping->archive, begin, status->st_size, &stop);
    if (result == COPY_DONE && ftruncate(keeping->archive, end) == 0) {
        keeping->archive_size = end;
        return NULL;
    }
    return result == COPY_STOPPED ? "interrupted"
           : errno == 0           ? "it became shorter meanwhile"
                                  : strerror(errno);
}

static const char *keep_opened(struct keeping *keeping, int source,
                               const char *path)
{
    struct stat status;
    if (fstat(source, &status) < 0 || !S_ISREG(status.st_mode))
        return "not a regular file";
    if (status.st_size > ENTRYPOINT_ARTIFACT_BYTES - keeping->bytes)
        return "more than 10 GiB in all";
    const char *why = keeping->archive >= 0
                          ? keep_archived(keeping, source, path, &status)
                          : keep_alone(keeping, source, path, &status);
    if (why)
        return why;
    keeping->bytes += status.st_size;
    keeping->kept++;
    return NULL;
}

static int keep_file(struct keeping *keeping, const char *path)
{
    const char *why = "its name has control characters, or is not UTF-8";
    if (artifacts_name_is_safe(name_of(keeping, path))) {
        int source = open_there(path, 0);
        why = source < 0 ? strerror(errno) : keep_opened(keeping, source, path);
        if (source >= 0)
            close(source);
    }
    if (error_is_set(keeping->error))
        return -1;
    return why ? miss(keeping, path, why) : 0;
}

static int keep_files(struct keeping *keeping, const struct value *paths)
{
    for (size_t i = 0; i < value_count(paths); i++) {
        if (is_interrupted(keeping))
            return 0;
        const char *path = value_string(value_item(paths, i));
        if (keeping->kept == ENTRYPOINT_ARTIFACTS_LIMIT)
            return miss(keeping, path, "more than 10000 files");
        if (keep_file(keeping, path) < 0)
            return -1;
    }
    return 0;
}

/* One tar of all files. */
static int keep_archive(struct keeping *keeping, const struct value *paths)
{
    char file[NAME_MAX + 1];
    const char *made;
    if (value_count(paths) == 0)
        return 0;
    keeping->archive = make_target(keeping, file, &made);
    if (keeping->archive < 0)
        return miss(keeping, keeping->artifacts->archive, strerror(errno));
    int result = keep_files(keeping, paths);
    /* Two blocks of zeros end it; what a failed file left behind goes. */
    off_t size = keeping->archive_size + 2 * (off_t)ARCHIVE_BLOCK;
    bool ended = ftruncate(keeping->archive, keeping->archive_size) == 0 &&
                 ftruncate(keeping->archive, size) == 0;
    int number = errno;
    close(keeping->archive);
    bool stopped = keeping->result->end != PROCESS_EXITED;
    if (result < 0 || !ended || stopped || keeping->kept == 0) {
        unlink(made);
        return result < 0 || ended ? result
                                   : miss(keeping, keeping->artifacts->archive,
                                          strerror(number));
    }
    ++*keeping->number;
    const struct output_file kept = {keeping->artifacts->archive, file, size,
                                     true};
    return output_artifact(keeping->output, keeping->step, &kept,
                           keeping->error);
}

/* The files that patterns name: glob() of the expressions. NULL with the error. */
static const struct value *find(struct keeping *keeping,
                                const struct value *const *patterns,
                                size_t count, struct error *wrong)
{
    struct expression_files files = {.folder = keeping->artifacts->folder,
                                     .list = list_folder,
                                     .context = keeping};
    const struct expression_names names = expression_files_names(&files);
    const struct expression_call call = {"glob", 4, patterns, count};
    const struct expression *answer;
    if (names.call(names.context, keeping->arena, &call, &answer, wrong) <= 0)
        return NULL;
    return expression_value(keeping->arena, answer);
}

/* Names the patterns that found nothing. */
static int say_unmatched(struct keeping *keeping, const struct value *found)
{
    const struct value *paths = keeping->artifacts->paths;
    for (size_t i = 0; i < value_count(paths); i++) {
        const struct value *pattern = value_item(paths, i);
        struct error ignored = {0};
        if (value_string(pattern)[0] == '!')
            continue;
        if (value_count(paths) > 1)
            found = find(keeping, &pattern, 1, &ignored);
        if (value_count(found) == 0 && say(keeping, value_string(pattern),
                                           "names no file of a volume") < 0)
            return -1;
    }
    return 0;
}

static const struct value *find_all(struct keeping *keeping,
                                    struct error *wrong)
{
    const struct value *paths = keeping->artifacts->paths;
    return find(keeping, (const struct value *const *)paths->list.items,
                value_count(paths), wrong);
}

static int keep_all(struct keeping *keeping, const char *state)
{
    struct error wrong = {0};
    keeping->target = arena_format(keeping->arena, "%s/artifacts", state);
    keeping->volumes = volumes_read(keeping->arena);
    const struct value *paths = find_all(keeping, &wrong);
    if (error_is_set(keeping->error))
        return -1;
    if (!paths || shared_folder_make(keeping->target, &wrong) < 0) {
        keeping->failed++;
        return output_say(keeping->output, wrong.text, keeping->error);
    }
    if (say_unmatched(keeping, paths) < 0)
        return -1;
    return keeping->artifacts->archive ? keep_archive(keeping, paths)
                                       : keep_files(keeping, paths);
}

int artifacts_keep(const struct artifacts *artifacts, const struct step *step,
                   struct process_result *result, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct keeping keeping = {
        .arena = arena,
        .artifacts = artifacts,
        .step = step,
        .process = artifacts->process,
        .result = result,
        .output = artifacts->output,
        .number = artifacts->number,
        .archive = -1,
        .error = error,
    };
    *result = (struct process_result){.end = PROCESS_EXITED};
    if (keep_all(&keeping, artifacts->state) < 0)
        return -1;
    result->code = keeping.failed > 0 ? 1 : 0;
    if (keeping.failed > 0)
        snprintf(result->trouble, sizeof result->trouble,
                 "%zu of %zu could not be kept", keeping.failed,
                 keeping.failed + keeping.kept);
    return 0;
}
