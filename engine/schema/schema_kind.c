/*
 * In: the schema files as they are in the program. Out: the compiled schema of a
 * kind. All are compiled together, once, because they share their definitions;
 * those of Kubernetes are in a file of their own, which is no kind; that of the user's
 * settings is found by its file's name.
 */
#include <assert.h>
#include <string.h>
#include <threads.h>

#include "engine/schema/private.h"

extern const unsigned char schema_testworkflow[];
extern const unsigned char schema_testworkflow_end[];
extern const unsigned char schema_testworkflowtemplate[];
extern const unsigned char schema_testworkflowtemplate_end[];
extern const unsigned char schema_testworkflowexecution[];
extern const unsigned char schema_testworkflowexecution_end[];

extern const unsigned char schema_config[];
extern const unsigned char schema_config_end[];

extern const unsigned char schema_kubernetes[];
extern const unsigned char schema_kubernetes_end[];

static const struct kind {
    const char *name, *file; /* name NULL: no kind of document */
    const unsigned char *bytes, *end;
} kinds[] = {
    {"TestWorkflow", "testworkflow.schema.json", schema_testworkflow,
     schema_testworkflow_end},
    {"TestWorkflowTemplate", "testworkflowtemplate.schema.json",
     schema_testworkflowtemplate, schema_testworkflowtemplate_end},
    {"TestWorkflowExecution", "testworkflowexecution.schema.json",
     schema_testworkflowexecution, schema_testworkflowexecution_end},
    {NULL, "config.schema.json", schema_config, schema_config_end},
    {NULL, "kubernetes.schema.json", schema_kubernetes, schema_kubernetes_end},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static struct schema *compiled[KINDS];

/* The files are part of the program and tests compile them: an error here is
 * impossible. The arena lives as long as the program. */
static void compile_kinds(void)
{
    static struct arena *arena;
    struct schema_document documents[KINDS];
    struct error error = {0};
    arena = arena_new();
    for (size_t i = 0; i < KINDS; i++) {
        size_t length = (size_t)(kinds[i].end - kinds[i].bytes);
        documents[i].name = kinds[i].file;
        documents[i].value = value_read_json(
            arena, (const char *)kinds[i].bytes, length, &error);
        assert(documents[i].value);
    }
    int result = schema_compile_all(arena, documents, KINDS, compiled, &error);
    assert(result == 0);
    (void)result;
}

/* The compiled schema of a row. */
static const struct schema *schema_at(size_t row)
{
    static once_flag once = ONCE_FLAG_INIT;
    call_once(&once, compile_kinds);
    return compiled[row];
}

const struct schema *schema_of_kind(const char *kind)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].name && strcmp(kind, kinds[i].name) == 0)
            return schema_at(i);
    return NULL;
}

const struct schema *schema_of_file(const char *file)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(file, kinds[i].file) == 0)
            return schema_at(i);
    return NULL;
}
