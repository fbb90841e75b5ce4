/* SPDX-License-Identifier: GPL-2.0-only */
/* log.h - what a process has written, for any number of readers
 *
 * One writer, whose thread waits while a reader lags behind by the whole log: that is the
 * back-pressure from a slow client to the program. Without readers the oldest is forgotten.
 */
#ifndef SERVICE_PROC_LOG_H
#define SERVICE_PROC_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_SIZE (128 * 1024)
#define LOG_PIECE (16 * 1024)

enum piece_kind { PIECE_STDOUT, PIECE_STDERR, PIECE_PTY, PIECE_EXIT, PIECE_CUT };

struct log;

/**
 * struct reader - where somebody is in a log
 */
struct reader {
	struct log *log;
	struct reader *next;
	uint64_t at;
};

/**
 * struct piece - what was written at once
 * @status: with PIECE_EXIT
 */
struct piece {
	enum piece_kind kind;
	int status;
	size_t len;
	char data[LOG_PIECE];
};

struct log *log_make(void);
void log_free(struct log *log);

/** log_write() - Add a piece of at most LOG_PIECE bytes; waits for readers */
void log_write(struct log *log, enum piece_kind kind, const void *data, size_t len);

/** log_end() - The last piece: PIECE_EXIT with a status, or PIECE_CUT. Every reader gets it */
void log_end(struct log *log, enum piece_kind kind, int status);

/** log_open() - Begin to read: from now on, or with @all what is still known, too */
void log_open(struct log *log, struct reader *reader, bool all);
void log_close(struct reader *reader);

#define LOG_WAIT 0
#define LOG_PIECE_READ 1

/**
 * log_read() - Wait for the next piece
 * @ms: at most
 *
 * Return: LOG_PIECE_READ, or LOG_WAIT when there was none.
 */
int log_read(struct reader *reader, struct piece *piece, int ms);

/** log_ended() - Has the last piece been written? @status: set if it was PIECE_EXIT, else -1 */
bool log_ended(struct log *log, int *status);

#endif
