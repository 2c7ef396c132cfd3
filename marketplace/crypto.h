#pragma once
/*
 * What the files that use OpenSSL share. Its two libraries are loaded with the first
 * signature that is checked and the first https connection: relocating them takes
 * longer than all else that a command does to start.
 */
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "engine/base/cleanup.h"
#include "engine/base/error.h"

#define CRYPTO_FUNCTIONS(ITEM)                                                 \
    ITEM(BIO_free)                                                             \
    ITEM(BIO_get_data)                                                         \
    ITEM(BIO_get_new_index)                                                    \
    ITEM(BIO_meth_new)                                                         \
    ITEM(BIO_meth_set_ctrl)                                                    \
    ITEM(BIO_meth_set_read)                                                    \
    ITEM(BIO_meth_set_write)                                                   \
    ITEM(BIO_new)                                                              \
    ITEM(BIO_set_data)                                                         \
    ITEM(BIO_set_init)                                                         \
    ITEM(BN_bin2bn)                                                            \
    ITEM(BN_free)                                                              \
    ITEM(CRYPTO_free)                                                          \
    ITEM(ECDSA_SIG_free)                                                       \
    ITEM(ECDSA_SIG_new)                                                        \
    ITEM(ECDSA_SIG_set0)                                                       \
    ITEM(ERR_clear_error)                                                      \
    ITEM(ERR_peek_error)                                                       \
    ITEM(ERR_reason_error_string)                                              \
    ITEM(EVP_Digest)                                                           \
    ITEM(EVP_DigestVerify)                                                     \
    ITEM(EVP_DigestVerifyInit_ex)                                              \
    ITEM(EVP_MD_CTX_free)                                                      \
    ITEM(EVP_MD_CTX_new)                                                       \
    ITEM(EVP_PKEY_CTX_free)                                                    \
    ITEM(EVP_PKEY_CTX_new_from_name)                                           \
    ITEM(EVP_PKEY_free)                                                        \
    ITEM(EVP_PKEY_fromdata)                                                    \
    ITEM(EVP_PKEY_fromdata_init)                                               \
    ITEM(EVP_PKEY_new_raw_public_key)                                          \
    ITEM(EVP_sha256)                                                           \
    ITEM(EVP_sha512)                                                           \
    ITEM(OSSL_PARAM_BLD_free)                                                  \
    ITEM(OSSL_PARAM_BLD_new)                                                   \
    ITEM(OSSL_PARAM_BLD_push_BN)                                               \
    ITEM(OSSL_PARAM_BLD_to_param)                                              \
    ITEM(OSSL_PARAM_construct_end)                                             \
    ITEM(OSSL_PARAM_construct_octet_string)                                    \
    ITEM(OSSL_PARAM_construct_utf8_string)                                     \
    ITEM(OSSL_PARAM_free)                                                      \
    ITEM(X509_VERIFY_PARAM_set1_ip_asc)                                        \
    ITEM(X509_verify_cert_error_string)                                        \
    ITEM(i2d_ECDSA_SIG)

#define TLS_FUNCTIONS(ITEM)                                                    \
    ITEM(SSL_CTX_ctrl)                                                         \
    ITEM(SSL_CTX_load_verify_locations)                                        \
    ITEM(SSL_CTX_new)                                                          \
    ITEM(SSL_CTX_set_default_verify_paths)                                     \
    ITEM(SSL_CTX_set_options)                                                  \
    ITEM(SSL_CTX_set_verify)                                                   \
    ITEM(SSL_connect)                                                          \
    ITEM(SSL_ctrl)                                                             \
    ITEM(SSL_free)                                                             \
    ITEM(SSL_get0_param)                                                       \
    ITEM(SSL_get_error)                                                        \
    ITEM(SSL_get_verify_result)                                                \
    ITEM(SSL_new)                                                              \
    ITEM(SSL_read)                                                             \
    ITEM(SSL_set1_host)                                                        \
    ITEM(SSL_set_bio)                                                          \
    ITEM(SSL_set_hostflags)                                                    \
    ITEM(SSL_write)                                                            \
    ITEM(TLS_client_method)

/* The functions under their own names: crypto.EVP_sha256(), tls.SSL_read(). The
 * macros of OpenSSL that call functions cannot be used. */
#define ITEM(name) __typeof__(name) *name;
struct crypto_library {
    CRYPTO_FUNCTIONS(ITEM)
};
struct tls_library {
    TLS_FUNCTIONS(ITEM)
};
#undef ITEM

/* All NULL until crypto_load(), or tls_load(). */
extern struct crypto_library crypto;
extern struct tls_library tls;

/* Loads libcrypto; ERROR_SYSTEM when it is not there. */
int crypto_load(struct error *error) MUST_CHECK;

/* Loads libcrypto and libssl; ERROR_SYSTEM when one is not there. */
int tls_load(struct error *error) MUST_CHECK;

#define CRYPTO_CLEANUP(type, release)                                          \
    __attribute__((unused)) static inline void release##_cleanup(type **local) \
    {                                                                          \
        if (*local)                                                            \
            crypto.release(*local);                                            \
    }
CRYPTO_CLEANUP(BIGNUM, BN_free)
CRYPTO_CLEANUP(ECDSA_SIG, ECDSA_SIG_free)
CRYPTO_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free)
CRYPTO_CLEANUP(EVP_PKEY, EVP_PKEY_free)
CRYPTO_CLEANUP(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
CRYPTO_CLEANUP(OSSL_PARAM, OSSL_PARAM_free)
CRYPTO_CLEANUP(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
#undef CRYPTO_CLEANUP
