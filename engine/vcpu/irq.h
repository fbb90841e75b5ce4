/* SPDX-License-Identifier: GPL-2.0-only */
/* irq.h - how host threads interrupt the guest kernel */
#ifndef ENGINE_VCPU_IRQ_H
#define ENGINE_VCPU_IRQ_H

#include "vitrine/abi.h"

/**
 * irq_raise() - Make an interrupt pending and wake the thread of its vCPU when it idles
 * @irq: bit of the pending word (VT_IRQ_VIRTIO + index for a virtio device)
 *
 * May be called from any thread and from signal handlers. The interrupt is taken when the guest
 * kernel looks at the pending word next, never inside this call.
 */
void irq_raise(enum vt_irq irq);

/**
 * irq_asked() - From now on the interrupt is one of the vCPU that calls this
 *
 * Called on a vCPU's thread. Until then it is one of the first. Raised on the thread of a vCPU, an
 * interrupt is one of that vCPU.
 */
void irq_asked(enum vt_irq irq);

#endif
