/*
 * In: the schema files as they are in the program. Out: the schema of a kind, of
 * which is compiled what is used. They share their definitions; those of Kubernetes
 * are in a file of their own, which is no kind; that of the user's settings is found
 * by its file's name.
 */
#include <string.h>

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

/* The schema of a row. Its arena lives as long as the program. */
static const struct schema *schema_at(size_t row)
{
    static struct arena *arena;
    static struct compiler *compiler;
    static struct schema_document documents[KINDS];
    if (!compiler) {
        for (size_t i = 0; i < KINDS; i++)
            documents[i] = (struct schema_document){
                .name = kinds[i].file,
                .text = (const char *)kinds[i].bytes,
                .length = (size_t)(kinds[i].end - kinds[i].bytes),
            };
        arena = arena_new();
        compiler = compiler_make(arena, documents, KINDS);
    }
    return compiler_root(compiler, row);
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
