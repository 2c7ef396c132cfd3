/*
 * Findings -> SARIF 2.1.0, as code scanning reads it: one run, every code a rule,
 * every finding a result. Columns count characters. The fingerprint of a finding is
 * made of its code, its file and the text of its line, so that it stays the same
 * when lines are added above.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/excerpt.h"
#include "cli/findings.h"
#include "engine/base/digest.h"

static struct value *text_object(struct arena *arena, const char *text)
{
    struct value *map = value_make_map(arena);
    value_set_string(arena, map, "text", text);
    return map;
}

/* What the family of a code is about, for filters. */
static const char *family(const char *code)
{
    if (code[0] == 'S' || strncmp(code, "W43", 3) == 0)
        return "security";
    static const char *const names[] = {
        ['1'] = "schema",
        ['2'] = "expression",
        ['3'] = "semantics",
        ['4'] = "lint",
    };
    return code[1] >= '1' && code[1] <= '4' ? names[(unsigned char)code[1]]
                                            : "other";
}

static struct value *make_rule(struct arena *arena,
                               const struct diagnostic_code *row)
{
    struct value *rule = value_make_map(arena);
    value_set_string(arena, rule, "id", row->code);
    value_set(arena, rule, "shortDescription", text_object(arena, row->title));
    value_set(arena, rule, "fullDescription", text_object(arena, row->meaning));
    struct value *help = text_object(
        arena, arena_format(arena, "%s\n%s\n\nExample:\n\n%s", row->meaning,
                            row->remedy, row->example));
    value_set_string(arena, help, "markdown",
                     arena_format(arena, "%s\n\n%s\n\n```yaml\n%s```\n",
                                  row->meaning, row->remedy, row->example));
    value_set(arena, rule, "help", help);
    struct value *configuration = value_make_map(arena);
    value_set_string(arena, configuration, "level",
                     diagnostics_severity_name(row->severity));
    value_set(arena, rule, "defaultConfiguration", configuration);
    struct value *tags = value_make_list(arena);
    value_append(arena, tags, value_make_string(arena, family(row->code)));
    struct value *properties = value_make_map(arena);
    value_set(arena, properties, "tags", tags);
    value_set(arena, rule, "properties", properties);
    return rule;
}

struct value *sarif_make(struct arena *arena, const char *version)
{
    struct value *driver = value_make_map(arena);
    value_set_string(arena, driver, "name", "assay");
    value_set_string(arena, driver, "semanticVersion", version);
    struct value *rules = value_make_list(arena);
    for (const struct diagnostic_code *row = diagnostics_codes(); row->code;
         row++)
        value_append(arena, rules, make_rule(arena, row));
    value_set(arena, driver, "rules", rules);
    struct value *tool = value_make_map(arena);
    value_set(arena, tool, "driver", driver);
    struct value *invocation = value_make_map(arena);
    value_set(arena, invocation, "executionSuccessful",
              value_make_bool(arena, true));
    value_set(arena, invocation, "toolExecutionNotifications",
              value_make_list(arena));
    struct value *invocations = value_make_list(arena);
    value_append(arena, invocations, invocation);
    struct value *run = value_make_map(arena);
    value_set(arena, run, "tool", tool);
    value_set(arena, run, "invocations", invocations);
    value_set_string(arena, run, "columnKind", "unicodeCodePoints");
    value_set(arena, run, "results", value_make_list(arena));
    struct value *runs = value_make_list(arena);
    value_append(arena, runs, run);
    struct value *log = value_make_map(arena);
    value_set_string(arena, log, "$schema",
                     "https://json.schemastore.org/sarif-2.1.0.json");
    value_set_string(arena, log, "version", "2.1.0");
    value_set(arena, log, "runs", runs);
    return log;
}

/* RFC 3986: a relative reference, or file:// for what is not below this folder. */
static const char *make_uri(struct arena *arena, const char *file)
{
    if (strcmp(file, "-") == 0)
        return "stdin";
    CLEANUP(text_free) struct text uri = {0};
    char folder[4096];
    if (file[0] == '/' && getcwd(folder, sizeof folder)) {
        size_t length = strlen(folder);
        bool below = strncmp(file, folder, length) == 0 && file[length] == '/';
        if (below)
            file += length + 1;
        else
            text_append_string(&uri, "file://");
    }
    while (strncmp(file, "./", 2) == 0)
        file += 2;
    for (; *file; file++)
        if (isalnum((unsigned char)*file) || strchr("-._~/", *file))
            text_append_character(&uri, *file);
        else
            text_append_format(&uri, "%%%02X", (unsigned char)*file);
    return arena_copy(arena, text_string(&uri), uri.length);
}

static struct value *make_location(struct arena *arena, const char *uri,
                                   const struct checked_file *checked,
                                   const struct diagnostic *item)
{
    struct value *region = value_make_map(arena);
    bool known = item->mark.line > 0;
    value_set(arena, region, "startLine",
              value_make_int(arena, known ? item->mark.line : 1));
    if (known)
        value_set(arena, region, "startColumn",
                  value_make_int(arena, item->mark.column));
    const char *source;
    size_t length;
    uint32_t end = 0;
    if (findings_source(checked, item, &source, &length))
        end = excerpt_end_column(source, length, item->mark, item->length);
    if (end > 0)
        value_set(arena, region, "endColumn", value_make_int(arena, end));
    struct value *artifact = value_make_map(arena);
    value_set_string(arena, artifact, "uri", uri);
    if (strncmp(uri, "file://", 7) != 0)
        value_set_string(arena, artifact, "uriBaseId", "%SRCROOT%");
    struct value *place = value_make_map(arena);
    value_set(arena, place, "artifactLocation", artifact);
    value_set(arena, place, "region", region);
    struct value *location = value_make_map(arena);
    value_set(arena, location, "physicalLocation", place);
    return location;
}

/* The line of a finding without the blanks around it; at most 1000 bytes. */
static void append_line(struct text *text, const struct checked_file *checked,
                        const struct diagnostic *item)
{
    const char *source;
    size_t length;
    if (item->mark.line == 0 ||
        !findings_source(checked, item, &source, &length) ||
        item->mark.offset > length)
        return;
    size_t start = item->mark.offset, end = start;
    while (start > 0 && source[start - 1] != '\n' && end - start < 500)
        start--;
    while (end < length && source[end] != '\n' && end - start < 1000)
        end++;
    while (start < end && isspace((unsigned char)source[start]))
        start++;
    while (end > start && isspace((unsigned char)source[end - 1]))
        end--;
    text_append(text, source + start, end - start);
}

static struct value *make_fingerprints(struct arena *arena, const char *uri,
                                       const struct checked_file *checked,
                                       const struct diagnostic *item)
{
    CLEANUP(text_free) struct text text = {0};
    text_append_format(&text, "%s\n%s\n", item->code, uri);
    append_line(&text, checked, item);
    struct digest digest = digest_compute(text_string(&text), text.length);
    char hex[65];
    digest_print(&digest, hex);
    struct value *map = value_make_map(arena);
    value_set_string(arena, map, "assayFinding/v1",
                     arena_format(arena, "%.32s", hex));
    return map;
}

static int64_t rule_index(const char *code)
{
    return diagnostics_code_find(code) - diagnostics_codes();
}

static struct value *make_result(struct arena *arena,
                                 const struct checked_file *checked,
                                 const struct diagnostic *item)
{
    const char *uri = make_uri(arena, item->file);
    struct value *result = value_make_map(arena);
    value_set_string(arena, result, "ruleId", item->code);
    if (diagnostics_code_find(item->code))
        value_set(arena, result, "ruleIndex",
                  value_make_int(arena, rule_index(item->code)));
    value_set_string(arena, result, "level",
                     diagnostics_severity_name(item->severity));
    const char *text =
        item->hint ? arena_format(arena, "%s (%s)", item->text, item->hint)
                   : item->text;
    value_set(arena, result, "message", text_object(arena, text));
    struct value *locations = value_make_list(arena);
    value_append(arena, locations, make_location(arena, uri, checked, item));
    value_set(arena, result, "locations", locations);
    value_set(arena, result, "partialFingerprints",
              make_fingerprints(arena, uri, checked, item));
    return result;
}

static void notify(struct arena *arena, struct value *run, const char *level,
                   const char *text)
{
    struct value *notification = value_make_map(arena);
    value_set_string(arena, notification, "level", level);
    value_set(arena, notification, "message", text_object(arena, text));
    struct value *invocation = value_item(value_get(run, "invocations"), 0);
    value_append(arena, value_get(invocation, "toolExecutionNotifications"),
                 notification);
    if (strcmp(level, "error") == 0)
        value_set(arena, invocation, "executionSuccessful",
                  value_make_bool(arena, false));
}

void sarif_add(struct arena *arena, struct value *log,
               const struct checked_file *checked)
{
    struct value *run = value_item(value_get(log, "runs"), 0);
    const struct diagnostics *found = checked->diagnostics;
    for (size_t i = 0; i < found->count; i++)
        value_append(arena, value_get(run, "results"),
                     make_result(arena, checked, &found->items[i]));
    if (checked->failure)
        notify(arena, run, "error", checked->failure);
    if (found->dropped > 0)
        notify(arena, run, "warning",
               arena_format(arena, "%s: %zu more problems are not shown",
                            checked->file, found->dropped));
}
