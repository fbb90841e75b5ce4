/* SPDX-License-Identifier: GPL-2.0-only */
/* net.h - the network of a sandbox, as the supervisor has it */
#ifndef ENGINE_NET_NET_H
#define ENGINE_NET_NET_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/sandbox.h"
#include "link.h"
#include "vitrine/error.h"

#define NET_COMMAND_MAX 512
#define NET_ANSWER_MAX (120 * 1024)

/**
 * net_start() - Start the network processes, if @config wants a network
 *
 * Call it before anything of the guest is in this process: they begin as its copies.
 *
 * Return: 0 or -1.
 */
int net_start(const struct sandbox_config *config, struct error *err);

/**
 * net_ready() - Wait until they have everything that they need
 * @err: filled on failure: a port is in use, a log cannot be written
 *
 * Return: 0 or -1.
 */
int net_ready(struct error *err);

/**
 * net_link() - The cable to the network process; NULL without a network
 */
struct link *net_link(void);

/**
 * net_alive() - A descriptor that hangs up when the network processes have ended
 *
 * net_link() still says that there is a network when nobody has asked them to.
 */
int net_alive(void);

/**
 * net_cmdline() - What the guest's kernel has to know, with a blank before it; "" without a network
 */
const char *net_cmdline(void);

/**
 * net_authority() - The certificate that the guest may want to believe, for the command line's end
 *
 * Return: with a blank before it; "" when requests are not looked at.
 */
const char *net_authority(void);

/**
 * net_authority_kept() - Its certificate and key, for who goes on from this sandbox
 *
 * Return: NULL when there is none. net_authority_forget() wipes it: before a guest runs.
 */
const char *net_authority_kept(void);
void net_authority_forget(void);

/**
 * net_ask() - Ask the gate: "list", "log", "publish SPEC", "unpublish SPEC"
 * @answer: filled with its text, JSON, which the caller frees
 * @err:    filled on failure, also with what the gate says
 *
 * Return: 0 or -1.
 */
int net_ask(const char *command, char **answer, struct error *err);

/**
 * net_leave() - This is another process of the sandbox now, that has no business with the network
 */
void net_leave(void);

/**
 * net_stop() - The sandbox is over: connections end, the last lines of the log are written
 */
void net_stop(void);

#endif
