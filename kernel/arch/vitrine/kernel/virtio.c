// SPDX-License-Identifier: GPL-2.0-only
/* virtio.c - the transport between Linux's virtio drivers and the supervisor's devices
 *
 * Theory of operation
 * A device is an index. Its description, configuration space, status, rings and doorbell are the
 * virtio_* host operations; its interrupt is the line VT_IRQ_VIRTIO + index of the pending word.
 * There is one line per device, and the status does not tell queues apart, so the handler offers
 * the interrupt to each of the device's queues; vring_interrupt() is cheap when a ring is empty.
 *
 * Rings are split rings in ordinary pages. The device is the same process as we are and sees
 * physical memory as it is, so there is no DMA mapping (VIRTIO_F_ACCESS_PLATFORM is not offered
 * and NO_DMA kernels are supported) and weak barriers are enough.
 *
 * A doorbell may complete requests before it returns: the device only raises the interrupt then,
 * which is taken when interrupts are enabled again, never inside the doorbell.
 */
#define pr_fmt(fmt) "virtio-vitrine: " fmt

#include <linux/device.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <asm/keep.h>
#include <asm/vitrine.h>

#define VIRTIO_MAX_DEVICES (VT_IRQ_COUNT - VT_IRQ_VIRTIO)

struct vitrine_virtio {
	struct virtio_device vdev;
	struct vt_virtio_info info;
	unsigned int index;
	u8 status;
	char name[16];
};

static inline struct vitrine_virtio *to_vitrine(struct virtio_device *vdev)
{
	return container_of(vdev, struct vitrine_virtio, vdev);
}

static inline unsigned int vitrine_irq(const struct vitrine_virtio *dev)
{
	return VT_IRQ_TO_LINUX(VT_IRQ_VIRTIO + dev->index);
}

static void vitrine_get(struct virtio_device *vdev, unsigned int offset, void *buf,
			unsigned int len)
{
	vt_host->virtio_config(to_vitrine(vdev)->index, offset, buf, len, 0);
}

static void vitrine_set(struct virtio_device *vdev, unsigned int offset, const void *buf,
			unsigned int len)
{
	vt_host->virtio_config(to_vitrine(vdev)->index, offset, (void *)buf, len, 1);
}

static u8 vitrine_get_status(struct virtio_device *vdev)
{
	return to_vitrine(vdev)->status;
}

static void vitrine_set_status(struct virtio_device *vdev, u8 status)
{
	struct vitrine_virtio *dev = to_vitrine(vdev);

	dev->status = status;
	vt_host->virtio_status(dev->index, status);
}

static void vitrine_reset(struct virtio_device *vdev)
{
	vitrine_set_status(vdev, 0);
}

static u64 vitrine_get_features(struct virtio_device *vdev)
{
	return to_vitrine(vdev)->info.features;
}

static int vitrine_finalize_features(struct virtio_device *vdev)
{
	vring_transport_features(vdev);
	if (!__virtio_test_bit(vdev, VIRTIO_F_VERSION_1)) {
		dev_err(&vdev->dev, "the driver does not know virtio 1.0\n");
		return -EINVAL;
	}
	vt_host->virtio_features(to_vitrine(vdev)->index, vdev->features);
	return 0;
}

static bool vitrine_notify(struct virtqueue *vq)
{
	vt_host->virtio_notify(to_vitrine(vq->vdev)->index, vq->index);
	return true;
}

static irqreturn_t vitrine_interrupt(int irq, void *data)
{
	struct vitrine_virtio *dev = data;
	irqreturn_t ret = IRQ_NONE;
	struct virtqueue *vq;

	list_for_each_entry (vq, &dev->vdev.vqs, list)
		ret |= vring_interrupt(irq, vq);

	/* A queue that was polled empty before its interrupt came is no stray interrupt */
	return ret | IRQ_HANDLED;
}

static void vitrine_del_vqs(struct virtio_device *vdev)
{
	struct vitrine_virtio *dev = to_vitrine(vdev);
	struct virtqueue *vq;

	while (!list_empty(&vdev->vqs)) {
		vq = list_first_entry(&vdev->vqs, struct virtqueue, list);
		vt_host->virtio_queue(dev->index, vq->index, 0, 0, 0, 0);
		vring_del_virtqueue(vq);
	}
	free_irq(vitrine_irq(dev), dev);
}

static struct virtqueue *vitrine_setup_vq(struct vitrine_virtio *dev, unsigned int index,
					  const struct virtqueue_info *info)
{
	struct virtqueue *vq;
	int err;

	if (index >= dev->info.nqueues)
		return ERR_PTR(-ENOENT);

	vq = vring_create_virtqueue(index, dev->info.queue_size, SMP_CACHE_BYTES, &dev->vdev, true,
				    true, info->ctx, vitrine_notify, info->callback, info->name);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->num_max = dev->info.queue_size;

	err = vt_host->virtio_queue(dev->index, index, virtqueue_get_vring_size(vq),
				    virtqueue_get_desc_addr(vq), virtqueue_get_avail_addr(vq),
				    virtqueue_get_used_addr(vq));
	if (err) {
		vring_del_virtqueue(vq);
		return ERR_PTR(err);
	}
	return vq;
}

static int vitrine_find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
			    struct virtqueue_info vqs_info[], struct irq_affinity *desc)
{
	struct vitrine_virtio *dev = to_vitrine(vdev);
	unsigned int i, index = 0;
	int err;

	err = request_irq(vitrine_irq(dev), vitrine_interrupt, 0, dev->name, dev);
	if (err)
		return err;

	for (i = 0; i < nvqs; i++) {
		if (!vqs_info[i].name) {
			vqs[i] = NULL;
			continue;
		}
		vqs[i] = vitrine_setup_vq(dev, index++, &vqs_info[i]);
		if (IS_ERR(vqs[i])) {
			err = PTR_ERR(vqs[i]);
			vitrine_del_vqs(vdev);
			return err;
		}
	}
	return 0;
}

static void vitrine_synchronize_cbs(struct virtio_device *vdev)
{
	synchronize_irq(vitrine_irq(to_vitrine(vdev)));
}

static const char *vitrine_bus_name(struct virtio_device *vdev)
{
	return to_vitrine(vdev)->name;
}

static const struct virtio_config_ops vitrine_config_ops = {
	.get = vitrine_get,
	.set = vitrine_set,
	.get_status = vitrine_get_status,
	.set_status = vitrine_set_status,
	.reset = vitrine_reset,
	.find_vqs = vitrine_find_vqs,
	.del_vqs = vitrine_del_vqs,
	.synchronize_cbs = vitrine_synchronize_cbs,
	.get_features = vitrine_get_features,
	.finalize_features = vitrine_finalize_features,
	.bus_name = vitrine_bus_name,
};

static void vitrine_virtio_release(struct device *d)
{
	kfree(to_vitrine(dev_to_virtio(d)));
}

/* Return: 1 when there is a device at @index, 0 when there is none */
static int __init vitrine_virtio_probe(struct device *parent, unsigned int index)
{
	struct vitrine_virtio *dev;
	struct vt_virtio_info info = {};
	int err;

	if (vt_host->virtio_info(index, &info) || !info.device_id)
		return 0;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return -ENOMEM;

	dev->info = info;
	dev->index = index;
	snprintf(dev->name, sizeof(dev->name), "vitrine.%u", index);
	dev->vdev.id.device = info.device_id;
	dev->vdev.id.vendor = VIRTIO_DEV_ANY_ID;
	dev->vdev.config = &vitrine_config_ops;
	dev->vdev.dev.parent = parent;
	dev->vdev.dev.release = vitrine_virtio_release;

	err = register_virtio_device(&dev->vdev);
	if (err) {
		/* From device_initialize() on, the reference count owns the structure */
		put_device(&dev->vdev.dev);
		return err;
	}
	return 1;
}

/**
 * vitrine_virtio_find() - Register all devices that the supervisor has
 *
 * After all of the kernel's own initialisation: until here the machine is the same whatever devices
 * it will have (suspend/boot.c).
 */
void __init vitrine_virtio_find(void)
{
	struct device *parent = root_device_register("virtio-vitrine");
	unsigned int index;
	int ret;

	if (IS_ERR(parent)) {
		pr_err("no parent for devices: error %ld\n", PTR_ERR(parent));
		return;
	}

	for (index = 0; index < VIRTIO_MAX_DEVICES; index++) {
		ret = vitrine_virtio_probe(parent, index);
		if (ret < 0)
			pr_err("device %u: error %d\n", index, ret);
	}
}
