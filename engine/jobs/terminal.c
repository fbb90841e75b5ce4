// SPDX-License-Identifier: GPL-2.0-only
/* terminal.c - the host terminal in raw mode
 *
 * Theory of operation
 * With a guest terminal, line editing, echo and signal characters are the guest's business, so the
 * host terminal passes bytes through. It is given back on every way out that runs code: return from
 * main and exit() through atexit(), _exit() and fatal signals because their callers call
 * terminal_restore(), and a stop by SIGTSTP from outside through terminal_resumed().
 *
 * Host system calls: ioctl (TCGETS, TCSETSW, TIOCGWINSZ), openat, close.
 */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved, raw;
static volatile int raw_fd = -1;

int terminal_raw(int fd, struct error *err)
{
	static bool registered;

	if (!isatty(fd))
		return 0;
	if (tcgetattr(fd, &saved) < 0)
		return error_set(err, errno, "cannot read the terminal's settings");
	raw = saved;
	cfmakeraw(&raw);
	if (!registered && atexit(terminal_restore))
		return error_set(err, ENOMEM, "cannot register the terminal's restoration");
	registered = true;
	raw_fd = fd;
	if (tcsetattr(fd, TCSADRAIN, &raw) < 0) {
		raw_fd = -1;
		return error_set(err, errno, "cannot put the terminal in raw mode");
	}
	return 0;
}

void terminal_keys(bool ours)
{
	if (ours)
		raw.c_lflag |= ISIG;
	else
		raw.c_lflag &= ~ISIG;
	terminal_resumed();
}

void terminal_restore(void)
{
	int saved_errno = errno;

	if (raw_fd >= 0)
		tcsetattr(raw_fd, TCSADRAIN, &saved);
	raw_fd = -1;
	errno = saved_errno;
}

void terminal_resumed(void)
{
	if (raw_fd >= 0)
		tcsetattr(raw_fd, TCSADRAIN, &raw);
}

void terminal_reserve_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR); /* inherited by our children */
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

void terminal_size(uint16_t *rows, uint16_t *columns)
{
	struct winsize size;

	*rows = *columns = 0;
	for (int fd = 0; fd < 3; fd++) {
		if (ioctl(fd, TIOCGWINSZ, &size) == 0) {
			*rows = size.ws_row;
			*columns = size.ws_col;
			return;
		}
	}
}
