#pragma once
/*
 * What a test tells the server, with the same token:
 *   GET    /control/counts   the requests so far: {requests, connections, byKind}
 *   DELETE /control/counts   counts from 0
 *   POST   /control/rules    adds rules (a YAML or JSON list, see rules.h)
 *   DELETE /control/rules    forgets all rules
 *   POST   /control/expire   forgets the journal: watches that are behind and
 *                            old resourceVersions get a 410
 * These requests are not counted.
 */
#include "tests/kube/call.h"

void control_answer(struct call *call);
