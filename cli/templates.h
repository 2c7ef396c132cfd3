#pragma once
/* Templates from --template FILE|DIR. */
#include "cli/options.h"
#include "engine/base/diagnostics.h"
#include "engine/workflow/workflow.h"

/* Adds the templates of each file, or of the .yaml, .yml and .json files of each
 * folder (not of those below it). A path without a template is ERROR_USAGE; what
 * is wrong with the YAML goes to `diagnostics`. */
int templates_load(struct arena *arena, const struct option_list *paths,
                   struct workflow_templates *templates,
                   struct diagnostics *diagnostics,
                   struct error *error) MUST_CHECK;
