/* The entrypoint program, embedded at build time. */
#include "engine/base/digest.h"
#include "engine/plan/plan.h"

extern const unsigned char entrypoint_program[]
    __attribute__((visibility("hidden")));
extern const unsigned char entrypoint_program_end[]
    __attribute__((visibility("hidden")));

const unsigned char *plan_entrypoint(size_t *length)
{
    *length = (size_t)(entrypoint_program_end - entrypoint_program);
    return entrypoint_program;
}

const char *plan_entrypoint_processor(void)
{
#if defined(__x86_64__)
    return "amd64";
#elif defined(__aarch64__)
    return "arm64";
#elif defined(__powerpc64__)
    return "ppc64le";
#elif defined(__s390x__)
    return "s390x";
#elif defined(__arm__)
    return "arm";
#else
    return NULL;
#endif
}

const char *plan_entrypoint_digest(void)
{
    static char hex[65];
    if (hex[0] == '\0') {
        size_t length;
        const unsigned char *program = plan_entrypoint(&length);
        struct digest digest = digest_compute(program, length);
        digest_print(&digest, hex);
    }
    return hex;
}
