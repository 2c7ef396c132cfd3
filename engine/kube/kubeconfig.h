#pragma once
/* What the files about kubeconfigs share, and the one that is fuzzed. */
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

/* The three kinds of entries: a list of {name, <kind>: {...}}. */
struct kube_entry_kind {
    const char *list;         /* "clusters" */
    const char *name;         /* "cluster", also in messages */
    const char *const *paths; /* members that name files; ends with NULL */
};

enum { KUBE_CLUSTER, KUBE_USER, KUBE_CONTEXT, KUBE_ENTRY_KINDS };
extern const struct kube_entry_kind kube_entry_kinds[KUBE_ENTRY_KINDS];

/* The kubeconfig in `text`, which stands in the file `path`: checked, relative
 * paths resolved against the folder of `path`, only the members that Assay uses.
 * An empty text is an empty kubeconfig. NULL with ERROR_INPUT and the place. */
struct value *kube_config_parse(struct arena *arena, const char *path,
                                const char *text, size_t length,
                                struct error *error);

/* The body of the entry `name` of a kind, or NULL. */
const struct value *kube_config_entry(const struct value *config, int kind,
                                      const char *name);

/* Fills `error`: "there is no <kind> 'x' in the kubeconfig", with the names that
 * there are; `name` NULL: no current context. Always returns -1. */
int kube_config_refuse(struct arena *arena, const struct value *config,
                       int kind, const char *name, struct error *error);
