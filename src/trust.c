/* SPDX-License-Identifier: BSD-2-Clause */
#include "trust.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "sys/access.h"
#include "sys/files.h"
#include "sys/rights.h"

#define CA_FILE_MAX (64 << 20)

/* The file that is read: OpenSSL's default is a folder that it looks into at
 * each handshake, unless the environment names a file. */
static const char *
file_of(const struct conf *conf)
{
	return conf->ca_file ? conf->ca_file : getenv("SSL_CERT_FILE");
}

/* NULL, or why the file cannot be read. */
static const char *
hash_file(const char *path, uint64_t *hash)
{
	struct hash_key key = {0x7472757374, 0};
	struct files_content file;
	const char *wrong = files_read(path, CA_FILE_MAX, &file);

	if (wrong)
		return wrong;
	key.k1 = hash_siphash13(&key, path, strlen(path));
	*hash = hash_siphash13(&key, file.bytes, file.length);
	files_release(&file);
	return NULL;
}

static void
tell(const struct trust *trust, const char *path, const char *wrong,
    struct diags *diags)
{
	struct diag_place place = {.file = path ? path : "tls"};
	const char *next = trust->tls ? "those read before stay in use" :
	    "tls:// upstreams are not asked until there are";
	struct access_finding finding = {ACCESS_GRANTED, NULL};
	char *mend;

	diags_add(diags, DIAG_ERROR, &place, NULL,
	    "no certificates to know tls:// upstreams by: %s", wrong);
	diags_then(diags, "%s", next);
	if (path)
		finding = access_try(path);
	if (!access_is_refused(&finding))
		return;
	mend = access_mend(&finding, rights_user());
	diags_then(diags, "%s; %s", mend, next);
	free(mend);
	free(finding.path);
}

/* NULL, or why there is none; the caller frees it. */
static char *
renew(struct trust *trust, const struct conf *conf, uint64_t hash)
{
	char *wrong = NULL;
	struct tls_trust *fresh = tls_trust_new(conf->ca_file, &wrong);

	if (!fresh)
		return wrong;
	tls_trust_release(trust->tls);
	trust->tls = fresh;
	trust->hash = hash;
	return NULL;
}

bool
trust_renew(struct trust *trust, const struct conf *conf, struct diags *diags)
{
	const char *path = file_of(conf), *unreadable = NULL;
	char *wrong;
	uint64_t hash = 0;
	bool good;

	if (!conf_has_tls(conf))
		return false;
	if (path)
		unreadable = hash_file(path, &hash);
	if (!unreadable && trust->tls && hash == trust->hash)
		return false;
	wrong = unreadable ? memory_string(unreadable) :
	    renew(trust, conf, hash);
	good = wrong == NULL;
	if (!good)
		tell(trust, path, wrong, diags);
	free(wrong);
	return good;
}

void
trust_fini(struct trust *trust)
{
	tls_trust_release(trust->tls);
	trust->tls = NULL;
}
