/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verified programs: how they are made, and what they tell.
 *
 * A verified program is one block: its head, a copy of the instructions, by
 * how much context pointers are moved (only where one is), and the notes.
 * It exists only after the last proof; whatever happens before leaves nothing
 * behind but the report.
 */
#include "exo/abi/err.h"
#include "exo/isa/decode.h"
#include "exo/lib/mem.h"
#include "verifier/vf_int.h"

struct vf_prog {
	struct vf_facts facts;
	uint32_t type;
	uint32_t n;
	bool moves; /* moved is there */
	int32_t *moved;
	uint8_t *notes;
	struct exo_insn insns[];
};

static size_t prog_size(uint32_t n, bool moves)
{
	size_t each =
	    sizeof(struct exo_insn) + 1 + (moves ? sizeof(int32_t) : 0);

	return sizeof(struct vf_prog) + n * each;
}

/*
 * The budget of memory
 *
 * An account of its own with the budget as its limit, which takes from the
 * caller's: when a request fails without reaching the caller's, it was the
 * budget.
 */

static void *account_get(void *ctx, size_t size)
{
	struct vf_account *a = ctx;
	void *p = exo_mem_raw(a->to, size);

	a->failed = p == NULL;
	return p;
}

static void account_put(void *ctx, void *p, size_t size)
{
	struct vf_account *a = ctx;

	exo_mem_put(a->to, p, size);
}

void *vf_get(struct vf_env *env, size_t size)
{
	env->account->failed = false;
	return exo_arena_get(&env->arena, size);
}

/*
 * Pieces that come back, to the list of their size: in grains, or for large
 * ones the next power of two.
 */

static void **room_of(struct vf_env *env, size_t size, size_t *whole)
{
	size_t k = (size + VF_GRAIN - 1) / VF_GRAIN;
	unsigned power = 0;

	if (k < VF_ROOMS) {
		*whole = (k == 0 ? 1 : k) * VF_GRAIN;
		return &env->room[k == 0 ? 1 : k];
	}
	while ((size_t)1 << power < size)
		power++;
	*whole = (size_t)1 << power;
	return &env->large[power];
}

void *vf_piece(struct vf_env *env, size_t size)
{
	size_t whole;
	void **room = room_of(env, size, &whole);
	void *p = *room;

	if (p == NULL)
		return vf_get(env, whole);
	memcpy(room, p, sizeof(p));
	memset(p, 0, size);
	return p;
}

void vf_put(struct vf_env *env, void *p, size_t size)
{
	size_t whole;
	void **room = room_of(env, size, &whole);

	if (p == NULL)
		return;
	memcpy(p, room, sizeof(p));
	*room = p;
}

static void report_clear(struct exo_report *r)
{
	memset(r, 0, sizeof(*r));
	r->insn = EXO_REPORT_NOWHERE;
	r->reg = EXO_REPORT_NOREG;
	r->widened = EXO_REPORT_NOWHERE;
}

static int no_memory(const struct vf_account *account, uint64_t budget,
    struct exo_report *report)
{
	if (account->failed)
		return -EXO_ENOMEM;
	report_clear(report); /* an earlier pass may have left one */
	report->code = VF_BUDGET_MEM;
	report->limit = budget;
	return -EXO_EBUDGET;
}

int vf_no_memory(struct vf_env *env)
{
	int err = no_memory(env->account, env->arena.mem->limit, env->report);

	env->report->explored = env->facts.explored;
	return err;
}

/*
 * Reports
 */

int vf_refuse(struct vf_env *env, enum vf_code code)
{
	report_clear(env->report);
	env->report->code = (uint32_t)code;
	env->report->insn = env->pc;
	env->report->explored = env->facts.explored;
	return -EXO_EREFUSED;
}

int vf_refuse_reg(struct vf_env *env, enum vf_code code, unsigned reg)
{
	const struct vf_reg *r = &env->st.r[reg];
	struct exo_report *to = env->report;

	(void)vf_refuse(env, code);
	to->reg = (uint8_t)reg;
	to->reg_kind = r->kind;
	if (r->kind == EXO_REG_UNINIT)
		return -EXO_EREFUSED;
	to->widened = r->def;
	to->smin = r->s.r.smin;
	to->smax = r->s.r.smax;
	to->umin = r->s.r.umin;
	to->umax = r->s.r.umax;
	return -EXO_EREFUSED;
}

int vf_refuse_access(struct vf_env *env, enum vf_code code, unsigned reg,
    int64_t off, uint32_t size, uint64_t limit)
{
	(void)vf_refuse_reg(env, code, reg);
	env->report->off = off;
	env->report->size = (uint16_t)size;
	env->report->limit = limit;
	return -EXO_EREFUSED;
}

int vf_pause(struct vf_env *env, uint64_t units)
{
	if (exo_pause(env->pause, units))
		return 0;
	(void)vf_refuse(env, VF_BUDGET_EXPLORED);
	env->report->limit = env->budget;
	return -EXO_EBUDGET;
}

/*
 * The whole
 */

static int check_input(const struct vf_input *in, struct exo_report *report)
{
	if (in->type == 0 || in->type > EXO_PROG_TYPE_MAX)
		report->code = VF_BAD_TYPE;
	else if (in->ninsns == 0)
		report->code = VF_EMPTY;
	else if (in->ninsns > VF_INSNS_MAX)
		report->code = VF_TOO_LONG;
	else if (in->nmaps > VF_MAPS_MAX)
		report->code = VF_MAP;
	if (report->code == VF_TOO_LONG)
		report->limit = VF_INSNS_MAX;
	return report->code == VF_OK ? 0 : -EXO_EREFUSED;
}

static int prove(struct vf_env *env)
{
	int err = vf_check(env);

	if (err == 0)
		err = vf_order(env);
	if (err == 0)
		err = vf_live(env);
	if (err == 0)
		err = vf_explore(env);
	/* whatever a later pass would have said: it was not let go on */
	return exo_pause_stopped(env->pause) ? vf_pause(env, 0) : err;
}

/* What the caller asked for. */
struct job {
	const struct vf_input *in;
	const struct vf_trace *trace;
	struct exo_report *report;
	struct vf_account account;
	struct exo_mem mem; /* the budget's */
	uint64_t budget;    /* explored instructions */
	struct exo_pause *pause;
	struct vf_prog *prog;
};

static void env_init(
    struct vf_env *env, struct job *job, const struct exo_arena *arena)
{
	env->arena = *arena;
	env->account = &job->account;
	env->in = job->in;
	env->insns = job->in->insns;
	env->n = job->in->ninsns;
	env->type = job->in->type;
	env->refuse_leaks = job->in->refuse_leaks;
	env->budget = job->budget;
	env->pause = job->pause;
	env->trace = job->trace;
	env->report = job->report;
	env->facts.pure = true;
}

/* The instruction that sets a register to a number; false: it takes two. */
static bool set_number(struct exo_insn *to, unsigned dst, uint64_t v)
{
	bool low = v <= UINT32_MAX;

	if (!low && (uint64_t)(int64_t)(int32_t)v != v)
		return false;
	to->code = (low ? EXO_ALU : EXO_ALU64) | EXO_MOV | EXO_K;
	to->regs = (uint8_t)dst;
	to->off = 0;
	to->imm = (int32_t)(uint32_t)v;
	return true;
}

/* Loads that find the same number on every way that was explored, and so in
 * every run, become that number. */
static void put_numbers(const struct vf_env *env, struct vf_prog *p)
{
	for (uint32_t i = 0; env->konst != NULL && i < p->n; i++)
		if (env->konst[i].found == VF_FOUND_SAME)
			(void)set_number(&p->insns[i], exo_dst(&p->insns[i]),
			    env->konst[i].v);
}

static int make_prog(const struct vf_env *env, struct job *job)
{
	const struct vf_input *in = job->in;
	bool moves = env->moved != NULL;
	uint32_t n = in->ninsns, i;
	struct vf_prog *p = exo_mem_get(job->account.to, prog_size(n, moves));

	if (p == NULL)
		return -EXO_ENOMEM;
	p->facts = env->facts;
	p->facts.peak_mem = job->mem.peak;
	p->facts.leaks = !in->refuse_leaks;
	p->type = in->type;
	p->n = n;
	p->moves = moves;
	p->moved = (int32_t *)(p->insns + n);
	p->notes = (uint8_t *)(p->moved + (moves ? n : 0));
	memcpy(p->insns, in->insns, n * sizeof(p->insns[0]));
	put_numbers(env, p);
	if (moves)
		memcpy(p->moved, env->moved, n * sizeof(p->moved[0]));
	for (i = 0; i < n; i++) {
		p->notes[i] =
		    env->note[i] & (uint8_t) ~(VF_ASKED_NULL | VF_ASKED_ELSE);
		/* branch.c: it was never about anything else */
		if ((env->note[i] & (VF_ASKED_NULL | VF_ASKED_ELSE)) ==
		    VF_ASKED_NULL)
			p->insns[i].code =
			    (uint8_t)((p->insns[i].code & ~7u) | EXO_JMP);
		if ((env->flag[i] & VF_FLAG_CTX) != 0)
			p->notes[i] |= VF_NOTE_CTX;
	}
	job->prog = p;
	return 0;
}

/* Everything is in the arena, the verification itself, too; the program is
 * made before that goes. */
static int prove_in_arena(struct job *job)
{
	struct exo_arena arena;
	struct vf_env *env;
	int err;

	exo_arena_init(&arena, &job->mem);
	env = exo_arena_get(&arena, sizeof(*env));
	if (env == NULL)
		return no_memory(&job->account, job->mem.limit, job->report);
	env_init(env, job, &arena);
	err = prove(env);
	if (err == 0 || err == -EXO_ENOMEM) {
		report_clear(job->report); /* a pass may have left one */
		job->report->explored = env->facts.explored;
	}
	if (err == 0)
		err = make_prog(env, job);
	arena = env->arena;
	exo_arena_free(&arena);
	return err;
}

int vf_verify_traced(const struct vf_input *in, const struct vf_limits *limits,
    struct exo_mem *mem, const struct vf_trace *trace, struct vf_prog **out,
    struct exo_report *report)
{
	struct job job = {
		.in = in,
		.trace = trace,
		.report = report,
		.account = { mem, false },
		.mem = { .get = account_get, .put = account_put },
		.budget = limits->explored,
		.pause = limits->pause,
	};
	int err;

	job.mem.ctx = &job.account;
	job.mem.limit = limits->mem == 0 ? VF_MEM_DEFAULT : limits->mem;
	if (job.budget == 0)
		job.budget = VF_EXPLORED_DEFAULT;
	*out = NULL;
	report_clear(report);
	err = check_input(in, report);
	if (err == 0)
		err = prove_in_arena(&job);
	*out = job.prog;
	return err;
}

int vf_verify(const struct vf_input *in, const struct vf_limits *limits,
    struct exo_mem *mem, struct vf_prog **out, struct exo_report *report)
{
	return vf_verify_traced(in, limits, mem, NULL, out, report);
}

void vf_prog_free(struct vf_prog *prog, struct exo_mem *mem)
{
	if (prog != NULL)
		exo_mem_put(mem, prog, prog_size(prog->n, prog->moves));
}

const struct exo_insn *vf_prog_insns(const struct vf_prog *p, uint32_t *n)
{
	*n = p->n;
	return p->insns;
}

uint32_t vf_prog_type(const struct vf_prog *p)
{
	return p->type;
}

const struct vf_facts *vf_prog_facts(const struct vf_prog *p)
{
	return &p->facts;
}

const uint8_t *vf_prog_notes(const struct vf_prog *p)
{
	return p->notes;
}

int32_t vf_prog_moved(const struct vf_prog *p, uint32_t pc)
{
	return p->moves ? p->moved[pc] : 0;
}
