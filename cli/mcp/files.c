// SPDX-License-Identifier: GPL-2.0-only
/* files.c - tools that read and write files of a sandbox */
#include <errno.h>
#include <string.h>
#include <openssl/evp.h>

#include "tools.h"
#include "vitrine/util.h"

static void place(struct task *task)
{
	const char *path = tool_string(task, "path", "");

	/* What is relative is so to nothing that the client knows */
	task_word(task, "%s:%s%s", tool_string(task, "sandbox", ""), *path == '/' ? "" : "/", path);
}

int plan_read_file(struct task *task, struct error *err)
{
	task_step(task);
	task_word(task, "cp");
	task_word(task, "--");
	place(task);
	task_word(task, "-");
	return 0;
}

json_t *finish_read_file(struct task *task)
{
	const struct task_stream *out = &task->streams[TASK_OUT];
	const char *data = out->data ?: "";
	cleanup_free char *coded = NULL;
	json_t *text;

	if (out->cut)
		return mcp_result("the file is larger than 1 MiB; read a part with sandbox_run and "
				  "head, tail or sed",
				  NULL, true);
	if (task->status)
		return tool_failed(task);
	text = memchr(data, 0, out->len) ? NULL : json_stringn(data, out->len);
	json_decref(text);
	if (text)
		return mcp_result(data, json_pack("{s:s}", "encoding", "utf-8"), false);
	coded = malloc(out->len / 3 * 4 + 5);
	if (!coded)
		return NULL;
	EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)data, (int)out->len);
	return mcp_result(coded, json_pack("{s:s}", "encoding", "base64"), false);
}

/* Return: bytes, or -1 */
static int decode(const char *text, size_t len, char *out)
{
	size_t padding = 0;
	int n;

	while (padding < 2 && len && text[len - 1 - padding] == '=')
		padding++;
	n = len % 4 || len > 8U << 20
		? -1
		: EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)text, (int)len);
	return n < (int)padding ? n : n - (int)padding;
}

int plan_write_file(struct task *task, struct error *err)
{
	const char *content = tool_string(task, "content", "");
	struct task_stream *in = &task->streams[TASK_IN];
	int len = (int)strlen(content);

	in->data = malloc((size_t)len + 4);
	if (!in->data)
		return error_set(err, ENOMEM, "content");
	if (!strcmp(tool_string(task, "encoding", "utf-8"), "base64"))
		len = decode(content, (size_t)len, in->data);
	else
		memcpy(in->data, content, (size_t)len);
	if (len < 0)
		return error_set(err, 0, "content: this is no base64");
	in->len = (size_t)len;
	task_step(task);
	task_word(task, "cp");
	task_word(task, "--");
	task_word(task, "-");
	place(task);
	return 0;
}
