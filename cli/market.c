/* Where marketplaces are kept, and what is known of them as values. */
#include "cli/market.h"

#include <stdlib.h>
#include <string.h>

#include "cli/config_file.h"

const char market_lock_file[] = "assay.lock";

int market_places(struct arena *arena, struct marketplace_places *places,
                  struct error *error)
{
    const char *settings = config_folder(arena, "XDG_CONFIG_HOME", ".config");
    const char *cache = config_folder(arena, "XDG_CACHE_HOME", ".cache");
    if (!settings || !cache)
        return error_set(error, ERROR_SYSTEM,
                         "no place for marketplaces: set HOME or %s",
                         settings ? "XDG_CACHE_HOME" : "XDG_CONFIG_HOME");
    places->settings =
        arena_format(arena, "%s/assay/marketplaces.yaml", settings);
    places->cache = arena_format(arena, "%s/assay/marketplaces", cache);
    return 0;
}

static void set_text(struct arena *arena, struct value *map, const char *name,
                     const char *text)
{
    value_set(arena, map, name,
              text ? value_make_string(arena, text) : value_make_null(arena));
}

const struct value *market_origin(struct arena *arena,
                                  const struct marketplace_source *source)
{
    struct value *map = value_make_map(arena);
    set_text(arena, map, "marketplace", source->market->name);
    set_text(arena, map, "url", source->market->url);
    set_text(arena, map, "commit", source->commit);
    set_text(arena, map, "signer", source->signer);
    set_text(arena, map, "path", source->entry->path);
    set_text(arena, map, "digest", source->entry->digest);
    return map;
}

const char *market_trust_text(struct arena *arena,
                              const struct marketplace *market)
{
    if (market->tofu)
        return "first use (no signature checked)";
    if (market->allowed_signers)
        return arena_format(arena, "keys of %s", market->allowed_signers);
    return arena_format(arena, "%zu key%s", market->signer_count,
                        market->signer_count == 1 ? "" : "s");
}

struct value *market_value(struct arena *arena,
                           const struct marketplace *market)
{
    struct value *map = value_make_map(arena);
    struct value *signers = value_make_list(arena);
    for (size_t i = 0; i < market->signer_count; i++)
        value_append(arena, signers,
                     value_make_string(arena, market->signers[i]));
    set_text(arena, map, "name", market->name);
    set_text(arena, map, "url", market->url);
    set_text(arena, map, "ca", market->ca);
    set_text(arena, map, "trust",
             market->tofu              ? "tofu"
             : market->allowed_signers ? "allowed-signers"
                                       : "signers");
    value_set(arena, map, "signers", signers);
    set_text(arena, map, "allowedSigners", market->allowed_signers);
    set_text(arena, map, "commit", market->head);
    set_text(arena, map, "signer", market->signer);
    set_text(arena, map, "updated", market->updated);
    return map;
}

struct value *market_entry_value(struct arena *arena, const char *market,
                                 const struct marketplace_entry *entry)
{
    struct value *map = value_make_map(arena);
    set_text(arena, map, "name", entry->name);
    set_text(arena, map, "kind",
             entry->template ? "TestWorkflowTemplate" : "TestWorkflow");
    set_text(arena, map, "marketplace", market);
    set_text(arena, map, "path", entry->path);
    set_text(arena, map, "digest", entry->digest);
    set_text(arena, map, "category", entry->category);
    set_text(arena, map, "component", entry->component);
    set_text(arena, map, "displayName", entry->display_name);
    set_text(arena, map, "description", entry->description);
    value_set(arena, map, "images", value_copy(arena, entry->images));
    return map;
}

struct value *market_source_value(struct arena *arena,
                                  const struct marketplace_source *source)
{
    struct value *map =
        market_entry_value(arena, source->market->name, source->entry);
    set_text(arena, map, "url", source->market->url);
    set_text(arena, map, "commit", source->commit);
    set_text(arena, map, "signer", source->signer);
    return map;
}

struct value *market_change_value(struct arena *arena, const char *name,
                                  const struct marketplace_change *change)
{
    struct value *map = value_make_map(arena);
    struct value *problems = value_make_list(arena);
    for (size_t i = 0; i < change->problem_count; i++) {
        struct value *problem = value_make_map(arena);
        set_text(arena, problem, "path", change->problems[i].path);
        set_text(arena, problem, "text", change->problems[i].text);
        value_append(arena, problems, problem);
    }
    set_text(arena, map, "name", name);
    set_text(arena, map, "before", change->before);
    set_text(arena, map, "commit", change->after);
    set_text(arena, map, "signer", change->signer);
    set_text(arena, map, "principals", change->principals);
    value_set(arena, map, "workflows",
              value_make_int(arena, (int64_t)change->workflows));
    value_set(arena, map, "problems", problems);
    return map;
}
