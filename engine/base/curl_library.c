#include "engine/base/curl_library.h"

#include "engine/base/library.h"

#define ITEM(name) "curl_" #name,
static const char *const names[] = {CURL_FUNCTIONS(ITEM)};
#undef ITEM

const struct curl_library *curl_library_load(const char *purpose,
                                             struct error *error)
{
    const struct library description = {
        .soname = "libcurl.so.4",
        .package = "libcurl4",
        .purpose = purpose,
        .names = names,
        .count = sizeof names / sizeof *names,
    };
    static struct curl_library library;
    static bool loaded;
    if (loaded)
        return &library;
    if (library_load(&description, &library, error) < 0)
        return NULL;
    CURLcode code = library.global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) {
        error_set(error, ERROR_SYSTEM, "libcurl cannot be initialised: %s",
                  library.easy_strerror(code));
        return NULL;
    }
    loaded = true;
    return &library;
}
