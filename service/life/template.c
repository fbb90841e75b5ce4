// SPDX-License-Identifier: GPL-2.0-only
/* template.c - what a template's name stands for: an image, or what was built from one */
#include <string.h>

#include "sandbox.h"
#include "service/service.h"
#include "service/starter/order.h"
#include "service/store/store.h"

int template_image(struct service *service, const char *owner, const char *name, char *image,
		   struct fault *fault)
{
	struct rows rows cleanup_rows = { 0 };
	struct error err;

	if (!order_name_valid(name))
		return fault_set(fault, FAULT_NOT_FOUND, "there is no such template");
	if (store_run(service->store, &rows, &err,
		      "SELECT image FROM template WHERE owner = $1 AND name = $2", "ss", owner,
		      name))
		return fault_error(fault, FAULT_INTERNAL, &err);
	if (!rows.count && strcmp(name, "base") != 0)
		return fault_set(fault, FAULT_NOT_FOUND, "there is no template %s", name);
	snprintf(image, 65, "%s", rows.count ? rows_text(&rows, 0, 0) : service->base);
	return 0;
}

int template_find(struct service *service, const char *owner, const char *name,
		  struct sandbox *wanted, struct fault *fault)
{
	/* One that was built is a snapshot; an image may have the same name */
	if (!snapshot_wanted(service, owner, name, wanted, fault))
		return 0;
	if (fault->code != FAULT_NOT_FOUND)
		return -1;
	snprintf(wanted->template, sizeof(wanted->template), "%s", name);
	return template_image(service, owner, name, wanted->image, fault);
}
