/*
 * URL in, objects of its HEAD in a repository of our own. The child fetches
 * with libgit2 and reports one struct over a pipe; the parent waits for it with
 * a deadline. libgit2 has no timeouts of its own, and what it reads is written
 * by strangers: hence a process of its own with resource limits. The child
 * writes into `folder` only, which the caller throws away unless the head is
 * accepted.
 */
#include "marketplace/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "marketplace/git.h"
#include "marketplace/limits.h"
#include "marketplace/transport.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED_BY_CLANG
#endif
#endif

static const struct {
    const char *prefix;
    bool refused; /* a transport without authentication */
    bool has_host;
} schemes[] = {
    {"https://", false, true}, {"ssh://", false, true},
    {"file://", false, false}, {"http://", true, true},
    {"git://", true, true},
};

static int check_host(const char *rest, bool https, struct error *error)
{
    size_t length = strcspn(rest, "/");
    const char *at = memchr(rest, '@', length);
    if (at && (https || memchr(rest, ':', (size_t)(at - rest))))
        return error_set(error, ERROR_USAGE,
                         "the URL holds a user name or password, which would "
                         "be written into files: leave it out (for private "
                         "repositories use ssh:// with a key)");
    const char *host = at ? at + 1 : rest;
    if (host == rest + length || host[0] == ':' || host[0] == '-' ||
        rest[0] == '-' || rest[length] == '\0')
        return error_set(error, ERROR_USAGE, "the URL needs a host and a path");
    return 0;
}

int fetch_check_url(const char *url, struct error *error)
{
    size_t length = strlen(url);
    if (length > MARKETPLACE_URL_LIMIT)
        return error_set(error, ERROR_USAGE, "the URL is longer than %d bytes",
                         MARKETPLACE_URL_LIMIT);
    for (size_t i = 0; i < length; i++)
        if (url[i] <= ' ' || url[i] >= 0x7f || strchr("\\\"'<>`", url[i]))
            return error_set(error, ERROR_USAGE,
                             "the URL holds a character that does not belong "
                             "there (byte %zu)",
                             i + 1);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t size = strlen(schemes[i].prefix);
        if (strncmp(url, schemes[i].prefix, size) != 0)
            continue;
        if (schemes[i].refused)
            return error_set(error, ERROR_TRUST,
                             "insecure-transport: '%.200s' is neither "
                             "encrypted nor authenticated: use https or ssh",
                             url);
        if (schemes[i].has_host)
            return check_host(url + size, i == 0, error);
        if (url[size] != '/' || url[size + 1] == '\0')
            return error_set(error, ERROR_USAGE,
                             "expected file:///absolute/path, found '%.200s'",
                             url);
        return 0;
    }
    return error_set(error, ERROR_USAGE,
                     "expected a URL that begins with https://, ssh:// or "
                     "file://, found '%.200s'",
                     url);
}

/* What the child tells. */
struct report {
    struct error error;
    char head[COMMIT_NAME];
};

/* What the callbacks of libgit2 are given. */
struct watch {
    const struct fetch *fetch;
    bool exceeded;
    bool asked_agent;
    size_t key; /* the next of the usual key files */
};

static int on_progress(const git_indexer_progress *progress, void *payload)
{
    struct watch *watch = payload;
    watch->exceeded = progress->received_bytes > watch->fetch->bytes_limit ||
                      progress->total_objects > watch->fetch->objects_limit;
    return watch->exceeded ? GIT_EUSER : 0;
}

/* The next key file of the user that exists. */
static int next_key(struct watch *watch, const char *user,
                    git_credential **credential)
{
    static const char *const names[] = {"id_ed25519", "id_ecdsa", "id_rsa"};
    const char *home = getenv("HOME");
    while (home && watch->key < sizeof names / sizeof *names) {
        char private_file[4096], public_file[4100];
        int length = snprintf(private_file, sizeof private_file, "%s/.ssh/%s",
                              home, names[watch->key++]);
        if (length < 0 || (size_t)length >= sizeof private_file ||
            access(private_file, R_OK) < 0)
            continue;
        snprintf(public_file, sizeof public_file, "%s.pub", private_file);
        return git.credential_ssh_key_new(
            credential, user,
            access(public_file, R_OK) == 0 ? public_file : NULL, private_file,
            NULL);
    }
    return GIT_EAUTH;
}

/* Keys for ssh: the agent's, then the usual files. Nothing for https. */
static int on_credentials(git_credential **credential, const char *url,
                          const char *user, unsigned allowed, void *payload)
{
    struct watch *watch = payload;
    (void)url;
    if (!user)
        user = "git";
    if (allowed & GIT_CREDENTIAL_USERNAME)
        return git.credential_username_new(credential, user);
    int result = GIT_EAUTH;
    if ((allowed & GIT_CREDENTIAL_SSH_KEY) && !watch->asked_agent &&
        getenv("SSH_AUTH_SOCK")) {
        watch->asked_agent = true;
        result = git.credential_ssh_key_from_agent(credential, user);
    } else if (allowed & GIT_CREDENTIAL_SSH_KEY) {
        result = next_key(watch, user, credential);
    }
    if (result != 0)
        git.error_set_str(GIT_ERROR_NET,
                          allowed & GIT_CREDENTIAL_SSH_KEY
                              ? "no key of the agent or of ~/.ssh was accepted"
                              : "the server asks for a password, which is "
                                "not supported: use ssh:// with a key");
    return result;
}

static volatile sig_atomic_t file_too_large;

/* The write then fails with EFBIG. */
static void on_file_too_large(int number)
{
    (void)number;
    file_too_large = 1;
}

static int limit(__rlimit_resource_t resource, rlim_t amount)
{
    struct rlimit value = {amount, amount};
    return setrlimit(resource, &value);
}

static int limit_memory(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(SANITIZED_BY_CLANG)
    return 0; /* the sanitizer needs terabytes of addresses */
#else
    return limit(RLIMIT_DATA, FETCH_MEMORY_LIMIT);
#endif
}

/* Ceilings of the kernel around the whole child. */
static int confine(const struct fetch *fetch, pid_t parent, struct error *error)
{
    signal(SIGXFSZ, on_file_too_large);
    signal(SIGPIPE, SIG_IGN);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || limit(RLIMIT_CORE, 0) < 0 ||
        limit(RLIMIT_FSIZE, 2 * (rlim_t)fetch->bytes_limit) < 0 ||
        limit(RLIMIT_CPU, (rlim_t)fetch->seconds + 1) < 0 || limit_memory() < 0)
        return error_set_system(error, "cannot limit the process that fetches");
    if (getppid() != parent)
        _exit(0); /* it has ended before its end could be noticed */
    return 0;
}

static int fail(const struct watch *watch, int code, struct error *error)
{
    const git_error *last = git.error_last();
    bool too_many = last && last->klass == GIT_ERROR_INDEXER &&
                    strcmp(last->message, "too many objects") == 0;
    if (watch->exceeded || file_too_large || too_many)
        return error_set(error, ERROR_TRUST,
                         "length-exceeded: the repository is larger than %zu "
                         "bytes or %zu objects",
                         watch->fetch->bytes_limit,
                         watch->fetch->objects_limit);
    if (code == GIT_ECERTIFICATE)
        return git_fail(error, ERROR_REMOTE,
                        "the server's certificate is not trusted (--ca FILE "
                        "names another authority)");
    return git_fail(error, ERROR_REMOTE, "cannot fetch");
}

static const git_oid *find_head(git_remote *remote, struct error *error)
{
    const git_remote_head **heads = NULL;
    size_t count = 0;
    if (git.remote_ls(&heads, &count, remote) < 0) {
        git_fail(error, ERROR_REMOTE, "cannot list the remote's references");
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(heads[i]->name, "HEAD") == 0)
            return &heads[i]->oid;
    error_set(error, ERROR_REMOTE, "the repository has no HEAD: it is empty");
    return NULL;
}

static int transfer(git_remote *remote, struct watch *watch,
                    char head[COMMIT_NAME], struct error *error)
{
    git_remote_connect_options connect;
    git_fetch_options options;
    char refspec[] = "+HEAD:refs/heads/incoming";
    char *refspecs[] = {refspec};
    const git_strarray wanted = {refspecs, 1};
    git.remote_connect_options_init(&connect,
                                    GIT_REMOTE_CONNECT_OPTIONS_VERSION);
    git.fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
    options.callbacks.transfer_progress = on_progress;
    options.callbacks.credentials = on_credentials;
    options.callbacks.payload = watch;
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
    options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
    options.proxy_opts.type = GIT_PROXY_AUTO;
    connect.callbacks = options.callbacks;
    connect.follow_redirects = options.follow_redirects;
    connect.proxy_opts = options.proxy_opts;
    int code = git.remote_connect_ext(remote, GIT_DIRECTION_FETCH, &connect);
    if (code < 0)
        return fail(watch, code, error);
    const git_oid *name = find_head(remote, error);
    if (!name)
        return -1;
    git.oid_tostr(head, COMMIT_NAME, name);
    if (watch->fetch->have && strcmp(watch->fetch->have, head) == 0)
        return 0;
    code = git.remote_download(remote, &wanted, &options);
    return code < 0 ? fail(watch, code, error) : 0;
}

static int fetch_in_child(const char *folder, const struct fetch *fetch,
                          char head[COMMIT_NAME], struct error *error)
{
    CLEANUP(git_repository_free) git_repository *repository = NULL;
    CLEANUP(git_remote_free) git_remote *remote = NULL;
    git_remote_create_options options;
    struct watch watch = {.fetch = fetch};
    if (repository_begin(error) < 0)
        return -1;
    bool https = strncmp(fetch->url, "https://", 8) == 0;
    if (https && transport_begin(fetch->ca, error) < 0)
        return -1;
    if (git.repository_open_bare(&repository, folder) < 0)
        return git_fail(error, ERROR_SYSTEM, "cannot open the cache");
    git.remote_create_options_init(&options, GIT_REMOTE_CREATE_OPTIONS_VERSION);
    options.repository = repository;
    options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF |
                    GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
    if (git.remote_create_with_opts(&remote, fetch->url, &options) < 0)
        return git_fail(error, ERROR_USAGE, "cannot use the URL");
    return transfer(remote, &watch, head, error);
}

static void wait_for(pid_t child, int *status)
{
    while (waitpid(child, status, 0) < 0 && errno == EINTR)
        ;
}

/* Reads the whole report, or nothing. 1; 0: the child ended without one; -1:
 * the deadline passed. */
static int read_report(int descriptor, struct report *report, int64_t deadline)
{
    size_t have = 0;
    while (have < sizeof *report) {
        int64_t left = deadline - clock_monotonic();
        struct pollfd wait = {.fd = descriptor, .events = POLLIN};
        if (left <= 0)
            return -1;
        int ready = poll(&wait, 1, (int)(left / CLOCK_MILLISECOND) + 1);
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        ssize_t count =
            read(descriptor, (char *)report + have, sizeof *report - have);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return 0;
        have += (size_t)count;
    }
    return 1;
}

static int judge(const struct fetch *fetch, pid_t child, int descriptor,
                 struct report *report, struct error *error)
{
    int status = 0;
    int got =
        read_report(descriptor, report,
                    clock_monotonic() + (int64_t)fetch->seconds * CLOCK_SECOND);
    if (got <= 0)
        kill(child, SIGKILL);
    wait_for(child, &status);
    if (got < 0)
        return error_set(error, ERROR_REMOTE,
                         "no complete answer within %zu seconds (--timeout)",
                         fetch->seconds);
    if (got == 0)
        return error_set(error, ERROR_SYSTEM,
                         "the process that fetches ended before it was done "
                         "(status %d)",
                         status);
    if (error_is_set(&report->error))
        *error = report->error;
    return error_is_set(error) ? -1 : 0;
}

int fetch_head(const char *folder, const struct fetch *fetch,
               char head[COMMIT_NAME], struct error *error)
{
    int ends[2];
    struct report report = {0};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_system(error, "cannot make a pipe");
    fflush(NULL);
    pid_t parent = getpid(), child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return error_set_system(error, "cannot start a process");
    }
    if (child == 0) {
        close(ends[0]);
        if (confine(fetch, parent, &report.error) == 0)
            (void)!fetch_in_child(folder, fetch, report.head, &report.error);
        (void)!file_write_all(ends[1], (const char *)&report, sizeof report);
        _exit(0);
    }
    close(ends[1]);
    int result = judge(fetch, child, ends[0], &report, error);
    close(ends[0]);
    if (result == 0)
        memcpy(head, report.head, COMMIT_NAME);
    return result;
}
