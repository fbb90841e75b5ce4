// SPDX-License-Identifier: GPL-2.0-only
/* screen.c - a terminal as a screen and a keyboard
 *
 * Theory of operation
 * Plain ECMA-48 sequences, which every terminal has understood for decades: with a frame that is
 * drawn whole, ncurses would bring a database and a second idea of what is on the screen, and save
 * nothing. A frame is one write(), so that it does not flicker.
 *
 * The terminal is given back in whatever way the process ends: screen_leave() is async-signal-safe,
 * can be called twice, and is called at exit and by the handlers of all signals that end a process
 * and can be caught. Being stopped and continued leaves and enters it as well.
 */
#include "screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include "vitrine/util.h"

#define ENTER "\033[?1049h\033[?25l\033[2J"
#define LEAVE "\033[m\033[?25h\033[?1049l"
#define ESCAPE_MS                                                                                  \
	30 /* a key's sequence follows the escape character at once, a finger does not             \
	    */
#define CONTROL(letter) ((letter)&0x1f)

static struct termios before;
static volatile sig_atomic_t entered, resized;

static void raw(void)
{
	struct termios mode = before;

	mode.c_iflag &= ~(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
	/* ISIG stays: a guest that hangs while it is asked must not keep us from ^C */
	mode.c_lflag &= ~(ECHO | ICANON | IEXTEN);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &mode);
	(void)!write(STDOUT_FILENO, ENTER, sizeof(ENTER) - 1);
	entered = 1;
}

void screen_leave(void)
{
	if (!entered)
		return;
	entered = 0;
	(void)!write(STDOUT_FILENO, LEAVE, sizeof(LEAVE) - 1);
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* The handler was for one time only: the signal does what it does, now with the terminal as it was
 */
static void on_fatal(int sig)
{
	screen_leave();
	raise(sig);
}

static void on_resize(int sig)
{
	resized = 1;
}

/* Stopped here, and continued here */
static void on_stop(int sig)
{
	int saved = errno;
	bool was = entered;

	screen_leave();
	kill(getpid(), SIGSTOP);
	if (was)
		raw();
	resized = 1;
	errno = saved;
}

static void handlers_install(void)
{
	static const int fatal[] = { SIGHUP,  SIGINT,  SIGQUIT,	  SIGTERM, SIGPIPE, SIGSEGV,
				     SIGBUS,  SIGFPE,  SIGILL,	  SIGABRT, SIGALRM, SIGUSR1,
				     SIGUSR2, SIGXCPU, SIGVTALRM, SIGSYS };
	struct sigaction action = { .sa_handler = on_fatal, .sa_flags = SA_RESETHAND };

	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		sigaction(fatal[i], &action, NULL);
	action = (struct sigaction){ .sa_handler = on_resize };
	sigaction(SIGWINCH, &action, NULL);
	action.sa_handler = on_stop;
	sigaction(SIGTSTP, &action, NULL);
}

int screen_enter(struct error *err)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) ||
	    (term && !strcmp(term, "dumb")))
		return error_set(err, 0, "this is no terminal that can be drawn on; use --once");
	handlers_install();
	atexit(screen_leave);
	raw();
	return 0;
}

void screen_size(unsigned *rows, unsigned *columns)
{
	struct winsize size = { 0 };

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*rows = size.ws_row ? size.ws_row : 24;
	*columns = size.ws_col ? size.ws_col : 80;
	if (*rows < 2)
		*rows = 2;
	if (*columns < 20)
		*columns = 20;
}

bool screen_colour(void)
{
	const char *unwanted = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(unwanted && *unwanted) &&
	       !(term && !strncmp(term, "vt", 2));
}

static void write_all(const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, bytes, len);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (n > 0) {
			bytes += n;
			len -= n;
		}
	}
}

void screen_show(const struct frame *frame)
{
	static const char home[] = "\033[H", rest[] = "\033[J";
	size_t len = frame->len;

	write_all(home, sizeof(home) - 1);
	/* A line's end on the last row would scroll */
	if (frame->row >= frame->rows && len >= 2)
		len -= 2;
	write_all(frame->text, len);
	if (frame->row < frame->rows)
		write_all(rest, sizeof(rest) - 1);
}

static bool readable(int fd, int ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, ms) > 0;
}

/* What follows an escape character: "[A", "OA", "[5~"; anything else is thrown away */
static int sequence(void)
{
	static const struct {
		const char *text;
		int key;
	} keys[] = {
		{ "[A", KEY_UP },	  { "[B", KEY_DOWN }, { "[C", KEY_RIGHT },
		{ "[D", KEY_LEFT },	  { "OA", KEY_UP },   { "OB", KEY_DOWN },
		{ "OC", KEY_RIGHT },	  { "OD", KEY_LEFT }, { "[5~", KEY_PAGE_UP },
		{ "[6~", KEY_PAGE_DOWN }, { "[H", KEY_HOME }, { "[F", KEY_END },
		{ "[1~", KEY_HOME },	  { "[4~", KEY_END }, { "OH", KEY_HOME },
		{ "OF", KEY_END },
	};
	char text[8] = "";
	size_t len = 0;

	while (len < sizeof(text) - 1 && readable(STDIN_FILENO, ESCAPE_MS)) {
		if (read(STDIN_FILENO, &text[len], 1) != 1)
			break;
		len++;
		if (len > 1 && text[len - 1] >= '@')
			break;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!strcmp(keys[i].text, text))
			return keys[i].key;
	}
	return len ? KEY_NONE : KEY_ESCAPE;
}

static int key_read(void)
{
	char byte;
	ssize_t n = read(STDIN_FILENO, &byte, 1);

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		return KEY_CLOSED;
	if (n < 0)
		return KEY_NONE;
	switch (byte) {
	case KEY_ESCAPE:
		return sequence();
	case CONTROL('L'):
		return KEY_RESIZE;
	case CONTROL('H'):
		return KEY_BACKSPACE;
	case '\n':
		return KEY_ENTER;
	default:
		return (unsigned char)byte;
	}
}

int screen_key(int fd, int ms)
{
	struct pollfd ready[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				  { .fd = fd, .events = POLLIN } };
	int n = resized ? 0 : poll(ready, 2, ms);

	if (resized) {
		resized = 0;
		return KEY_RESIZE;
	}
	return n > 0 && ready[0].revents ? key_read() : KEY_NONE;
}
