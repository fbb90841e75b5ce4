/* SPDX-License-Identifier: GPL-2.0-only */
/* headers.h - what most of the kernel's files include, compiled once (see cc.c)
 *
 * First what kbuild includes before each file, in its order. Then headers that a third of all files
 * get at anyway. What they leave behind is 52 MB, which an object maps and reads little of.
 */
#include <linux/kconfig.h>
#include <linux/compiler_types.h>
#include <asm/hidden.h>
#include <asm/lock-prefix.h>

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/bpf.h>
#include <linux/cgroup.h>
#include <linux/compat.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/kernel_stat.h>
#include <linux/kthread.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/poll.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string_helpers.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <linux/writeback.h>
#include <net/rtnetlink.h>
#include <net/sock.h>

/* a file says before it includes anything how its messages begin; see precompiled-names.h */
#undef pr_fmt
/* the stack of visibilities is not part of what is kept: kbuild includes this once more */
#undef _ASM_VITRINE_HIDDEN_H
#define VITRINE_PRECOMPILED
