#pragma once
/*
 * Steps can write into the folder that the containers of a pod share. What an
 * entrypoint leaves there for a later one is sealed with the run's token, which no
 * step knows.
 */
#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4 of the bytes; the key is the token, 32 hex digits. */
uint64_t seal_make(const char *token, const char *bytes, size_t length);
