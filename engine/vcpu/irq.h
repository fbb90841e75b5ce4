/* SPDX-License-Identifier: GPL-2.0-only */
/* irq.h - how host threads interrupt the guest kernel */
#ifndef ENGINE_VCPU_IRQ_H
#define ENGINE_VCPU_IRQ_H

#include "vitrine/abi.h"

/**
 * irq_raise() - Make an interrupt pending and wake the vCPU thread when it idles
 * @irq: bit of the pending word (VT_IRQ_VIRTIO + index for a virtio device)
 *
 * May be called from any thread and from signal handlers. The interrupt is taken when the guest
 * kernel looks at the pending word next, never inside this call.
 */
void irq_raise(enum vt_irq irq);

#endif
