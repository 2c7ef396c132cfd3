/*
 * Files of steps -> texts. Nothing is followed out of the folder, nothing that would
 * never end is read, and every count has a ceiling: what is beyond is named in the
 * step's log and left out.
 */
#include "engine/entrypoint/outputs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/utf8.h"
#include "engine/entrypoint/limits.h"
#include "engine/entrypoint/seal.h"
#include "engine/entrypoint/shared_folder.h"
#include "engine/entrypoint/verdict.h"

/* --- the folder ------------------------------------------------------------ */

/* Folders in it are never read, so one that stays does no harm. */
static int remove_entry(const struct outputs *outputs, DIR *folder,
                        const char *name, struct error *error)
{
    char path[4096];
    struct error ignored = {0};
    if (unlinkat(dirfd(folder), name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return error_set_system(error, "cannot empty '%.200s'",
                                outputs->folder);
    int length = snprintf(path, sizeof path, "%s/%s", outputs->folder, name);
    if (length > 0 && (size_t)length < sizeof path &&
        folder_remove(path, &ignored) < 0)
        return 0;
    return 0;
}

/* A link in its place is not followed: NULL. */
static DIR *open_folder(const struct outputs *outputs)
{
    int descriptor =
        open(outputs->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *folder = descriptor >= 0 ? fdopendir(descriptor) : NULL;
    if (!folder && descriptor >= 0)
        close(descriptor);
    return folder;
}

int outputs_clear(const struct outputs *outputs, struct error *error)
{
    if (!outputs->folder)
        return 0;
    DIR *folder = open_folder(outputs);
    if (!folder && unlink(outputs->folder) < 0 && errno != ENOENT)
        return error_set_system(error, "cannot empty '%.200s'",
                                outputs->folder);
    if (!folder)
        return shared_folder_make(outputs->folder, error);
    const struct dirent *entry;
    int result = 0;
    while (result == 0 && (entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = remove_entry(outputs, folder, entry->d_name, error);
    closedir(folder);
    return result;
}

/* --- taking ---------------------------------------------------------------- */

static void leave_out(struct text *left_out, const char *name, const char *why)
{
    enum { LONGEST = 1000 }; /* of a line for people */
    if (left_out->length > LONGEST)
        return;
    text_append_string(left_out, left_out->length ? ", '" : "'");
    text_append_escaped(left_out, name, strlen(name), false);
    text_append_format(left_out, "' (%s)", why);
}

static bool is_key(const char *name)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    return name[0] != '.' && strspn(name, characters) == strlen(name);
}

/* The text of the file, without white space at its end. Its length, or -1 with the
 * reason in *why. */
static ssize_t read_entry(int folder, const char *name,
                          char bytes[ENTRYPOINT_OUTPUT_LIMIT + 1],
                          const char **why)
{
    struct stat status;
    int file =
        openat(folder, name,
               O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    *why = file < 0 ? (errno == ELOOP ? "a link" : "cannot be read")
                    : "not a regular file";
    ssize_t length = -1;
    if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
        length = read(file, bytes, ENTRYPOINT_OUTPUT_LIMIT + 1);
        *why = "cannot be read";
    }
    if (file >= 0)
        close(file);
    if (length > ENTRYPOINT_OUTPUT_LIMIT) {
        *why = "too long";
        return -1;
    }
    while (length > 0 && strchr(" \t\r\n\v\f", bytes[length - 1]) &&
           bytes[length - 1] != '\0')
        length--;
    if (length > 0 && memchr(bytes, '\0', (size_t)length)) {
        *why = "has a NUL byte";
        return -1;
    }
    return length;
}

static void take_entry(struct outputs *outputs, struct step *step, int folder,
                       const char *name, struct text *left_out)
{
    char bytes[ENTRYPOINT_OUTPUT_LIMIT + 1];
    const char *why;
    ssize_t length = read_entry(folder, name, bytes, &why);
    if (length >= 0 && !is_key(name)) {
        length = -1;
        why = "no name of an output";
    }
    size_t size = strlen(name) + (size_t)(length < 0 ? 0 : length) + 2;
    if (length >= 0 && outputs->total + step->outputs.length + size >
                           ENTRYPOINT_OUTPUTS_LIMIT) {
        length = -1;
        why = "the run has too many";
    }
    if (length < 0) {
        leave_out(left_out, name, why);
        return;
    }
    text_append_string(&step->outputs, name);
    text_append_character(&step->outputs, '=');
    text_append(&step->outputs, bytes, (size_t)length);
    text_append_character(&step->outputs, '\0');
}

/* Of the outputs of that step and no other. */
static uint64_t seal(const struct outputs *outputs, const struct step *step,
                     const char *bytes, size_t length)
{
    CLEANUP(text_free) struct text whole = {0};
    text_append_format(&whole, "%zu:", step->number);
    text_append(&whole, bytes, length);
    return seal_make(outputs->token, whole.data, whole.length);
}

/* Not made durable: it is worth nothing after the pod. */
static int keep(const struct outputs *outputs, const struct step *step,
                struct error *error)
{
    char path[4096], hidden[4096];
    int first = snprintf(path, sizeof path, "%s/outputs-%zu", outputs->state,
                         step->number);
    int second = snprintf(hidden, sizeof hidden, "%s/.outputs-%zu",
                          outputs->state, step->number);
    if (first < 0 || (size_t)first >= sizeof path || second < 0 ||
        (size_t)second >= sizeof hidden)
        return error_set(error, ERROR_INPUT,
                         "the state folder's path is too "
                         "long");
    int file = open(
        hidden, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    const struct text *kept = &step->outputs;
    uint64_t sum = seal(outputs, step, kept->data, kept->length);
    bool good = file >= 0 &&
                file_write_all(file, (const char *)&sum, sizeof sum) == 0 &&
                file_write_all(file, text_string(kept), kept->length) == 0;
    if (file >= 0)
        close(file);
    if (!good || rename(hidden, path) < 0)
        return error_set_system(error, "cannot keep the outputs in '%.200s'",
                                path);
    return 0;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The names in the folder, sorted; of too many some. */
static size_t list_names(struct arena *arena, DIR *folder,
                         const char *names[ENTRYPOINT_OUTPUT_FILES_LIMIT + 1])
{
    size_t count = 0;
    const struct dirent *entry;
    while (count <= ENTRYPOINT_OUTPUT_FILES_LIMIT &&
           (entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            names[count++] = arena_string(arena, entry->d_name);
    qsort(names, count, sizeof *names, compare_names);
    return count;
}

static void take_folder(struct outputs *outputs, struct step *step, DIR *folder,
                        struct text *left_out)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *names[ENTRYPOINT_OUTPUT_FILES_LIMIT + 1] = {NULL};
    size_t count = list_names(arena, folder, names);
    for (size_t i = 0; i < count; i++)
        if (i < ENTRYPOINT_OUTPUT_FILES_LIMIT)
            take_entry(outputs, step, dirfd(folder), names[i], left_out);
        else
            leave_out(left_out, names[i], "too many files");
}

int outputs_take(struct outputs *outputs, struct step *step,
                 struct text *left_out, struct error *error)
{
    bool had = step->outputs.length > 0;
    if (!outputs->folder || !outputs_holder(step))
        return 0;
    outputs->total -= step->outputs.length;
    text_clear(&step->outputs);
    DIR *folder = open_folder(outputs);
    if (folder) {
        take_folder(outputs, step, folder, left_out);
        closedir(folder);
    }
    outputs->total += step->outputs.length;
    if (!outputs->state || (step->outputs.length == 0 && !had))
        return 0;
    return keep(outputs, step, error);
}

/* --- giving ---------------------------------------------------------------- */

static void load_step(struct outputs *outputs, struct step *step)
{
    char path[4096];
    int size = snprintf(path, sizeof path, "%s/outputs-%zu", outputs->state,
                        step->number);
    if (size < 0 || (size_t)size >= sizeof path || access(path, R_OK) < 0)
        return;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error ignored = {0};
    size_t length;
    uint64_t sum;
    const char *text = file_read(
        arena, path, ENTRYPOINT_OUTPUTS_LIMIT + sizeof sum, &length, &ignored);
    if (!text || length <= sizeof sum)
        return;
    memcpy(&sum, text, sizeof sum);
    text += sizeof sum;
    length -= sizeof sum;
    if (outputs->total + length > ENTRYPOINT_OUTPUTS_LIMIT ||
        sum != seal(outputs, step, text, length))
        return;
    text_append(&step->outputs, text, length);
    outputs->total += length;
}

void outputs_load(struct outputs *outputs, struct instructions *instructions)
{
    for (struct step *step = instructions_first(instructions);
         outputs->state && step;
         step = instructions_next(instructions, step, true))
        if (!step->group && verdict_is_final(step->status) &&
            outputs_holder(step))
            load_step(outputs, step);
}

void outputs_free(struct instructions *instructions)
{
    for (struct step *step = instructions_first(instructions); step;
         step = instructions_next(instructions, step, true))
        text_free(&step->outputs);
}

const struct step *outputs_holder(const struct step *step)
{
    while (step && !step->id)
        step = step->parent;
    return step;
}

/* Values hold UTF-8: other bytes become U+FFFD. */
static const char *as_utf8(struct arena *arena, const char *bytes)
{
    CLEANUP(text_free) struct text text = {0};
    uint32_t code;
    for (size_t length = strlen(bytes); length > 0;) {
        size_t used = utf8_decode(bytes, length, &code);
        if (used > 0)
            text_append(&text, bytes, used);
        else
            text_append_string(&text, "\xEF\xBF\xBD");
        used = used > 0 ? used : 1;
        bytes += used;
        length -= used;
    }
    return arena_copy(arena, text_string(&text), text.length);
}

static const char *find_key(const struct text *outputs, const char *key,
                            size_t length)
{
    const char *at = text_string(outputs), *end = at + outputs->length;
    for (; at < end; at += strlen(at) + 1)
        if (strncmp(at, key, length) == 0 && at[length] == '=')
            return at + length + 1;
    return NULL;
}

const char *outputs_find(struct arena *arena,
                         const struct instructions *instructions,
                         const struct step *holder, const char *key,
                         size_t length)
{
    const char *found = NULL;
    for (const struct step *step = instructions_first(instructions); step;
         step = instructions_next(instructions, step, true)) {
        if (step->outputs.length == 0 || outputs_holder(step) != holder)
            continue;
        const char *text = find_key(&step->outputs, key, length);
        found = text ? text : found;
    }
    return found ? as_utf8(arena, found) : NULL;
}

const char *outputs_results(struct arena *arena, const struct outputs *outputs,
                            const struct step *step, struct error *error)
{
    const struct step *holder = outputs_holder(step);
    const char *path = arena_format(arena, "%s/%s", outputs->results,
                                    holder ? holder->id : step->ref);
    return shared_folder_make(outputs->results, error) < 0 ||
                   shared_folder_make(path, error) < 0
               ? NULL
               : path;
}
