#pragma once
/* Folders that containers of several users write to. */
#include "engine/base/error.h"

/* Makes the folder, and those above it, when missing; open to all, whatever the
 * umask says. ERROR_SYSTEM. */
int shared_folder_make(const char *path, struct error *error);
