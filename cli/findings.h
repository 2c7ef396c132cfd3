#pragma once
/*
 * The findings of several files for machines: as JSON, and as SARIF 2.1.0 (OASIS)
 * for code scanning. The names are part of the contract (docs/diagnostics.md).
 */
#include "engine/base/arena.h"
#include "engine/base/diagnostics.h"
#include "engine/value/value.h"

/* One file that was looked at; the findings are sorted. */
struct checked_file {
    const char *file;
    const char *source; /* NULL: it could not be read */
    size_t length;
    const struct diagnostics *diagnostics;
    const char *failure; /* why it could not be read; NULL: it was */
};

/* {"files": [...]}: an empty report. */
struct value *findings_make(struct arena *arena);
void findings_add(struct arena *arena, struct value *report,
                  const struct checked_file *checked);

/* A log of one run, whose rules are all codes. */
struct value *sarif_make(struct arena *arena, const char *version);
void sarif_add(struct arena *arena, struct value *log,
               const struct checked_file *checked);

/* The source that a finding points into; false: it is not at hand. */
bool findings_source(const struct checked_file *checked,
                     const struct diagnostic *item, const char **source,
                     size_t *length);
