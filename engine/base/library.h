#pragma once
/*
 * A shared library that is loaded when it is first needed. The libraries of git and
 * HTTP bring some 40 others with them, and commands that need neither should start
 * without them. The headers are those of the build; the soname says which library
 * fits them.
 */
#include <stddef.h>

#include "engine/base/error.h"

struct library {
    const char *soname;       /* as dlopen(3) finds it */
    const char *package;      /* that has it in Debian */
    const char *purpose;      /* "needed to ..." */
    const char *const *names; /* of its functions */
    size_t count;
};

/*
 * Loads the library and stores its functions, in the order of their names, at
 * `functions`: a struct of function pointers and nothing else. It stays loaded.
 * ERROR_SYSTEM when the library or a function of it is not there, which says what
 * to install.
 */
int library_load(const struct library *library, void *functions,
                 struct error *error);
