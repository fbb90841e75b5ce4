// SPDX-License-Identifier: GPL-2.0-only
/* authority.c - the sandbox's certificate authority is where programs look for it
 *
 * Theory of operation
 * With rules about requests, the supervisor's network speaks TLS with the guest in the name of
 * others, and says on the command line whose certificates those are. The certificate is put into a
 * file, for whoever wants to believe it. When all are to believe it, a copy of the image's list of
 * authorities with that one behind it is mounted over the list: no image is changed.
 */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/mount.h>
#include <linux/kernel_read_file.h>
#include <linux/namei.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <uapi/linux/mount.h>
#include <asm/vitrine.h>
#include "../../../fs/internal.h"
#include "job.h"

#define AUTHORITY " vitrine.authority="
#define TRUST " vitrine.trust"
#define BASE64_MAX 1024
#define BASE64_LINE 64
#define LIST_MAX SZ_4M
#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"

/* Where lists of authorities are. The first is made when there is none */
static const char *const lists[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

static char base64[BASE64_MAX];
static bool trusted;

/* From the end of the supervisor's command line, most of which Linux has no room for */
static void read_cmdline(void)
{
	const char *at = strstr(vt_boot->cmdline, AUTHORITY);

	if (!at)
		return;
	at += strlen(AUTHORITY);
	strscpy(base64, at, min(strcspn(at, " ") + 1, sizeof(base64)));
	trusted = strstr(at, TRUST);
}

/* As PEM. Return: the text, to be freed */
static char *certificate_text(void)
{
	const size_t size = sizeof(BEGIN) + sizeof(END) + sizeof(base64) * 2;
	char *text = kzalloc(size, GFP_KERNEL);

	if (!text)
		return NULL;
	strcat(text, BEGIN);
	for (const char *at = base64; *at; at += strnlen(at, BASE64_LINE)) {
		strncat(text, at, BASE64_LINE);
		strcat(text, "\n");
	}
	strcat(text, END);
	return text;
}

/* What is in the file @from, if anything, and then @text */
static int write_file(const char *name, const char *from, const char *text)
{
	struct file *file = filp_open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	void *list = NULL;
	ssize_t len = 0, ret;
	loff_t at = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (from)
		len = kernel_read_file_from_path(from, 0, &list, LIST_MAX, NULL, READING_UNKNOWN);
	ret = len > 0 ? kernel_write(file, list, len, &at) : 0;
	if (ret >= 0 && len > 0 && ((char *)list)[len - 1] != '\n')
		ret = kernel_write(file, "\n", 1, &at);
	if (ret >= 0)
		ret = kernel_write(file, text, strlen(text), &at);
	vfree(list);
	filp_close(file, NULL);
	return ret < 0 ? ret : 0;
}

/* Make an empty file, and the directories that lead to it */
static int make_list(const char *name)
{
	char path[64];
	struct file *file;

	strscpy(path, name, sizeof(path));
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		vt_mkdir(path, 0755);
		*slash = '/';
	}
	file = filp_open(name, O_WRONLY | O_CREAT, 0644);
	if (IS_ERR(file))
		return PTR_ERR(file);
	return filp_close(file, NULL);
}

static int mount_over(const char *name, const char *target)
{
	struct path path;
	int ret = kern_path(target, LOOKUP_FOLLOW, &path);

	if (ret)
		return ret;
	ret = path_mount(name, &path, NULL, MS_BIND, NULL);
	path_put(&path);
	return ret;
}

/* The image's list, wherever it is; NULL when it has none */
static const char *find_list(void)
{
	for (int i = 0; i < ARRAY_SIZE(lists); i++) {
		struct path path;

		if (kern_path(lists[i], LOOKUP_FOLLOW, &path))
			continue;
		path_put(&path);
		return lists[i];
	}
	return NULL;
}

static int install(const char *directory, const char *text)
{
	const char *list = find_list();
	char name[40];
	int ret;

	snprintf(name, sizeof(name), "%s/vitrine/ca-certificates.crt", directory);
	ret = write_file(name, list, text);
	if (!ret && !list) {
		list = lists[0];
		ret = make_list(list);
	}
	return ret ?: mount_over(name, list);
}

/**
 * vt_authority_setup() - The authority's certificate in a file, and in the list if it is to be
 */
void vt_authority_setup(void)
{
	const char *directory = vt_memory_directory();
	char name[40], *text;
	int ret = -ENOENT;

	read_cmdline();
	if (!base64[0])
		return;
	text = certificate_text();
	if (directory && text) {
		snprintf(name, sizeof(name), "%s/vitrine", directory);
		vt_mkdir(name, 0755);
		snprintf(name, sizeof(name), "%s/vitrine/authority.pem", directory);
		ret = write_file(name, NULL, text);
		if (!ret && trusted)
			ret = install(directory, text);
	}
	kfree(text);
	if (ret)
		pr_warn("vitrine: cannot install the certificate authority: error %d\n", ret);
}
