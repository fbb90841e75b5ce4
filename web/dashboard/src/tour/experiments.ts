// SPDX-License-Identifier: GPL-2.0-only
// experiments.ts - the experiments of docs/tour.md, made from it by scripts/tour: change that one

import type { Experiment } from "./tour.ts";

export const experiments: Experiment[] = [
	{
		"id": "fork-bomb",
		"title": "A fork bomb under a limit",
		"goal": "Why a program that only multiplies does not take the machine along.",
		"command": [
			"cd /sys/fs/cgroup",
			"echo +pids >cgroup.subtree_control",
			"mkdir -p bomb",
			"echo 20 >bomb/pids.max",
			"sh -c 'echo $$ >bomb/cgroup.procs; bomb() { bomb | bomb & }; bomb' 2>/dev/null &",
			"sleep 2",
			"cat bomb/pids.peak bomb/pids.events",
			"echo 1 >bomb/cgroup.kill"
		],
		"steps": [
			{
				"watch": "processes",
				"text": "The bomb's shells: never more than 20 of them, born and gone so fast that each look shows others."
			},
			{
				"watch": "syscalls",
				"text": "The row of clone: a thousand calls, a third of them errors."
			},
			{
				"watch": "overview",
				"text": "Forks per second against processes: many tries, few children."
			}
		],
		"terminal": "vitrine trace -e clone --errors tour",
		"explanation": [
			"The bomb doubles with every round until its control group has 20 processes. From then on each clone() fails with EAGAIN: when the new task is all but ready copy_process() asks every controller with cgroup_can_fork(), pids_can_fork() says no, and everything is thrown away again. pids.events has counted the refusals, pids.peak says 20.",
			"Nothing else is refused anything: the shell in which you typed this is in another group. Without the limit the bomb would meet the next one, kernel.threads-max; and beyond that Vitrine's own, for a guest's process is a process of the host. cgroup.kill sends SIGKILL to all of the group at once, which a loop over kill cannot: it would race with the forks."
		]
	},
	{
		"id": "page-cache",
		"title": "The page cache, cold and warm",
		"goal": "Why reading a file a second time needs no disk.",
		"command": [
			"dd if=/dev/urandom of=/var/tmp/big bs=1M count=64 conv=fsync status=none",
			"echo 3 >/proc/sys/vm/drop_caches",
			"time cat /var/tmp/big >/dev/null",
			"time cat /var/tmp/big >/dev/null",
			"rm /var/tmp/big"
		],
		"steps": [
			{
				"watch": "block",
				"text": "Reads: one burst of 64 MiB for the first cat, nothing for the second."
			},
			{
				"watch": "memory",
				"text": "The page cache: it falls when the caches are dropped, rises by 64 MiB, and falls when the file is removed."
			},
			{
				"watch": "caches",
				"text": "The file itself, while it is there: how much of it is cached."
			},
			{
				"watch": "follow",
				"text": "A read() of the second cat: it ends in the page cache and never enters the block layer."
			}
		],
		"terminal": "vitrine trace -e read --events block --comm cat tour",
		"explanation": [
			"The first cat took 0.13 s, the second 0.04 s, though the host had the disk's file in memory. Both make the same calls. filemap_read() looks each page up in the file's address_space, a tree of pages. Cold, it finds none: page_cache_sync_ra() guesses that a reader from the start goes on, and asks for more than was wanted (the window doubles while the guess is right), ext4_mpage_readpages() makes requests of it, virtio_queue_rqs() puts them in the disk's ring, and the reader sleeps in folio_wait_bit_common(). Warm, all that is left is copy_folio_to_iter().",
			"drop_caches throws away what is clean. A dirty page has nowhere to come back from, hence the conv=fsync before it."
		]
	},
	{
		"id": "nice",
		"title": "Two busy loops, one of them nice",
		"goal": "What a nice value is worth, and how EEVDF makes it so.",
		"command": [
			"sh -c 'while :; do :; done' & plain=$!",
			"nice -n 5 sh -c 'while :; do :; done' & nice=$!",
			"sleep 5",
			"cut -d' ' -f14 /proc/$plain/stat /proc/$nice/stat",
			"grep -E 'load.weight|vruntime' /proc/$plain/sched /proc/$nice/sched",
			"kill $plain $nice"
		],
		"steps": [
			{
				"watch": "scheduler",
				"text": "Two tasks on the axis of virtual time: the nice one jumps three times as far for each slice that it had, then waits until the average has caught up."
			},
			{
				"watch": "scheduler",
				"text": "Switches: nearly all of the loops' are preemptions, some 75 a second. They never sleep."
			},
			{
				"watch": "processes",
				"text": "Processor time: three quarters and one quarter."
			}
		],
		"terminal": "vitrine top tour",
		"explanation": [
			"In five seconds the plain loop had 377 ticks of 10 ms, the nice one 124: 75 to 25. A nice value is an index into sched_prio_to_weight[]: 0 weighs 1024, 5 weighs 335, and 1024 / (1024 + 335) is 0.753.",
			"The scheduler keeps one clock per task, vruntime, which update_curr() advances by the time that the task ran, divided by its weight. A task is eligible while its clock is not ahead of the weighted average (entity_eligible()); of the eligible ones pick_eevdf() takes the one whose deadline, a slice further on its own clock, comes first. So both clocks advance alike, and real time is shared by weight. Both loops were started from one shell: the autogroup of another session would have a weight of its own."
		]
	},
	{
		"id": "fsync",
		"title": "Writing, with and without waiting for the disk",
		"goal": "What write() promises, and what the promise costs when it is a real one.",
		"command": [
			"time dd if=/dev/zero of=/var/tmp/out bs=4k count=2000 status=none",
			"time dd if=/dev/zero of=/var/tmp/out bs=4k count=2000 oflag=dsync status=none",
			"rm /var/tmp/out"
		],
		"steps": [
			{
				"watch": "block",
				"text": "Writes: silence during the first, three for each call of the second (the data, the journal's blocks, the journal's commit), 6,002 in all."
			},
			{
				"watch": "memory",
				"text": "Dirty pages: 8 MiB after the first, which the disk sees seconds later; next to nothing after the second."
			},
			{
				"watch": "follow",
				"text": "A write() of the second dd, from the entry through ext4 and its journal to the disk and back."
			}
		],
		"terminal": "vitrine follow --min-us 100 tour write",
		"explanation": [
			"0.14 s without, 1.06 s with, and that on a disk that is a file in the host's memory; on real disks the factor is hundreds. A plain write ends in the page cache: generic_perform_write() copies the bytes and marks the page dirty. wb_workfn(), a worker of the kernel, writes it when it is old or when there are too many.",
			"With O_DSYNC, as with fsync(), generic_write_sync() waits: ext4_sync_file() writes the page, asks jbd2 to commit the transaction that holds the new size and block numbers (jbd2_log_wait_commit()), and blkdev_issue_flush() has the disk empty its own cache. Only then does a power cut leave the data alone. Databases do this once for each commit, and group commits for the same reason."
		]
	},
	{
		"id": "copy-on-write",
		"title": "Copy-on-write after fork",
		"goal": "Why fork() is quick, and who pays for it later.",
		"command": [
			"perl -e '",
			"  $memory = \"x\" x ($size = 64 << 20);",
			"  substr($memory, 0, 1) = \"y\";",
			"  if (!fork) {",
			"    sleep 2;",
			"    for ($at = 0; $at < $size; $at += 4096) { substr($memory, $at, 1) = \"z\" }",
			"    system \"cut -d\\\" \\\" -f10 /proc/$$/stat; grep Private_Dirty /proc/$$/smaps_rollup\";",
			"    sleep 2;",
			"    exit;",
			"  }",
			"  wait'"
		],
		"steps": [
			{
				"watch": "memory",
				"text": "Anonymous memory: one step of 64 MiB at the start, none at the fork, a second one two seconds later."
			},
			{
				"watch": "overview",
				"text": "Faults: first touches, then silence, then 2,000 copies on write in a burst."
			},
			{
				"watch": "processes",
				"text": "The child: its resident memory is 64 MiB from its first moment on, because it counts what it shares."
			}
		],
		"terminal": "vitrine trace -e clone --events fault --comm perl tour",
		"explanation": [
			"fork() copies no memory. copy_page_range() copies page tables, takes the right to write from both sides, and counts one more user of each page. The child's own count says 16,441 faults, 16,384 of them for the 16,384 pages of 64 MiB. The dashboard shows fewer, because a fault costs more here than on hardware: when a program writes page after page, vitrine_ahead() of Vitrine's architecture has the kernel copy the next ones before they are asked for. The first write of either faults; do_wp_page() sees that the page has more than one user, and wp_page_copy() makes the child its own.",
			"The parent, which writes nothing, pays nothing. Had the child called exec at once, as most do, there would have been no copy at all. Once the child has its own copy the parent is a page's only user, and do_wp_page() just gives it the right back (wp_can_reuse_anon_folio())."
		]
	},
	{
		"id": "pipe",
		"title": "A pipe's back-pressure",
		"goal": "How a slow reader slows a fast writer, without a line of code in either.",
		"command": [
			"mkfifo /tmp/pipe",
			"dd if=/dev/zero of=/tmp/pipe bs=4k count=1000 status=none & writer=$!",
			"(sleep 2; wc -c) </tmp/pipe &",
			"sleep 1",
			"grep State /proc/$writer/status",
			"cat /proc/$writer/wchan; echo",
			"wait",
			"rm /tmp/pipe"
		],
		"steps": [
			{
				"watch": "processes",
				"text": "dd: it sleeps, in write. It made 16 calls of write in an instant; the 17th does not return."
			},
			{
				"watch": "events",
				"text": "Then, when wc reads: wake-ups to and fro between dd and wc, a few pages at a time."
			},
			{
				"watch": "files",
				"text": "Both ends of the pipe, by the same inode number."
			}
		],
		"terminal": "vitrine trace -e write -y --comm dd tour",
		"explanation": [
			"A pipe is a ring of 16 buffers, a page each. pipe_write() fills them, finds pipe_full(), and sleeps with wait_event_interruptible_exclusive() until there is room; its state is S and its wait channel says pipe_write. The reader's pipe_read() empties a buffer and wakes the writer if the ring was full.",
			"That is all there is to flow control in a | b | c: the slowest sets the pace, and what is under way is never more than 64 KiB for each bar. The other end of the same idea is SIGPIPE: a writer with no reader left has no pace to keep, and is told so."
		]
	},
	{
		"id": "oom",
		"title": "Out of memory",
		"goal": "Whom the kernel kills, and how one limits the damage to those who did it.",
		"command": [
			"cd /sys/fs/cgroup",
			"echo +memory >cgroup.subtree_control",
			"mkdir -p small",
			"echo 32M >small/memory.max",
			"sh -c 'echo $$ >small/cgroup.procs; exec tail /dev/zero'",
			"echo \"status $?\"",
			"grep oom small/memory.events",
			"dmesg | tail -1"
		],
		"steps": [
			{
				"watch": "memory",
				"text": "Anonymous memory: a ramp up to the limit, then a cliff."
			},
			{
				"watch": "events",
				"text": "The OOM event with its victim, the SIGKILL, the exit."
			},
			{
				"watch": "syscalls",
				"text": "tail reads until it dies: it waits for the end of a line, and /dev/zero has none."
			}
		],
		"terminal": "vitrine trace -e exit_group --events life tour",
		"explanation": [
			"tail ended with status 137: signal 9. Each new page is charged to the control group. When try_charge_memcg() meets the limit it first reclaims: clean page cache goes, dirty pages are written. Anonymous memory could only go to swap, and there is none. What is left is mem_cgroup_out_of_memory(): oom_badness() gives each process of the group points for the memory that it has, oom_kill_process() sends the one with most SIGKILL, and oom_reaper, a thread of the kernel, takes its memory at once, for the victim may be asleep with a lock that somebody waits for.",
			"Without a group the same happens to the whole system, with all processes as candidates: /proc/PID/oom_score_adj is how a database asks to be spared."
		]
	},
	{
		"id": "signal",
		"title": "The way of a signal",
		"goal": "When a handler runs, and how a program gets back from it.",
		"command": [
			"perl -e '$SIG{TERM} = sub { print \"caught\\n\"; exit 7 }; sleep 100' & child=$!",
			"sleep 1",
			"kill -TERM $child",
			"wait $child",
			"echo \"status $?\""
		],
		"steps": [
			{
				"watch": "events",
				"text": "In order: the signal and the shell's kill(), the child's clock_nanosleep that ends with EINTR, rt_sigreturn, the handler's write, exit_group, the exit, and SIGCHLD to the shell."
			},
			{
				"watch": "processes",
				"text": "The child, asleep in clock_nanosleep, until it is not there any more."
			},
			{
				"watch": "follow",
				"text": "The shell's kill(): it is short. All the work is done by the receiver."
			}
		],
		"terminal": "vitrine trace -e kill,clock_nanosleep,rt_sigreturn --events life tour",
		"explanation": [
			"kill() finds the task, and __send_signal_locked() puts the signal in its queue; signal_wake_up() sets TIF_SIGPENDING and wakes it. That is all the sender does. The sleeper leaves do_nanosleep() with a restart code, and on its way to user mode exit_to_user_mode_loop() sees the flag: get_signal() takes the signal, setup_rt_frame() saves all registers on the program's own stack, below them the address of rt_sigreturn, and points the instruction pointer at the handler.",
			"The handler is an ordinary function; its return address is a call of rt_sigreturn(), which loads the saved registers. Perl's own handler only takes a note, and runs your code between two of its operations: few functions of a C library may be called in a signal handler, see signal-safety(7). That is why the interrupted call had to end with EINTR."
		]
	},
	{
		"id": "vdso",
		"title": "A system call that is none",
		"goal": "Why asking for the time a million times does not enter the kernel.",
		"command": [
			"perl -MTime::HiRes=time -e '$before = time; time for 1 .. 1000000; printf \"time:    %.2f us\\n\", time - $before'",
			"perl -MTime::HiRes=time -e '$before = time; getppid for 1 .. 100000; printf \"getppid: %.2f us\\n\", 10 * (time - $before)'"
		],
		"steps": [
			{
				"watch": "syscalls",
				"text": "gettimeofday: a million more, all of them answered in the guest and without a time. getppid: 100,000, with one."
			},
			{
				"watch": "overview",
				"text": "Calls per second: a spike for the first command, a much lower plateau for the second."
			}
		],
		"terminal": "vitrine trace --summary --comm perl tour",
		"explanation": [
			"The kernel maps a small library of its own into each program, the vDSO (ls of /proc/self/maps shows it). Its clock_gettime() reads the processor's time stamp counter and a page of factors that the kernel keeps current, and is done. In Vitrine that library asks the host's vDSO, which does the same, and counts its calls while somebody watches: no one else could.",
			"getppid() has to enter the kernel, and in Vitrine that is a round trip to another process: performance has its price. Hence the rule to count calls before cycles."
		]
	}
];
