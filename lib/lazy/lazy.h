/* SPDX-License-Identifier: GPL-2.0-only */
/* lazy.h - libraries that are loaded when one of their functions is called */
#ifndef LIB_LAZY_LAZY_H
#define LIB_LAZY_LAZY_H

/**
 * lazy_load() - Load libraries now, and find all of their functions that the program calls
 * @prefix: of their names, as "libssl"
 *
 * Before a process confines itself. Ends the process with a message when there is no such library.
 */
void lazy_load(const char *prefix);

#endif
