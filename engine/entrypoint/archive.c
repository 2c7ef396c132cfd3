/*
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html: a header is
 * one block of fixed fields; an extended header is a file of "<length> key=value\n"
 * in front of the one that it is about.
 */
#include "engine/entrypoint/archive.h"

#include <stdio.h>
#include <string.h>

enum { NAME_FIELD = 100, SIZE_DIGITS = 11 };

#define LARGEST_SIZE ((off_t)077777777777)

struct header {
    char name[NAME_FIELD];
    char mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
    char type;
    char link[100];
    char magic[6], version[2];
    char user[32], group[32], major[8], minor[8], prefix[155];
    char unused[12];
};

_Static_assert(sizeof(struct header) == ARCHIVE_BLOCK, "one block");

size_t archive_padding(off_t size)
{
    return (size_t)(-size & (ARCHIVE_BLOCK - 1));
}

static void append_block(struct text *text, char type, const char *name,
                         off_t size, unsigned mode, long long time)
{
    struct header header = {.type = type, .magic = "ustar"};
    memcpy(header.version, "00", 2);
    size_t length = strlen(name);
    memcpy(header.name, name, length < NAME_FIELD ? length : NAME_FIELD);
    snprintf(header.mode, sizeof header.mode, "%07o", mode & 0777);
    snprintf(header.uid, sizeof header.uid, "%07o", 0U);
    snprintf(header.gid, sizeof header.gid, "%07o", 0U);
    snprintf(header.size, sizeof header.size, "%011llo",
             size <= LARGEST_SIZE ? (unsigned long long)size : 0);
    snprintf(header.mtime, sizeof header.mtime, "%011llo",
             time >= 0 && time <= LARGEST_SIZE ? (unsigned long long)time : 0);
    /* Its sum counts as if the field itself were spaces. */
    memset(header.checksum, ' ', sizeof header.checksum);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof header; i++)
        sum += ((const unsigned char *)&header)[i];
    snprintf(header.checksum, sizeof header.checksum, "%06o", sum);
    header.checksum[7] = ' ';
    text_append(text, (const char *)&header, sizeof header);
}

/* The length counts its own digits. */
static void append_record(struct text *text, const char *key, const char *value)
{
    size_t rest = strlen(key) + strlen(value) + 3, total = rest, digits = 0;
    for (size_t before = 0; digits != before || digits == 0;) {
        before = digits;
        digits = (size_t)snprintf(NULL, 0, "%zu", total);
        total = rest + digits;
    }
    text_append_format(text, "%zu %s=%s\n", total, key, value);
}

static void append_padding(struct text *text, off_t size)
{
    static const char zeros[ARCHIVE_BLOCK];
    text_append(text, zeros, archive_padding(size));
}

void archive_append_header(struct text *text, const char *name,
                           const struct stat *status)
{
    CLEANUP(text_free) struct text extended = {0};
    char size[32];
    snprintf(size, sizeof size, "%lld", (long long)status->st_size);
    bool plain = strlen(name) <= NAME_FIELD;
    for (const char *at = name; *at; at++)
        plain = plain && (unsigned char)*at < 0x80;
    if (!plain)
        append_record(&extended, "path", name);
    if (status->st_size > LARGEST_SIZE)
        append_record(&extended, "size", size);
    if (extended.length > 0) {
        append_block(text, 'x', "pax", (off_t)extended.length, 0644, 0);
        text_append(text, extended.data, extended.length);
        append_padding(text, (off_t)extended.length);
    }
    append_block(text, '0', name, status->st_size, status->st_mode,
                 (long long)status->st_mtime);
}
