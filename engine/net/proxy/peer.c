// SPDX-License-Identifier: GPL-2.0-only
/* peer.c - TLS to the hosts themselves
 *
 * Theory of operation
 * Whom this host believes is read from its file of authorities before this process gives up
 * reading. A peer has to have a certificate of theirs for the very name that the rule or the secret
 * has; without one it gets no byte of a request.
 *
 * Host system calls: openat (before the process is confined).
 */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "proxy.h"
#include "vitrine/util.h"

static SSL_CTX *context;

static bool read_authorities(void)
{
	const char *const files[] = {
		getenv(X509_get_default_cert_file_env()), /* as every program with OpenSSL has it */
		"/etc/ssl/certs/ca-certificates.crt",	  /* Debian and its like */
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/cert.pem",
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (files[i] && SSL_CTX_load_verify_file(context, files[i]) == 1)
			return true;
	}
	return false;
}

int peer_begin(bool needed, struct error *err)
{
	static const unsigned char protocol[] = "\x08http/1.1";

	context = SSL_CTX_new(TLS_client_method());
	if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) ||
	    SSL_CTX_set_alpn_protos(context, protocol, sizeof(protocol) - 1))
		return error_set(err, 0, "cannot prepare TLS");
	if (needed && !read_authorities())
		return error_set(err, 0,
				 "https: this host has no file of certificate authorities "
				 "(package ca-certificates; SSL_CERT_FILE names another)");
	ERR_clear_error();
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	return 0;
}

SSL *peer_ssl(const char *name)
{
	SSL *ssl = SSL_new(context);

	if (ssl && SSL_set_tlsext_host_name(ssl, name) && SSL_set1_host(ssl, name)) {
		SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
		return ssl;
	}
	SSL_free(ssl);
	return NULL;
}
