/* SPDX-License-Identifier: GPL-2.0-only */
/* sse.h - operations on SSE registers: @reg is changed, @rm is read; memory was loaded before */
#ifndef EMU_SSE_H
#define EMU_SSE_H

#include "engine/tier/emulate/cpu/uop.h"

/* sse_move.c */
emu_fn op_load_x4, op_load_x8, op_load_x16, op_load_x16_aligned;
emu_fn op_store_x4, op_store_x8, op_store_x16, op_store_x16_aligned, op_store_high;
emu_fn op_movaps, op_movss, op_movsd, op_movq, op_movlps, op_movhps, op_movhlps, op_movlhps;
emu_fn op_movd_to, op_movq_to, op_movd_from, op_movq_from, op_movmskps, op_movmskpd, op_pmovmskb;
emu_fn op_maskmov, op_pinsrw, op_pextrw;
emu_fn op_mm_enter, op_mm_enter_memory, op_mm_leave, op_mm_leave_high, op_mm_pack, op_emms;
emu_fn op_mm_check, op_mm_start, op_mm_store;

/* sse_int.c */
emu_fn op_paddb, op_paddw, op_paddd, op_paddq, op_psubb, op_psubw, op_psubd, op_psubq;
emu_fn op_paddsb, op_paddsw, op_paddusb, op_paddusw, op_psubsb, op_psubsw, op_psubusb, op_psubusw;
emu_fn op_pcmpeqb, op_pcmpeqw, op_pcmpeqd, op_pcmpgtb, op_pcmpgtw, op_pcmpgtd;
emu_fn op_pminub, op_pmaxub, op_pminsw, op_pmaxsw, op_pavgb, op_pavgw;
emu_fn op_pmullw, op_pmulhw, op_pmulhuw, op_pmuludq, op_pmaddwd, op_psadbw;
emu_fn op_pand, op_pandn, op_por, op_pxor;
emu_fn op_psllw, op_pslld, op_psllq, op_psrlw, op_psrld, op_psrlq, op_psraw, op_psrad;
emu_fn op_shift_imm, op_pslldq, op_psrldq;
emu_fn op_packsswb, op_packuswb, op_packssdw;
emu_fn op_punpcklbw, op_punpcklwd, op_punpckldq, op_punpcklqdq;
emu_fn op_punpckhbw, op_punpckhwd, op_punpckhdq, op_punpckhqdq;
emu_fn op_pshufd, op_pshuflw, op_pshufhw, op_shufps, op_shufpd;

/* sse_float.c */
emu_fn op_addps, op_addpd, op_addss, op_addsd, op_subps, op_subpd, op_subss, op_subsd;
emu_fn op_mulps, op_mulpd, op_mulss, op_mulsd, op_divps, op_divpd, op_divss, op_divsd;
emu_fn op_minps, op_minpd, op_minss, op_minsd, op_maxps, op_maxpd, op_maxss, op_maxsd;
emu_fn op_sqrtps, op_sqrtpd, op_sqrtss, op_sqrtsd, op_rcpps, op_rcpss, op_rsqrtps, op_rsqrtss;
emu_fn op_cmpps, op_cmppd, op_cmpss, op_cmpsd;
emu_fn op_ucomiss, op_ucomisd, op_comiss, op_comisd;

/* sse_convert.c */
emu_fn op_cvtps2pd, op_cvtpd2ps, op_cvtss2sd, op_cvtsd2ss;
emu_fn op_cvtdq2ps, op_cvtps2dq, op_cvttps2dq, op_cvtdq2pd, op_cvtpd2dq, op_cvttpd2dq;
emu_fn op_cvtpi2ps, op_cvtpi2pd, op_cvtps2pi, op_cvttps2pi, op_cvtpd2pi, op_cvttpd2pi;
/* @rm or @reg is a general register; @imm: 8 bytes or 4 */
emu_fn op_cvtsi2ss, op_cvtsi2sd, op_cvtss2si, op_cvttss2si, op_cvtsd2si, op_cvttsd2si;

/* decode_sse.c and others */
struct fp_env;
struct fp_env sse_env(const struct emu_cpu *c);
/* Note what happened; false: it traps, and nothing may be written */
bool sse_settle(struct emu_cpu *c, const struct fp_env *env);

#endif
