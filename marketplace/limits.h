#pragma once
/* Ceilings of what comes from a marketplace or is kept about one, with reasons.
 */
enum {
    /* Names become parts of references and of lines in files. */
    MARKETPLACE_NAME_LIMIT = 63,
    MARKETPLACE_URL_LIMIT = 2048,
    MARKETPLACE_COUNT_LIMIT = 100,
    MARKETPLACE_SIGNER_LIMIT = 100,       /* --signer of one marketplace */
    MARKETPLACE_FILE_LIMIT = 1024 * 1024, /* settings, lock, allowed signers */

    /* An armored RSA-8192 signature with its key has about 4 KiB. */
    SIGNATURE_TEXT_LIMIT = 16 * 1024,
    SIGNER_LINE_LIMIT = 16 * 1024,
    SIGNER_COUNT_LIMIT = 1000,
    RSA_BITS_LEAST = 2048,
    RSA_BITS_MOST = 8192, /* what checking a signature may cost */

    /* One object of the repository that is read into memory. */
    COMMIT_BYTES_LIMIT = 64 * 1024,
    WORKFLOW_BYTES_LIMIT = 256 * 1024,
    TREE_DEPTH_LIMIT = 8,
    TREE_ENTRY_LIMIT = 20 * 1000,
    WORKFLOW_COUNT_LIMIT = 2000,
    PATH_BYTES_LIMIT = 1024,
    COMMIT_WALK_LIMIT = 100 * 1000, /* when an older version is looked for */

    /* One fetch. The child that fetches is held to these by the kernel too. */
    FETCH_BYTES_LIMIT = 64 * 1024 * 1024,
    FETCH_OBJECT_LIMIT = 500 * 1000,
    FETCH_OBJECT_BYTES_LIMIT = 16 * 1024 * 1024,
    FETCH_MEMORY_LIMIT = 512 * 1024 * 1024,
    FETCH_SECONDS = 120,
    FETCH_SECONDS_LIMIT = 3600,

    LOCK_ENTRY_LIMIT = 1000,
    LOCK_IMAGE_LIMIT = 100, /* images of one workflow */
};
