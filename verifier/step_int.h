/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions: what exploring one does to the state at work.
 *
 * env->st is the state before and then the one after. Functions return 0 or a
 * negative EXO_E*; after a refusal the report is filled.
 */
#ifndef VF_STEP_INT_H
#define VF_STEP_INT_H

#include "verifier/vf_int.h"

/* --- registers --- */

/** Refuse a register that was not set. */
int vf_need(struct vf_env *env, unsigned reg);

/** Make a register a number that this instruction gave. */
void vf_set_scalar(struct vf_env *env, unsigned reg, const struct vf_scalar *s);

/** Some number of `size` bytes, zero- or sign-extended. */
struct vf_scalar vf_loaded(uint32_t size, bool sign);

/** A new id in a state. */
uint32_t vf_new_id(struct vf_state *st);

/** The id by which a scalar and its copy are linked; 0 for a constant. */
uint32_t vf_link(struct vf_state *st, struct vf_reg *r);

/** True when pointers of these kinds point into the same object. */
bool vf_same_object(unsigned a, unsigned b);

/* --- instructions: env->st is the state before and then the one after --- */

int vf_alu(struct vf_env *env, const struct exo_insn *in);
int vf_load(struct vf_env *env, const struct exo_insn *in);
int vf_store(struct vf_env *env, const struct exo_insn *in);
int vf_atomic(struct vf_env *env, const struct exo_insn *in);
int vf_load_packet(struct vf_env *env, const struct exo_insn *in);
int vf_load_imm(struct vf_env *env, const struct exo_insn *in);

/** A helper call. */
int vf_helper(struct vf_env *env, const struct exo_insn *in);

/** A local call: env->st waits in the callee. */
int vf_call(struct vf_env *env, const struct exo_insn *in);

/**
 * A helper calls a function up to `times` times, with these registers r1 to
 * r5. env->st is the state before, and then the one after; r0 to r5 are not
 * set in it.
 */
int vf_call_back(struct vf_env *env, struct vf_func *f,
    const struct vf_reg args[5], uint64_t times);

/** The end of a function, or of the program. */
int vf_exit(struct vf_env *env);

/** The instruction may end the function with this result, with the packet
 * changed or not, or may go on: env->st is as before. No record is held. */
int vf_may_end(struct vf_env *env, const struct vf_scalar *r0, bool changed);

/** The packet has changed: pointers into it are void everywhere. */
void vf_packet_changed(struct vf_env *env);

/** A pointer, maybe one saved on a stack, points to nothing any more: it is
 * some number, or where leaks are refused it is not set; a saved one leaves
 * the pool then, so that another may take its place there. */
void vf_void(struct vf_env *env, struct vf_reg *r);

/** r1 to r5 are not set any more. */
void vf_clobber(struct vf_env *env);

/** What an access is for. */
enum vf_use {
	VF_READ,
	VF_WRITE,
	VF_READ_WRITE,
	VF_HELPER_READ,  /* a helper's */
	VF_HELPER_WRITE, /* it writes all of it: need not be set before */
};

/** The value of a map that never changes, or NULL: it may. */
const struct vf_const *vf_never_changes(const struct vf_env *env, uint32_t map);

/**
 * May the program, or a helper for it, access size bytes at register + disp?
 * Not for the context, nor the stack. Notes what the facts say of it.
 */
int vf_check_object(struct vf_env *env, unsigned reg, int32_t disp,
    uint32_t size, enum vf_use use);

/** Stack access through register reg by lo..hi + size, checked to be inside;
 * bytes are numbered as in state.h. */
struct vf_window {
	uint32_t lo, hi, size;
	uint32_t frame;
};

int vf_check_stack(struct vf_env *env, unsigned reg, int32_t disp,
    uint32_t size, struct vf_window *w);
int vf_stack_load(struct vf_env *env, const struct vf_window *w, unsigned dst,
    unsigned base, bool sign);
/** src: what is stored. */
int vf_stack_store(
    struct vf_env *env, const struct vf_window *w, const struct vf_reg *src);
int vf_stack_atomic(struct vf_env *env, const struct vf_window *w,
    unsigned base, struct vf_reg *old);
/** A helper reads the window, or writes all of it. */
int vf_stack_helper(struct vf_env *env, const struct vf_window *w,
    unsigned base, enum vf_use use);

/** Refuse an access through a register that is no pointer to memory. */
int vf_refuse_base(struct vf_env *env, unsigned reg);

/**
 * Split at a conditional jump. *fall: env->st goes on at the next
 * instruction; *taken: env->taken goes to the target.
 */
int vf_branch(
    struct vf_env *env, const struct exo_insn *in, bool *fall, bool *taken);

#endif
