/* Nothing in, the functions of the libgit2 that the headers are of, out. */
#include "engine/base/library.h"
#include "marketplace/git.h"

#define ITEM(name) "git_" #name,
static const char *const names[] = {GIT_FUNCTIONS(ITEM)};
#undef ITEM

static const struct library description = {
    .soname = "libgit2.so." LIBGIT2_SOVERSION,
    .package = "libgit2-" LIBGIT2_SOVERSION,
    .purpose = "speak to a marketplace",
    .names = names,
    .count = sizeof names / sizeof *names,
};

struct git_library git;

int git_load(struct error *error)
{
    return library_load(&description, &git, error);
}

int git_fail(struct error *error, enum error_kind kind, const char *context)
{
    const git_error *last = git.error_last();
    return error_set(error, kind, "%s: %s", context,
                     last && last->message ? last->message : "unknown reason");
}
