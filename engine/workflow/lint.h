#pragma once
/* Private: what the files of the lints share. */
#include "engine/workflow/private.h"

struct lint {
    struct arena *arena; /* of one document; texts of findings are copied */
    const char *source;
    size_t source_length;
    size_t located; /* bytes that were scanned for places: bounded */
    const struct value *document;
    struct value *ids; /* of steps that were seen: a map, whose names count */
    const struct workflow_lint_options *options;
    struct diagnostics *diagnostics;
};

/* What is found, and where: `length` bytes from `offset` of a string, or the mark
 * of another value. */
struct lint_finding {
    const char *code;
    const struct value *value;
    size_t offset, length;
    const char *hint;
};

void lint_report(struct lint *lint, const struct lint_finding *finding,
                 const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The text of a shell script: W421, W425, W426. */
void lint_shell(struct lint *lint, const struct value *text);

/* What follows `-c` in command and args of `map`. */
void lint_arguments(struct lint *lint, const struct value *map);

/* A security context of a pod or container, the volumes of a pod: W43x. */
void lint_security(struct lint *lint, const struct value *context);
void lint_volumes(struct lint *lint, const struct value *volumes);

/* The defaults of spec.config: E201, E202, E204. */
void lint_parameters(struct lint *lint);

/* metadata as the marketplace wants it: W427. */
void lint_marketplace(struct lint *lint);
