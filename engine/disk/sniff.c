// SPDX-License-Identifier: GPL-2.0-only
/* sniff.c - what an image holds, from its first bytes
 *
 * Theory of operation
 * A guest that cannot mount its root file system says so in a kernel panic. The usual reasons (a
 * qcow2 file, a whole disk where a partition was meant, a compressed or half-downloaded image) are
 * visible in the first kilobytes, so we look before we boot. The table's order matters: what is
 * more specific comes first, and a boot record, which every kind of disk may begin with, comes
 * last.
 *
 * Host system calls: preadv2.
 */
#include "sniff.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vitrine/util.h"

#define HEAD_BYTES (68 * 1024) /* Btrfs's magic number is the one furthest in */

#define QEMU_HINT "convert it with qemu-img convert -O raw"
#define UNPACK_HINT "unpack it first"

struct signature {
	uint32_t offset, length;
	const char *magic;
	const char *type; /* file system type as mount knows it, or NULL */
	const char *name; /* in a message; NULL: the type */
	const char *hint;
};

#define MAGIC(offset, bytes) (offset), sizeof(bytes) - 1, (bytes)

static const struct signature signatures[] = {
	{ MAGIC(1080, "\x53\xef"), "ext4", NULL, NULL },
	{ MAGIC(0, "hsqs"), "squashfs", NULL, NULL },
	{ MAGIC(1024, "\xe2\xe1\xf5\xe0"), "erofs", NULL, NULL },
	{ MAGIC(0, "XFSB"), "xfs", NULL, NULL },
	{ MAGIC(0x10040, "_BHRfS_M"), "btrfs", NULL, NULL },
	{ MAGIC(1024, "\x10\x20\xf5\xf2"), "f2fs", NULL, NULL },
	{ MAGIC(0x8001, "CD001"), "iso9660", NULL, NULL },
	{ MAGIC(0, "\x45\x3d\xcd\x28"), "cramfs", NULL, NULL },
	{ MAGIC(3, "NTFS    "), "ntfs3", NULL, NULL },
	{ MAGIC(3, "EXFAT   "), "exfat", NULL, NULL },
	{ MAGIC(82, "FAT32   "), "vfat", NULL, NULL },
	{ MAGIC(54, "FAT16   "), "vfat", NULL, NULL },
	{ MAGIC(54, "FAT12   "), "vfat", NULL, NULL },
	{ MAGIC(0, "LUKS\xba\xbe"), NULL, "an encrypted (LUKS) disk", NULL },
	{ MAGIC(536, "LVM2 001"), NULL, "an LVM physical volume", NULL },
	{ MAGIC(4086, "SWAPSPACE2"), NULL, "swap space", NULL },
	{ MAGIC(0, "QFI\xfb"), NULL, "a qcow2 image", QEMU_HINT },
	{ MAGIC(0, "KDMV"), NULL, "a VMDK image", QEMU_HINT },
	{ MAGIC(0, "# Disk DescriptorFile"), NULL, "a VMDK descriptor", QEMU_HINT },
	{ MAGIC(0, "vhdxfile"), NULL, "a VHDX image", QEMU_HINT },
	{ MAGIC(0, "conectix"), NULL, "a VHD image", QEMU_HINT },
	{ MAGIC(64, "\x7f\x10\xda\xbe"), NULL, "a VDI image", QEMU_HINT },
	{ MAGIC(0, "VTOVERL1"), NULL, "an overlay", "name it with overlay= beside its image" },
	{ MAGIC(0, "\x1f\x8b"), NULL, "gzip data", UNPACK_HINT },
	{ MAGIC(0, "\3757zXZ"), NULL, "xz data", UNPACK_HINT },
	{ MAGIC(0, "\x28\xb5\x2f\xfd"), NULL, "zstd data", UNPACK_HINT },
	{ MAGIC(0, "BZh"), NULL, "bzip2 data", UNPACK_HINT },
	{ MAGIC(0, "PK\x03\x04"), NULL, "a zip archive", UNPACK_HINT },
	{ MAGIC(257, "ustar"), NULL, "a tar archive", "build an image from it" },
	{ MAGIC(0, "\177ELF"), NULL, "a program", NULL },
	{ MAGIC(512, "EFI PART"), NULL, "a disk with partitions", "choose one with -p NUMBER" },
	{ MAGIC(4096, "EFI PART"), NULL, "a disk with partitions", "choose one with -p NUMBER" },
	{ MAGIC(510, "\x55\xaa"), NULL, "a disk with partitions", "choose one with -p NUMBER" },
};

/* On-disk superblock of ext2, ext3 and ext4: Documentation/filesystems/ext4/super.rst */
#define EXT4_SUPERBLOCK 1024
#define EXT4_BLOCKS_LO 0x4
#define EXT4_LOG_BLOCK_SIZE 0x18
#define EXT4_FEATURE_INCOMPAT 0x60
#define EXT4_BLOCKS_HI 0x150
#define EXT4_SUPERBLOCK_SIZE 1024
#define EXT4_INCOMPAT_RECOVER 0x4
#define EXT4_INCOMPAT_64BIT 0x80

static uint32_t le32_at(const unsigned char *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return le32toh(value);
}

static int ext4_check(const unsigned char *sb, const char *path, uint64_t size, bool read_only,
		      struct error *err)
{
	uint32_t incompat = le32_at(sb + EXT4_FEATURE_INCOMPAT);
	uint32_t log_block_size = le32_at(sb + EXT4_LOG_BLOCK_SIZE);
	uint64_t blocks = le32_at(sb + EXT4_BLOCKS_LO);

	if (incompat & EXT4_INCOMPAT_64BIT)
		blocks |= (uint64_t)le32_at(sb + EXT4_BLOCKS_HI) << 32;
	if (log_block_size > 6 || !blocks || blocks > UINT64_MAX >> (10 + log_block_size))
		return error_set(err, 0, "image %s has a damaged ext4 superblock; try e2fsck -f %s",
				 path, path);
	if (blocks << (10 + log_block_size) > size)
		return error_set(err, 0,
				 "image %s is truncated: it has %" PRIu64
				 " bytes, its file system needs %" PRIu64,
				 path, size, blocks << (10 + log_block_size));
	if (read_only && (incompat & EXT4_INCOMPAT_RECOVER))
		return error_set(
		    err, 0,
		    "image %s was not unmounted cleanly and cannot be recovered "
		    "read-only; start it once without --read-only, or with --ephemeral",
		    path);
	return 0;
}

static const struct signature *identify(const unsigned char *head, size_t len)
{
	const struct signature *s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signatures); i++) {
		s = &signatures[i];
		if (s->offset + s->length <= len && !memcmp(head + s->offset, s->magic, s->length))
			return s;
	}
	return NULL;
}

static bool is_ext(const char *type)
{
	return !strcmp(type, "ext4") || !strcmp(type, "ext3") || !strcmp(type, "ext2");
}

static bool is_known(const char *type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signatures); i++)
		if (signatures[i].type && !strcmp(signatures[i].type, type))
			return true;
	return is_ext(type);
}

static bool is_zero(const unsigned char *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

static int mismatch(const struct signature *found, const char *path, const char *expected,
		    bool zero, struct error *err)
{
	if (!found)
		return error_set(err, 0, "image %s holds no %s file system%s", path, expected,
				 zero ? ", only zeros" : "");
	if (found->type)
		return error_set(err, 0, "image %s holds %s, not %s; use --fs-type %s", path,
				 found->type, expected, found->type);
	return error_set(err, 0, "image %s is %s, not an %s file system%s%s", path, found->name,
			 expected, found->hint ? "; " : "", found->hint ? found->hint : "");
}

int sniff_check(struct file_range *file, const char *path, uint64_t size, const char *expected,
		bool read_only, struct error *err)
{
	size_t len = size < HEAD_BYTES ? size : HEAD_BYTES;
	cleanup_free unsigned char *head = NULL;
	const struct signature *found;
	int ret;

	if (!expected || !is_known(expected))
		return 0;

	head = malloc(HEAD_BYTES);
	if (!head)
		return error_set(err, ENOMEM, "cannot read image %s", path);
	ret = file_read_buf(file, head, 0, len);
	if (ret)
		return error_set(err, -ret, "cannot read image %s", path);

	found = identify(head, len);
	if (!found || !found->type ||
	    (strcmp(found->type, expected) && !(is_ext(found->type) && is_ext(expected))))
		return mismatch(found, path, expected, is_zero(head, len), err);
	if (!is_ext(expected))
		return 0;
	if (len < EXT4_SUPERBLOCK + EXT4_SUPERBLOCK_SIZE)
		return error_set(err, 0, "image %s is truncated", path);
	return ext4_check(head + EXT4_SUPERBLOCK, path, size, read_only, err);
}
