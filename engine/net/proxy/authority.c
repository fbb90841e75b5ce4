// SPDX-License-Identifier: GPL-2.0-only
/* authority.c - certificates that only this sandbox's guest believes
 *
 * Theory of operation
 * Each sandbox has an authority of its own, whose key is made here. It goes to no other process but
 * to what keeps the sandbox's config, before a guest has run: when the sandbox is paused and goes
 * on, or is copied, its programs believe the authority that they know, and no other. A certificate
 * is made for a name when it is first asked for; all of them have one key, which is in no file.
 *
 * Host system calls: getrandom.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "proxy.h"
#include "vitrine/util.h"

#define DAY 86400L
#define AUTHORITY_DAYS 3650
#define LEAF_DAYS 90
#define LEAF_FRESH (30 * DAY)
#define CACHE 64
#define AUTHORITY_DER_MAX 1536 /* of a certificate, or a key */

static EVP_PKEY *authority_key, *leaf_key;
static X509 *authority;

static struct leaf {
	char name[POLICY_NAME_MAX + 1];
	SSL_CTX *context;
	time_t made;
} leaves[CACHE];
static unsigned next_leaf;

static bool add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	bool ok;

	X509V3_set_ctx(&ctx, authority ?: cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = extension && X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	return ok;
}

static bool set_serial(X509 *cert)
{
	unsigned char bytes[16];
	BIGNUM *number;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] &= 0x7f;
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return ok;
}

/* A certificate that has everything but its extensions and signature */
static X509 *begin(const char *name, EVP_PKEY *key, long days)
{
	X509 *cert = X509_new();
	X509_NAME *subject = cert ? X509_get_subject_name(cert) : NULL;

	/* Names of hosts can be longer than a common name, and are not looked at there */
	if (cert && X509_set_version(cert, X509_VERSION_3) && set_serial(cert) &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -DAY) &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), days * DAY) && X509_set_pubkey(cert, key) &&
	    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name,
				       -1, -1, 0) &&
	    X509_set_issuer_name(cert, authority ? X509_get_subject_name(authority) : subject))
		return cert;
	X509_free(cert);
	return NULL;
}

static X509 *make_authority(void)
{
	X509 *cert = begin("Vitrine sandbox", authority_key, AUTHORITY_DAYS);

	if (cert && add_extension(cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	    add_extension(cert, NID_key_usage, "critical,keyCertSign") &&
	    add_extension(cert, NID_subject_key_identifier, "hash") &&
	    X509_sign(cert, authority_key, EVP_sha256()))
		return cert;
	X509_free(cert);
	return NULL;
}

static X509 *make_leaf(const char *name)
{
	X509 *cert = begin("host", leaf_key, LEAF_DAYS);
	char names[POLICY_NAME_MAX + 8];

	snprintf(names, sizeof(names), "DNS:%s", name);
	if (cert && add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
	    add_extension(cert, NID_ext_key_usage, "serverAuth") &&
	    add_extension(cert, NID_subject_key_identifier, "hash") &&
	    add_extension(cert, NID_authority_key_identifier, "keyid:always") &&
	    add_extension(cert, NID_subject_alt_name, names) &&
	    X509_sign(cert, authority_key, EVP_sha256()))
		return cert;
	X509_free(cert);
	return NULL;
}

/* Return: base64 behind what is in @text, which is freed; NULL when there is no memory */
static char *append(char *text, const unsigned char *der, int len)
{
	const size_t before = text ? strlen(text) + 1 : 0;
	char *more = len > 0 ? realloc(text, before + (size_t)(len + 2) / 3 * 4 + 1) : NULL;

	if (!more) {
		free(text);
		return NULL;
	}
	if (before)
		more[before - 1] = ' ';
	EVP_EncodeBlock((unsigned char *)more + before, der, len);
	return more;
}

static char *authority_text(void)
{
	unsigned char *cert = NULL, *key = NULL;
	const int cert_len = i2d_X509(authority, &cert),
		  key_len = i2d_PrivateKey(authority_key, &key);
	char *text = append(NULL, cert, cert_len);

	if (text)
		text = append(text, key, key_len);
	OPENSSL_free(cert);
	OPENSSL_clear_free(key, key_len > 0 ? (size_t)key_len : 0);
	return text;
}

/* Return: bytes decoded, or -1 */
static int decode(const char *text, size_t len, unsigned char out[AUTHORITY_DER_MAX])
{
	int n;

	if (!len || len % 4 || len / 4 * 3 > AUTHORITY_DER_MAX)
		return -1;
	n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
	return n < 0 ? -1 : n - (text[len - 1] == '=') - (text[len - 2] == '=');
}

static bool take_authority(const char *kept)
{
	const size_t split = strcspn(kept, " ");
	unsigned char der[AUTHORITY_DER_MAX];
	const unsigned char *at = der;
	int len = decode(kept, split, der);

	authority = len > 0 ? d2i_X509(NULL, &at, len) : NULL;
	if (!authority || !kept[split])
		return false;
	at = der;
	len = decode(kept + split + 1, strlen(kept + split + 1), der);
	authority_key = len > 0 ? d2i_AutoPrivateKey(NULL, &at, len) : NULL;
	OPENSSL_cleanse(der, sizeof(der));
	return authority_key && X509_check_private_key(authority, authority_key) == 1;
}

int authority_begin(const char *kept, char **text, struct error *err)
{
	leaf_key = EVP_EC_gen("P-256");
	if (kept && !take_authority(kept))
		return error_set(err, 0, "the sandbox's certificate authority is damaged");
	if (!kept) {
		authority_key = EVP_EC_gen("P-256");
		authority = authority_key ? make_authority() : NULL;
	}
	*text = authority && leaf_key ? authority_text() : NULL;
	return *text ? 0 : error_set(err, 0, "cannot make the sandbox's certificate authority");
}

/* Of what the guest's program can speak, we speak HTTP/1.1; who speaks none of ours is told */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *len,
			   const unsigned char *in, unsigned in_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";

	if (SSL_select_next_proto((unsigned char **)out, len, ours, sizeof(ours) - 1, in, in_len) ==
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_OK;
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *make_context(const char *name)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	X509 *cert = make_leaf(name);

	if (context && cert && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) &&
	    SSL_CTX_use_certificate(context, cert) == 1 &&
	    SSL_CTX_use_PrivateKey(context, leaf_key) == 1) {
		SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
						 SSL_OP_NO_COMPRESSION);
		SSL_CTX_set_num_tickets(context, 0);
		SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
		SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					      SSL_MODE_RELEASE_BUFFERS);
		SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
	} else {
		SSL_CTX_free(context);
		context = NULL;
	}
	X509_free(cert);
	return context;
}

SSL_CTX *authority_context(const char *name)
{
	const time_t now = time(NULL);
	struct leaf *leaf = NULL;

	for (unsigned i = 0; i < CACHE && !leaf; i++) {
		if (leaves[i].context && !strcmp(leaves[i].name, name))
			leaf = &leaves[i];
	}
	if (!leaf)
		leaf = &leaves[next_leaf++ % CACHE];
	else if (now - leaf->made < LEAF_FRESH && now >= leaf->made)
		return SSL_CTX_up_ref(leaf->context) ? leaf->context : NULL;
	SSL_CTX_free(leaf->context);
	snprintf(leaf->name, sizeof(leaf->name), "%s", name);
	leaf->made = now;
	leaf->context = make_context(name);
	return leaf->context && SSL_CTX_up_ref(leaf->context) ? leaf->context : NULL;
}
