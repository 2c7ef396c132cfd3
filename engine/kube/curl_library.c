/*
 * Nothing in, the functions of libcurl.so.4 out, found by name. The headers say
 * their types. Once loaded the library stays: it keeps state of its own.
 */
#include "engine/kube/curl_library.h"

#include <dlfcn.h>
#include <string.h>

static const char library_name[] = "libcurl.so.4";

#define ITEM(name) "curl_" #name,
static const char *const names[] = {CURL_FUNCTIONS(ITEM)};
#undef ITEM

static struct curl_library library;

/* The members of `library`, in the order of `names`. */
static void set_function(size_t index, void *function)
{
    char *members = (char *)&library;
    memcpy(members + index * sizeof function, &function, sizeof function);
}

const struct curl_library *curl_library_load(struct error *error)
{
    static bool loaded;
    if (loaded)
        return &library;
    void *handle = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        error_set(error, ERROR_SYSTEM,
                  "%s cannot be loaded, which is needed to speak to a "
                  "cluster; install it (Debian, Ubuntu: 'apt-get install "
                  "libcurl4'): %.200s",
                  library_name, dlerror());
        return NULL;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *function = dlsym(handle, names[i]);
        if (!function) {
            error_set(error, ERROR_SYSTEM,
                      "%s is too old: it has no %s; 7.85 or newer is needed",
                      library_name, names[i]);
            return NULL;
        }
        set_function(i, function);
    }
    CURLcode code = library.global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) {
        error_set(error, ERROR_SYSTEM, "libcurl cannot be initialised: %s",
                  library.easy_strerror(code));
        return NULL;
    }
    loaded = true;
    return &library;
}
