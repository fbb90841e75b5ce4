// SPDX-License-Identifier: GPL-2.0-only
/* hosts.c - what the host holds of guest threads and address spaces comes home
 *
 * Theory of operation
 * Threads that have a host thread, and address spaces that have a host process, are in a list each:
 * also those of a fork that is half done, or of a process that has exited and whose address space
 * somebody still holds, which no list of tasks has.
 *
 * Everything is stopped, so each listed thread is switched out, and its host thread waits: in the
 * notification of a call, of which the host knows the rest of the registers (thread_capture), or in
 * the stub. The registers go to pt_regs, where they belong, the FPU image to memory of ours, where
 * signals and ptrace find it as if it were still the host thread's (vitrine_fp_room). Then the host
 * thread is let go, and after all threads the host processes. The task gets new ones when it next
 * goes to user mode (prepare_user), and takes the image along.
 *
 * What was mapped in the host becomes a hint: the first thread that comes back to the address space
 * maps it again in one go, as a fork's child does (vitrine_tlb_prefill). An entry that we do not
 * find, because its area is being taken apart, keeps a host bit that is not true. That does no
 * harm: a fault maps what it is about, whatever that bit says.
 *
 * No memory can be allocated while everything is stopped, so images are allocated before, some more
 * than there are threads; if there are not enough, all of it is done again.
 */
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <asm/ptrace.h>
#include <asm/vitrine.h>
#include <uapi/asm/sigcontext.h>
#include "../kernel/fpstate.h"
#include "suspend.h"

#define SPARE_IMAGES 64

static LIST_HEAD(threads);
static LIST_HEAD(mms);
static unsigned int nr_threads_hosted;
static DEFINE_SPINLOCK(lock);

void vitrine_mm_hosted(struct mm_struct *mm)
{
	spin_lock(&lock);
	list_add(&mm->context.hosted, &mms);
	spin_unlock(&lock);
}

void vitrine_mm_unhosted(struct mm_struct *mm)
{
	spin_lock(&lock);
	list_del(&mm->context.hosted);
	spin_unlock(&lock);
}

/* The thread's image is the host thread's from now on */
void vitrine_thread_hosted(struct thread_struct *thread)
{
	kfree(thread->kept);
	thread->kept = NULL;
	spin_lock(&lock);
	list_add(&thread->hosted, &threads);
	nr_threads_hosted++;
	spin_unlock(&lock);
}

void vitrine_thread_unhosted(struct thread_struct *thread)
{
	kfree(thread->kept);
	thread->kept = NULL;
	if (!thread->host)
		return;
	spin_lock(&lock);
	list_del(&thread->hosted);
	nr_threads_hosted--;
	spin_unlock(&lock);
}

/* ---- room for images ---- */

/* An image that is used for none has the next one's address at its beginning */
static void **images;

/* A signal frame has one, and the host says how large those are */
static size_t image_size(void)
{
	return max_t(size_t, vt_boot->sigframe_size, FX_SIZE);
}

/**
 * vitrine_hosts_prepare() - Make room for what will come home
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int vitrine_hosts_prepare(void)
{
	const unsigned int count = READ_ONCE(nr_threads_hosted) + SPARE_IMAGES;

	for (unsigned int i = 0; i < count; i++) {
		void **image = kmalloc(image_size(), GFP_KERNEL);

		if (!image)
			return -ENOMEM;
		*image = images;
		images = image;
	}
	return 0;
}

/**
 * vitrine_hosts_finish() - Give back what was not needed
 */
void vitrine_hosts_finish(void)
{
	while (images) {
		void **image = images;

		images = *image;
		kfree(image);
	}
}

static void *image_take(void)
{
	void **image = images;

	if (image)
		images = *image;
	return image;
}

/* ---- threads ---- */

/* The host has lost it, so its registers are lost */
static void lose(struct task_struct *task)
{
	struct vt_frame *frame = &task->thread.frame;

	frame->full = 1;
	frame->reset_fpu = 1;
	frame->xstate = NULL;
	frame->xstate_size = 0;
	send_sig(SIGKILL, task, 1);
}

static void complete_regs(struct task_struct *task)
{
	struct thread_struct *thread = &task->thread;
	struct pt_regs *regs = task_pt_regs(task);
	unsigned long ax = regs->ax, orig_ax = regs->orig_ax;
	int failed;

	if (thread->frame.full)
		return;
	/* on its way into the stub it may run guest code, as in vitrine_complete_regs() */
	vitrine_guest_enters(task->mm);
	failed = vt_host->thread_capture(thread->host, vitrine_regs(regs), &thread->frame);
	vitrine_guest_leaves(task->mm);
	if (failed)
		lose(task);
	regs->ax = ax;
	if ((u32)regs->orig_ax != (u32)orig_ax)
		regs->orig_ax = orig_ax;
	regs->cs = VT_USER_CS;
	regs->ss = VT_USER_SS;
}

/* There is room for an image afterwards, if nothing in it: a signal handler's end needs that */
static void keep_image(struct thread_struct *thread, void *image)
{
	struct vt_frame *frame = &thread->frame;

	if (frame->xstate && frame->xstate_size >= FX_SIZE && frame->xstate_size <= image_size()) {
		memcpy(image, frame->xstate, frame->xstate_size);
	} else {
		memset(image, 0, FX_SIZE);
		frame->xstate_size = FX_SIZE;
		frame->reset_fpu = 1;
	}
	frame->xstate = thread->kept = image;
}

static int thread_home(struct thread_struct *thread)
{
	struct vt_thread *host = thread->host;
	void *image = image_take();

	if (!image)
		return -EAGAIN;
	complete_regs(container_of(thread, struct task_struct, thread));
	keep_image(thread, image);
	thread->host = NULL;
	list_del(&thread->hosted);
	nr_threads_hosted--;
	vt_host->thread_free(host);
	return 0;
}

/* ---- address spaces ---- */

static void hint(pte_t *ptep)
{
	unsigned long bits = pte_val(*ptep);

	if ((bits & (_PAGE_PRESENT | _PAGE_HOST)) != (_PAGE_PRESENT | _PAGE_HOST))
		return;
	bits = (bits & ~_PAGE_HOST_BITS) | _PAGE_HINT | (bits & _PAGE_HINT_RW);
	set_pte(ptep, __pte(bits));
}

static void hint_pmds(pmd_t *pmd)
{
	for (unsigned int i = 0; i < PTRS_PER_PMD; i++, pmd++) {
		pte_t *ptep;

		if (!pmd_present(*pmd) || pmd_leaf(*pmd))
			continue;
		ptep = pte_offset_kernel(pmd, 0);
		for (unsigned int j = 0; j < PTRS_PER_PTE; j++)
			hint(ptep + j);
	}
}

static void hint_all(struct mm_struct *mm)
{
	for (unsigned int i = 0; i < USER_PTRS_PER_PGD; i++) {
		p4d_t *p4d = p4d_offset(mm->pgd + i, 0);
		pud_t *pud;

		if (!p4d_present(*p4d))
			continue;
		pud = pud_offset(p4d, 0);
		for (unsigned int j = 0; j < PTRS_PER_PUD; j++, pud++) {
			if (pud_present(*pud) && !pud_leaf(*pud))
				hint_pmds(pmd_offset(pud, 0));
		}
	}
}

static void mm_home(struct mm_struct *mm)
{
	mm_context_t *context = &mm->context;

	if (!context->dying) {
		hint_all(mm);
		context->prefill = true;
	}
	context->queued = 0;
	vt_host->mm_free(context->host);
	context->host = NULL;
	list_del(&context->hosted);
}

/**
 * vitrine_hosts_home() - Nothing of any guest is the host's any more
 *
 * Context: everything stands still.
 * Return: 0, or -EAGAIN: images are missing. Tasks that have come home already go on all the same.
 */
int vitrine_hosts_home(void)
{
	struct thread_struct *thread, *next_thread;
	struct mm_struct *mm, *next_mm;
	int err;

	list_for_each_entry_safe(thread, next_thread, &threads, hosted)
	{
		err = thread_home(thread);
		if (err)
			return err;
	}
	list_for_each_entry_safe(mm, next_mm, &mms, context.hosted) mm_home(mm);
	return 0;
}
