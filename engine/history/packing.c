/* Nothing in, the functions of zlib and zstd out. */
#include "engine/history/packing.h"

#include <stdbool.h>

#include "engine/base/library.h"

#define ITEM(name) #name,
static const char *const zlib_names[] = {ZLIB_FUNCTIONS(ITEM)};
static const char *const zstd_names[] = {ZSTD_FUNCTIONS(ITEM)};
#undef ITEM

static const struct library zlib_description = {
    .soname = "libz.so.1",
    .package = "zlib1g",
    .purpose = "compress files",
    .names = zlib_names,
    .count = sizeof zlib_names / sizeof *zlib_names,
};

static const struct library zstd_description = {
    .soname = "libzstd.so.1",
    .package = "libzstd1",
    .purpose = "keep and show output",
    .names = zstd_names,
    .count = sizeof zstd_names / sizeof *zstd_names,
};

struct zlib_library zlib;
struct zstd_library zstd;

int zlib_load(struct error *error)
{
    return zlib.deflate ? 0 : library_load(&zlib_description, &zlib, error);
}

int zstd_load(struct error *error)
{
    return zstd.ZSTD_isError ? 0
                             : library_load(&zstd_description, &zstd, error);
}
