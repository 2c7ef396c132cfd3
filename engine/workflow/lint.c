/*
 * What is not wrong and yet will hurt somebody: one walk over the fields of spec
 * that hold steps, containers and pods, with a table that says which field is
 * looked at how. Values that hold expressions are judged where that is possible
 * without a value.
 */
#include "engine/workflow/lint.h"

#include <stdio.h>
#include <string.h>

#include "engine/workflow/limits.h"
#include "engine/workflow/templates.h"

/* Finding a place means to scan the text up to it; a hostile file has thousands of
 * findings in one text of megabytes. */
static struct mark locate(struct lint *lint, const struct value *value,
                          size_t offset)
{
    if (!value_is(value, VALUE_STRING) ||
        lint->located > WORKFLOW_LOCATE_LIMIT ||
        lint->diagnostics->count >= DIAGNOSTICS_LIMIT) /* only counted */
        return value->mark;
    lint->located += offset;
    return value_locate(value, offset, lint->source, lint->source_length);
}

void lint_report(struct lint *lint, const struct lint_finding *finding,
                 const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct mark mark = locate(lint, finding->value, finding->offset);
    diagnostics_add(lint->diagnostics,
                    diagnostics_code_find(finding->code)->severity,
                    finding->code, mark, finding->hint, "%s", text);
    size_t end = mark.offset + finding->length;
    if (finding->length > 0 && end <= lint->source_length &&
        memcmp(lint->source + mark.offset,
               finding->value->string.bytes + finding->offset,
               finding->length) == 0)
        diagnostics_extend(lint->diagnostics, finding->length);
}

/* The parameter's entry when the text is `{{ config.NAME }}` and nothing else. */
static const struct value *sole_parameter(const struct lint *lint,
                                          const struct value *text)
{
    const char *at = text->string.bytes + strspn(text->string.bytes, " ");
    if (strncmp(at, "{{", 2) != 0)
        return NULL;
    at += 2 + strspn(at + 2, " ");
    if (strncmp(at, "config.", 7) != 0)
        return NULL;
    const char *name = at + 7;
    size_t length = strcspn(name, " }");
    at = name + length;
    at += strspn(at, " ");
    if (strncmp(at, "}}", 2) != 0 || at[2 + strspn(at + 2, " ")] != '\0')
        return NULL;
    return value_get_bytes(value_path(lint->document, "spec.config"), name,
                           length);
}

/* Whether a digest stands in it, or a block that may bring one in its place. */
static bool is_pinned(const char *image)
{
    const char *digest = strstr(image, "@sha256:");
    if (!digest)
        return strstr(image, "@sha512:") != NULL;
    digest += strlen("@sha256:");
    size_t digits = strspn(digest, "0123456789abcdef");
    return digits == 64 || strncmp(digest, "{{", 2) == 0;
}

/* `volumes[].image` is a map with a reference. */
static void lint_image(struct lint *lint, const struct value *holder,
                       const struct value *image)
{
    (void)holder;
    if (value_is(image, VALUE_MAP))
        image = value_get(image, "reference");
    if (!value_is(image, VALUE_STRING) || image->string.length == 0)
        return;
    if (has_block(image)) {
        const struct value *entry = sole_parameter(lint, image);
        if (entry && value_is(entry, VALUE_MAP))
            entry = value_get(entry, "default");
        if (entry)
            image = entry;
        else if (strcspn(image->string.bytes, "{") == 0)
            return; /* nothing is known of it */
    }
    if (!value_is(image, VALUE_STRING) || image->string.length == 0 ||
        is_pinned(image->string.bytes))
        return;
    lint_report(lint,
                &(struct lint_finding){
                    "W420", image, 0, image->string.length,
                    "write name:tag@sha256:... with the digest that was "
                    "tested"},
                "image '%.200s' is not pinned by a digest",
                image->string.bytes);
}

enum { NAME_WORD = 32 };

static char capital(char letter)
{
    return letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
}

/* The word before `end` in capitals, cut; returns where it begins. */
static const char *copy_word(const char *name, const char *end,
                             char word[NAME_WORD])
{
    const char *start = end;
    while (start > name && !strchr("_-.", start[-1]))
        start--;
    size_t length = (size_t)(end - start);
    if (length >= NAME_WORD)
        length = NAME_WORD - 1;
    for (size_t i = 0; i < length; i++)
        word[i] = capital(start[i]);
    word[length] = '\0';
    return start;
}

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

static bool sounds_secret(const char *name)
{
    static const char *const secrets[] = {
        "PASSWORD", "PASSWD",     "PASSPHRASE",  "TOKEN",  "SECRET",
        "KEY",      "CREDENTIAL", "CREDENTIALS", "APIKEY", NULL};
    static const char *const harmless_keys[] = {
        "PUBLIC", "PRIMARY", "FOREIGN", "PARTITION", "SORT",
        "CACHE",  "ROUTING", "HOST",    "GPG",       NULL};
    char last[NAME_WORD], before[NAME_WORD];
    const char *start = copy_word(name, name + strlen(name), last);
    copy_word(name, start > name ? start - 1 : name, before);
    if (strcmp(last, "KEY") == 0 && is_one_of(before, harmless_keys))
        return false;
    return is_one_of(last, secrets);
}

/* What may stand in the open: references, paths, switches. */
static bool is_open_value(const struct value *text)
{
    const char *bytes = text->string.bytes;
    return bytes[0] == '\0' || bytes[0] == '/' || bytes[0] == '$' ||
           strcmp(bytes, "true") == 0 || strcmp(bytes, "false") == 0 ||
           has_block(text);
}

static void lint_env(struct lint *lint, const struct value *holder,
                     const struct value *env)
{
    (void)holder;
    for (size_t i = 0; value_is(env, VALUE_LIST) && i < value_count(env); i++) {
        const struct value *entry = value_item(env, i);
        const char *name = value_string_at(entry, "name");
        const struct value *value = value_get(entry, "value");
        if (name && value_is(value, VALUE_STRING) && !is_open_value(value) &&
            sounds_secret(name))
            lint_report(
                lint,
                &(struct lint_finding){"W424", value, 0, value->string.length,
                                       "a parameter with `sensitive: true`, or "
                                       "valueFrom.secretKeyRef"},
                "the secret '%.100s' stands in the file", name);
    }
}

static void lint_git(struct lint *lint, const struct value *holder,
                     const struct value *content)
{
    static const char *const names[] = {"token", "sshKey"};
    (void)holder;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct value *value =
            value_get(value_get(content, "git"), names[i]);
        if (value_is(value, VALUE_STRING) && !is_open_value(value))
            lint_report(
                lint,
                &(struct lint_finding){"W424", value, 0, 0,
                                       "a parameter with `sensitive: true`, or "
                                       "tokenFrom and sshKeyFrom"},
                "the secret 'git.%s' stands in the file", names[i]);
    }
}

static void lint_text(struct lint *lint, const struct value *holder,
                      const struct value *text)
{
    (void)holder;
    if (value_is(text, VALUE_STRING))
        lint_shell(lint, text);
}

static void lint_command(struct lint *lint, const struct value *holder,
                         const struct value *list)
{
    /* command and args are looked at together, at the first of them. */
    if (list == value_get(holder, "command") || !value_get(holder, "command"))
        lint_arguments(lint, holder);
}

static void lint_context(struct lint *lint, const struct value *holder,
                         const struct value *context)
{
    (void)holder;
    lint_security(lint, context);
}

static void lint_pod_volumes(struct lint *lint, const struct value *holder,
                             const struct value *volumes)
{
    lint_volumes(lint, volumes);
    for (size_t i = 0;
         value_is(volumes, VALUE_LIST) && i < value_count(volumes); i++) {
        const struct value *image = value_get(value_item(volumes, i), "image");
        if (image)
            lint_image(lint, holder, image);
    }
}

static void lint_template(struct lint *lint, const struct value *holder,
                          const struct value *reference)
{
    (void)holder;
    const struct value *name = value_get(reference, "name");
    if (!value_is(name, VALUE_STRING) || has_block(name) ||
        templates_has(lint->options->own, name->string.bytes) ||
        templates_has(lint->options->given, name->string.bytes))
        return;
    lint_report(
        lint,
        &(struct lint_finding){"W422", name, 0, name->string.length,
                               "give its file or folder with --template PATH"},
        "template '%.200s' is not among the given ones", name->string.bytes);
}

static void lint_use(struct lint *lint, const struct value *holder,
                     const struct value *list)
{
    for (size_t i = 0; value_is(list, VALUE_LIST) && i < value_count(list); i++)
        lint_template(lint, holder, value_item(list, i));
}

/* Whether the expression itself (W41x) was already said to be odd. */
static bool is_reported(const struct lint *lint, struct mark mark)
{
    const struct diagnostics *list = lint->diagnostics;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].mark.line == mark.line &&
            strncmp(list->items[i].code, "W41", 3) == 0)
            return true;
    return false;
}

/* Other conditions that are always the same are found by the check of expressions. */
static void lint_condition(struct lint *lint, const struct value *step,
                           const struct value *condition)
{
    const char *text = value_string(condition);
    bool never =
        text && (strcmp(text, "never") == 0 || strcmp(text, "false") == 0);
    if (!never && (!value_is(condition, VALUE_BOOL) || condition->boolean))
        return;
    static const char hint[] = "correct the condition, or remove the step";
    const struct value *first = value_item(value_get(step, "setup"), 0);
    if (!first)
        first = value_item(value_get(step, "steps"), 0);
    if (first)
        lint_report(lint, &(struct lint_finding){"W423", first, 0, 0, hint},
                    "the steps of this group never run: its condition is "
                    "never true");
    else if (!is_reported(lint, condition->mark))
        lint_report(lint, &(struct lint_finding){"W423", condition, 0, 0, hint},
                    "the step never runs");
}

static void walk_map(struct lint *lint, const struct value *holder,
                     const struct value *map);

static void lint_id(struct lint *lint, const struct value *id)
{
    if (!value_is(id, VALUE_STRING))
        return;
    const char *name = id->string.bytes;
    if (value_get(lint->ids, name))
        lint_report(
            lint,
            &(struct lint_finding){"E304", id, 0, id->string.length,
                                   "ids of steps are unique in a workflow"},
            "the id '%.100s' is taken by another step", name);
    else
        value_set(lint->arena, lint->ids, name, value_make_null(lint->arena));
}

static void walk_items(struct lint *lint, const struct value *holder,
                       const struct value *list)
{
    for (size_t i = 0; value_is(list, VALUE_LIST) && i < value_count(list);
         i++) {
        lint_id(lint, value_get(value_item(list, i), "id"));
        walk_map(lint, holder, value_item(list, i));
    }
}

/* The steps of workers have ids of their own. */
static void walk_workers(struct lint *lint, const struct value *holder,
                         const struct value *parallel)
{
    struct value *ids = lint->ids;
    lint->ids = value_make_map(lint->arena);
    walk_map(lint, holder, parallel);
    lint->ids = ids;
}

static void walk_named(struct lint *lint, const struct value *holder,
                       const struct value *map)
{
    for (size_t i = 0; value_is(map, VALUE_MAP) && i < value_count(map); i++)
        walk_map(lint, holder, map->map.members[i].value);
}

static const struct {
    const char *name;
    void (*look)(struct lint *lint, const struct value *holder,
                 const struct value *value);
} fields[] = {
    {"args", lint_command},
    {"command", lint_command},
    {"condition", lint_condition},
    {"content", lint_git},
    {"env", lint_env},
    {"image", lint_image},
    {"securityContext", lint_context},
    {"shell", lint_text},
    {"template", lint_template},
    {"use", lint_use},
    {"volumes", lint_pod_volumes},
    {"after", walk_items},
    {"setup", walk_items},
    {"steps", walk_items},
    {"container", walk_map},
    {"parallel", walk_workers},
    {"pod", walk_map},
    {"run", walk_map},
    {"services", walk_named},
};

/* Depth is that of the document, which its reader has bounded. */
static void walk_map(struct lint *lint, const struct value *holder,
                     const struct value *map)
{
    (void)holder;
    for (size_t i = 0; value_is(map, VALUE_MAP) && i < value_count(map); i++) {
        const struct member *member = &map->map.members[i];
        for (size_t j = 0; j < sizeof fields / sizeof *fields; j++)
            if (fields[j].name[0] == member->name[0] &&
                strcmp(fields[j].name, member->name) == 0)
                fields[j].look(lint, map, member->value);
    }
}

void workflow_lint(const struct value *document, const char *source,
                   size_t source_length,
                   const struct workflow_lint_options *options,
                   struct diagnostics *diagnostics)
{
    const char *kind = value_string_at(document, "kind");
    if (!kind || (strcmp(kind, "TestWorkflow") != 0 &&
                  strcmp(kind, "TestWorkflowTemplate") != 0))
        return;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct lint lint = {
        .arena = arena,
        .source = source,
        .source_length = source_length,
        .document = document,
        .ids = value_make_map(arena),
        .options = options,
        .diagnostics = diagnostics,
    };
    lint_marketplace(&lint);
    lint_parameters(&lint);
    walk_map(&lint, document, value_get(document, "spec"));
}
