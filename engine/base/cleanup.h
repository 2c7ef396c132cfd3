#pragma once
/*
 * Locals that free themselves. `CLEANUP(arena_free) struct arena *a = ...;` calls
 * arena_free(a) at the end of the scope; TAKE(a) hands `a` out of the scope.
 * One DEFINE_CLEANUP for each type, in the header or the one file that uses it.
 */
#define CLEANUP(function) __attribute__((cleanup(function##_cleanup)))

#define DEFINE_CLEANUP(type, function)                                         \
    __attribute__((unused)) static inline void function##_cleanup(type *local) \
    {                                                                          \
        if (*local)                                                            \
            function(*local);                                                  \
    }                                                                          \
    struct cleanup_needs_semicolon

/* The value of a pointer local, which is NULL afterwards. */
#define TAKE(local)                                                            \
    __extension__({                                                            \
        __typeof__(local) taken_ = (local);                                    \
        (local) = NULL;                                                        \
        taken_;                                                                \
    })

#define MUST_CHECK __attribute__((warn_unused_result))
