#pragma once
/* What every test program needs: cmocka, and rows that name themselves. */
/* cmocka.h needs these before it. clang-format off keeps the order. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* Fails with the name of the row and both texts. */
#define CHECK_TEXT(row, got, want)                                             \
    do {                                                                       \
        const char *got_ = (got), *want_ = (want);                             \
        if (!got_ || strcmp(got_, want_) != 0)                                 \
            fail_msg("%s:\n  got  %s\n  want %s", (row), got_ ? got_ : "NULL", \
                     want_);                                                   \
    } while (0)

#define CHECK(row, condition)                                                  \
    do {                                                                       \
        if (!(condition))                                                      \
            fail_msg("%s: not true: %s", (row), #condition);                   \
    } while (0)
