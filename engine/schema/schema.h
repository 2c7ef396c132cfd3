#pragma once
/*
 * A value against a JSON Schema (2020-12): every problem as a diagnostic with the
 * place of the value, what was expected and what was found, and how to mend it.
 * A schema is compiled once and lives as long as the arena it was compiled into.
 *
 * Keywords: type, enum, const, properties, patternProperties,
 * additionalProperties, propertyNames, required, minProperties, maxProperties,
 * items, prefixItems, minItems, maxItems, uniqueItems, pattern, minLength,
 * maxLength, format, minimum, maximum, exclusiveMinimum, exclusiveMaximum,
 * multipleOf, allOf, anyOf, oneOf, not, if, then, else, $ref, $defs; $schema,
 * $comment, title, description, default, examples and deprecated say something
 * about the value. Another keyword is an error of the schema. Patterns are what
 * ECMA-262 and RE2 have in common; formats are go-duration, cron, quantity,
 * label-name, annotation-name (checked unless the text holds `{{`) and expression (not checked here).
 */
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/diagnostics.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

struct schema;

/* The schema in `document` (as read from JSON), which must live as long as
 * `arena`. `$ref` may name places of the same document ("#/$defs/x"). NULL with
 * ERROR_INPUT: unknown keyword, wrong operand, reference to nothing or in a
 * circle, too large. */
struct schema *schema_compile(struct arena *arena, const struct value *document,
                              struct error *error);

/* Adds every problem of `value` to `diagnostics`, in the order of the value. The
 * mark is the one of the value; of the name for an unknown field; of the map for
 * a missing one. Texts hold a name such as 'env[0].value' unless the problem is
 * at the root. */
void schema_check(const struct schema *schema, const struct value *value,
                  struct diagnostics *diagnostics);

/* The schema that is built in for documents of `kind`: TestWorkflow,
 * TestWorkflowTemplate, TestWorkflowExecution; NULL for other kinds. For the life of
 * the program; parts of it are compiled when they are used, so for one thread. */
const struct schema *schema_of_kind(const char *kind);

/* The same by the name of its file, such as "config.schema.json"; NULL: it is not
 * built in. */
const struct schema *schema_of_file(const char *file);
