/*
 * A key's bytes in, a yes or no about a signature out. Nothing is decided here
 * about whose key it is. Every part has one length or a narrow range, and what
 * follows the last part is an error. RSA with SHA-1 does not exist here.
 */
#include "marketplace/ssh_key.h"

#include <openssl/core_names.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/base64.h"
#include "engine/base/digest.h"
#include "marketplace/crypto.h"
#include "marketplace/limits.h"

enum { ED25519_BYTES = 32, P256_POINT = 65, P256_NUMBER = 32 };

static const struct {
    const char *name; /* inside the key */
    enum ssh_key_kind kind;
} key_types[] = {
    {"ssh-ed25519", SSH_KEY_ED25519},
    {"ecdsa-sha2-nistp256", SSH_KEY_P256},
    {"ssh-rsa", SSH_KEY_RSA},
};

/* Which signatures a key may make. */
static const struct {
    const char *name;
    enum ssh_key_kind kind;
    const char *hash; /* NULL: part of the algorithm */
} signature_types[] = {
    {"ssh-ed25519", SSH_KEY_ED25519, NULL},
    {"ecdsa-sha2-nistp256", SSH_KEY_P256, "SHA256"},
    {"rsa-sha2-256", SSH_KEY_RSA, "SHA256"},
    {"rsa-sha2-512", SSH_KEY_RSA, "SHA512"},
};

static int parse_point(struct wire *rest, struct ssh_key *key)
{
    struct wire curve;
    size_t length = key->kind == SSH_KEY_P256 ? P256_POINT : ED25519_BYTES;
    if (key->kind == SSH_KEY_P256 &&
        (wire_take_string(rest, &curve) < 0 || !wire_is(&curve, "nistp256")))
        return -1;
    if (wire_take_string(rest, &key->point) < 0 || key->point.length != length)
        return -1;
    return key->kind == SSH_KEY_P256 && key->point.bytes[0] != 4 ? -1 : 0;
}

static int parse_rsa(struct wire *rest, struct ssh_key *key,
                     struct error *error)
{
    if (wire_take_integer(rest, 8, &key->exponent) < 0 ||
        wire_take_integer(rest, RSA_BITS_MOST / 8, &key->modulus) < 0)
        return -1;
    const struct wire *modulus = &key->modulus;
    const struct wire *exponent = &key->exponent;
    size_t bits = modulus->length * 8;
    for (unsigned char top = modulus->bytes[0]; !(top & 0x80);
         top = (unsigned char)(top << 1))
        bits--;
    if (bits < RSA_BITS_LEAST)
        return error_set(error, ERROR_TRUST,
                         "an RSA key of %zu bits is too weak: at least %d are "
                         "needed",
                         bits, RSA_BITS_LEAST);
    bool odd = exponent->bytes[exponent->length - 1] & 1;
    bool one = exponent->length == 1 && exponent->bytes[0] == 1;
    return odd && !one && (modulus->bytes[modulus->length - 1] & 1) ? 0 : -1;
}

int ssh_key_parse(struct wire blob, struct ssh_key *key, struct error *error)
{
    struct wire rest = blob, type = {0};
    char word[WIRE_WORD];
    size_t row = 0;
    *key = (struct ssh_key){.blob = blob};
    if (wire_take_string(&rest, &type) < 0)
        return error_set(error, ERROR_TRUST, "the public key is cut short");
    while (row < sizeof key_types / sizeof *key_types &&
           !wire_is(&type, key_types[row].name))
        row++;
    if (row == sizeof key_types / sizeof *key_types)
        return error_set(error, ERROR_TRUST,
                         "keys of type '%s' are not supported: use "
                         "ssh-ed25519, ecdsa-sha2-nistp256 or ssh-rsa",
                         wire_word(&type, word));
    key->kind = key_types[row].kind;
    int result = key->kind == SSH_KEY_RSA ? parse_rsa(&rest, key, error)
                                          : parse_point(&rest, key);
    if (result < 0 || rest.length > 0)
        return error_set(error, ERROR_TRUST,
                         "the public key of type '%s' is not well formed",
                         key_types[row].name);
    return 0;
}

void ssh_key_fingerprint(const struct wire *blob, char text[SSH_FINGERPRINT])
{
    struct digest digest = digest_compute(blob->bytes, blob->length);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *bytes = (const char *)digest.bytes;
    snprintf(text, SSH_FINGERPRINT, "SHA256:%.43s",
             base64_encode(arena, bytes, sizeof digest.bytes));
}

bool ssh_fingerprint_is_valid(const char *text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return strncmp(text, "SHA256:", 7) == 0 && strlen(text + 7) == 43 &&
           strspn(text + 7, letters) == 43;
}

static EVP_PKEY *make_from(const char *type, OSSL_PARAM *parameters)
{
    CLEANUP(EVP_PKEY_CTX_free)
    EVP_PKEY_CTX *context = crypto.EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    if (!context || crypto.EVP_PKEY_fromdata_init(context) <= 0 ||
        crypto.EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY,
                                 parameters) <= 0)
        return NULL;
    return key;
}

static EVP_PKEY *make_p256(const struct ssh_key *key)
{
    char group[] = "prime256v1";
    unsigned char point[P256_POINT];
    memcpy(point, key->point.bytes, sizeof point);
    OSSL_PARAM parameters[] = {
        crypto.OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                group, 0),
        crypto.OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
                                                 sizeof point),
        crypto.OSSL_PARAM_construct_end(),
    };
    return make_from("EC", parameters); /* refuses a point off the curve */
}

static EVP_PKEY *make_rsa(const struct ssh_key *key)
{
    CLEANUP(BN_free)
    BIGNUM *modulus =
        crypto.BN_bin2bn(key->modulus.bytes, (int)key->modulus.length, NULL);
    CLEANUP(BN_free)
    BIGNUM *exponent =
        crypto.BN_bin2bn(key->exponent.bytes, (int)key->exponent.length, NULL);
    CLEANUP(OSSL_PARAM_BLD_free)
    OSSL_PARAM_BLD *build = crypto.OSSL_PARAM_BLD_new();
    if (!modulus || !exponent || !build ||
        !crypto.OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) ||
        !crypto.OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent))
        return NULL;
    CLEANUP(OSSL_PARAM_free)
    OSSL_PARAM *parameters = crypto.OSSL_PARAM_BLD_to_param(build);
    return parameters ? make_from("RSA", parameters) : NULL;
}

static EVP_PKEY *make_key(const struct ssh_key *key)
{
    switch (key->kind) {
    case SSH_KEY_ED25519:
        return crypto.EVP_PKEY_new_raw_public_key(
            EVP_PKEY_ED25519, NULL, key->point.bytes, key->point.length);
    case SSH_KEY_P256:
        return make_p256(key);
    case SSH_KEY_RSA:
        return make_rsa(key);
    }
    return NULL;
}

/* The two numbers of an ECDSA signature as DER, which OpenSSL wants. 0: not
 * well formed. OpenSSL allocates `*der`. */
static size_t encode_ecdsa(struct wire numbers, unsigned char **der)
{
    struct wire r, s;
    if (wire_take_integer(&numbers, P256_NUMBER, &r) < 0 ||
        wire_take_integer(&numbers, P256_NUMBER, &s) < 0 || numbers.length > 0)
        return 0;
    CLEANUP(ECDSA_SIG_free) ECDSA_SIG *signature = crypto.ECDSA_SIG_new();
    CLEANUP(BN_free)
    BIGNUM *first = crypto.BN_bin2bn(r.bytes, (int)r.length, NULL);
    CLEANUP(BN_free)
    BIGNUM *second = crypto.BN_bin2bn(s.bytes, (int)s.length, NULL);
    if (!signature || !first || !second ||
        !crypto.ECDSA_SIG_set0(signature, first, second))
        return 0;
    first = second = NULL; /* they belong to the signature now */
    int length = crypto.i2d_ECDSA_SIG(signature, der);
    return length > 0 ? (size_t)length : 0;
}

static void release_der(unsigned char *const *der)
{
    crypto.CRYPTO_free(*der, __FILE__, __LINE__);
}

static bool matches(const struct ssh_key *key, const char *hash,
                    struct wire bytes, struct wire message)
{
    __attribute__((cleanup(release_der))) unsigned char *der = NULL;
    if (key->kind == SSH_KEY_P256) {
        bytes.length = encode_ecdsa(bytes, &der);
        bytes.bytes = der;
    }
    /* OpenSSL would take a shorter RSA signature as a smaller number. */
    if (bytes.length == 0 ||
        (key->kind == SSH_KEY_RSA && bytes.length != key->modulus.length))
        return false;
    CLEANUP(EVP_PKEY_free) EVP_PKEY *made = make_key(key);
    CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *context = crypto.EVP_MD_CTX_new();
    return made && context &&
           crypto.EVP_DigestVerifyInit_ex(context, NULL, hash, NULL, NULL, made,
                                          NULL) == 1 &&
           crypto.EVP_DigestVerify(context, bytes.bytes, bytes.length,
                                   message.bytes, message.length) == 1;
}

int ssh_key_verify(const struct ssh_key *key, struct wire signature,
                   struct wire message, struct error *error)
{
    struct wire type, bytes;
    char word[WIRE_WORD];
    if (wire_take_string(&signature, &type) < 0 ||
        wire_take_string(&signature, &bytes) < 0 || signature.length > 0)
        return error_set(error, ERROR_TRUST,
                         "signature-malformed: its inner part is not well "
                         "formed");
    size_t row = 0;
    while (row < sizeof signature_types / sizeof *signature_types &&
           !(signature_types[row].kind == key->kind &&
             wire_is(&type, signature_types[row].name)))
        row++;
    if (row == sizeof signature_types / sizeof *signature_types)
        return error_set(error, ERROR_TRUST,
                         "signature-unsupported: signatures of type '%s' are "
                         "not accepted for this key",
                         wire_word(&type, word));
    if (crypto_load(error) < 0)
        return -1;
    if (!matches(key, signature_types[row].hash, bytes, message))
        return error_set(error, ERROR_TRUST,
                         "signature-invalid: the signature does not match "
                         "what it is said to sign");
    return 0;
}
