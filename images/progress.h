/* SPDX-License-Identifier: GPL-2.0-only */
/* progress.h - tell how far a long step is: a line that changes on a terminal, one a phase else */
#ifndef VITRINE_IMAGES_PROGRESS_H
#define VITRINE_IMAGES_PROGRESS_H

#include <stdint.h>

/** progress_subject() - What it is about, in place of "image"; then only a terminal is told */
void progress_subject(const char *subject);

/** progress_phase() - A new phase begins; @what is copied */
void progress_phase(const char *what);

/** progress_bytes() - So much has been done in it; cheap enough to call for every buffer */
void progress_bytes(uint64_t done);

/** progress_tick() - Nothing new: time passes */
void progress_tick(void);

/** progress_note() - Show what is being done, on a terminal only */
void progress_note(const char *note);

/** progress_end() - Leave the line clean */
void progress_end(void);

#endif
