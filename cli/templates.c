/* Paths in, templates out. Folders are read in the order of their names, so that
 * what is said about them does not depend on the file system. */
#include "cli/templates.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/memory.h"

enum { FILES_LIMIT = 2000 };

struct loading {
    struct arena *arena;
    const struct document_choice *choice;
    struct workflow_templates *templates;
    struct diagnostics *diagnostics;
};

/* A file, or what a marketplace has under that name. */
static int load_file(const struct loading *loading, const char *name,
                     struct error *error)
{
    struct document document;
    const char *before = loading->diagnostics->file;
    loading->diagnostics->file = name;
    int result = document_open(loading->arena, name, loading->choice, &document,
                               loading->diagnostics, error);
    loading->diagnostics->file = before;
    if (result < 0 || !document.documents)
        return -1;
    const struct diagnostics_source text = {document.file, document.source,
                                            document.length};
    return workflow_templates_add(loading->templates, document.documents, &text,
                                  document.origin, error);
}

static int is_document(const struct dirent *entry)
{
    static const char *const endings[] = {".yaml", ".yml", ".json"};
    size_t length = strlen(entry->d_name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending = strlen(endings[i]);
        if (entry->d_name[0] != '.' && length > ending &&
            strcmp(entry->d_name + length - ending, endings[i]) == 0)
            return 1;
    }
    return 0;
}

static int load_folder(const struct loading *loading, const char *folder,
                       struct error *error)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_document, alphasort);
    if (count < 0)
        return error_set_system(error, "cannot read folder '%.300s'", folder);
    int added = count > FILES_LIMIT
                    ? error_set(error, ERROR_INPUT,
                                "folder '%.300s' has %d files, expected at "
                                "most %d",
                                folder, count, FILES_LIMIT)
                    : 0;
    for (int i = 0; i < count; i++) {
        if (added >= 0) {
            const char *file = arena_format(loading->arena, "%s/%s", folder,
                                            entries[i]->d_name);
            int here = load_file(loading, file, error);
            added = here < 0 ? -1 : added + here;
        }
        memory_free(entries[i]);
    }
    memory_free(entries);
    return added;
}

int templates_load(struct arena *arena, const struct option_list *paths,
                   const struct document_choice *choice,
                   struct workflow_templates *templates,
                   struct diagnostics *diagnostics, struct error *error)
{
    const struct loading loading = {arena, choice, templates, diagnostics};
    for (size_t i = 0; i < paths->count; i++) {
        const char *path = paths->items[i];
        struct stat facts;
        bool folder = stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
        int added = folder ? load_folder(&loading, path, error)
                           : load_file(&loading, path, error);
        if (added < 0)
            return -1;
        if (added == 0)
            return error_set(error, ERROR_USAGE,
                             "--template %.300s: there is no "
                             "TestWorkflowTemplate in it",
                             path);
    }
    return 0;
}
