/* Findings -> JSON: one object a file, one object a finding, in their order. */
#include "cli/findings.h"

#include "cli/excerpt.h"

static void set_count(struct arena *arena, struct value *map, const char *name,
                      size_t count)
{
    value_set(arena, map, name, value_make_int(arena, (int64_t)count));
}

bool findings_source(const struct checked_file *checked,
                     const struct diagnostic *item, const char **source,
                     size_t *length)
{
    const struct diagnostics_source *other =
        diagnostics_source_of(checked->diagnostics, item->mark);
    *source = other ? other->text : checked->source;
    *length = other ? other->length : checked->length;
    return *source && (other || item->file == checked->diagnostics->file);
}

static struct value *finding(struct arena *arena,
                             const struct checked_file *checked,
                             const struct diagnostic *item)
{
    struct value *map = value_make_map(arena);
    value_set_string(arena, map, "code", item->code);
    value_set_string(arena, map, "severity",
                     diagnostics_severity_name(item->severity));
    value_set_string(arena, map, "message", item->text);
    value_set_string(arena, map, "hint", item->hint);
    value_set_string(arena, map, "file", item->file);
    if (item->mark.line == 0)
        return map;
    set_count(arena, map, "line", item->mark.line);
    set_count(arena, map, "column", item->mark.column);
    const char *source;
    size_t length;
    uint32_t end = 0;
    if (findings_source(checked, item, &source, &length))
        end = excerpt_end_column(source, length, item->mark, item->length);
    if (end > 0) {
        set_count(arena, map, "end_line", item->mark.line);
        set_count(arena, map, "end_column", end);
    }
    return map;
}

struct value *findings_make(struct arena *arena)
{
    struct value *report = value_make_map(arena);
    value_set(arena, report, "files", value_make_list(arena));
    return report;
}

void findings_add(struct arena *arena, struct value *report,
                  const struct checked_file *checked)
{
    const struct diagnostics *found = checked->diagnostics;
    struct value *map = value_make_map(arena);
    value_set_string(arena, map, "file", checked->file);
    value_set(arena, map, "valid",
              value_make_bool(arena, !checked->failure && found->errors == 0));
    value_set_string(arena, map, "failure", checked->failure);
    set_count(arena, map, "errors", found->errors);
    set_count(arena, map, "warnings",
              diagnostics_count(found, SEVERITY_WARNING));
    set_count(arena, map, "notes", diagnostics_count(found, SEVERITY_NOTE));
    set_count(arena, map, "not_shown", found->dropped);
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < found->count; i++)
        value_append(arena, list, finding(arena, checked, &found->items[i]));
    value_set(arena, map, "diagnostics", list);
    value_append(arena, value_get(report, "files"), map);
}
