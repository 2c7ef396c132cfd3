/* Paths in, templates out. Folders are read in the order of their names, so that
 * what is said about them does not depend on the file system. */
#include "cli/templates.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/document.h"

enum { FILES_LIMIT = 2000 };

static int load_file(struct arena *arena, const char *file,
                     struct workflow_templates *templates,
                     struct diagnostics *diagnostics, struct error *error)
{
    struct document document;
    const char *before = diagnostics->file;
    diagnostics->file = file;
    int result = document_read(arena, file, &document, diagnostics, error);
    diagnostics->file = before;
    if (result < 0 || !document.documents)
        return -1;
    const struct diagnostics_source text = {file, document.source,
                                            document.length};
    return workflow_templates_add(templates, document.documents, &text, error);
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

static int load_folder(struct arena *arena, const char *folder,
                       struct workflow_templates *templates,
                       struct diagnostics *diagnostics, struct error *error)
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
            const char *file =
                arena_format(arena, "%s/%s", folder, entries[i]->d_name);
            int here = load_file(arena, file, templates, diagnostics, error);
            added = here < 0 ? -1 : added + here;
        }
        free(entries[i]);
    }
    free(entries);
    return added;
}

int templates_load(struct arena *arena, const struct option_list *paths,
                   struct workflow_templates *templates,
                   struct diagnostics *diagnostics, struct error *error)
{
    for (size_t i = 0; i < paths->count; i++) {
        const char *path = paths->items[i];
        struct stat facts;
        bool folder = stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
        int added =
            folder ? load_folder(arena, path, templates, diagnostics, error)
                   : load_file(arena, path, templates, diagnostics, error);
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
