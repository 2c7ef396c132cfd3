#pragma once
/* Ceilings of what is read to reach a cluster, and why. */
enum {
    KUBE_FILE_BYTES_LIMIT = 1024 * 1024, /* a kubeconfig, a certificate, a key,
                                          * a token: etcd keeps nothing larger */
    KUBE_FILES_LIMIT = 64,               /* files of one $KUBECONFIG */
    KUBE_ENTRIES_LIMIT = 4096, /* clusters, users or contexts, all files */
};
