/* The program is all in entrypoint.c, so that tests can link it. */
#include <unistd.h>

#include "engine/entrypoint/entrypoint.h"

int main(int count, char **arguments)
{
    return entrypoint_main(count, arguments, environ);
}
