#pragma once
/* A check under way, shared by the files that check. */
#include "engine/schema/private.h"

struct check {
    struct diagnostics *found; /* NULL: quietly */
    struct arena *arena;       /* for texts and lists on the way */
    bool failed;
    bool ended; /* a limit was passed, at `end` */
    struct mark end;
    size_t work; /* done so far, in all */
    unsigned depth;
};

/* Where a problem is: the value itself, or its name for a field that should not
 * be there at all. */
struct problem {
    const char *code;
    struct mark mark;
    const char *hint;
};

/* How many there are of something. */
struct counted {
    int64_t count;
    const char *noun;
    const char *hint; /* or NULL */
};

/* Adds an error, unless the check is quiet, and marks the check as failed. */
void check_report(struct check *check, struct problem problem,
                  const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* " for 'x'" and "the string 'x'"; "" when the check is quiet. */
const char *check_place(struct check *check, const struct schema_where *where);
const char *check_found(struct check *check, const struct value *value);

/* The keywords for one value without parts. check_type answers false when the
 * type is wrong: then nothing else about the value is worth saying. */
bool check_type(struct check *check, const struct schema *schema,
                const struct value *value, const struct schema_where *where);
void check_enum(struct check *check, const struct schema *schema,
                const struct value *value, const struct schema_where *where);
void check_constant(struct check *check, const struct schema *schema,
                    const struct value *value,
                    const struct schema_where *where);
void check_string(struct check *check, const struct schema *schema,
                  const struct value *value, const struct schema_where *where);
void check_number(struct check *check, const struct schema *schema,
                  const struct value *value, const struct schema_where *where);
void check_range(struct check *check, const struct schema_range *range,
                 struct counted counted, const struct value *value,
                 const struct schema_where *where);
