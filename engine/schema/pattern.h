#pragma once
/*
 * Regular expressions whose time is bounded: the text's length times the
 * program's, whatever the pattern, because patterns come from documents too. The
 * syntax is what ECMA-262 and RE2 have in common: literals, `.`, classes, \d \w
 * \s \b, groups, alternation, * + ? {n,m}, ^ $. What only backtracking can do
 * (look-around, back references) is refused. Characters are code points.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"

struct pattern;

/* A pattern that lives as long as `arena`; NULL with ERROR_INPUT for wrong
 * syntax or one beyond the limits (limits.h). */
struct pattern *pattern_compile(struct arena *arena, const char *text,
                                size_t length, struct error *error);

/* Whether the pattern matches anywhere in `text`, which is UTF-8. */
bool pattern_match(const struct pattern *pattern, const char *text,
                   size_t length);
