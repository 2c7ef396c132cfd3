#pragma once
/* Templates from --template FILE|DIR. */
#include "cli/document.h"
#include "cli/options.h"
#include "engine/base/diagnostics.h"
#include "engine/workflow/workflow.h"

/* Adds the templates of each file, of the .yaml, .yml and .json files of each folder
 * (not of those below it), or of a marketplace by NAME[@sha256:...], looked up by
 * `choice`. A path without a template is ERROR_USAGE; what is wrong with the YAML
 * goes to `diagnostics`. */
int templates_load(struct arena *arena, const struct option_list *paths,
                   const struct document_choice *choice,
                   struct workflow_templates *templates,
                   struct diagnostics *diagnostics,
                   struct error *error) MUST_CHECK;
