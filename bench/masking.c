/*
 * bench-masking [MILLISECONDS]: how many bytes a second the entrypoint's mask lets
 * through on one core, with 1, 10 and 100 secrets, in pieces as they are read from a
 * step. Of text as programs log it, of base64 (where every byte begins some form of a
 * secret), and of text that is full of secrets. Prints a line for each, and fails when
 * one is below 200 MB a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/entrypoint/limits.h"
#include "engine/entrypoint/mask.h"

enum { GOAL = 200 * 1000 * 1000, SIZE = 16 * 1024 * 1024 };

static unsigned state = 1;

static unsigned next(void)
{
    state = state * 1103515245 + 12345;
    return state >> 16;
}

/* 20 letters and others, as passwords are made. */
static void make_secret(char secret[21])
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN"
                                     "OPQRSTUVWXYZ0123456789-_!+/%";
    for (int i = 0; i < 20; i++)
        secret[i] = characters[next() % (sizeof characters - 1)];
    secret[20] = '\0';
}

static void fill_log(char *bytes)
{
    static const char *const words[] = {"INFO ",
                                        "connection ",
                                        "to ",
                                        "database ",
                                        "took ",
                                        "12 ms",
                                        "\n2026-01-02T03:04:05.678Z ",
                                        "GET /api/v1/items?id=42 ",
                                        "status=200 ",
                                        "WARN ",
                                        "retrying ",
                                        "user=admin ",
                                        "{\"key\":\"value\"} "};
    size_t length = 0;
    while (length < SIZE) {
        const char *word = words[next() % (sizeof words / sizeof *words)];
        size_t size = strlen(word);
        size = size < SIZE - length ? size : SIZE - length;
        memcpy(bytes + length, word, size);
        length += size;
    }
}

static void fill_base64(char *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = i % 77 == 76 ? '\n' : digits[next() % 64];
}

/* A secret in each 200 bytes. */
static void fill_secrets(char *bytes, const char *secret)
{
    fill_log(bytes);
    for (size_t i = 0; i + 220 < SIZE; i += 200)
        memcpy(bytes + i, secret, 20);
}

/* Of the processor, so that the neighbours do not count. */
static int64_t spent(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * CLOCK_SECOND + time.tv_nsec;
}

static double measure(struct mask *mask, const char *bytes, int64_t time)
{
    CLEANUP(text_free) struct text out = {0};
    int64_t begin = spent(), passed = 0;
    double total = 0;
    while (passed < time) {
        for (size_t at = 0; at < SIZE; at += ENTRYPOINT_OUTPUT_STEP) {
            text_clear(&out);
            mask_push(mask, bytes + at, ENTRYPOINT_OUTPUT_STEP, &out);
        }
        total += SIZE;
        passed = spent() - begin;
    }
    return total / ((double)passed / CLOCK_SECOND);
}

int main(int count, char **arguments)
{
    static const int counts[] = {1, 10, 100};
    static const char *const texts[] = {"log", "base64", "secrets"};
    int64_t time =
        (count > 1 ? strtol(arguments[1], NULL, 10) : 300) * CLOCK_MILLISECOND;
    static char bytes[SIZE];
    int slow = 0;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct mask *mask = mask_make(arena);
        char secret[21];
        for (int j = 0; j < counts[i]; j++) {
            make_secret(secret);
            mask_add(mask, secret, 20);
        }
        for (size_t kind = 0; kind < sizeof texts / sizeof *texts; kind++) {
            if (kind == 0)
                fill_log(bytes);
            else if (kind == 1)
                fill_base64(bytes);
            else
                fill_secrets(bytes, secret);
            double rate = measure(mask, bytes, time);
            printf("%3d secrets, %-8s %8.0f MB/s\n", counts[i], texts[kind],
                   rate / 1e6);
            slow += rate < GOAL;
        }
        mask_drop(mask);
    }
    return slow > 0;
}
