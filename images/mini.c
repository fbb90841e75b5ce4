// SPDX-License-Identifier: GPL-2.0-only
/* mini.c - the "mini" image: one static busybox, its applets as links, and the files in /etc that
 * programs look for
 *
 * The busybox is the host's own when that is a static program (Debian: busybox-static), otherwise
 * it is taken from the package, which apt-get downloads without privileges.
 */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include "images/build.h"
#include "images/process.h"
#include "images/progress.h"
#include "vitrine/util.h"

static const char *const directories[] = {
	"bin", "dev", "etc", "home",	"lib",	    "mnt",     "opt", "proc",	 "run",	    "sbin",
	"srv", "sys", "usr", "usr/bin", "usr/sbin", "usr/lib", "var", "var/log", "var/tmp",
};

static const struct {
	const char *path;
	mode_t mode;
	const char *text;
} files[] = {
	{ "etc/passwd", 0644,
	  "root:x:0:0:root:/root:/bin/sh\n"
	  "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
	  "user:x:1000:1000:user:/home/user:/bin/sh\n"
	  "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n" },
	{ "etc/group", 0644,
	  "root:x:0:\ndaemon:x:1:\ntty:x:5:\ndisk:x:6:\nusers:x:100:user\nuser:x:1000:\n"
	  "nogroup:x:65534:\n" },
	{ "etc/shadow", 0600,
	  "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n"
	  "user:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n" },
	{ "etc/profile", 0644,
	  "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
	  "[ \"$(id -u)\" = 0 ] && PS1='\\h:\\w# ' || PS1='\\h:\\w$ '\n"
	  "export PS1\n" },
	{ "etc/hosts", 0644, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n" },
	{ "etc/hostname", 0644, "vitrine\n" },
	{ "etc/resolv.conf", 0644, "" },
	{ "etc/nsswitch.conf", 0644,
	  "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n" },
	{ "etc/protocols", 0644, "ip\t0\tIP\nicmp\t1\tICMP\ntcp\t6\tTCP\nudp\t17\tUDP\n" },
	{ "etc/services", 0644, "ssh\t22/tcp\ndomain\t53/udp\nhttp\t80/tcp\nhttps\t443/tcp\n" },
	{ "etc/shells", 0644, "/bin/sh\n/bin/ash\n" },
	{ "etc/os-release", 0644,
	  "NAME=\"Vitrine mini\"\nID=vitrine-mini\nPRETTY_NAME=\"Vitrine mini (busybox)\"\n" },
};

static int add(struct ext4 *fs, const char *path, mode_t mode, uint32_t id, const char *target,
	       struct error *err)
{
	struct ext4_node node = {
		.path = path,
		.mode = mode,
		.uid = id,
		.gid = id,
		.mtime = time(NULL),
		.target = target,
	};

	return ext4_add(fs, &node, err);
}

static int add_skeleton(struct ext4 *fs, struct error *err)
{
	if (add(fs, "/", S_IFDIR | 0755, 0, NULL, err))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		if (add(fs, directories[i], S_IFDIR | 0755, 0, NULL, err))
			return -1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (add(fs, files[i].path, S_IFREG | files[i].mode, 0, NULL, err) ||
		    ext4_write(fs, files[i].text, strlen(files[i].text), err))
			return -1;
	}
	return add(fs, "etc/mtab", S_IFLNK | 0777, 0, "../proc/self/mounts", err) ||
		       add(fs, "root", S_IFDIR | 0700, 0, NULL, err) ||
		       add(fs, "home/user", S_IFDIR | 0755, 1000, NULL, err) ||
		       add(fs, "tmp", S_IFDIR | 01777, 0, NULL, err) ||
		       add(fs, "var/tmp", S_IFDIR | 01777, 0, NULL, err)
		   ? -1
		   : 0;
}

/* A console before devtmpfs is mounted, or without it */
static int add_devices(struct ext4 *fs, struct error *err)
{
	static const struct {
		const char *path;
		unsigned mode, major, minor;
	} devices[] = {
		{ "dev/console", 0600, 5, 1 }, { "dev/null", 0666, 1, 3 },
		{ "dev/zero", 0666, 1, 5 },    { "dev/random", 0666, 1, 8 },
		{ "dev/urandom", 0666, 1, 9 }, { "dev/tty", 0666, 5, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		struct ext4_node node = {
			.path = devices[i].path,
			.mode = S_IFCHR | devices[i].mode,
			.mtime = time(NULL),
			.device = makedev(devices[i].major, devices[i].minor),
		};

		if (ext4_add(fs, &node, err))
			return -1;
	}
	return 0;
}

/* An ELF program without an interpreter */
static bool is_static(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr head;
	Elf64_Phdr ph;

	if (fd < 0 || pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) || head.e_machine != EM_X86_64)
		return false;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		off_t at = head.e_phoff + i * sizeof(ph);

		if (pread(fd, &ph, sizeof(ph), at) != sizeof(ph) || ph.p_type == PT_INTERP)
			return false;
	}
	return true;
}

/* Returns the path of a static busybox; @temporary is a directory to be removed, if any */
static int find_busybox(char *path, size_t size, char *temporary, struct error *err)
{
	static const char *const places[] = { "/bin/busybox", "/usr/bin/busybox",
					      "/usr/lib/busybox/busybox" };
	static char script[] = "cd \"$1\" && apt-get download -q busybox-static && "
			       "dpkg-deb -x busybox-static_*.deb .";

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, size, "%s", places[i]);
		if (is_static(path))
			return 0;
	}
	progress_phase("download busybox-static");
	strcpy(temporary, "/tmp/vitrine-busybox-XXXXXX");
	if (!mkdtemp(temporary)) {
		temporary[0] = '\0';
		return error_set(err, errno, "/tmp");
	}
	if (process_run((char *[]){ "sh", "-c", script, "sh", temporary, NULL }, 0, err))
		return error_set(err, 0, "no static busybox; install the package busybox-static");
	snprintf(path, size, "%s/bin/busybox", temporary);
	return is_static(path) ? 0 : error_set(err, 0, "%s is not a static program", path);
}

static int copy_program(struct ext4 *fs, const char *from, struct error *err)
{
	cleanup_close int fd = open(from, O_RDONLY | O_CLOEXEC);
	char buffer[65536];
	ssize_t len;

	if (fd < 0)
		return error_set(err, errno, "%s", from);
	if (add(fs, "bin/busybox", S_IFREG | 0755, 0, NULL, err))
		return -1;
	while ((len = read(fd, buffer, sizeof(buffer))) > 0) {
		if (ext4_write(fs, buffer, len, err))
			return -1;
	}
	return len ? error_set(err, errno, "%s", from) : 0;
}

static int add_applets(struct ext4 *fs, const char *busybox, struct error *err)
{
	cleanup_free char *line = NULL;
	struct process p;
	size_t size = 0;
	FILE *list;
	int ret = 0;

	if (process_start(&p, (char *[]){ (char *)busybox, "--list-full", NULL }, err))
		return -1;
	list = fdopen(p.out, "r");
	if (!list)
		ret = error_set(err, errno, "busybox");
	while (!ret && getline(&line, &size, list) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && strcmp(line, "bin/busybox") && strcmp(line, "usr/bin/busybox"))
			ret = add(fs, line, S_IFLNK | 0777, 0, "/bin/busybox", err);
	}
	if (list) {
		fclose(list);
		p.out = -1;
	}
	return process_wait(&p, 0, ret ? NULL : err) || ret ? -1 : 0;
}

static int fill(struct image_build *build, struct ext4 *fs, struct error *err)
{
	char busybox[PATH_MAX], temporary[64] = "";
	int ret;

	if (build->packages)
		return error_set(err, 0, "mini has no packages; build debian with --packages");
	ret = find_busybox(busybox, sizeof(busybox), temporary, err);
	if (!ret) {
		progress_phase("copy files");
		ret = add_skeleton(fs, err) || add_devices(fs, err) ||
		      copy_program(fs, busybox, err) || add_applets(fs, busybox, err);
	}
	if (temporary[0])
		process_run((char *[]){ "rm", "-rf", temporary, NULL }, 0, NULL);
	build->count = 1;
	return ret ? -1 : 0;
}

static const char *const command[] = { "/bin/sh", "-l", NULL };

const struct image_builder image_mini = {
	.name = "mini",
	.summary = "a static busybox and nothing else; seconds",
	.command = command,
	.size = 256ULL << 20,
	.fill = fill,
};
