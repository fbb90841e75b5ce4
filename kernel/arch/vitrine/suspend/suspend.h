/* SPDX-License-Identifier: GPL-2.0-only */
/* suspend.h - private to arch/vitrine/suspend */
#ifndef VITRINE_SUSPEND_H
#define VITRINE_SUSPEND_H

#include <linux/types.h>

/* leave.S */
void vitrine_leave(void (*pause)(void));
void vitrine_resume_secondary_entry(void);

/* hosts.c */
int vitrine_hosts_prepare(void);
int vitrine_hosts_home(void);
void vitrine_hosts_finish(void);

/* connections.c */
#ifdef CONFIG_INET
void vitrine_reset_connections(void);
#else
static inline void vitrine_reset_connections(void)
{
}
#endif

/* unused.c */
void vitrine_tell_unused(void);

#endif
