#pragma once
/*
 * Workflows from git: a marketplace is a repository whose head is trusted by a
 * rule that the user chose. It is fetched into a bare cache and read as
 * objects; nothing is checked out and nothing of it is run here. What is
 * trusted is decided by signatures and digests, never by the transport
 * (docs/trust.md).
 *
 * A function that gives a trust refusal gives ERROR_TRUST, and its text begins
 * with the refusal's name and a colon. All results live in the arena that is
 * passed.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

enum { MARKETPLACE_DIGEST = 72 }; /* "sha256:<64 hex>" and a NUL */

/* Where things are kept; the folders are made when they are needed. */
struct marketplace_places {
    const char *settings; /* the file of known marketplaces */
    const char *cache;    /* a folder; may be deleted at any time */
};

/* A known marketplace: where it is, whom to trust, and what was accepted last.
 */
struct marketplace {
    const char *name;
    const char *url;
    const char *ca;              /* file of certificates; NULL: the system's */
    bool tofu;                   /* the first head was taken unchecked */
    const char **signers;        /* fingerprints of keys that may sign */
    size_t signer_count;         /* 0: another rule */
    const char *allowed_signers; /* file of keys that may sign; NULL */
    const char *head;            /* commit accepted last, 40 hex digits */
    const char *signer;          /* fingerprint of its key; NULL: unchecked */
    const char *updated;         /* when, RFC 3339 */
};

struct marketplace_list {
    struct marketplace *items; /* by name */
    size_t count;
};

/* The known marketplaces; none when there is no file yet. ERROR_INPUT. */
int marketplace_list_read(struct arena *arena,
                          const struct marketplace_places *places,
                          struct marketplace_list *list,
                          struct error *error) MUST_CHECK;

/* The one of that name; NULL with ERROR_USAGE and the known names. */
struct marketplace *marketplace_find(const struct marketplace_list *list,
                                     const char *name, struct error *error);

/* What may be said about one fetch. {0} is the default. */
struct marketplace_fetch {
    size_t seconds;      /* give up after; 0: 120 */
    bool allow_rollback; /* take a head that does not follow the last one */
};

/* A file of a marketplace that is no usable workflow, and why. */
struct marketplace_problem {
    const char *path;
    const char *text;
};

/* What an update did. */
struct marketplace_change {
    const char *before; /* commit; NULL: the first */
    const char *after;
    const char *signer;     /* NULL: not checked */
    const char *principals; /* of the file of allowed signers; NULL */
    const char *unchecked;  /* first use: the key that signed it; NULL: none */
    size_t workflows;
    struct marketplace_problem *problems; /* files that could not be read */
    size_t problem_count;
};

/* Fetches and checks `market` (name, url, ca and a rule of trust are set; a
 * relative file is made absolute) and makes it known. ERROR_USAGE for a wrong
 * or known name or a wrong URL, ERROR_TRUST without a rule, or as update. */
int marketplace_add(struct arena *arena,
                    const struct marketplace_places *places,
                    struct marketplace *market,
                    const struct marketplace_fetch *options,
                    struct marketplace_change *change,
                    struct error *error) MUST_CHECK;

/* Fetches the head of `name`, checks it and records it. When this fails nothing
 * has changed. ERROR_REMOTE: no answer, or not one of git; ERROR_TRUST: the
 * head is not trusted, or does not follow the recorded one (rollback,
 * not-descendant), or holds what no marketplace holds (unsafe-entry). */
int marketplace_update(struct arena *arena,
                       const struct marketplace_places *places,
                       const char *name,
                       const struct marketplace_fetch *options,
                       struct marketplace_change *change,
                       struct error *error) MUST_CHECK;

/* Forgets `name` and deletes its cache. */
int marketplace_remove(struct arena *arena,
                       const struct marketplace_places *places,
                       const char *name, struct error *error) MUST_CHECK;

/* A workflow, or a template, of a marketplace. */
struct marketplace_entry {
    const char *name;
    bool template;    /* a TestWorkflowTemplate */
    const char *path; /* in the repository */
    const char *category, *component, *display_name, *description; /* or "" */
    const struct value *parameters; /* spec.config as written; NULL: none */
    const struct value *images;     /* as written, sorted, each once */
    char digest[MARKETPLACE_DIGEST];
};

/* The workflows of a commit, by name, and the files that could not be read. */
struct marketplace_index {
    struct marketplace_entry *entries;
    size_t count;
    struct marketplace_problem *problems;
    size_t problem_count;
};

/* The index of the recorded head, which is authenticated again (a key may have
 * expired since). ERROR_SYSTEM with a hint when the cache is not there. */
int marketplace_index_read(struct arena *arena,
                           const struct marketplace_places *places,
                           const struct marketplace *market,
                           struct marketplace_index *index,
                           struct error *error) MUST_CHECK;

/* [MARKET/]NAME[@sha256:HEX]. */
struct marketplace_reference {
    const char *market; /* NULL: any */
    const char *name;
    const char *digest; /* NULL: no pin */
};

/* Whether `text` has the form of a reference (and not of a file's name). */
bool marketplace_is_reference(const char *text);

/* Reads a reference. ERROR_USAGE. */
int marketplace_reference_parse(struct arena *arena, const char *text,
                                struct marketplace_reference *reference,
                                struct error *error) MUST_CHECK;

/* One workflow, found: the exact bytes and where they came from. */
struct marketplace_source {
    const struct marketplace *market;
    const struct marketplace_entry *entry; /* what these bytes say */
    const char *commit;
    const char *signer; /* who signed the head that vouches for it; NULL */
    const char *bytes;  /* NUL-terminated beyond `length` */
    size_t length;
};

/* How a reference is looked up. */
struct marketplace_lookup {
    const char *lock; /* file; NULL: no lock is read */
    bool locked;      /* what is not in the lock is refused */
};

/* Finds a workflow in the cache and checks its bytes. What the lock names comes
 * in the version of the lock, unless another one is pinned; else the head's. A
 * pin that the head does not match is looked for in older commits. ERROR_USAGE:
 * no such name, or several; ERROR_TRUST: digest-mismatch, not-locked,
 * lock-differs. */
int marketplace_resolve(struct arena *arena,
                        const struct marketplace_places *places,
                        const char *text,
                        const struct marketplace_lookup *lookup,
                        struct marketplace_source *source,
                        struct error *error) MUST_CHECK;

/* The first marketplace that has the workflow of the reference `text`, or NULL:
 * for telling apart what is a file, too. What cannot be read does not count. */
const char *marketplace_of(struct arena *arena,
                           const struct marketplace_places *places,
                           const char *text);

/* Puts `source` into the lock file, in the place of one of the same marketplace
 * and name. `*before` is the digest that stood there, or NULL. */
int marketplace_lock_put(struct arena *arena, const char *file,
                         const struct marketplace_source *source,
                         const char **before, struct error *error) MUST_CHECK;
