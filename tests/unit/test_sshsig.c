/* sshsig.h: signatures made by ssh-keygen, which is also the judge, and what
 * has been done to them. */
#include <openssl/evp.h>

#include "engine/base/text.h"
#include "marketplace/limits.h"
#include "marketplace/sshsig.h"
#include "tests/unit/market_fixture.h"

static const char message[] = "tree 1234\n\nwhat is signed\n";

static const struct {
    const char *file, *type, *bits, *hash;
} keys[] = {
    {"ed25519", "ed25519", "256", "sha512"},
    {"p256", "ecdsa", "256", "sha512"},
    {"rsa2048", "rsa", "2048", "sha512"},
    {"rsa3072", "rsa", "3072", "sha256"},
    {"short", "ed25519", "256", "sha256"},
    {"p256s", "ecdsa", "256", "sha256"},
};

static void make_signature(const char *key, const char *hash,
                           const char *namespace_name, const char *text)
{
    char option[32];
    snprintf(option, sizeof option, "hashalg=%s", hash);
    market_write("message", text, strlen(text));
    unlink("message.sig");
    RUN("ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace_name, "-O",
        option, "message");
}

/* The armored signature of the file message.sig. */
static char *read_signature(struct arena *arena, size_t *length)
{
    return market_read(arena, "message.sig", length);
}

static int set_up(void **state)
{
    if (market_set_up(state) < 0)
        return -1;
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        RUN("ssh-keygen", "-q", "-t", keys[i].type, "-b", keys[i].bits, "-N",
            "", "-C", "somebody", "-f", keys[i].file);
    return 0;
}

static struct wire wire_of(const char *text)
{
    return (struct wire){(const unsigned char *)text, strlen(text)};
}

/* All checks in their order. */
static int check(struct arena *arena, const char *armor, size_t length,
                 const char *text, struct error *error)
{
    struct sshsig signature;
    if (sshsig_parse(arena, armor, length, &signature, error) < 0 ||
        sshsig_check_namespace(&signature, "git", error) < 0)
        return -1;
    return sshsig_verify(&signature, wire_of(text), error);
}

/* What ssh-keygen says about message.sig over `text`. */
static bool judge_accepts(const char *text)
{
    market_write("judged", text, strlen(text));
    const char *const arguments[] = {
        "sh", "-c",
        "ssh-keygen -Y check-novalidate -n git -s message.sig <judged", NULL};
    return market_try(arguments) == 0;
}

static void every_kind_of_key_is_verified(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        size_t length;
        make_signature(keys[i].file, keys[i].hash, "git", message);
        const char *armor = read_signature(arena, &length);
        CHECK(keys[i].file, judge_accepts(message));
        if (check(arena, armor, length, message, &error) < 0)
            fail_msg("%s: %s", keys[i].file, error.text);
        CHECK(keys[i].file, !judge_accepts("another text"));
        CHECK(keys[i].file,
              check(arena, armor, length, "another text", &error) < 0);
        CHECK_ERROR(keys[i].file, error, ERROR_TRUST, "signature-invalid");
    }
}

static void fingerprints_are_those_of_ssh_keygen(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct sshsig signature;
        size_t length, shown_length;
        make_signature(keys[i].file, keys[i].hash, "git", message);
        const char *armor = read_signature(arena, &length);
        assert_int_equal(sshsig_parse(arena, armor, length, &signature, &error),
                         0);
        RUN("sh", "-c", "ssh-keygen -lf $0.pub | cut -d ' ' -f 2 >shown",
            keys[i].file);
        char *shown = market_read(arena, "shown", &shown_length);
        shown[shown_length - 1] = '\0';
        CHECK_TEXT(keys[i].file, signature.fingerprint, shown);
        CHECK(keys[i].file, ssh_fingerprint_is_valid(shown));
    }
}

static void another_purpose_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"file", "gi", "git2", "GIT", "git@x"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        size_t length;
        make_signature("ed25519", "sha512", names[i], message);
        const char *armor = read_signature(arena, &length);
        CHECK(names[i], check(arena, armor, length, message, &error) < 0);
        CHECK_ERROR(names[i], error, ERROR_TRUST, "wrong-namespace");
    }
}

/* A signature whose binary form can be changed. */
struct blob {
    unsigned char bytes[8192];
    size_t length;
};

static struct blob read_blob(struct arena *arena)
{
    struct blob blob = {.length = 0};
    struct text joined = {0};
    struct wire decoded;
    size_t length;
    char *armor = read_signature(arena, &length);
    char *rest = NULL;
    for (char *line = strtok_r(armor, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest))
        if (line[0] != '-')
            text_append_string(&joined, line);
    assert_int_equal(wire_decode(arena, joined.data, joined.length, &decoded),
                     0);
    assert_true(decoded.length < sizeof blob.bytes - 64);
    memcpy(blob.bytes, decoded.bytes, decoded.length);
    blob.length = decoded.length;
    text_free(&joined);
    return blob;
}

/* The armor around the bytes, as ssh-keygen writes it. */
static char *put_armor(struct arena *arena, const struct blob *blob,
                       size_t *length)
{
    struct text text = {0};
    unsigned char *encoded = arena_allocate(arena, blob->length * 2 + 8);
    int size = EVP_EncodeBlock(encoded, blob->bytes, (int)blob->length);
    text_append_string(&text, "-----BEGIN SSH SIGNATURE-----\n");
    for (int at = 0; at < size; at += 70) {
        int step = size - at < 70 ? size - at : 70;
        text_append(&text, (const char *)encoded + at, (size_t)step);
        text_append_character(&text, '\n');
    }
    text_append_string(&text, "-----END SSH SIGNATURE-----\n");
    char *copy = arena_copy(arena, text.data, text.length);
    *length = text.length;
    text_free(&text);
    return copy;
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        CLEANUP(arena_free) struct arena *outer = arena_new();
        make_signature(keys[i].file, keys[i].hash, "git", message);
        struct blob blob = read_blob(outer);
        for (size_t at = 0; at < blob.length; at++) {
            CLEANUP(arena_free) struct arena *arena = arena_new();
            struct error error = {0};
            size_t length;
            unsigned char bit = (unsigned char)(1U << (at % 8));
            blob.bytes[at] ^= bit;
            const char *armor = put_armor(arena, &blob, &length);
            if (check(arena, armor, length, message, &error) == 0)
                fail_msg("%s: accepted with byte %zu changed", keys[i].file,
                         at);
            CHECK(keys[i].file, error.kind == ERROR_TRUST);
            blob.bytes[at] ^= bit;
        }
    }
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *outer = arena_new();
    make_signature("rsa3072", "sha512", "git", message);
    struct blob blob = read_blob(outer);
    for (size_t whole = blob.length, cut = 1; cut <= whole; cut++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        size_t length;
        blob.length = whole - cut;
        const char *armor = put_armor(arena, &blob, &length);
        assert_int_equal(check(arena, armor, length, message, &error), -1);
        assert_true(strstr(error.text, "signature-malformed") ||
                    strstr(error.text, "signature-unsupported"));
    }
}

/* Puts `text` in the place of `old` in the blob; both have the same length. */
static void replace(struct blob *blob, const char *old, const char *text)
{
    unsigned char *at = memmem(blob->bytes, blob->length, old, strlen(old));
    assert_non_null(at);
    memcpy(at, text, strlen(text));
}

static void put_version(struct blob *blob)
{
    blob->bytes[9] = 2;
}

static void put_trailing(struct blob *blob)
{
    blob->bytes[blob->length++] = 0;
}

static void put_hash(struct blob *blob)
{
    replace(blob, "sha512", "sha384");
}

static void put_sha1(struct blob *blob)
{
    /* The inner type: "rsa-sha2-512" -> "ssh-rsa" with what is left of it. */
    replace(blob, "rsa-sha2-512", "ssh-rsa-sha1");
}

static void put_inner_hash(struct blob *blob)
{
    replace(blob, "rsa-sha2-512", "rsa-sha2-256");
}

static void put_key_type(struct blob *blob)
{
    replace(blob, "ssh-rsa", "ssh-dss");
}

static void put_reserved(struct blob *blob)
{
    unsigned char *at = memmem(blob->bytes, blob->length, "\0\0\0\3git", 7);
    assert_non_null(at);
    size_t place = (size_t)(at - blob->bytes) + 7;
    memmove(blob->bytes + place + 5, blob->bytes + place + 4,
            blob->length - place - 4);
    blob->bytes[place + 3] = 1;
    blob->bytes[place + 4] = 'x';
    blob->length++;
}

static void put_empty_namespace(struct blob *blob)
{
    unsigned char *at = memmem(blob->bytes, blob->length, "\0\0\0\3git", 7);
    assert_non_null(at);
    size_t place = (size_t)(at - blob->bytes);
    blob->bytes[place + 3] = 0;
    memmove(blob->bytes + place + 4, blob->bytes + place + 7,
            blob->length - place - 7);
    blob->length -= 3;
}

static void put_huge_length(struct blob *blob)
{
    memset(blob->bytes + 10, 0xff, 4);
}

static void confusions_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*change)(struct blob *blob);
        const char *want;
    } rows[] = {
        {"version 2", put_version, "signature-unsupported: version 2"},
        {"trailing bytes", put_trailing, "something follows after its end"},
        {"another hash", put_hash, "signature-unsupported: hash 'sha384'"},
        {"RSA with SHA-1", put_sha1,
         "signature-unsupported: signatures of type 'ssh-rsa-sha1'"},
        {"inner hash", put_inner_hash, "signature-invalid"},
        {"key type", put_key_type, "keys of type 'ssh-dss'"},
        {"reserved not empty", put_reserved, "its reserved part is not empty"},
        {"empty namespace", put_empty_namespace, "its namespace is empty"},
        {"huge length", put_huge_length,
         "signature-malformed: it is cut short"},
    };
    make_signature("rsa3072", "sha512", "git", message);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        size_t length;
        struct blob blob = read_blob(arena);
        rows[i].change(&blob);
        const char *armor = put_armor(arena, &blob, &length);
        CHECK(rows[i].name, check(arena, armor, length, message, &error) < 0);
        CHECK_ERROR(rows[i].name, error, ERROR_TRUST, rows[i].want);
    }
}

static void armor_is_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *name, *script, *want; /* the script changes $1 -> stdout */
    } rows[] = {
        {"as it is", "cat $1", NULL},
        {"no last line end", "printf %s \"$(cat $1)\"", NULL},
        {"CRLF", "sed 's/$/\\r/' $1", "not enclosed"},
        {"CRLF inside", "sed '2s/$/\\r/' $1", "not base64"},
        {"text before", "echo x; cat $1", "not enclosed"},
        {"text after", "cat $1; echo x", "not enclosed"},
        {"two of them", "cat $1 $1", "not base64"},
        {"an empty line", "sed '2s/^/\\n/' $1", "not base64"},
        {"a blank", "sed '2s/^/ /' $1", "not base64"},
        {"one long line",
         "sed -n 1p $1; sed '1d;$d' $1 | tr -d '\\n'; echo; sed -n '$p' $1",
         "not base64"},
        {"without padding", "tr -d = <$1", "not base64"},
        {"nothing inside", "sed '2,/END/{/END/!d}' $1", "not base64"},
        {"empty", "true", "not enclosed"},
        {"PGP", "sed s/SSH/PGP/ $1", "not enclosed"},
        {"too long", "sed -n 1p $1; yes AAAA | head -n 4000; sed -n '$p' $1",
         "too long"},
    };
    make_signature("ed25519", "sha512", "git", message);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        size_t length;
        char script[256];
        snprintf(script, sizeof script, "set -- message.sig; { %s; } >changed",
                 rows[i].script);
        RUN("sh", "-c", script);
        const char *armor = market_read(arena, "changed", &length);
        int result = check(arena, armor, length, message, &error);
        if (!rows[i].want && result < 0)
            fail_msg("%s: %s", rows[i].name, error.text);
        if (rows[i].want)
            CHECK_ERROR(rows[i].name, error, ERROR_TRUST, rows[i].want);
    }
}

static void keys_that_are_not_supported_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *name, *type, *bits, *want;
    } rows[] = {
        {"P-384", "ecdsa", "384",
         "keys of type 'ecdsa-sha2-nistp384' are not supported"},
        {"P-521", "ecdsa", "521",
         "keys of type 'ecdsa-sha2-nistp521' are not supported"},
        {"short RSA", "rsa", "1024", "an RSA key of 1024 bits is too weak"},
        {"2047 bits", "rsa", "2047", "an RSA key of 2047 bits is too weak"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        size_t length;
        unlink("odd");
        unlink("odd.pub");
        RUN("ssh-keygen", "-q", "-t", rows[i].type, "-b", rows[i].bits, "-N",
            "", "-f", "odd");
        make_signature("odd", "sha512", "git", message);
        const char *armor = read_signature(arena, &length);
        CHECK(rows[i].name, check(arena, armor, length, message, &error) < 0);
        CHECK_ERROR(rows[i].name, error, ERROR_TRUST, rows[i].want);
    }
}

static void a_point_off_the_curve_is_refused(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    size_t length;
    make_signature("p256", "sha512", "git", message);
    struct blob blob = read_blob(arena);
    unsigned char *point = memmem(blob.bytes, blob.length, "\0\0\0\x41\4", 5);
    assert_non_null(point);
    memset(point + 5, 0, 64); /* (0, 0) */
    const char *armor = put_armor(arena, &blob, &length);
    assert_int_equal(check(arena, armor, length, message, &error), -1);
    CHECK_ERROR("off the curve", error, ERROR_TRUST, "signature-invalid");
}

static void fingerprints_have_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        bool want;
    } rows[] = {
        {"SHA256:CEXukx4j2UBpSM4t5AS3X56lIW05C+RbyLQ/ej6h+5k", true},
        {"SHA256:CEXukx4j2UBpSM4t5AS3X56lIW05C+RbyLQ/ej6h+5", false},
        {"SHA256:CEXukx4j2UBpSM4t5AS3X56lIW05C+RbyLQ/ej6h+5k=", false},
        {"sha256:CEXukx4j2UBpSM4t5AS3X56lIW05C+RbyLQ/ej6h+5k", false},
        {"SHA256:CEXukx4j2UBpSM4t5AS3X56lIW05C RbyLQ/ej6h+5k", false},
        {"MD5:00:11", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(rows[i].input,
              ssh_fingerprint_is_valid(rows[i].input) == rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_key_is_verified),
        cmocka_unit_test(fingerprints_are_those_of_ssh_keygen),
        cmocka_unit_test(another_purpose_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(confusions_are_refused_by_name),
        cmocka_unit_test(armor_is_read_strictly),
        cmocka_unit_test(keys_that_are_not_supported_are_named),
        cmocka_unit_test(a_point_off_the_curve_is_refused),
        cmocka_unit_test(fingerprints_have_one_form),
    };
    return cmocka_run_group_tests(tests, set_up, market_tear_down);
}
