#include "engine/base/library.h"

#include <dlfcn.h>
#include <string.h>

int library_load(const struct library *library, void *functions,
                 struct error *error)
{
    void *handle = dlopen(library->soname, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return error_set(error, ERROR_SYSTEM,
                         "%s cannot be loaded, which is needed to %s; install "
                         "it (Debian, Ubuntu: 'apt-get install %s'): %.200s",
                         library->soname, library->purpose, library->package,
                         dlerror());
    for (size_t i = 0; i < library->count; i++) {
        void *function = dlsym(handle, library->names[i]);
        if (!function)
            return error_set(error, ERROR_SYSTEM,
                             "%s is too old: it has no %s; a newer %s is "
                             "needed",
                             library->soname, library->names[i],
                             library->package);
        memcpy((char *)functions + i * sizeof function, &function,
               sizeof function);
    }
    return 0;
}
