/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States in the order in which they are explored.
 *
 * Where a state that waited goes on, all of it is printed, under a line that
 * says from which instruction it came; from there on only what changed since
 * the line before.
 */
#include "exo/hosted/verify_trace.h"
#include "exo/hosted/heap.h"

#include "exo/hosted/json.h"
#include "exo/hosted/signals.h"
#include "exo/isa/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Nodes whose origin is remembered. */
#define ORIGINS ((size_t)1 << 22)

struct tracing {
	const struct cmd_trace *how;
	const struct vf_input *in;
	uint64_t shown, left_out;
	uint32_t pass, last; /* last: instruction shown */
	uint32_t node;
	uint32_t *born; /* of each node: the instruction that it came from */
	size_t nborn, room;
	bool fresh; /* a state that waited goes on */
	struct vf_reg before[EXO_REGS];
	uint32_t npool;
};

static bool mute(struct tracing *t)
{
	if (t->shown < t->how->most && cmd_signal_stop == 0 &&
	    !ferror(t->how->out))
		return false;
	t->left_out++;
	return true;
}

static void on_born(void *ctx, uint32_t node, uint32_t pc)
{
	struct tracing *t = ctx;
	size_t more = t->room == 0 ? 1024 : t->room * 2;
	uint32_t *p;

	(void)pc;
	if (node != t->nborn || t->nborn >= ORIGINS)
		return;
	if (t->nborn == t->room) {
		p = realloc(t->born, more * sizeof(*p));
		if (p == NULL)
			return;
		t->born = p;
		t->room = more;
	}
	t->born[t->nborn++] = t->last;
}

static void on_begin(void *ctx, uint32_t node)
{
	struct tracing *t = ctx;

	t->node = node;
	t->fresh = true;
}

/* "r3" or "fp-8", a stack slot of some frame. */
static void slot_name(struct exo_fmt *f, const struct vf_state *st, uint16_t at)
{
	uint32_t up = st->depth - at / VF_HALVES;

	exo_fmt_str(f, "fp");
	exo_fmt_i64(f, (int64_t)(at % VF_HALVES) * 4 - (int64_t)EXO_STACK_SIZE);
	if (up != 0) {
		exo_fmt_str(f, "^");
		exo_fmt_u64(f, up);
	}
}

/* Take what is to be said of one register to the output. */
typedef void put_fn(void *to, const char *name, const char *text);

static void each(
    struct tracing *t, const struct vf_state *st, put_fn *put, void *to)
{
	bool slots = t->fresh || st->npool != t->npool;
	char name[32], text[256];
	struct exo_fmt f;
	uint32_t i;

	for (i = 0; i < EXO_R_FP; i++) {
		if (t->fresh ? st->r[i].kind == EXO_REG_UNINIT
		             : why_same(&st->r[i], &t->before[i]))
			continue;
		snprintf(name, sizeof(name), "r%u", i);
		exo_fmt_init(&f, text, sizeof(text));
		why_reg(&f, &st->r[i], st->depth, t->in);
		put(to, name, text);
	}
	for (i = 0; slots && i < st->npool; i++) {
		exo_fmt_init(&f, name, sizeof(name));
		slot_name(&f, st, st->pool[i].at);
		exo_fmt_init(&f, text, sizeof(text));
		why_reg(&f, &st->pool[i], st->depth, t->in);
		put(to, name, text);
	}
	memcpy(t->before, st->r, sizeof(t->before));
	t->npool = st->npool;
}

struct line {
	FILE *out;
	bool any;
};

static void put_text(void *to, const char *name, const char *text)
{
	struct line *l = to;

	fprintf(l->out, "%s%s = %s", l->any ? "; " : "   ", name, text);
	l->any = true;
}

static uint32_t origin(const struct tracing *t)
{
	return t->node < t->nborn ? t->born[t->node] : EXO_REPORT_NOWHERE;
}

static void print_text(
    struct tracing *t, uint32_t pc, const struct vf_state *st, const char *insn)
{
	FILE *out = t->how->out;
	struct line l = { out, false };
	uint32_t from = origin(t);

	if (t->fresh && from == EXO_REPORT_NOWHERE)
		fprintf(out, "state %u, where it starts:\n", t->node);
	else if (t->fresh)
		fprintf(out, "state %u, from %u to %u:\n", t->node, from, pc);
	fprintf(out, "  %u: %-*s", pc, 34 - snprintf(NULL, 0, "%u", pc), insn);
	each(t, st, put_text, &l);
	fputc('\n', out);
}

static void put_json(void *to, const char *name, const char *text)
{
	cmd_json_str(to, name, text);
}

static void print_json(
    struct tracing *t, uint32_t pc, const struct vf_state *st, const char *insn)
{
	struct cmd_json j;
	uint32_t from = origin(t);

	cmd_json_begin(&j, t->how->out);
	cmd_json_str(&j, "schema", "exopf.trace/1");
	cmd_json_u64(&j, "pass", t->pass);
	cmd_json_u64(&j, "state", t->node);
	if (!t->fresh || from == EXO_REPORT_NOWHERE)
		cmd_json_null(&j, "from");
	else
		cmd_json_u64(&j, "from", from);
	cmd_json_u64(&j, "insn", pc);
	cmd_json_str(&j, "text", insn);
	cmd_json_u64(&j, "frame", st->depth);
	t->fresh = true; /* each line says all */
	cmd_json_object(&j, "registers");
	each(t, st, put_json, &j);
	cmd_json_end(&j);
	cmd_json_finish(&j);
}

static void on_pass(struct tracing *t)
{
	t->pass++;
	t->nborn = 0;
	t->last = EXO_REPORT_NOWHERE;
	if (t->pass > 1 && !t->how->json && !mute(t))
		fprintf(t->how->out,
		    "once more, and nothing is forgotten where ways join:\n");
}

static void on_state(void *ctx, uint32_t pc, const struct vf_state *st)
{
	struct tracing *t = ctx;
	struct exo_fmt f;
	char insn[128];

	if (st == NULL) {
		on_pass(t);
		return;
	}
	t->last = pc;
	if (mute(t))
		return;
	exo_fmt_init(&f, insn, sizeof(insn));
	isa_disasm(&f, t->in->insns, t->in->ninsns, pc);
	if (t->how->json)
		print_json(t, pc, st, insn);
	else
		print_text(t, pc, st, insn);
	t->fresh = false;
	t->shown++;
	fflush(t->how->out);
}

int cmd_verify_trace(const struct cmd_trace *how, const struct vf_input *in,
    const struct vf_limits *limits, struct exo_report *report,
    uint64_t *left_out)
{
	struct exo_mem mem = cmd_heap();
	struct tracing t = { .how = how, .in = in };
	const struct vf_trace trace = {
		.fn = on_state, .ctx = &t, .born = on_born, .begin = on_begin
	};
	struct vf_prog *prog = NULL;
	int ret = vf_verify_traced(in, limits, &mem, &trace, &prog, report);

	vf_prog_free(prog, &mem);
	free(t.born);
	*left_out = t.left_out;
	return ret;
}
