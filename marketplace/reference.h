#pragma once
/* Names of marketplaces and workflows, and the references made of them. */
#include <stdbool.h>
#include <stddef.h>

/* 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit. */
bool reference_name_is_valid(const char *name);

/* 1 to 253 of letters, digits, '.', '_' and '-', beginning with a letter or
 * digit: the name of a workflow. */
bool reference_workflow_is_valid(const char *name);

/* 40 lower-case hex digits. */
bool reference_commit_is_valid(const char *commit);
