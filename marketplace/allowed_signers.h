#pragma once
/*
 * The file of trusted keys that ssh-keygen and git use (ssh-keygen(1), ALLOWED
 * SIGNERS): PRINCIPALS [OPTIONS] TYPE KEY [COMMENT], one a line.
 */
#include "engine/base/error.h"
#include "marketplace/wire.h"

struct allowed_signer {
    const char *principals; /* as written: who this is; for people */
    const char *namespaces; /* a list of patterns; NULL: all */
    int64_t valid_after;    /* nanoseconds since 1970 UTC; 0: always */
    int64_t valid_before;   /* 0: for ever */
    struct wire blob;       /* the key */
};

struct allowed_signers {
    struct allowed_signer *items;
    size_t count;
};

/* Reads the text of `file` (a name for messages). Everything lives in `arena`.
 * ERROR_INPUT with the line: what is not understood is never skipped, and
 * cert-authority, and times without the Z of UTC, are refused. */
int allowed_signers_parse(struct arena *arena, const char *file,
                          const char *text, size_t length,
                          struct allowed_signers *signers,
                          struct error *error) MUST_CHECK;

/* The first line that trusts the key for `namespace_name` at `now`. NULL with
 * ERROR_TRUST: not listed, for other namespaces only, or not at this time. */
const struct allowed_signer *
allowed_signers_find(const struct allowed_signers *signers,
                     const struct wire *blob, const char *namespace_name,
                     int64_t now, struct error *error);

/* Whether `text` matches a list of patterns: `*` and `?`, commas between them,
 * `!` in front of one that must not match. */
bool pattern_list_matches(const char *list, const char *text);
