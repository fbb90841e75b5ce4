/* SPDX-License-Identifier: GPL-2.0-only */
/* steps.h - what is done in the sandbox that becomes a template */
#ifndef SERVICE_BUILD_STEPS_H
#define SERVICE_BUILD_STEPS_H

#include "build.h"

/**
 * struct steps - a build under way
 * @id:   of the sandbox; @owner: whose files are copied
 * @env:  a list of "K=V", @user and @cwd: as the steps so far have set them, "" for none
 * @say:  tells what happens
 */
struct steps {
	struct service *service;
	const char *id, *owner;
	json_t *env;
	char user[64], cwd[1024];
	void (*say)(void *context, const char *level, const char *text);
	void *context;
};

/** step_do() - One of {type, args, filesHash}. Return: 0, or -1 with @fault */
int step_do(struct steps *steps, const json_t *step, struct fault *fault);

/** step_start() - Begin the command that goes on in each sandbox, and wait until it is ready */
int step_start(struct steps *steps, const char *start, const char *ready, struct fault *fault);

#endif
