/* SPDX-License-Identifier: GPL-2.0-only */
/* error.h - the one error convention of the supervisor and the command line
 *
 * The last parameter of a function that can fail is a struct error. The return value says that it
 * failed (-1 or NULL); the struct says why, in one line that names the object and what to do.
 * Success leaves it alone. Only main() prints it.
 */
#ifndef VITRINE_ERROR_H
#define VITRINE_ERROR_H

#define ERROR_TEXT_MAX 512

struct error {
	int code; /* errno value, 0 when there is none */
	char text[ERROR_TEXT_MAX];
};

/**
 * error_set() - Say why something failed
 * @err:    filled; may be NULL when the caller does not care
 * @code:   errno value, appended as text when not zero
 * @format: printf format
 *
 * Return: -1, so that callers can write `return error_set(...)`.
 */
int error_set(struct error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Let the compiler see the -1, or it warns that what a failure left unset may be used */
static inline int error_result(int result)
{
	(void)result;
	return -1;
}
#define error_set(...) error_result(error_set(__VA_ARGS__))

#endif
