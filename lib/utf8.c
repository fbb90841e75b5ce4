// SPDX-License-Identifier: GPL-2.0-only
/* utf8.c - characters of a guest's text, and which of them are shown as they are
 *
 * Names and paths in Linux are bytes, and whoever chooses them may mean them for whoever looks:
 * a terminal obeys C1 controls in UTF-8 as it does those of ASCII, and one character that turns the
 * direction of text makes a line say something else. Everything that leaves for somebody to read
 * asks here (plain.c, and text.c and guest_text.c of the observatory).
 */
#include "utf8.h"
#include "vitrine/util.h"

static const struct {
	uint32_t first, last;
} not_plain[] = {
	{ 0, 0x1f },	      { 0x7f, 0x9f }, { 0x61c, 0x61c }, /* Arabic letter mark */
	{ 0x180e, 0x180e },					/* a vowel separator */
	{ 0x200b, 0x200f },					/* zero width, directions */
	{ 0x2028, 0x202e },   /* ends of lines, embeddings, overrides */
	{ 0x2060, 0x206f },   /* joiners, isolates */
	{ 0xfeff, 0xfeff },   /* the mark of the byte order */
	{ 0xfff9, 0xfffb },   /* annotations */
	{ 0xe0000, 0xe007f }, /* tags */
};

size_t utf8_character(const void *bytes, size_t len, uint32_t *code)
{
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };
	const uint8_t *p = bytes;
	size_t more = 0;

	while (more < ARRAY_SIZE(forms) && (p[0] & forms[more].mask) != forms[more].lead)
		more++;
	if (more >= len || more == ARRAY_SIZE(forms))
		return 0;
	*code = p[0] & (uint8_t)~forms[more].mask;
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if (*code < forms[more].least || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return more + 1;
}

bool utf8_plain(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_plain); i++) {
		if (code >= not_plain[i].first && code <= not_plain[i].last)
			return false;
	}
	return true;
}
