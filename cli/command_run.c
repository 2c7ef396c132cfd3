/* `assay run REF`: the options, and which of them suit which runtime. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/config_file.h"
#include "cli/print.h"
#include "cli/running.h"
#include "cli/several.h"
#include "engine/base/clock.h"

static int check_word(const char *option, const char *word, const char *first,
                      const char *second, bool *is_second, struct error *error)
{
    *is_second = word && strcmp(word, second) == 0;
    if (!word || *is_second || strcmp(word, first) == 0)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "--%s: expected %s or %s, found '%.100s'", option, first,
                     second, word);
}

/* The place of a word in a list of three, the default for NULL; -1. */
static int choose(const char *option, const char *word,
                  const char *const words[3], struct error *error)
{
    for (int i = 0; i < 3; i++)
        if (!word || strcmp(word, words[i]) == 0)
            return i;
    return error_set(error, ERROR_USAGE,
                     "--%s: expected %s, %s or %s, found '%.100s'", option,
                     words[0], words[1], words[2], word);
}

/* The container engine and when it pulls; or, on the host, that nobody asked. */
static int check_podman(struct run *run, struct error *error)
{
    static const char *const pulls[] = {"missing", "always", "never"};
    struct runtime_options *options = &run->host_options;
    if (strcmp(run->runtime, "podman") != 0) {
        const char *other = run->engine ? "container-engine"
                            : run->pull ? "pull"
                                        : NULL;
        return other ? error_set(error, ERROR_USAGE,
                                 "--%s is for --runtime podman", other)
                     : 0;
    }
    if (run->sandbox)
        return error_set(error, ERROR_USAGE,
                         "--sandbox is for --runtime host; with podman the "
                         "steps run in containers");
    int pull = choose("pull", run->pull, pulls, error);
    if (pull < 0)
        return -1;
    options->sandbox = SANDBOX_CONTAINER;
    options->engine =
        run->engine ? run->engine : getenv("ASSAY_CONTAINER_ENGINE");
    if (run->pull)
        options->pull = (enum runtime_pull)(PULL_MISSING + pull);
    return 0;
}

static int check_host(struct run *run, struct error *error)
{
    bool none;
    const char *other = run->request.security  ? "security"
                        : run->keep            ? "keep"
                        : run->service_account ? "service-account"
                        : run->start_timeout   ? "start-timeout"
                                               : NULL;
    if (other)
        return error_set(error, ERROR_USAGE, "--%s is for --runtime kubernetes",
                         other);
    if (check_word("sandbox", run->sandbox, "bubblewrap", "none", &none,
                   error) < 0)
        return -1;
    run->host_options.sandbox = none ? SANDBOX_NONE : SANDBOX_BUBBLEWRAP;
    if (check_word("network", run->network, "host", "none", &none, error) < 0)
        return -1;
    run->host_options.network_none = none;
    if (run->expose && strcmp(run->expose, "kubeconfig") != 0)
        return error_set(error, ERROR_USAGE,
                         "--expose: expected kubeconfig, found '%.100s'",
                         run->expose);
    return check_podman(run, error);
}

static int check_kubernetes(struct run *run, struct error *error)
{
    static const char *const keeps[] = {"failed", "always", "never"};
    struct runtime_kubernetes_options *options = &run->kubernetes_options;
    const char *other = run->sandbox   ? "sandbox"
                        : run->network ? "network"
                        : run->expose  ? "expose"
                                       : NULL;
    if (run->engine || run->pull)
        return check_podman(run, error);
    if (other)
        return error_set(error, ERROR_USAGE,
                         "--%s is for --runtime host; in a cluster the pod has "
                         "its own, and rights come by --service-account",
                         other);
    int security = security_profile_parse(run->request.security, error);
    int keep = choose("keep", run->keep, keeps, error);
    if (security < 0 || keep < 0)
        return -1;
    options->security = (enum security_profile)security;
    run->request.security_later = true;
    options->keep = (enum runtime_keep)keep;
    options->service_account = run->service_account;
    options->detach = run->detach;
    if (!run->start_timeout)
        return 0;
    if (duration_parse(run->start_timeout, &options->start_timeout, error) <
            0 ||
        options->start_timeout <= 0) {
        *error = (struct error){0};
        return error_set(error, ERROR_USAGE,
                         "--start-timeout: expected a duration such as 90s, "
                         "found '%.100s'",
                         run->start_timeout);
    }
    return 0;
}

/* Where to run when no option says so: ASSAY_RUNTIME, the user's config.yaml, or the
 * cluster that there is a way to. NULL with `error`. */
static const char *choose_runtime(struct arena *arena, const struct run *run,
                                  struct error *error)
{
    const char *variable = getenv("ASSAY_RUNTIME");
    struct config_file config;
    if (run->runtime && run->runtime[0])
        return run->runtime;
    if (variable && variable[0])
        return variable;
    if (config_file_read(arena, &config, error) < 0)
        return NULL;
    if (config.runtime)
        return config.runtime;
    if (connection_is_configured(&run->cluster))
        return "kubernetes";
    error_set(error, ERROR_USAGE,
              "there is no kubeconfig, so there is no cluster to run in: give "
              "--runtime host (this machine, in a sandbox), --runtime podman "
              "(here, in containers) or --kubeconfig FILE; ASSAY_RUNTIME and "
              "`runtime` in config.yaml say it for good");
    return NULL;
}

static int check_options(struct run *run, struct arena *arena,
                         struct error *error)
{
    run->runtime = choose_runtime(arena, run, error);
    if (!run->runtime)
        return -1;
    bool host = strcmp(run->runtime, "host") == 0 ||
                strcmp(run->runtime, "podman") == 0;
    if (!host && strcmp(run->runtime, "kubernetes") != 0)
        return error_set(error, ERROR_USAGE,
                         "unknown runtime '%.100s': this version has 'host', "
                         "'podman' and 'kubernetes'",
                         run->runtime);
    run->place = host ? PLACE_HOST : PLACE_KUBERNETES;
    int result = host ? check_host(run, error) : check_kubernetes(run, error);
    return result < 0
               ? -1
               : output_parse(run->output_word, &run->look.output, error);
}

static int check_count(const struct run *run, int count, size_t parallel,
                       struct error *error)
{
    if (count < 1)
        return error_set(error, ERROR_USAGE,
                         "expected a file or the name of a workflow");
    if (count > SEVERAL_LIMIT || parallel > SEVERAL_PARALLEL_LIMIT)
        return error_set(error, ERROR_USAGE,
                         "at most %d workflows in one command, %d at once",
                         SEVERAL_LIMIT, SEVERAL_PARALLEL_LIMIT);
    if (count > 1 && run->request.workflow)
        return error_set(error, ERROR_USAGE,
                         "--workflow chooses from one file, and there are %d",
                         count);
    if (parallel > 0 && run->detach)
        return error_set(error, ERROR_USAGE,
                         "with --detach all runs go on at once: leave out "
                         "--parallel");
    return 0;
}

int command_run(int count, char **arguments)
{
    struct run run = {0};
    size_t parallel = 0;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct option options[] = {
        REQUEST_OPTIONS(&run.request),
        PLAN_OPTIONS(&run.request),
        {"runtime", 'r', OPTION_TEXT, &run.runtime, "WHERE",
         "host (this machine), podman (or docker) or kubernetes; also "
         "ASSAY_RUNTIME"},
        CONNECTION_OPTIONS(&run.cluster),
        {"service-account", 0, OPTION_TEXT, &run.service_account, "NAME",
         "kubernetes: the rights of the steps; its token is mounted"},
        SECURITY_OPTION(&run.request.security),
        {"parallel", 0, OPTION_COUNT, &parallel, "N",
         "of several workflows so many at once (1)"},
        {"detach", 0, OPTION_FLAG, &run.detach, NULL,
         "print the id and leave; the run goes on: `assay attach ID`"},
        {"keep", 0, OPTION_TEXT, &run.keep, "WHEN",
         "kubernetes: keep the Job when failed (default), always or never"},
        {"start-timeout", 0, OPTION_TEXT, &run.start_timeout, "TIME",
         "kubernetes: how long the pod may take to start (5m)"},
        {"sandbox", 0, OPTION_TEXT, &run.sandbox, "KIND",
         "host: bubblewrap (default), or none: recorded"},
        {"network", 0, OPTION_TEXT, &run.network, "KIND",
         "host, podman: host (default), or none: no network"},
        {"expose", 0, OPTION_TEXT, &run.expose, "kubeconfig",
         "host, podman: give the steps a kubeconfig of the context"},
        {"container-engine", 0, OPTION_TEXT, &run.engine, "NAME",
         "podman: podman or docker, or a path; also "
         "ASSAY_CONTAINER_ENGINE"},
        {"pull", 0, OPTION_TEXT, &run.pull, "WHEN",
         "podman: images: missing, always or never (default: as the workflow "
         "says)"},
        {"db", 0, OPTION_TEXT, &run.database, "FILE", "the history to write"},
        FOLLOWING_OPTIONS(&run.look, &run.output_word),
        {0},
    };
    struct error error = {0};
    static const struct command_help help = {
        .usage = "run REF... [options]",
        .text = "Runs workflows and records them. REF is a file, `-` (standard "
                "input), or\n"
                "[MARKETPLACE/]NAME[@sha256:HEX]. Several are checked before "
                "any starts; the exit\n"
                "code is that of the worst.\n"
                "Ctrl-C aborts in order, twice at once.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    if (check_count(&run, count, parallel, &error) == 0)
        check_options(&run, arena, &error);
    if (error_is_set(&error))
        return print_error(&error);
    if (count > 1)
        return several_run(&run, arguments, (size_t)count, parallel);
    run.request.file = arguments[0];
    return run_reference(&run);
}
