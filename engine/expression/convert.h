#pragma once
/* Values -> texts, numbers and truth, by the rules of the language. */
#include "engine/expression/node.h"

bool value_is_true(const struct value *value);

/* 0, or -1 with the reason in `error` (without a place). */
int value_to_number(const struct value *value, double *number,
                    struct error *error);
int value_to_int(const struct value *value, int64_t *integer,
                 struct error *error);

/* Toward zero. -1 with the error set: it does not fit, or is not a number. */
int float_to_int(double number, int64_t *integer, struct error *error);

/* The text as a template shows it. `length` may be NULL. */
const char *value_to_text(struct arena *arena, const struct value *value,
                          size_t *length);
void value_append_text(struct text *text, const struct value *value);

/* Appends what an expression prints for it. */
void value_append_json(struct text *text, const struct value *value);

/* A part of a value: `key` as at() takes it. NULL with the error set. */
const struct value *value_at(struct arena *arena, const struct value *value,
                             const struct value *key, struct error *error);

/* The same value as part of a new list or map; none becomes
 * a null. */
struct value *value_share(struct arena *arena, const struct value *value);
