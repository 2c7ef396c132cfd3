#pragma once
/* libyaml's error as a diagnostic for people. */
#include <stdbool.h>
#include <yaml.h>

#include "engine/base/diagnostics.h"
#include "engine/value/yaml_source.h"

/* Adds E100 for the error in which `parser` stopped: what is wrong, where it can
 * be mended, and how. `source` is moved. */
void yaml_problem_report(const yaml_parser_t *parser,
                         struct yaml_source *source,
                         struct diagnostics *diagnostics);

/* Whether a value begins with '{{' on the line of byte `offset` and is not quoted,
 * which YAML reads as a map within a map; adds E100 for it, once. */
bool yaml_problem_report_template(struct yaml_source *source, size_t offset,
                                  struct diagnostics *diagnostics);
