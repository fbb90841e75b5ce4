/* SPDX-License-Identifier: GPL-2.0-only */
/* habit.h - what tasks usually do, for where they wake up: smp/placement.c */
#ifndef _ASM_VITRINE_HABIT_H
#define _ASM_VITRINE_HABIT_H

struct task_struct;

void vitrine_habit_begin(const struct task_struct *task);
void vitrine_habits(const struct task_struct *task);
void vitrine_kicks(int cpu);
void vitrine_was_kicked(void);

#endif
