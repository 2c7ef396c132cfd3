#pragma once
/* `assay validate --explain CODE`: what a code means, as Markdown. */
#include "engine/base/cleanup.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

/* Appends the section of `code`, or of all codes for "all". ERROR_USAGE names the
 * nearest one. */
int explain_append(struct text *text, const char *code,
                   struct error *error) MUST_CHECK;
