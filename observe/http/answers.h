/* SPDX-License-Identifier: GPL-2.0-only */
/* answers.h - who answers which path */
#ifndef OBSERVE_HTTP_ANSWERS_H
#define OBSERVE_HTTP_ANSWERS_H

#include "asks.h"
#include "http.h"

extern const struct route routes[];
extern const size_t nroutes;

/* answers.c: from what the server has */
http_handler answer_snapshot, answer_syscalls, answer_enosys, answer_history, answer_events,
    answer_stats, answer_metrics;

/* questions.c: from what the kernel says */
http_handler answer_view, answer_task, answer_page_cache, answer_files, answer_host, answer_control,
    answer_follow;

/**
 * server_ask() - Put a question to the kernel: the asker of server.asks
 */
struct ask_answer server_ask(void *server, const struct question *question);

#endif
