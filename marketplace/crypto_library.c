/* Nothing in, the functions of the OpenSSL that the headers are of, out. */
#include <stdbool.h>

#include "engine/base/library.h"
#include "marketplace/crypto.h"

#define VERSION_TEXT(number) #number
#define VERSION(number)      VERSION_TEXT(number)
#define PACKAGE              "libssl" VERSION(OPENSSL_SHLIB_VERSION)

#define ITEM(name) #name,
static const char *const crypto_names[] = {CRYPTO_FUNCTIONS(ITEM)};
static const char *const tls_names[] = {TLS_FUNCTIONS(ITEM)};
#undef ITEM

static const struct library crypto_description = {
    .soname = "libcrypto.so." VERSION(OPENSSL_SHLIB_VERSION),
    .package = PACKAGE,
    .purpose = "check signatures",
    .names = crypto_names,
    .count = sizeof crypto_names / sizeof *crypto_names,
};

static const struct library tls_description = {
    .soname = "libssl.so." VERSION(OPENSSL_SHLIB_VERSION),
    .package = PACKAGE,
    .purpose = "speak https",
    .names = tls_names,
    .count = sizeof tls_names / sizeof *tls_names,
};

struct crypto_library crypto;
struct tls_library tls;

int crypto_load(struct error *error)
{
    static bool loaded;
    if (!loaded && library_load(&crypto_description, &crypto, error) < 0)
        return -1;
    loaded = true;
    return 0;
}

int tls_load(struct error *error)
{
    static bool loaded;
    if (crypto_load(error) < 0 ||
        (!loaded && library_load(&tls_description, &tls, error) < 0))
        return -1;
    loaded = true;
    return 0;
}
