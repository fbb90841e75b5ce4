// SPDX-License-Identifier: GPL-2.0-only
/* use.c - a sandbox that a call does something in */
#include "use.h"

#include "service/life/keeper.h"

int use_begin(struct request *request, struct sandbox *s, struct fault *fault)
{
	if (sandbox_load(request->service, request->caller.owner, request->params[0], s, fault))
		return -1;
	if (s->state != STATE_RUNNING) {
		fault_set(fault, FAULT_CONFLICT, "the sandbox %s is %s", s->id,
			  state_names[s->state]);
		sandbox_free(s);
		return -1;
	}
	activity_begin(s->id);
	return 0;
}

void use_end(struct request *request, struct sandbox *s)
{
	activity_end(request->service, s->id);
	sandbox_free(s);
}
