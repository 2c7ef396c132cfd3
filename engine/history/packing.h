#pragma once
/* The libraries that make things smaller, loaded when output or a file is kept. */
#include <zlib.h>
#include <zstd.h>

#include "engine/base/cleanup.h"
#include "engine/base/error.h"

#define ZLIB_FUNCTIONS(ITEM)                                                   \
    ITEM(deflate)                                                              \
    ITEM(deflateEnd)                                                           \
    ITEM(deflateInit2_)                                                        \
    ITEM(deflateSetHeader)

#define ZSTD_FUNCTIONS(ITEM)                                                   \
    ITEM(ZSTD_CCtx_setParameter)                                               \
    ITEM(ZSTD_compress2)                                                       \
    ITEM(ZSTD_compressBound)                                                   \
    ITEM(ZSTD_createCCtx)                                                      \
    ITEM(ZSTD_decompress)                                                      \
    ITEM(ZSTD_freeCCtx)                                                        \
    ITEM(ZSTD_isError)

/* The functions under their own names: zlib.deflate(), zstd.ZSTD_isError(). */
#define ITEM(name) __typeof__(name) *name;
struct zlib_library {
    ZLIB_FUNCTIONS(ITEM)
};
struct zstd_library {
    ZSTD_FUNCTIONS(ITEM)
};
#undef ITEM

/* All NULL until they are loaded. */
extern struct zlib_library zlib;
extern struct zstd_library zstd;

/* ERROR_SYSTEM when the library is not there. */
int zlib_load(struct error *error) MUST_CHECK;
int zstd_load(struct error *error) MUST_CHECK;
