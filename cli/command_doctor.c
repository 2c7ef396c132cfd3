/*
 * `assay doctor`: everything that a run needs, one line each: what was found, and
 * what to do about it. `--rbac` prints the rights that a run in a cluster needs, as
 * objects for kubectl. The exit code says whether something is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/connection.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/print.h"
#include "cli/rights.h"
#include "cli/store.h"
#include "engine/base/clock.h"
#include "engine/runtime/runtime.h"

/* What a line says about its subject. */
enum finding { FINDING_OK, FINDING_NOTE, FINDING_WRONG };

static const char *const marks[] = {"ok", "--", "!!"};
static const char *const words[] = {"ok", "note", "wrong"};

enum {
    CALLS_AT_ONCE = 8,
    ROOM = 15, /* for the subjects */
};

/* A clock so far off makes times in the record misleading. */
#define SKEW_LIMIT (5 * CLOCK_SECOND)

struct doctor {
    struct arena *arena;
    struct connection_request request;
    struct connection connection;
    const char *database, *service_account;
    struct value *findings; /* list of {subject, finding, text} */
    bool wrong;
};

static void tell(struct doctor *doctor, enum finding finding,
                 const char *subject, const char *text)
{
    struct value *line = value_make_map(doctor->arena);
    value_set_string(doctor->arena, line, "subject", subject);
    value_set_string(doctor->arena, line, "finding", words[finding]);
    value_set(doctor->arena, line, "mark",
              value_make_int(doctor->arena, finding));
    value_set_string(doctor->arena, line, "text", text);
    value_append(doctor->arena, doctor->findings, line);
    doctor->wrong = doctor->wrong || finding == FINDING_WRONG;
}

static void tell_error(struct doctor *doctor, const char *subject,
                       const struct error *error)
{
    const char *place = error->place.file;
    tell(doctor, FINDING_WRONG, subject,
         arena_format(doctor->arena, "%s%s%s", place, place[0] ? ": " : "",
                      error->text));
}

/* --- this machine ---------------------------------------------------------- */

static const char *find_program(struct arena *arena, const char *name)
{
    const char *path = getenv("PATH");
    path = arena_format(arena, "%s:/usr/bin", path ? path : "");
    while (*path) {
        size_t length = strcspn(path, ":");
        const char *found =
            arena_format(arena, "%.*s/%s", (int)length, path, name);
        if (path[0] == '/' && access(found, X_OK) == 0)
            return found;
        path += length;
        path += *path == ':';
    }
    return NULL;
}

/* Whether a sandbox can be made at all; its complaints go nowhere. */
static bool can_sandbox(const char *program)
{
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(127);
        execl(program, program, "--unshare-user", "--unshare-pid", "--ro-bind",
              "/", "/", "--proc", "/proc", "true", (char *)NULL);
        _exit(127);
    }
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child &&
           WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void check_sandbox(struct doctor *doctor)
{
    const char *program = find_program(doctor->arena, "bwrap");
    if (!program)
        tell(doctor, FINDING_NOTE, "sandbox",
             "bubblewrap (bwrap) is not installed: --runtime host needs it");
    else if (!can_sandbox(program))
        tell(doctor, FINDING_WRONG, "sandbox",
             arena_format(doctor->arena,
                          "%s cannot make a sandbox: docs/runtimes.md says "
                          "what to allow",
                          program));
    else
        tell(doctor, FINDING_OK, "sandbox",
             arena_format(doctor->arena, "%s makes sandboxes", program));
}

/* What --runtime podman would use; that there is none is no mistake. */
static void check_engine(struct doctor *doctor)
{
    const char *chosen = getenv("ASSAY_CONTAINER_ENGINE");
    const char *program =
        chosen && chosen[0] ? chosen : find_program(doctor->arena, "podman");
    if (!program)
        program = find_program(doctor->arena, "docker");
    if (program)
        tell(doctor, FINDING_OK, "containers",
             arena_format(doctor->arena, "%s, for --runtime podman", program));
    else
        tell(doctor, FINDING_NOTE, "containers",
             "neither podman nor docker is installed: --runtime podman needs "
             "one");
}

static bool count_run(void *context, const struct history_entry *entry)
{
    size_t *count = context;
    (void)entry;
    ++*count;
    return true;
}

static void check_history(struct doctor *doctor)
{
    struct error error = {0};
    const char *path =
        store_history_path(doctor->arena, doctor->database, &error);
    CLEANUP(history_close)
    struct history *history = path ? history_open(path, true, &error) : NULL;
    const struct history_query everything = {0};
    size_t runs = 0;
    if (!history ||
        history_list(history, &everything, count_run, &runs, &error) < 0)
        tell_error(doctor, "history", &error);
    else
        tell(doctor, FINDING_OK, "history",
             arena_format(doctor->arena, "%s, %zu runs", path, runs));
}

/* --- the cluster ----------------------------------------------------------- */

/* A file with keys that others may read. */
static void check_mode(struct doctor *doctor, const char *path)
{
    struct stat status;
    if (path && stat(path, &status) == 0 &&
        (status.st_mode & (S_IRWXG | S_IRWXO)))
        tell(doctor, FINDING_NOTE, "kubeconfig",
             arena_format(doctor->arena,
                          "%s can be read by others: chmod 600 %s", path,
                          path));
}

static bool check_configuration(struct doctor *doctor)
{
    struct error error = {0};
    const struct kube_config_sources sources =
        store_kubeconfig(doctor->arena, doctor->request.kubeconfig);
    if (!connection_is_configured(&doctor->request)) {
        tell(doctor, FINDING_NOTE, "kubeconfig",
             "none: runs can only go to --runtime host");
        return false;
    }
    if (connection_open(doctor->arena, &doctor->request, &doctor->connection,
                        &error) < 0) {
        tell_error(doctor, "kubeconfig", &error);
        return false;
    }
    const struct kube_access *access = doctor->connection.access;
    tell(doctor, FINDING_OK, "kubeconfig",
         arena_format(doctor->arena, "context %s, server %s",
                      kube_access_context(access), kube_access_server(access)));
    check_mode(doctor, sources.path);
    if (!sources.path && sources.list && !strchr(sources.list, ':'))
        check_mode(doctor, sources.list);
    if (!sources.path && !sources.list)
        check_mode(doctor, sources.fallback);
    return true;
}

static int call(struct doctor *doctor, struct kube_call *calls, size_t count)
{
    struct error error = {0};
    if (kube_call_run(doctor->connection.client, doctor->arena, calls, count,
                      &error) == 0)
        return 0;
    tell_error(doctor, "server", &error);
    return -1;
}

static void check_clock(struct doctor *doctor)
{
    int64_t skew;
    char text[CLOCK_TEXT];
    if (!kube_client_skew(doctor->connection.client, &skew))
        return;
    int64_t size = skew < 0 ? -skew : skew;
    duration_print(size, text);
    if (size <= SKEW_LIMIT)
        tell(doctor, FINDING_OK, "clock", "agrees with the server's");
    else
        tell(doctor, FINDING_NOTE, "clock",
             arena_format(doctor->arena, "the server's is %s %s", text,
                          skew > 0 ? "ahead" : "behind"));
}

static bool check_server(struct doctor *doctor)
{
    struct kube_call version = {
        .method = "GET", .path = "/version", .what = "ask for the version"};
    if (call(doctor, &version, 1) < 0)
        return false;
    if (error_is_set(&version.error)) {
        tell_error(doctor, "server", &version.error);
        return false;
    }
    const char *name = value_string_at(version.object, "gitVersion");
    tell(doctor, FINDING_OK, "server",
         arena_format(doctor->arena, "Kubernetes %s", name ? name : "?"));
    check_clock(doctor);
    return true;
}

static void check_namespace(struct doctor *doctor)
{
    struct arena *arena = doctor->arena;
    const char *name = doctor->connection.namespace_name;
    struct kube_call get = {
        .method = "GET",
        .path = kube_path(arena, &kube_namespaces, NULL, name),
        .what = arena_format(arena, "get namespace '%s'", name),
    };
    if (call(doctor, &get, 1) < 0)
        return;
    if (error_is_set(&get.error)) {
        if (get.status == 403)
            tell(doctor, FINDING_NOTE, "namespace",
                 arena_format(arena,
                              "%s cannot be looked at: runs take it for one "
                              "that enforces no Pod Security profile",
                              name));
        else
            tell_error(doctor, "namespace", &get.error);
        return;
    }
    const struct value *labels = value_path(get.object, "metadata.labels");
    const char *level =
        value_string_at(labels, "pod-security.kubernetes.io/enforce");
    tell(doctor, FINDING_OK, "namespace",
         arena_format(arena, "%s, Pod Security: %s", name,
                      level ? level : "nothing enforced"));
}

/* A question to the server: may I? */
static struct kube_call make_review(struct doctor *doctor,
                                    const struct runtime_permission *permission,
                                    const char *verb)
{
    struct arena *arena = doctor->arena;
    struct value *attributes = value_make_map(arena);
    value_set_string(arena, attributes, "namespace",
                     doctor->connection.namespace_name);
    value_set_string(arena, attributes, "verb", verb);
    value_set_string(arena, attributes, "group", permission->group);
    value_set_string(arena, attributes, "resource", permission->resource);
    value_set_string(arena, attributes, "subresource", permission->subresource);
    struct value *spec = value_make_map(arena);
    value_set(arena, spec, "resourceAttributes", attributes);
    struct value *review = value_make_map(arena);
    value_set_string(arena, review, "apiVersion", "authorization.k8s.io/v1");
    value_set_string(arena, review, "kind", "SelfSubjectAccessReview");
    value_set(arena, review, "spec", spec);
    return (struct kube_call){
        .method = "POST",
        .path = kube_path(arena, &kube_access_reviews, NULL, NULL),
        .body = review,
        .what = "ask for permissions",
    };
}

/* Appends what is not allowed of one row. */
static int review_row(struct doctor *doctor,
                      const struct runtime_permission *permission,
                      struct text *denied)
{
    struct kube_call calls[CALLS_AT_ONCE];
    size_t count = 0;
    for (; permission->verbs[count]; count++)
        calls[count] =
            make_review(doctor, permission, permission->verbs[count]);
    if (call(doctor, calls, count) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (error_is_set(&calls[i].error)) {
            tell_error(doctor, "permissions", &calls[i].error);
            return -1;
        }
        if (value_bool_or(value_path(calls[i].object, "status.allowed"), false))
            continue;
        const char *slash = permission->subresource[0] ? "/" : "";
        text_append_format(denied, "%s%s %s%s%s", denied->length ? ", " : "",
                           permission->verbs[i], permission->resource, slash,
                           permission->subresource);
    }
    return 0;
}

static void check_permissions(struct doctor *doctor)
{
    CLEANUP(text_free) struct text needed = {0};
    CLEANUP(text_free) struct text optional = {0};
    for (const struct runtime_permission *row = runtime_kubernetes_permissions;
         row->resource; row++)
        if (review_row(doctor, row, row->optional ? &optional : &needed) < 0)
            return;
    if (needed.length)
        tell(doctor, FINDING_WRONG, "permissions",
             arena_format(doctor->arena,
                          "missing: %s; `assay doctor --rbac` prints a Role "
                          "that grants them",
                          text_string(&needed)));
    else
        tell(doctor, FINDING_OK, "permissions",
             "jobs, pods, logs, configmaps and secrets");
    if (optional.length)
        tell(doctor, FINDING_NOTE, "permissions",
             arena_format(doctor->arena, "runs go on without: %s",
                          text_string(&optional)));
}

static int print_rights(const struct doctor *doctor)
{
    CLEANUP(text_free) struct text text = {0};
    const char *namespace_name = doctor->request.namespace_name;
    const char *account = doctor->service_account;
    rights_append(&text, namespace_name ? namespace_name : "default",
                  account ? account : "assay");
    print_text(&text);
    return EXIT_PASSED;
}

/* --- all of it ------------------------------------------------------------- */

static void print_findings(const struct doctor *doctor)
{
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < value_count(doctor->findings); i++) {
        const struct value *line = value_item(doctor->findings, i);
        const char *found = value_string_at(line, "text");
        text_append_format(&text, "%s  %-*s",
                           marks[value_int_or(value_get(line, "mark"), 0)],
                           ROOM, value_string_at(line, "subject"));
        text_append_escaped(&text, found, strlen(found), false);
        text_append_character(&text, '\n');
    }
    print_text(&text);
}

static int examine(struct doctor *doctor, enum output output)
{
    tell(doctor, FINDING_OK, "assay", ASSAY_VERSION);
    if (check_configuration(doctor) && check_server(doctor)) {
        check_namespace(doctor);
        check_permissions(doctor);
    }
    check_sandbox(doctor);
    check_engine(doctor);
    check_history(doctor);
    if (output == OUTPUT_TEXT)
        print_findings(doctor);
    else
        output_print(doctor->findings, output);
    if (doctor->connection.client)
        kube_client_close(doctor->connection.client);
    return doctor->wrong ? EXIT_NOT_RUN : EXIT_PASSED;
}

int command_doctor(int count, char **arguments)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct doctor doctor = {.arena = arena, .findings = value_make_list(arena)};
    const char *output_word = NULL;
    bool rights = false;
    const struct option options[] = {
        CONNECTION_OPTIONS(&doctor.request),
        {"rbac", 0, OPTION_FLAG, &rights, NULL,
         "print the Role and RoleBinding that a run needs, as YAML"},
        {"service-account", 0, OPTION_TEXT, &doctor.service_account, "NAME",
         "--rbac: who gets the rights (assay)"},
        {"db", 0, OPTION_TEXT, &doctor.database, "FILE", "the history"},
        {"output", 'o', OPTION_TEXT, &output_word, "FORM",
         "text (default), json, ndjson or yaml"},
        {0},
    };
    struct error error = {0};
    enum output output = OUTPUT_TEXT;
    static const struct command_help help = {
        .usage = "doctor [options]",
        .text = "Checks what runs need: kubeconfig, server, namespace, "
                "permissions, sandbox,\nhistory, clock. Exit code 5 when "
                "something is wrong.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    if (count != 0)
        error_set(&error, ERROR_USAGE, "expected no argument, found '%.100s'",
                  arguments[0]);
    else
        output_parse(output_word, &output, &error);
    if (error_is_set(&error))
        return print_error(&error);
    return rights ? print_rights(&doctor) : examine(&doctor, output);
}
