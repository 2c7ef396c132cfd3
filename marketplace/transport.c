/*
 * Two kinds of git_stream: a TCP socket, and TLS above any other stream (the
 * socket, or a connection that libgit2 has made through a proxy).
 *
 * Why not libgit2's: its TLS library is chosen by whoever built it; with
 * Debian's (mbedTLS) TLS 1.0 and 1.1 cannot be switched off, a certificate
 * cannot name an address, and without TCP_NODELAY each handshake waits 40 ms
 * for an acknowledgement. There are no timeouts here: the process as a whole
 * has one (fetch.c).
 */
#include "marketplace/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/memory.h"
#include "marketplace/crypto.h"
#include "marketplace/git.h"

struct socket_stream {
    git_stream parent;
    int descriptor;
    char *host, *port;
};

struct tls_stream {
    git_stream parent;
    git_stream *below;
    bool owns_below;
    char *host;
    SSL *ssl;
};

/* Of this process: made by transport_begin and never changed. */
static SSL_CTX *tls_context;
static BIO_METHOD *stream_method;

static int refuse(int code, const char *what, const char *why)
{
    char text[512];
    snprintf(text, sizeof text, "%s: %s", what, why);
    git.error_set_str(GIT_ERROR_NET, text);
    return code;
}

static int open_socket(const struct addrinfo *address)
{
    const int on = 1;
    int descriptor =
        socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC,
               address->ai_protocol);
    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(descriptor, address->ai_addr, address->ai_addrlen) == 0)
        return descriptor;
    int number = errno;
    close(descriptor);
    errno = number;
    return -1;
}

static int socket_connect(git_stream *parent)
{
    struct socket_stream *stream = (struct socket_stream *)parent;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    int code = getaddrinfo(stream->host, stream->port, &hints, &addresses);
    if (code != 0)
        return refuse(-1, "cannot find the host", gai_strerror(code));
    for (const struct addrinfo *a = addresses; a && stream->descriptor < 0;
         a = a->ai_next)
        stream->descriptor = open_socket(a);
    freeaddrinfo(addresses);
    char reason[128];
    if (stream->descriptor < 0)
        return refuse(-1, "cannot connect",
                      strerror_r(errno, reason, sizeof reason));
    return 0;
}

static ssize_t socket_read(git_stream *parent, void *bytes, size_t length)
{
    const struct socket_stream *stream = (struct socket_stream *)parent;
    ssize_t count;
    do
        count = recv(stream->descriptor, bytes, length, 0);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return refuse(-1, "cannot read", "the connection is broken");
    return count;
}

static ssize_t socket_write(git_stream *parent, const char *bytes,
                            size_t length, int flags)
{
    const struct socket_stream *stream = (struct socket_stream *)parent;
    ssize_t count;
    do
        count = send(stream->descriptor, bytes, length, flags | MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return refuse(-1, "cannot write", "the connection is broken");
    return count;
}

static int socket_close(git_stream *parent)
{
    struct socket_stream *stream = (struct socket_stream *)parent;
    if (stream->descriptor >= 0)
        close(stream->descriptor);
    stream->descriptor = -1;
    return 0;
}

static void socket_free(git_stream *parent)
{
    struct socket_stream *stream = (struct socket_stream *)parent;
    socket_close(parent);
    memory_free(stream->host);
    memory_free(stream->port);
    memory_free(stream);
}

static int socket_make(git_stream **out, const char *host, const char *port)
{
    struct socket_stream *stream = memory_allocate(sizeof *stream);
    stream->descriptor = -1;
    stream->host = memory_copy(host, strlen(host));
    stream->port = memory_copy(port, strlen(port));
    stream->parent = (git_stream){
        .version = GIT_STREAM_VERSION,
        .connect = socket_connect,
        .read = socket_read,
        .write = socket_write,
        .close = socket_close,
        .free = socket_free,
    };
    *out = &stream->parent;
    return 0;
}

/* OpenSSL's view of the stream below. */
static int below_read(BIO *bio, char *bytes, int length)
{
    git_stream *below = crypto.BIO_get_data(bio);
    return (int)below->read(below, bytes, (size_t)length);
}

static int below_write(BIO *bio, const char *bytes, int length)
{
    git_stream *below = crypto.BIO_get_data(bio);
    return (int)below->write(below, bytes, (size_t)length, 0);
}

static long below_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/* The name or address that the certificate must be for. */
static bool expect_host(SSL *ssl, char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, host, address) == 1 ||
        inet_pton(AF_INET6, host, address) == 1)
        return crypto.X509_VERIFY_PARAM_set1_ip_asc(tls.SSL_get0_param(ssl),
                                                    host) == 1;
    tls.SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return tls.SSL_set1_host(ssl, host) == 1 &&
           tls.SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                        TLSEXT_NAMETYPE_host_name, host) == 1;
}

static int tls_connect(git_stream *parent)
{
    struct tls_stream *stream = (struct tls_stream *)parent;
    if (stream->owns_below && stream->below->connect(stream->below) < 0)
        return -1;
    stream->ssl = tls.SSL_new(tls_context);
    BIO *bio = crypto.BIO_new(stream_method);
    if (!stream->ssl || !bio || !expect_host(stream->ssl, stream->host)) {
        crypto.BIO_free(bio);
        return refuse(-1, "TLS", "cannot prepare the connection");
    }
    crypto.BIO_set_data(bio, stream->below);
    crypto.BIO_set_init(bio, 1);
    tls.SSL_set_bio(stream->ssl, bio, bio);
    crypto.ERR_clear_error();
    if (tls.SSL_connect(stream->ssl) == 1)
        return 0;
    long verdict = tls.SSL_get_verify_result(stream->ssl);
    if (verdict != X509_V_OK)
        return refuse(GIT_ECERTIFICATE, "TLS",
                      crypto.X509_verify_cert_error_string(verdict));
    const char *reason =
        crypto.ERR_reason_error_string(crypto.ERR_peek_error());
    return refuse(-1, "TLS", reason ? reason : "the connection was closed");
}

static ssize_t tls_read(git_stream *parent, void *bytes, size_t length)
{
    const struct tls_stream *stream = (struct tls_stream *)parent;
    crypto.ERR_clear_error();
    int count = tls.SSL_read(stream->ssl, bytes, (int)(length & 0x3fffffff));
    if (count > 0)
        return count;
    /* What git sends has an end of its own, so the end of TLS adds nothing. */
    if (tls.SSL_get_error(stream->ssl, count) == SSL_ERROR_ZERO_RETURN)
        return 0;
    return refuse(-1, "cannot read", "the connection is broken");
}

static ssize_t tls_write(git_stream *parent, const char *bytes, size_t length,
                         int flags)
{
    const struct tls_stream *stream = (struct tls_stream *)parent;
    (void)flags;
    crypto.ERR_clear_error();
    int count = tls.SSL_write(stream->ssl, bytes, (int)(length & 0x3fffffff));
    if (count > 0)
        return count;
    return refuse(-1, "cannot write", "the connection is broken");
}

static int tls_certificate(git_cert **certificate, git_stream *parent)
{
    (void)certificate;
    (void)parent;
    return refuse(-1, "TLS", "the certificate was checked already");
}

/* A stream that is not ours may be gone by now: libgit2 frees the connection to
 * the proxy before what it has wrapped around it. */
static int tls_close(git_stream *parent)
{
    struct tls_stream *stream = (struct tls_stream *)parent;
    return stream->owns_below ? stream->below->close(stream->below) : 0;
}

static void tls_free(git_stream *parent)
{
    struct tls_stream *stream = (struct tls_stream *)parent;
    tls.SSL_free(stream->ssl);
    if (stream->owns_below)
        stream->below->free(stream->below);
    memory_free(stream->host);
    memory_free(stream);
}

static int tls_wrap(git_stream **out, git_stream *below, const char *host)
{
    struct tls_stream *stream = memory_allocate(sizeof *stream);
    stream->below = below;
    stream->host = memory_copy(host, strlen(host));
    stream->parent = (git_stream){
        .version = GIT_STREAM_VERSION,
        .encrypted = 1,
        .connect = tls_connect,
        .certificate = tls_certificate,
        .read = tls_read,
        .write = tls_write,
        .close = tls_close,
        .free = tls_free,
    };
    *out = &stream->parent;
    return 0;
}

static int tls_make(git_stream **out, const char *host, const char *port)
{
    git_stream *below = NULL;
    if (socket_make(&below, host, port) < 0 || tls_wrap(out, below, host) < 0)
        return -1;
    ((struct tls_stream *)*out)->owns_below = true;
    return 0;
}

static int make_context(const char *ca, struct error *error)
{
    if (tls_load(error) < 0)
        return -1;
    tls_context = tls.SSL_CTX_new(tls.TLS_client_method());
    stream_method = crypto.BIO_meth_new(
        crypto.BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "git stream");
    if (!tls_context || !stream_method ||
        tls.SSL_CTX_ctrl(tls_context, SSL_CTRL_SET_MIN_PROTO_VERSION,
                         TLS1_2_VERSION, NULL) != 1)
        return error_set(error, ERROR_SYSTEM, "cannot start OpenSSL");
    crypto.BIO_meth_set_read(stream_method, below_read);
    crypto.BIO_meth_set_write(stream_method, below_write);
    crypto.BIO_meth_set_ctrl(stream_method, below_control);
    tls.SSL_CTX_set_verify(tls_context, SSL_VERIFY_PEER, NULL);
    tls.SSL_CTX_set_options(tls_context, SSL_OP_NO_RENEGOTIATION |
                                             SSL_OP_NO_COMPRESSION |
                                             SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (ca && tls.SSL_CTX_load_verify_locations(tls_context, ca, NULL) != 1)
        return error_set(error, ERROR_INPUT,
                         "'%.200s' holds no certificates (PEM), or cannot be "
                         "read",
                         ca);
    if (!ca && tls.SSL_CTX_set_default_verify_paths(tls_context) != 1)
        return error_set(error, ERROR_SYSTEM,
                         "the system's certificates cannot be read");
    return 0;
}

int transport_begin(const char *ca, struct error *error)
{
    git_stream_registration sockets = {.version = GIT_STREAM_VERSION,
                                       .init = socket_make};
    git_stream_registration encrypted = {
        .version = GIT_STREAM_VERSION, .init = tls_make, .wrap = tls_wrap};
    if (make_context(ca, error) < 0)
        return -1;
    if (git.stream_register(GIT_STREAM_STANDARD, &sockets) < 0 ||
        git.stream_register(GIT_STREAM_TLS, &encrypted) < 0)
        return error_set(error, ERROR_SYSTEM,
                         "libgit2 does not take our connections");
    return 0;
}
