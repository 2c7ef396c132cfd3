/*
 * read -> choose -> check and decode -> parameters -> resolve -> plan: the stages of
 * the path in their order. The bytes are read once.
 */
#include "cli/prepare.h"

#include "cli/command.h"
#include "cli/print.h"
#include "engine/base/file.h"
#include "engine/base/random.h"
#include "engine/value/limits.h"

static int read_config_file(struct preparation *preparation, const char *file,
                            struct error *error)
{
    struct document document;
    struct diagnostics *diagnostics = &preparation->diagnostics;
    const char *before = diagnostics->file;
    diagnostics->file = file;
    int result =
        document_read(preparation->arena, file, &document, diagnostics, error);
    diagnostics->file = before;
    if (result < 0 || !document.documents)
        return -1;
    if (workflow_set_all(preparation->arena, preparation->workflow,
                         value_item(document.documents, 0), error) < 0)
        return error_place(error, file, (struct mark){0});
    return 0;
}

static int set_parameters(struct preparation *preparation,
                          const struct request *request, struct error *error)
{
    struct workflow *workflow = preparation->workflow;
    for (size_t i = 0; i < request->config.count; i++)
        if (workflow_set(preparation->arena, workflow, request->config.items[i],
                         error) < 0)
            return -1;
    if (request->config_file &&
        read_config_file(preparation, request->config_file, error) < 0)
        return -1;
    for (size_t i = 0; i < request->splice.count; i++)
        if (workflow_allow_splice(workflow, request->splice.items[i], error) <
            0)
            return -1;
    return 0;
}

int prepare(struct arena *arena, const struct request *request,
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
    if (!preparation->workflow ||
        set_parameters(preparation, request, error) < 0 ||
        workflow_resolve(arena, preparation->workflow, preparation->run_id,
                         diagnostics) < 0)
        return -1;
    struct plan_options options = {
        .run_id = preparation->run_id,
        .token = preparation->token,
        .namespace_name = request->namespace_name,
    };
    preparation->plan =
        plan_make(arena, preparation->workflow, &options, diagnostics);
    return preparation->plan ? 0 : -1;
}

int prepare_report(const struct preparation *preparation,
                   const struct error *error)
{
    struct diagnostics sorted = preparation->diagnostics;
    diagnostics_sort(&sorted);
    print_diagnostics(stderr, &sorted, preparation->document.source,
                      preparation->document.length);
    if (error_is_set(error))
        return print_error(error);
    return exit_of_diagnostics(&sorted);
}
