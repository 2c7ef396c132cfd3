/*
 * Nothing in, a TLS context and its certificate out. P-256, SHA-256, subject
 * alternative names 127.0.0.1 and localhost: what a Go client asks for.
 */
#include "tests/kube/certificate.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

DEFINE_CLEANUP(X509 *, X509_free);
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);
DEFINE_CLEANUP(SSL_CTX *, SSL_CTX_free);
DEFINE_CLEANUP(BIO *, BIO_free_all);

enum { DAY = 24 * 60 * 60 };

static int add_extension(X509 *certificate, int identifier, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, &context, identifier, value);
    int added = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

/* 1 when everything went well, as OpenSSL has it. */
static int fill(X509 *certificate, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -60) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), DAY) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *)"test-kube-server",
                                      -1, -1, 0) &&
           X509_set_issuer_name(certificate, name) &&
           X509_set_pubkey(certificate, key) &&
           add_extension(certificate, NID_basic_constraints,
                         "critical,CA:TRUE") &&
           add_extension(certificate, NID_subject_alt_name,
                         "IP:127.0.0.1,DNS:localhost") &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

static int append_pem(struct text *pem, X509 *certificate)
{
    CLEANUP(BIO_free_all) BIO *memory = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    if (!memory || !PEM_write_bio_X509(memory, certificate))
        return 0;
    long length = BIO_get_mem_data(memory, &bytes);
    text_append(pem, bytes, (size_t)length);
    return 1;
}

SSL_CTX *certificate_make(struct text *pem, struct error *error)
{
    CLEANUP(EVP_PKEY_free) EVP_PKEY *key = EVP_EC_gen("P-256");
    CLEANUP(X509_free) X509 *certificate = X509_new();
    CLEANUP(SSL_CTX_free) SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!key || !certificate || !context || !fill(certificate, key) ||
        !append_pem(pem, certificate) ||
        SSL_CTX_use_certificate(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, key) != 1) {
        error_set(error, ERROR_SYSTEM, "cannot make a certificate: %s",
                  ERR_reason_error_string(ERR_get_error()));
        return NULL;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    /* The output is a growing text: it may move between two tries. */
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return TAKE(context);
}
