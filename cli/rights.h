#pragma once
/* The least rights that a run in a cluster needs. */
#include "engine/base/text.h"

/* Appends a Role of the namespace and a RoleBinding for its service account, as YAML
 * for `kubectl apply -f -`. */
void rights_append(struct text *text, const char *namespace_name,
                   const char *account);
