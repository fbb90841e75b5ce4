/* SPDX-License-Identifier: GPL-2.0-only */
/* roles.h - what the network processes run; private to engine/net */
#ifndef ENGINE_NET_ROLES_H
#define ENGINE_NET_ROLES_H

#include "engine/sandbox.h"
#include "link.h"

/**
 * stack_run() - The stack: frames on one side, connections on the other. Confines itself
 * @gate: socket to the gate, which gives it connections
 * @life: readable, at its end, when the sandbox is over
 */
void stack_run(struct link *link, int gate, int life) __attribute__((noreturn));

/**
 * gate_run() - The gate: policy, names, dialling, listening, the log. Confines itself
 * @stack:   socket to the stack
 * @control: socket to the supervisor, which is told first whether everything is well
 * @proxy:   socket to the proxy, or -1
 */
void gate_run(const struct sandbox_config *config, int stack, int control, int proxy)
    __attribute__((noreturn));

/**
 * proxy_run() - The proxy: requests, secrets, certificates. Confines itself
 * @gate:       socket to the gate, which gives it connections
 * @supervisor: gets the certificate and key of the sandbox's authority, or '-' and why there is
 * none
 */
void proxy_run(const struct sandbox_config *config, int gate, int supervisor)
    __attribute__((noreturn));

#endif
