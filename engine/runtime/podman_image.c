/*
 * The name of an image, what an engine answers about one, and the asking. An image
 * has several digests that are right: of its index and of its platform's manifest.
 * The engine lists all that it knows; the one that was asked for must be there.
 */
#include "engine/runtime/podman_image.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/runtime/limits.h"
#include "engine/value/value.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* --- names ----------------------------------------------------------------- */

static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char any[] = "abcdefghijklmnopqrstuvwxyz0123456789"
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* The length of the characters of `letters` or `others` at `text`. */
static size_t span(const char *text, const char *letters, const char *others)
{
    size_t length = 0;
    while (text[length] != '\0' &&
           (strchr(letters, text[length]) || strchr(others, text[length])))
        length++;
    return length;
}

/* Whether the first part of a name is a registry, as docker decides it. */
static bool is_registry(const char *part, size_t length)
{
    return memchr(part, '.', length) || memchr(part, ':', length) ||
           (length == 9 && memcmp(part, "localhost", length) == 0);
}

/* A host with a port or without; its length, 0 when it is none. */
static size_t match_registry(const char *text)
{
    size_t length = span(text, any, ".-");
    if (length == 0 || text[0] == '-' || text[0] == '.')
        return 0;
    if (text[length] != ':')
        return length;
    size_t digits = strspn(text + length + 1, "0123456789");
    return digits > 0 ? length + 1 + digits : 0;
}

/* The parts of the name after its registry. */
static const char *skip_path(const char *text)
{
    for (;;) {
        size_t length = span(text, lower, "._-");
        if (length == 0 || !strchr(lower, text[0]))
            return NULL;
        text += length;
        if (*text != '/')
            return text;
        text++;
    }
}

/* What may follow the name: :tag and @sha256:digest. */
static bool is_version(const char *text)
{
    static const char digest[] = "@sha256:";
    if (*text == ':') {
        size_t length = span(text + 1, any, "._-");
        if (length == 0 || length > 128 || text[1] == '.' || text[1] == '-')
            return false;
        text += 1 + length;
    }
    if (*text == '\0')
        return true;
    return strncmp(text, digest, sizeof digest - 1) == 0 &&
           strspn(text + sizeof digest - 1, "0123456789abcdef") == 64 &&
           text[sizeof digest - 1 + 64] == '\0';
}

const char *podman_image_name(struct arena *arena, const char *image)
{
    const char *slash = strchr(image, '/');
    const char *path = image;
    const char *prefix = slash ? "docker.io/" : "docker.io/library/";
    if (slash && is_registry(image, (size_t)(slash - image))) {
        size_t length = match_registry(image);
        if (length == 0 || image[length] != '/')
            return NULL;
        path = image + length + 1;
        prefix = "";
    }
    const char *version = skip_path(path);
    if (!version || !is_version(version) ||
        strlen(image) > PODMAN_REFERENCE_LIMIT)
        return NULL;
    return arena_format(arena, "%s%s", prefix, image);
}

/* --- answers --------------------------------------------------------------- */

static bool has_digest(const struct value *names, const char *digest)
{
    for (size_t i = 0; i < value_count(names); i++) {
        const char *name = value_string(value_item(names, i));
        const char *at = name ? strrchr(name, '@') : NULL;
        if (at && strcmp(at + 1, digest) == 0)
            return true;
    }
    return false;
}

/* Whether a program of this image's own user would be root. */
static bool is_root(const char *user)
{
    size_t length = user ? strcspn(user, ":") : 0;
    return length == 0 || strspn(user, "0") == length ||
           (length == 4 && strncmp(user, "root", 4) == 0);
}

bool podman_image_decode(struct arena *arena, const char *answer, size_t length,
                         const char *reference, struct podman_image *image)
{
    struct error ignored = {0};
    const struct value *list = value_read_json(arena, answer, length, &ignored);
    const struct value *found = value_item(list, 0);
    const char *id = value_string_at(found, "Id");
    const char *digest = value_string_at(found, "Digest");
    const char *architecture = value_string_at(found, "Architecture");
    const char *wanted = strchr(reference, '@');
    const struct value *names = value_get(found, "RepoDigests");
    if (!id || value_count(list) != 1)
        return false;
    image->id = strchr(id, ':') ? id : arena_format(arena, "sha256:%s", id);
    image->digest = digest ? digest : "";
    image->architecture = architecture ? architecture : "";
    image->root = is_root(value_string_at(value_get(found, "Config"), "User"));
    image->check = IMAGE_UNVERIFIED;
    if (wanted)
        image->check = strcmp(image->digest, wanted + 1) == 0 ||
                               has_digest(names, wanted + 1)
                           ? IMAGE_VERIFIED
                           : IMAGE_MISMATCH;
    /* Of several, the one that it was asked for by. */
    if (image->check == IMAGE_VERIFIED)
        image->digest = wanted + 1;
    return true;
}

const char *podman_architecture(void)
{
    static const struct {
        const char *machine, *architecture;
    } names[] = {
        {"x86_64", "amd64"},    {"aarch64", "arm64"}, {"armv7l", "arm"},
        {"ppc64le", "ppc64le"}, {"s390x", "s390x"},   {"riscv64", "riscv64"},
        {"i686", "386"},
    };
    struct utsname machine;
    if (uname(&machine) != 0)
        return "";
    for (size_t i = 0; i < LENGTH(names); i++)
        if (strcmp(machine.machine, names[i].machine) == 0)
            return names[i].architecture;
    return "";
}

/* --- asking ---------------------------------------------------------------- */

void podman_inspection_start(struct podman_inspection *inspection,
                             const struct engine *engine,
                             const char *const *variables)
{
    const char *const arguments[] = {engine->name, "image", "inspect",
                                     inspection->reference, NULL};
    struct process_setup setup = {.program = engine->program,
                                  .arguments = arguments,
                                  .variables = variables};
    struct error ignored = {0};
    inspection->asked = true;
    text_clear(&inspection->answer);
    if (process_start(&setup, &inspection->process, &ignored) != 0)
        inspection->process.pid = -1;
}

/* What the image is, in a note with the same data as in a cluster. */
static int tell(struct podman_inspection *inspection,
                const struct podman_image *image, struct arena *arena,
                struct event_sink *sink, struct error *error)
{
    struct value *data = value_make_map(arena);
    const char *check = image_check_name(image->check);
    const char *found = image->digest[0] ? image->digest : image->id;
    inspection->told = true;
    value_set_string(arena, data, "container", inspection->container);
    value_set_string(arena, data, "image", inspection->reference);
    value_set_string(arena, data, "imageID", found);
    value_set_string(arena, data, "check", check);
    struct event note = {.kind = EVENT_NOTE,
                         .time = clock_now(),
                         .text =
                             arena_format(arena, "image of container '%s': %s",
                                          inspection->container, check),
                         .data = data};
    if (event_emit(sink, &note, error) != 0)
        return -1;
    const char *own = podman_architecture();
    note.data = NULL;
    note.text = arena_format(arena,
                             "image of container '%s' is for %.40s, this "
                             "machine is %s: its programs may not run here",
                             inspection->container, image->architecture, own);
    if (image->architecture[0] && own[0] &&
        strcmp(image->architecture, own) != 0 &&
        event_emit(sink, &note, error) != 0)
        return -1;
    if (inspection->not_root && image->root)
        return error_set(error, ERROR_TRUST,
                         "container '%s' has runAsNonRoot, and its image would "
                         "run as root; give it runAsUser",
                         inspection->container);
    if (image->check != IMAGE_MISMATCH)
        return 0;
    return error_set(error, ERROR_TRUST,
                     "container '%s' runs another image than was asked for: "
                     "'%.160s' instead of '%.160s'",
                     inspection->container, found, inspection->reference);
}

/* The answer is complete. */
static int judge(struct podman_inspection *inspection, struct event_sink *sink,
                 struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct podman_image image;
    if (!podman_image_decode(arena, text_string(&inspection->answer),
                             inspection->answer.length, inspection->reference,
                             &image))
        return 0;
    return tell(inspection, &image, arena, sink, error);
}

/* Whether the answer may go on. */
static bool read_answer(struct podman_inspection *inspection)
{
    char buffer[4096];
    for (;;) {
        ssize_t length =
            read(inspection->process.output, buffer, sizeof buffer);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 && errno == EAGAIN)
            return true;
        if (length <= 0 ||
            inspection->answer.length + (size_t)length > PODMAN_ANSWER_LIMIT)
            return false;
        text_append(&inspection->answer, buffer, (size_t)length);
    }
}

void podman_inspection_close(struct podman_inspection *inspection)
{
    if (inspection->process.pid > 0) {
        process_signal(inspection->process.handle, SIGKILL);
        process_reap(&inspection->process);
        process_close(&inspection->process);
    }
    inspection->process.pid = -1;
    text_free(&inspection->answer);
}

int podman_inspection_take(struct podman_inspection *inspection, bool wait,
                           struct event_sink *sink, struct error *error)
{
    int64_t end = clock_monotonic() + PODMAN_PATIENCE;
    if (inspection->process.pid <= 0)
        return 0;
    while (read_answer(inspection)) {
        struct pollfd slot = {.fd = inspection->process.output,
                              .events = POLLIN};
        if (!wait)
            return 0;
        if (clock_monotonic() > end)
            break;
        poll(&slot, 1, 100);
    }
    int result = judge(inspection, sink, error);
    podman_inspection_close(inspection);
    return result;
}
