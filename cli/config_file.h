#pragma once
/*
 * What the user of this machine prefers: $XDG_CONFIG_HOME/assay/config.yaml, or
 * ~/.config/assay/config.yaml (schemas/config.schema.json). It is never looked for
 * in the working folder, which may be somebody else's.
 */
#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

enum { CONFIG_FILE_BYTES_LIMIT = 64 * 1024 };

/* What the file says; everything lives as long as the arena. */
struct config_file {
    const char *path;           /* NULL: there is no place for it */
    const struct value *ignore; /* codes, a list of texts; NULL: not said */
    const char *runtime;        /* NULL: not said */
};

/* Reads it. A file that is not there says nothing; one that is wrong is
 * ERROR_USAGE with its first problem and place. */
int config_file_read(struct arena *arena, struct config_file *config,
                     struct error *error) MUST_CHECK;

/* A folder of the XDG specification: what `variable` says unless it is relative,
 * or `below` the home folder, such as ".config"; NULL: neither is set. */
const char *config_folder(struct arena *arena, const char *variable,
                          const char *below);
