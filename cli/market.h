#pragma once
/* What the commands about marketplaces share: places, and how things are
 * printed. */
#include "cli/output.h"
#include "engine/base/text.h"
#include "marketplace/marketplace.h"

/* $XDG_CONFIG_HOME/assay/marketplaces.yaml and
 * $XDG_CACHE_HOME/assay/marketplaces, or below ~/.config and ~/.cache. In
 * `arena`. ERROR_SYSTEM without a home. */
int market_places(struct arena *arena, struct marketplace_places *places,
                  struct error *error) MUST_CHECK;

/* The lock file when none is named: in the working folder. */
extern const char market_lock_file[];

/* Where a workflow came from, for the record of a run: docs/history.md. */
const struct value *market_origin(struct arena *arena,
                                  const struct marketplace_source *source);

/* Rows of texts as a table with a head, columns as wide as their texts; every
 * cell is escaped. `cells` holds `columns` texts a row; NULL is shown as "-".
 */
void market_print_table(struct text *text, const char *const *cells,
                        size_t rows, size_t columns);

/* "name       value", escaped; nothing when the value is NULL or "". */
void market_print_fact(struct text *text, const char *name, const char *value);

/* One line about what an update or `add` did. */
void market_print_change(const char *name, bool added,
                         const struct marketplace_change *change);

/* Files of a marketplace that are not usable, on stderr. */
void market_warn_problems(const char *name,
                          const struct marketplace_change *change);

/* The page of one workflow. */
void market_print_source(struct text *text, struct arena *arena,
                         const struct marketplace_source *source);

/* What `pull` did; `before` is the digest that the lock had, or NULL. */
void market_print_pulled(const struct marketplace_source *source,
                         const char *before, const char *lock);

/* "checked: SHA256:..." and such, for people. In `arena`. */
const char *market_trust_text(struct arena *arena,
                              const struct marketplace *market);

/* The same things as values with stable names (docs/marketplace.md). */
struct value *market_value(struct arena *arena,
                           const struct marketplace *market);
struct value *market_entry_value(struct arena *arena, const char *market,
                                 const struct marketplace_entry *entry);
struct value *market_source_value(struct arena *arena,
                                  const struct marketplace_source *source);
struct value *market_change_value(struct arena *arena, const char *name,
                                  const struct marketplace_change *change);
