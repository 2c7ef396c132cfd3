#include "engine/entrypoint/shared_folder.h"

#include <stdbool.h>
#include <sys/stat.h>

#include "engine/base/file.h"

int shared_folder_make(const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    if (folder_make(path, 0777, error) < 0)
        return -1;
    return chmod(path, 0777) == 0
               ? 0
               : error_set_system(error, "cannot open '%.200s' to all", path);
}
