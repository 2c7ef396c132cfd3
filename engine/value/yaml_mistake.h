#pragma once
/* Mistakes that are told by the text around the place where the parser stopped. */
#include <stdbool.h>

#include "engine/base/diagnostics.h"
#include "engine/value/yaml_source.h"

/* Where the parser stopped (a byte of the source), and what it missed there. */
struct yaml_stop {
    const char *problem; /* in the words of libyaml */
    size_t offset;       /* where it stopped */
    size_t opened;       /* where what it was in began; or `offset` */
};

/* Adds what was probably meant; false when nothing is known. */
bool yaml_mistake_report(struct yaml_source *source,
                         const struct yaml_stop *stop,
                         struct diagnostics *diagnostics);
