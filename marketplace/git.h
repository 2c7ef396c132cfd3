#pragma once
/* What the two files that use libgit2 share. */
#include <git2.h>

#include "engine/base/cleanup.h"
#include "engine/base/error.h"

DEFINE_CLEANUP(git_repository *, git_repository_free);
DEFINE_CLEANUP(git_odb *, git_odb_free);
DEFINE_CLEANUP(git_odb_object *, git_odb_object_free);
DEFINE_CLEANUP(git_commit *, git_commit_free);
DEFINE_CLEANUP(git_tree *, git_tree_free);
DEFINE_CLEANUP(git_tree_entry *, git_tree_entry_free);
DEFINE_CLEANUP(git_reference *, git_reference_free);
DEFINE_CLEANUP(git_remote *, git_remote_free);
DEFINE_CLEANUP(git_revwalk *, git_revwalk_free);

/* "context: what libgit2 says"; always -1. */
int git_fail(struct error *error, enum error_kind kind, const char *context);
