#pragma once
/*
 * The in-pod program (docs/entrypoint.md): carries out the steps of one container.
 * It starts no thread, opens no socket, and needs nothing of the image.
 */

/* The program: `arguments` as main gets them, `variables` is environ, which is
 * wiped of what is ours. Returns the exit code. */
int entrypoint_main(int count, char **arguments, char **variables);
