#pragma once
/* Which shell of the container runs a script. */
#include <stdbool.h>

/* Whether a script uses what busybox's shell has and dash has not, or means something
 * else by. It looks at the text only, so it may be wrong about what is quoted; then
 * the shell that is taken can do that too. */
bool shell_wants_more(const char *script);

/* Where bash is, when it is there and the script wants more; else NULL: /bin/sh. */
const char *shell_choose(const char *script);
