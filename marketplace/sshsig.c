/*
 * PROTOCOL.sshsig of OpenSSH, version 1.
 *
 *   blob:   "SSHSIG"  uint32 1  string publickey  string namespace
 *           string reserved  string hash_algorithm  string signature
 *   signed: "SSHSIG"  string namespace  string reserved  string hash_algorithm
 *           string H(message)
 *
 * The armor is two marker lines around base64. Stricter than OpenSSH where that
 * costs nothing: lines end with LF alone, and nothing stands around the
 * markers. `reserved` must be empty, as OpenSSH signs it so.
 */
#include "marketplace/sshsig.h"

#include <string.h>

#include "engine/base/text.h"
#include "marketplace/crypto.h"
#include "marketplace/limits.h"

static const char begin_mark[] = "-----BEGIN SSH SIGNATURE-----\n";
static const char end_mark[] = "-----END SSH SIGNATURE-----";
static const char magic[] = "SSHSIG";

enum { BEGIN_LENGTH = sizeof begin_mark - 1, END_LENGTH = sizeof end_mark - 1 };
enum { MAGIC_LENGTH = sizeof magic - 1, VERSION = 1, LINE_LIMIT = 76 };

static int malformed(struct error *error, const char *why)
{
    return error_set(error, ERROR_TRUST, "signature-malformed: %s", why);
}

/* The base64 between the markers without its line ends; NULL: not well formed.
 */
static char *join_lines(struct arena *arena, const char *text, size_t length,
                        size_t *joined)
{
    char *line = arena_allocate(arena, length + 1);
    size_t column = 0;
    *joined = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '\n') {
            line[(*joined)++] = text[i];
            column++;
        } else if (column == 0) {
            return NULL;
        } else {
            column = 0;
        }
        if (column > LINE_LIMIT)
            return NULL;
    }
    return column == 0 ? line : NULL; /* the last line ends too */
}

static int remove_armor(struct arena *arena, const char *armor, size_t length,
                        struct wire *blob, struct error *error)
{
    if (length > SIGNATURE_TEXT_LIMIT)
        return malformed(error, "it is too long");
    if (length > 0 && armor[length - 1] == '\n')
        length--;
    if (length < BEGIN_LENGTH + END_LENGTH ||
        memcmp(armor, begin_mark, BEGIN_LENGTH) != 0 ||
        memcmp(armor + length - END_LENGTH, end_mark, END_LENGTH) != 0)
        return malformed(error, "it is not enclosed by the lines BEGIN and END "
                                "SSH SIGNATURE");
    size_t joined;
    const char *text = join_lines(arena, armor + BEGIN_LENGTH,
                                  length - BEGIN_LENGTH - END_LENGTH, &joined);
    if (!text || wire_decode(arena, text, joined, blob) < 0)
        return malformed(error, "it is not base64");
    return 0;
}

static int take_parts(struct wire *blob, struct sshsig *signature,
                      struct wire *key, struct error *error)
{
    struct wire reserved;
    uint32_t version;
    if (blob->length < MAGIC_LENGTH ||
        memcmp(blob->bytes, magic, MAGIC_LENGTH) != 0)
        return malformed(error, "it does not begin with SSHSIG");
    blob->bytes += MAGIC_LENGTH;
    blob->length -= MAGIC_LENGTH;
    if (wire_take_number(blob, &version) < 0)
        return malformed(error, "it is cut short");
    if (version != VERSION)
        return error_set(error, ERROR_TRUST,
                         "signature-unsupported: version %u of the form, "
                         "known is %d",
                         version, VERSION);
    if (wire_take_string(blob, key) < 0 ||
        wire_take_string(blob, &signature->namespace_name) < 0 ||
        wire_take_string(blob, &reserved) < 0 ||
        wire_take_string(blob, &signature->hash) < 0 ||
        wire_take_string(blob, &signature->signature) < 0)
        return malformed(error, "it is cut short");
    if (blob->length > 0)
        return malformed(error, "something follows after its end");
    if (reserved.length > 0)
        return malformed(error, "its reserved part is not empty");
    return 0;
}

int sshsig_parse(struct arena *arena, const char *armor, size_t length,
                 struct sshsig *signature, struct error *error)
{
    struct wire blob = {0}, key = {0};
    char word[WIRE_WORD];
    *signature = (struct sshsig){0};
    if (remove_armor(arena, armor, length, &blob, error) < 0 ||
        take_parts(&blob, signature, &key, error) < 0)
        return -1;
    if (signature->namespace_name.length == 0)
        return malformed(error, "its namespace is empty");
    if (!wire_is(&signature->hash, "sha256") &&
        !wire_is(&signature->hash, "sha512"))
        return error_set(error, ERROR_TRUST,
                         "signature-unsupported: hash '%s', known are sha256 "
                         "and sha512",
                         wire_word(&signature->hash, word));
    if (ssh_key_parse(key, &signature->key, error) < 0)
        return error_context(error, "signature-unsupported");
    ssh_key_fingerprint(&key, signature->fingerprint);
    return 0;
}

int sshsig_check_namespace(const struct sshsig *signature,
                           const char *namespace_name, struct error *error)
{
    char word[WIRE_WORD];
    if (wire_is(&signature->namespace_name, namespace_name))
        return 0;
    return error_set(error, ERROR_TRUST,
                     "wrong-namespace: the signature was made for '%s', "
                     "expected '%s'",
                     wire_word(&signature->namespace_name, word),
                     namespace_name);
}

static void put_string(struct text *text, const void *bytes, size_t length)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        text_append_character(text, (char)(length >> shift & 0xff));
    text_append(text, bytes, length);
}

int sshsig_verify(const struct sshsig *signature, struct wire message,
                  struct error *error)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (crypto_load(error) < 0)
        return -1;
    const EVP_MD *kind = wire_is(&signature->hash, "sha512")
                             ? crypto.EVP_sha512()
                             : crypto.EVP_sha256();
    if (crypto.EVP_Digest(message.bytes, message.length, hash, &length, kind,
                          NULL) != 1)
        return error_set(error, ERROR_SYSTEM, "cannot compute a hash");
    CLEANUP(text_free) struct text made = {0};
    text_append(&made, magic, MAGIC_LENGTH);
    put_string(&made, signature->namespace_name.bytes,
               signature->namespace_name.length);
    put_string(&made, "", 0);
    put_string(&made, signature->hash.bytes, signature->hash.length);
    put_string(&made, hash, length);
    struct wire signed_bytes = {(const unsigned char *)made.data, made.length};
    return ssh_key_verify(&signature->key, signature->signature, signed_bytes,
                          error);
}
