/* SPDX-License-Identifier: GPL-2.0-only */
/* tools.h - the tools of vitrine mcp */
#ifndef CLI_MCP_TOOLS_H
#define CLI_MCP_TOOLS_H

#include "task.h"

/**
 * struct tool_plan - how a tool is done
 * @plan:   fill in a task's steps and input
 * @finish: its result, from what the commands have said
 */
struct tool_plan {
	int (*plan)(struct task *task, struct error *err);
	json_t *(*finish)(struct task *task);
};

/** tools_table() - The tools, as clients see them */
const struct mcp_tool *tools_table(size_t *count);

/** tools_plan() - How one of the table is done */
const struct tool_plan *tools_plan(const struct mcp_tool *tool);

/* Results of many tools; each an object that mcp_result() made */
json_t *tool_failed(const struct task *task);
json_t *tool_names(struct task *task);
json_t *tool_text(struct task *task);
json_t *tool_json(struct task *task);

/* Arguments, which have been checked */
const char *tool_string(const struct task *task, const char *name, const char *otherwise);
json_int_t tool_number(const struct task *task, const char *name, json_int_t otherwise);

/* Plans that are more than a line: commands.c, files.c */
int plan_create(struct task *task, struct error *err);
int plan_run(struct task *task, struct error *err);
int plan_failed_calls(struct task *task, struct error *err);
int plan_write_file(struct task *task, struct error *err);
int plan_read_file(struct task *task, struct error *err);
json_t *finish_run(struct task *task);
json_t *finish_failed_calls(struct task *task);
json_t *finish_read_file(struct task *task);

#endif
