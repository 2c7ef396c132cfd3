#pragma once
/*
 * What the files that use libgit2 share. It is loaded with the first marketplace
 * that is opened.
 */
#include <git2.h>
#include <git2/sys/stream.h>

#include "engine/base/cleanup.h"
#include "engine/base/error.h"

#define GIT_FUNCTIONS(ITEM)                                                    \
    ITEM(commit_free)                                                          \
    ITEM(commit_lookup)                                                        \
    ITEM(commit_tree)                                                          \
    ITEM(credential_ssh_key_from_agent)                                        \
    ITEM(credential_ssh_key_new)                                               \
    ITEM(credential_username_new)                                              \
    ITEM(error_last)                                                           \
    ITEM(error_set_str)                                                        \
    ITEM(fetch_options_init)                                                   \
    ITEM(graph_descendant_of)                                                  \
    ITEM(libgit2_init)                                                         \
    ITEM(libgit2_opts)                                                         \
    ITEM(object_type2string)                                                   \
    ITEM(odb_free)                                                             \
    ITEM(odb_object_data)                                                      \
    ITEM(odb_object_free)                                                      \
    ITEM(odb_object_size)                                                      \
    ITEM(odb_read)                                                             \
    ITEM(odb_read_header)                                                      \
    ITEM(oid_cpy)                                                              \
    ITEM(oid_equal)                                                            \
    ITEM(oid_fromstr)                                                          \
    ITEM(oid_tostr)                                                            \
    ITEM(reference_create)                                                     \
    ITEM(reference_free)                                                       \
    ITEM(remote_connect_ext)                                                   \
    ITEM(remote_connect_options_init)                                          \
    ITEM(remote_create_options_init)                                           \
    ITEM(remote_create_with_opts)                                              \
    ITEM(remote_download)                                                      \
    ITEM(remote_free)                                                          \
    ITEM(remote_ls)                                                            \
    ITEM(repository_free)                                                      \
    ITEM(repository_init_ext)                                                  \
    ITEM(repository_init_options_init)                                         \
    ITEM(repository_odb)                                                       \
    ITEM(repository_open_bare)                                                 \
    ITEM(revwalk_free)                                                         \
    ITEM(revwalk_new)                                                          \
    ITEM(revwalk_next)                                                         \
    ITEM(revwalk_push)                                                         \
    ITEM(revwalk_sorting)                                                      \
    ITEM(stream_register)                                                      \
    ITEM(tree_entry_byindex)                                                   \
    ITEM(tree_entry_byname)                                                    \
    ITEM(tree_entry_bypath)                                                    \
    ITEM(tree_entry_filemode_raw)                                              \
    ITEM(tree_entry_free)                                                      \
    ITEM(tree_entry_id)                                                        \
    ITEM(tree_entry_name)                                                      \
    ITEM(tree_entrycount)                                                      \
    ITEM(tree_free)                                                            \
    ITEM(tree_lookup)

/* Its functions without git_ in front: git.commit_lookup(). */
struct git_library {
#define ITEM(name) __typeof__(git_##name) *name;
    GIT_FUNCTIONS(ITEM)
#undef ITEM
};

/* All NULL until git_load(). */
extern struct git_library git;

/* Loads libgit2; ERROR_SYSTEM when it is not there. */
int git_load(struct error *error);

#define GIT_CLEANUP(type)                                                      \
    __attribute__((unused)) static inline void git_##type##_free_cleanup(      \
        git_##type **local)                                                    \
    {                                                                          \
        if (*local)                                                            \
            git.type##_free(*local);                                           \
    }
GIT_CLEANUP(commit)
GIT_CLEANUP(odb)
GIT_CLEANUP(odb_object)
GIT_CLEANUP(reference)
GIT_CLEANUP(remote)
GIT_CLEANUP(repository)
GIT_CLEANUP(revwalk)
GIT_CLEANUP(tree_entry)
GIT_CLEANUP(tree)
#undef GIT_CLEANUP

/* "context: what libgit2 says"; always -1. */
int git_fail(struct error *error, enum error_kind kind, const char *context);
