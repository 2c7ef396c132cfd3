#pragma once
/* libcurl, loaded when a server is first spoken to. */
#include <curl/curl.h>

#include "engine/base/error.h"

#define CURL_FUNCTIONS(ITEM)                                                   \
    ITEM(global_init)                                                          \
    ITEM(easy_init)                                                            \
    ITEM(easy_cleanup)                                                         \
    ITEM(easy_setopt)                                                          \
    ITEM(easy_perform)                                                         \
    ITEM(easy_getinfo)                                                         \
    ITEM(easy_strerror)                                                        \
    ITEM(multi_init)                                                           \
    ITEM(multi_cleanup)                                                        \
    ITEM(multi_add_handle)                                                     \
    ITEM(multi_remove_handle)                                                  \
    ITEM(multi_perform)                                                        \
    ITEM(multi_poll)                                                           \
    ITEM(multi_info_read)                                                      \
    ITEM(slist_append)                                                         \
    ITEM(slist_free_all)

/* Its functions without curl_ in front: curl->easy_init(). */
struct curl_library {
#define ITEM(name) __typeof__(curl_##name) *name;
    CURL_FUNCTIONS(ITEM)
#undef ITEM
};

/* The library, loaded and initialised once. ERROR_SYSTEM when it is missing or
 * too old: then `purpose` cannot be done ("speak to a cluster"). */
const struct curl_library *curl_library_load(const char *purpose,
                                             struct error *error);
