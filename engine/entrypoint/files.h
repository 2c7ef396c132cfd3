#pragma once
/* The files of the container, as conditions and templates see them. */
#include <limits.h>

#include "engine/expression/expression.h"

struct container_files {
    struct expression_files files;
    char folder[PATH_MAX];
};

/* Relative paths begin in the current folder of this process. */
void files_make(struct container_files *made);
