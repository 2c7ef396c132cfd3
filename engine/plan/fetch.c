/*
 * content.git and content.tarball: leaves of their own that run a script of ours
 * (clone.sh, unpack.sh) in a pinned image, into a folder that the containers of the
 * scope share. What the workflow says reaches the script by variables only.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/plan/limits.h"
#include "engine/plan/private.h"

extern const char clone_script[] __attribute__((visibility("hidden")));
extern const char unpack_script[] __attribute__((visibility("hidden")));

static const struct value fetch_image = {
    .kind = VALUE_STRING,
    .string = {PLAN_FETCH_IMAGE, sizeof PLAN_FETCH_IMAGE - 1},
};

/* --- which leaves there are --------------------------------------------------- */

/* What fetching asks for, and the least that it may have, where the scope says
 * something of that resource. */
static const struct {
    const char *name, *request, *limit;
} enough[] = {
    {"cpu", "50m", "50m"},
    {"memory", "64Mi", "256Mi"},
    {"ephemeral-storage", "64Mi", "64Mi"},
};

static double amount_of(struct arena *arena, const struct value *amount)
{
    double number;
    return amount && object_read_quantity(arena, amount, &number) ? number : -1;
}

/* The smaller of the scope's amount and `text`; with `most` the larger. */
static void choose_amount(struct arena *arena, struct value *made,
                          const char *name, const struct value *given,
                          const char *text, bool most)
{
    struct value *own = value_make_string(arena, text);
    bool larger = amount_of(arena, given) > amount_of(arena, own);
    value_set(arena, made, name,
              larger == most ? value_copy(arena, given) : own);
}

/* Resources were meant for the steps, and fetching is no part of them. But a
 * namespace whose quota counts a resource takes no container that says nothing of
 * it: what the scope names is named here too, in small. */
static const struct value *fetch_resources(struct arena *arena,
                                           const struct value *scope)
{
    const struct value *requests = value_get(scope, "requests");
    const struct value *limits = value_get(scope, "limits");
    struct value *asked = value_make_map(arena);
    struct value *bounds = value_make_map(arena);
    struct value *made = value_make_map(arena);
    for (size_t i = 0; i < sizeof enough / sizeof *enough; i++) {
        const struct value *limit = value_get(limits, enough[i].name);
        const struct value *request = value_get(requests, enough[i].name);
        if (!request)
            request = limit;
        if (amount_of(arena, request) < 0 ||
            (limit && amount_of(arena, limit) < 0))
            continue;
        choose_amount(arena, asked, enough[i].name, request, enough[i].request,
                      false);
        if (limit)
            choose_amount(arena, bounds, enough[i].name, limit, enough[i].limit,
                          true);
    }
    if (value_count(asked) == 0)
        return NULL;
    value_set(arena, made, "requests", asked);
    if (value_count(bounds) > 0)
        value_set(arena, made, "limits", bounds);
    return made;
}

/* A container of Assay's own: rights and mounts are those of the scope. */
static struct planned_step *add_leaf(struct planning *planning,
                                     struct planned_list *list, enum part part,
                                     const struct value *step,
                                     const struct container_settings *settings)
{
    struct planned_step *leaf = steps_add(planning, list, part, step);
    if (!leaf)
        return NULL;
    leaf->settings = *settings;
    leaf->settings.image = &fetch_image;
    leaf->settings.pull_policy = NULL;
    leaf->settings.command = NULL;
    leaf->settings.args = NULL;
    leaf->settings.resources =
        fetch_resources(planning->arena, settings->resources);
    leaf->settings.working_directory = NULL;
    leaf->settings.purity = PURITY_PURE;
    return leaf;
}

static void refuse_github(struct planning *planning, const struct value *git)
{
    const struct value *type = value_get(git, "authType");
    if (value_is(type, VALUE_STRING) &&
        strcmp(type->string.bytes, "github") == 0)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E303",
                        type->mark,
                        "take a token from a Secret: tokenFrom, with authType "
                        "basic or header",
                        "authType 'github' asks Testkube's control plane for a "
                        "token, which is not part of Assay");
}

static void add_git(struct planning *planning, struct planned_list *list,
                    const struct value *step, const struct value *git,
                    struct container_settings *settings)
{
    static const struct value usual = {
        .kind = VALUE_STRING,
        .string = {"/data/repo", sizeof "/data/repo" - 1},
    };
    const struct value *path = value_get(git, "mountPath");
    if (!value_is(path, VALUE_STRING) || path->string.length == 0)
        path = &usual;
    const char *folder = content_folder(planning, settings, path);
    if (!folder)
        return;
    refuse_github(planning, git);
    content_mount(planning, settings, folder);
    struct planned_step *leaf =
        add_leaf(planning, list, PART_GIT, step, settings);
    if (leaf) {
        leaf->detail = git;
        leaf->folder = folder;
    }
}

/* Whether a volume is mounted at the path or above it. */
static bool is_covered(const struct container_settings *settings,
                       const char *path)
{
    const char *const shared[] = {"/data", "/tmp", "/testkube"};
    size_t count = sizeof shared / sizeof *shared;
    for (size_t i = 0; i < count + value_count(settings->mounts); i++) {
        const char *mount =
            i < count ? shared[i]
                      : value_string_at(settings->mounts->list.items[i - count],
                                        "mountPath");
        size_t length = mount ? strlen(mount) : 0;
        if (length > 0 && strncmp(path, mount, length) == 0 &&
            (path[length] == '\0' || path[length] == '/'))
            return true;
    }
    return false;
}

static void add_tarball(struct planning *planning, struct planned_list *list,
                        const struct value *step, const struct value *tarball,
                        struct container_settings *settings)
{
    const struct value *path = value_get(tarball, "path");
    const struct value *mount = value_get(tarball, "mount");
    const char *folder = path ? content_folder(planning, settings, path) : NULL;
    if (!folder)
        return;
    bool covered = is_covered(settings, folder);
    if (value_bool_or(mount, !covered))
        content_mount(planning, settings, folder);
    else if (!covered)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E314",
                        mount->mark,
                        "leave 'mount' out, or mount a volume there",
                        "no volume is mounted at '%.200s', so that later steps "
                        "would not see the files",
                        folder);
    struct planned_step *leaf =
        add_leaf(planning, list, PART_TARBALL, step, settings);
    if (leaf) {
        leaf->detail = tarball;
        leaf->folder = folder;
    }
}

void fetch_add(struct planning *planning, struct planned_list *list,
               const struct value *step, const struct value *content,
               struct container_settings *settings)
{
    const struct value *git = value_get(content, "git");
    const struct value *archives = value_get(content, "tarball");
    if (value_is(git, VALUE_MAP))
        add_git(planning, list, step, git, settings);
    for (size_t i = 0; i < value_count(archives); i++)
        add_tarball(planning, list, step, value_item(archives, i), settings);
}

/* --- what their scripts are told ----------------------------------------------- */

struct script {
    struct planning *planning;
    struct planned_container *container;
    struct value *environment;
};

static void tell(const struct script *script, const char *name,
                 const struct value *text)
{
    struct arena *arena = script->planning->arena;
    struct value *entry = value_make_map(arena);
    value_set_string(arena, entry, "name", name);
    value_set(arena, entry, "value",
              text ? value_copy(arena, text) : value_make_string(arena, ""));
    environment_add(script->planning, script->container, script->environment,
                    entry);
}

static void tell_plain(const struct script *script, const char *name,
                       const char *text)
{
    struct arena *arena = script->planning->arena;
    struct value *made = value_make_map(arena);
    value_set_string(arena, made, "name", name);
    value_set_string(arena, made, "value", text);
    value_append(arena, script->environment, made);
}

static void tell_number(const struct script *script, const char *name,
                        int64_t number)
{
    tell_plain(
        script, name,
        arena_format(script->planning->arena, "%lld", (long long)number));
}

/* A text that nobody is to see: what is written in the workflow moves to the run's
 * Secret, what the pod knows stays an expression. */
static void tell_secret(const struct script *script, const char *name,
                        const struct value *text)
{
    struct planning *planning = script->planning;
    struct arena *arena = planning->arena;
    struct value *known = names_text(planning, text);
    struct value *made = value_make_map(arena);
    value_set_string(arena, made, "name", name);
    if (value_is(known, VALUE_MAP))
        value_set(arena, made, "value", known);
    else
        value_set_string(
            arena, made, "variable",
            secrets_add_literal(planning, name, value_string(known)));
    value_append(arena, script->environment, made);
}

/* `field`, or `field`From. */
static void tell_credential(const struct script *script, const char *name,
                            const struct value *git, const char *field,
                            bool secret)
{
    struct arena *arena = script->planning->arena;
    const struct value *text = value_get(git, field);
    const struct value *from =
        value_get(git, arena_format(arena, "%sFrom", field));
    bool given = value_is(text, VALUE_STRING) && text->string.length > 0;
    if (given && secret)
        tell_secret(script, name, text);
    else if (given || !value_is(from, VALUE_MAP))
        tell(script, name, given ? text : NULL);
    else {
        struct value *entry = value_make_map(arena);
        value_set_string(arena, entry, "name", name);
        value_set(arena, entry, "valueFrom", value_copy(arena, from));
        environment_add(script->planning, script->container,
                        script->environment, entry);
    }
}

static void tell_retry(const struct script *script, const struct value *git)
{
    struct planning *planning = script->planning;
    const struct value *delay = value_path(git, "retry.delay");
    const char *text = value_is(delay, VALUE_STRING)
                           ? names_static_text(planning, delay)
                           : NULL;
    int64_t pause = 100 * CLOCK_MILLISECOND;
    struct error error = {0};
    if (text && text[0] != '\0' && duration_parse(text, &pause, &error) < 0)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E305",
                        delay->mark, NULL, "%s", error.text);
    if (pause < 0 || pause > 30 * CLOCK_SECOND)
        pause = 30 * CLOCK_SECOND;
    tell_number(script, "CLONE_TRIES",
                value_int_or(value_path(git, "retry.count"), 5));
    tell_number(script, "CLONE_DELAY", pause / CLOCK_MILLISECOND);
}

/* A password in the address that is written in the workflow would be in the
 * objects, and in the repository's configuration. */
static void check_address(struct planning *planning, const struct value *uri)
{
    const char *text = value_string(uri);
    const char *begin = text ? strstr(text, "://") : NULL;
    if (!begin || strstr(text, "{{"))
        return;
    begin += 3;
    size_t length = strcspn(begin, "/");
    const char *at = memchr(begin, '@', length);
    if (at && memchr(begin, ':', (size_t)(at - begin)))
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E315",
                        uri->mark,
                        "give it as 'token' (and 'username'), best from a "
                        "Secret: tokenFrom",
                        "the address of the repository holds a password");
}

static void tell_git(const struct script *script, const struct value *git,
                     const char *folder)
{
    struct arena *arena = script->planning->arena;
    const struct value *paths = value_get(git, "paths");
    const char *type = value_string_at(git, "authType");
    const struct value *verbosity = value_get(git, "verbosity");
    check_address(script->planning, value_get(git, "uri"));
    tell(script, "CLONE_URI", value_get(git, "uri"));
    tell(script, "CLONE_REVISION", value_get(git, "revision"));
    tell_plain(script, "CLONE_FOLDER", folder);
    tell_credential(script, "CLONE_USERNAME", git, "username", false);
    tell_credential(script, "CLONE_TOKEN", git, "token", true);
    tell_credential(script, "CLONE_KEY", git, "sshKey", true);
    tell_plain(script, "CLONE_AUTHORIZATION", type ? type : "basic");
    if (verbosity)
        tell(script, "CLONE_VERBOSITY", verbosity);
    else
        tell_plain(script, "CLONE_VERBOSITY", "verbose");
    if (value_get(git, "caFile"))
        tell(script, "CLONE_CA_FILE", value_get(git, "caFile"));
    tell_plain(script, "CLONE_CONE",
               value_bool_or(value_get(git, "cone"), false) ? "true" : "false");
    tell_number(script, "CLONE_PATHS", (int64_t)value_count(paths));
    for (size_t i = 0; i < value_count(paths); i++)
        tell(script, arena_format(arena, "CLONE_PATH_%zu", i),
             paths->list.items[i]);
    tell_retry(script, git);
}

struct value *fetch_script(struct planning *planning,
                           const struct planned_step *leaf,
                           struct planned_container *container,
                           struct value *environment)
{
    struct script script = {planning, container, environment};
    if (leaf->part == PART_GIT) {
        tell_git(&script, leaf->detail, leaf->folder);
        return value_make_string(planning->arena, clone_script);
    }
    tell(&script, "ARCHIVE_URL", value_get(leaf->detail, "url"));
    tell_plain(&script, "ARCHIVE_FOLDER", leaf->folder);
    tell_number(&script, "ARCHIVE_LIMIT", PLAN_ARCHIVE_BYTES_LIMIT);
    return value_make_string(planning->arena, unpack_script);
}
