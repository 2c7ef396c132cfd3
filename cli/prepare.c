/*
 * read -> choose -> check and decode -> parameters -> resolve -> plan: the stages of
 * the path in their order. The bytes are read once.
 */
#include "cli/prepare.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/templates.h"
#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/random.h"
#include "engine/registry/registry.h"
#include "engine/workflow/limits.h"

static const struct parameter *find_parameter(const struct workflow *workflow,
                                              const char *assignment)
{
    size_t length = strcspn(assignment, "=");
    for (size_t i = 0; i < workflow->parameter_count; i++) {
        const struct parameter *parameter = &workflow->parameters[i];
        if (strlen(parameter->name) == length &&
            memcmp(parameter->name, assignment, length) == 0)
            return parameter;
    }
    return NULL;
}

/* What the workflow declares of a map of parameters. */
static const struct value *choose_declared(struct preparation *preparation,
                                           const struct value *values)
{
    struct value *chosen = value_make_map(preparation->arena);
    for (size_t i = 0; value_is(values, VALUE_MAP) && i < value_count(values);
         i++) {
        const struct member *member = &values->map.members[i];
        if (find_parameter(preparation->workflow, member->name))
            value_add_member(preparation->arena, chosen, *member);
    }
    return value_is(values, VALUE_MAP) ? chosen : values;
}

static int read_config_file(struct preparation *preparation,
                            const struct request *request, struct error *error)
{
    const char *file = request->config_file;
    struct document document;
    struct diagnostics *diagnostics = &preparation->diagnostics;
    const char *before = diagnostics->file;
    diagnostics->file = file;
    int result =
        document_read(preparation->arena, file, &document, diagnostics, error);
    diagnostics->file = before;
    if (result < 0 || !document.documents)
        return -1;
    const struct value *values = value_item(document.documents, 0);
    if (request->config_used)
        values = choose_declared(preparation, values);
    if (workflow_set_all(preparation->arena, preparation->workflow, values,
                         error) < 0)
        return error_place(error, file, (struct mark){0});
    return 0;
}

/* What stands for a sensitive value on the command line: @FILE, or - for standard
 * input. One line end at its end does not count. */
static const char *read_secret(struct arena *arena, const char *from,
                               struct error *error)
{
    size_t length;
    char *text = file_read(arena, strcmp(from, "-") == 0 ? from : from + 1,
                           WORKFLOW_PARAMETER_BYTES_LIMIT, &length, error);
    if (!text)
        return NULL;
    if (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    if (length > 0 && text[length - 1] == '\r')
        text[--length] = '\0';
    if (strlen(text) == length)
        return text;
    error_set(error, ERROR_INPUT, "the value in '%.200s' has NUL bytes", from);
    return NULL;
}

/* Of several workflows each takes what it declares. */
static bool is_for(const struct request *request,
                   const struct workflow *workflow, const char *assignment)
{
    return !request->config_used || find_parameter(workflow, assignment);
}

static int set_one(struct preparation *preparation,
                   const struct request *request, const char *assignment,
                   struct error *error)
{
    struct arena *arena = preparation->arena;
    const struct parameter *parameter =
        find_parameter(preparation->workflow, assignment);
    const char *equals = strchr(assignment, '=');
    const char *from = equals ? equals + 1 : "";
    if (parameter && parameter->sensitive &&
        (from[0] == '@' || strcmp(from, "-") == 0)) {
        if (from[0] == '-' && request->config_used)
            return error_set(error, ERROR_USAGE,
                             "parameter '%s': standard input is for one "
                             "workflow, give several of them @FILE",
                             parameter->name);
        if (from[0] == '-' && strcmp(request->file, "-") == 0)
            return error_set(error, ERROR_USAGE,
                             "parameter '%s': standard input is the workflow",
                             parameter->name);
        const char *text = read_secret(arena, from, error);
        if (!text)
            return error_context(error, "parameter '%s'", parameter->name);
        assignment = arena_format(arena, "%s=%s", parameter->name, text);
    }
    return workflow_set(arena, preparation->workflow, assignment, error);
}

/* ASSAY_CONFIG_<NAME>: the name in capitals, `_` for what is no letter or digit.
 * Variables of other names may be there for other workflows. */
static char *name_variable(struct arena *arena, const char *name)
{
    char *variable = arena_format(arena, "ASSAY_CONFIG_%s", name);
    for (char *letter = variable; *letter; letter++)
        if (*letter >= 'a' && *letter <= 'z')
            *letter = (char)(*letter - 'a' + 'A');
        else if (!isalnum((unsigned char)*letter))
            *letter = '_';
    return variable;
}

static int set_from_environment(struct preparation *preparation,
                                struct error *error)
{
    struct workflow *workflow = preparation->workflow;
    struct arena *arena = preparation->arena;
    for (size_t i = 0; i < workflow->parameter_count; i++) {
        const struct parameter *parameter = &workflow->parameters[i];
        const char *variable = name_variable(arena, parameter->name);
        const char *text = parameter->given ? NULL : getenv(variable);
        if (text &&
            workflow_set(arena, workflow,
                         arena_format(arena, "%s=%s", parameter->name, text),
                         error) < 0)
            return error_context(error, "variable %s", variable);
    }
    return 0;
}

static int set_parameters(struct preparation *preparation,
                          const struct request *request, struct error *error)
{
    struct workflow *workflow = preparation->workflow;
    for (size_t i = 0; i < request->config.count; i++) {
        const char *assignment = request->config.items[i];
        if (!is_for(request, workflow, assignment))
            continue;
        if (request->config_used)
            request->config_used[i] = true;
        if (set_one(preparation, request, assignment, error) < 0)
            return -1;
    }
    if (request->config_file &&
        read_config_file(preparation, request, error) < 0)
        return -1;
    if (set_from_environment(preparation, error) < 0)
        return -1;
    for (size_t i = 0; i < request->splice.count; i++)
        if (is_for(request, workflow, request->splice.items[i]) &&
            workflow_allow_splice(workflow, request->splice.items[i], error) <
                0)
            return -1;
    return 0;
}

static int add_templates(struct preparation *preparation,
                         const struct request *request, struct error *error)
{
    struct arena *arena = preparation->arena;
    const struct document *document = &preparation->document;
    struct workflow_templates *templates = workflow_templates_make(arena);
    preparation->workflow->templates = templates;
    if (workflow_templates_add_own(templates, document->documents,
                                   document->file, error) < 0)
        return -1;
    return templates_load(arena, &request->templates, &request->choice,
                          templates, &preparation->diagnostics, error);
}

int prepare_validation(const char *word, struct diagnostics *diagnostics,
                       struct error *error)
{
    bool warn = word && strcmp(word, "warn") == 0;
    diagnostics->allow_unknown = warn;
    if (!word || warn || strcmp(word, "strict") == 0)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "--validation: expected warn or strict, found '%.100s'",
                     word);
}

int prepare_resolved(struct arena *arena, const struct request *request,
                     struct preparation *preparation, struct error *error)
{
    *preparation = (struct preparation){
        .arena = arena,
        .diagnostics = diagnostics_make(arena, request->file),
    };
    random_hex(preparation->run_id, sizeof preparation->run_id - 1);
    random_hex(preparation->token, sizeof preparation->token - 1);
    struct document *document = &preparation->document;
    struct diagnostics *diagnostics = &preparation->diagnostics;
    if (prepare_validation(request->unknown_fields, diagnostics, error) < 0)
        return -1;
    if (document_open(arena, request->file, &request->choice, document,
                      diagnostics, error) < 0 ||
        !document->documents)
        return -1;
    const char *name =
        request->workflow ? request->workflow : document->workflow;
    const struct value *chosen = document_choose(document, name, error);
    if (!chosen)
        return -1;
    preparation->workflow = workflow_decode(arena, chosen, document->source,
                                            document->length, diagnostics);
    if (preparation->workflow)
        preparation->workflow->scheduled = clock_now();
    if (!preparation->workflow ||
        set_parameters(preparation, request, error) < 0 ||
        add_templates(preparation, request, error) < 0)
        return -1;
    return workflow_resolve(arena, preparation->workflow, preparation->run_id,
                            diagnostics);
}

/* The place of a word in a list that ends with NULL; 0 for none; -1. */
static int choose(const char *option, const char *word,
                  const char *const *words, struct error *error)
{
    CLEANUP(text_free) struct text known = {0};
    for (int i = 0; words[i]; i++) {
        if (!word || strcmp(word, words[i]) == 0)
            return i;
        text_append_format(&known, "%s%s", i ? ", " : "", words[i]);
    }
    return error_set(error, ERROR_USAGE, "--%s: expected %s, found '%.100s'",
                     option, text_string(&known), word);
}

enum {
    KNOWN_IMAGES = 64, /* that one workflow may need to have asked for */
    LOST_IMAGES = 3,   /* after so many failures none is asked any more */
};

/* Images that a registry was asked for, each once. */
struct known_images {
    struct arena *arena;
    struct known_image {
        const char *name;
        struct registry_image image;
        struct error failure;
    } items[KNOWN_IMAGES];
    size_t count, lost;
};

/* What is known of an image; asks when nothing is. NULL: nothing can be. */
static struct known_image *know_image(struct known_images *known,
                                      const char *name)
{
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->items[i].name, name) == 0)
            return &known->items[i];
    if (known->count == KNOWN_IMAGES || known->lost == LOST_IMAGES)
        return NULL;
    struct known_image *item = &known->items[known->count++];
    item->name = arena_string(known->arena, name);
    if (registry_read_image(known->arena, name, &item->image, &item->failure) <
        0)
        known->lost++;
    return item;
}

static int find_image(void *context, const char *image,
                      const struct value **entrypoint,
                      const struct value **command, struct error *error)
{
    const struct known_image *item = know_image(context, image);
    if (!item)
        return error_set(error, ERROR_REMOTE,
                         "registries were asked for too many images, or could "
                         "not tell of too many");
    if (error_is_set(&item->failure))
        return error_set(error, item->failure.kind, "%s", item->failure.text);
    *entrypoint = item->image.entrypoint;
    *command = item->image.command;
    return 0;
}

int prepare(struct arena *arena, const struct request *request,
            struct preparation *preparation, struct error *error)
{
    static const char *const sequences[] = {"auto", "gated", "chained", NULL};
    static const char *const isolations[] = {"pod", "step", NULL};
    static const char *const registries[] = {"ask", "never", NULL};
    struct known_images known = {.arena = arena};
    int security = security_profile_parse(request->security, error);
    if (security < 0)
        return -1;
    int sequence = choose("sequence", request->sequence, sequences, error);
    if (sequence < 0)
        return -1;
    int isolation = choose("isolation", request->isolation, isolations, error);
    if (isolation < 0)
        return -1;
    int registry = choose("registry", request->registry, registries, error);
    if (registry < 0 ||
        prepare_resolved(arena, request, preparation, error) < 0)
        return -1;
    struct plan_options options = {
        .run_id = preparation->run_id,
        .token = preparation->token,
        .namespace_name = request->namespace_name,
        .security = (enum security_profile)security,
        .security_later = request->security_later,
        .no_pause = request->no_pause,
        .isolation = (enum plan_isolation)isolation,
        .isolation_given = request->isolation != NULL,
        .workspace_size = request->workspace_size,
        .sequence = (enum plan_sequence)sequence,
        .images = {registry == 0 ? find_image : NULL, &known},
    };
    preparation->plan = plan_make(arena, preparation->workflow, &options,
                                  &preparation->diagnostics);
    return preparation->plan ? 0 : -1;
}

/* Notes are for `assay validate`: they would be told again with each run. */
static void drop_notes(struct diagnostics *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].severity != SEVERITY_NOTE)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

int prepare_report(const struct preparation *preparation,
                   const struct error *error)
{
    struct diagnostics sorted = preparation->diagnostics;
    diagnostics_sort(&sorted);
    drop_notes(&sorted);
    print_diagnostics(stderr, &sorted, preparation->document.source,
                      preparation->document.length);
    if (error_is_set(error))
        return print_error(error);
    return exit_of_diagnostics(&sorted);
}
