#pragma once
/*
 * The client side of a Kubernetes cluster. Today its configuration: kubeconfig
 * files as kubectl reads them, merged, and reduced to what one context needs, so
 * that it can be handed into a sandbox. No environment is looked at and no
 * network touched: the caller says where the files are.
 */
#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

/* Where kubeconfig files are looked for. NULL and "" mean: not given. */
struct kube_config_sources {
    const char *path; /* --kubeconfig: then only this file, which must exist */
    const char *list; /* $KUBECONFIG: files with ':' between, any missing */
    const char *fallback; /* ~/.kube/config: used when there is no list */
};

/* Reads and merges the files (YAML or JSON) into one kubeconfig: of clusters,
 * users and contexts of the same name the first one counts, as a whole; so does
 * the first current-context. Relative paths inside a file are made relative to
 * its folder. ERROR_INPUT with the place of what is wrong, or with the names of
 * the files when none of them exists. Reads files; lives as long as `arena`. */
struct value *kube_config_read(struct arena *arena,
                               const struct kube_config_sources *sources,
                               struct error *error);

/* A kubeconfig that needs no other file: only `context` (NULL or "": the current
 * one) with its cluster and its user, certificates, keys and token put in.
 * ERROR_INPUT when the context, its cluster or its user is not there, when a
 * file cannot be read, and for users that log in by a program (exec) or an
 * auth-provider, which cannot be carried. Holds secrets: do not print it to a
 * person. Reads files; lives as long as `arena`. */
struct value *kube_config_reduce(struct arena *arena,
                                 const struct value *config,
                                 const char *context, struct error *error);
