/* SPDX-License-Identifier: BSD-2-Clause */
/* Filters for the demultiplexer's oracle: see demux_prog.h. */
#include "tests/support/demux_prog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/cap.h"
#include "exo/core/image.h"
#include "exo/hosted/heap.h"
#include "exo/isa/interp.h"
#include "exo/isa/text.h"
#include "tests/support/accgen.h"

#define LIST_MAX  4096u
#define LONGEST   16384
#define ANY_LINK  UINT32_MAX
#define BPF_RET_K 6u
#define BUDGET    400000u

static struct entry {
	uint32_t link;
	char *expr;
} list[LIST_MAX];
static uint32_t nlist;
static struct exo_mem mem; /* all programs' */

bool dx_list_read(const char *path)
{
	static char line[LONGEST];
	FILE *f = fopen(path, "r");

	mem = cmd_heap();
	while (f != NULL && nlist < LIST_MAX &&
	       fgets(line, sizeof(line), f) != NULL) {
		char *tab = strchr(line, '\t');
		int link;

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || tab == NULL)
			continue;
		*tab = '\0';
		link = flt_linktype_number(line);
		if (link < 0 && strcmp(line, "*") != 0)
			continue;
		list[nlist].link = link < 0 ? ANY_LINK : (uint32_t)link;
		list[nlist++].expr = strdup(tab + 1);
	}
	if (f == NULL || fclose(f) != 0)
		return false;
	return nlist > 0;
}

void dx_list_free(void)
{
	while (nlist > 0)
		free(list[--nlist].expr);
}

/* --- how programs are made -------------------------------------------------- */

/* What is returned of an accepted packet: of all ways the same, or not. */
static void shorten(struct spacegen *g, struct flt_cbpf *insns, uint32_t n)
{
	static const uint32_t keeps[] = { 1, 14, 20, 40, 64, 96, 1500 };
	uint32_t keep = keeps[sg_below(g, 7)];
	bool differ = sg_below(g, 3) == 0;

	for (uint32_t i = 0; i < n; i++)
		if (insns[i].code == BPF_RET_K && insns[i].k != 0)
			insns[i].k = differ ? keeps[sg_below(g, 7)] : keep;
}

static bool of_expression(struct dx_prog *p, struct spacegen *g)
{
	struct flt_code code = { NULL, 0, 0 };
	struct flt_cbpf *insns;
	struct flt_error err;
	uint32_t n;
	bool ok;

	if (flt_expr_cbpf(p->text, p->link, 0, &insns, &n, &err) != 0)
		return false;
	if (sg_below(g, 4) == 0)
		shorten(g, insns, n);
	ok = flt_cbpf_convert(insns, n, &code, &err) == 0 &&
	     flt_image_write(EXO_PROG_SOCKET, code.insns, code.n, NULL, NULL,
	         &p->img, &err) == 0;
	flt_code_free(&code);
	free(insns);
	return ok;
}

static bool of_list(struct dx_prog *p, struct spacegen *g)
{
	const struct entry *e = &list[sg_below(g, nlist)];

	if ((e->link != ANY_LINK && e->link != p->link) ||
	    strlen(e->expr) >= sizeof(p->text))
		return false;
	strcpy(p->text, e->expr);
	return of_expression(p, g);
}

static bool of_packet(struct dx_prog *p, struct spacegen *g)
{
	static struct dx_packet near;

	dx_packet_any(g, p->link, &near);
	dx_say(g, &near, p->text);
	return of_expression(p, g);
}

/* Text with three numbers for %: two places and something to compare with. */
static const struct {
	uint32_t type;
	const char *text;
} odd[] = {
	/* sums that no field is in */
	{ EXO_PROG_SOCKET,
	    "r6 = r1\nr0 = *(u8 *)skb[%]\nr7 = r0\nr0 = *(u8 *)skb[%]\n"
	    "r7 += r0\nr7 &= 7\nr0 = 0\nif r7 > % goto no\nr0 = 77\nno:\n"
	    "exit\n" },
	{ EXO_PROG_SOCKET,
	    "r6 = r1\nr0 = *(u16 *)skb[%]\nr7 = r0\nr0 = *(u32 *)skb[%]\n"
	    "r7 *= r0\nr7 ^= %\nr7 &= 1\nr0 = r7\nexit\n" },
	/* a place that a byte tells */
	{ EXO_PROG_SOCKET,
	    "r6 = r1\nr0 = *(u8 *)skb[%]\nr7 = r0\nr7 &= 63\n"
	    "r0 = *(u8 *)skb[r7 + %]\nr7 = %\nif r0 > r7 goto no\nr0 = 0\n"
	    "exit\nno:\nr0 = -1\nexit\n" },
	/* as many bytes as a byte says */
	{ EXO_PROG_SOCKET,
	    "r6 = r1\nr0 = *(u8 *)skb[%]\nr7 = r0\nr0 = *(u8 *)skb[%]\n"
	    "if w0 == % goto no\nr0 = r7\nexit\nno:\nr0 = 0\nexit\n" },
	/* by its condition it need not run, but for what it keeps */
	{ EXO_PROG_SOCKET,
	    "r6 = r1\nr0 = *(u16 *)skb[12]\nif w0 == 2048 goto four\n"
	    "if w0 == 34525 goto six\nr0 = 0\nexit\nfour:\nr0 = %\nexit\n"
	    "six:\nr0 = %\nr0 += %\nexit\n" },
	{ EXO_PROG_SOCKET,
	    "r6 = r1\nr0 = *(u8 *)skb[23]\nif w0 == 6 goto yes\nr0 = %\n"
	    "exit\nyes:\nr0 = %\nr0 *= %\nexit\n" },
	/* single bits */
	{ EXO_PROG_SOCKET,
	    "r6 = r1\nr0 = *(u8 *)skb[%]\nr0 &= 1\nif r0 == 0 goto no\n"
	    "r0 = *(u8 *)skb[%]\nr0 ^= %\nr0 &= 1\nif r0 == 0 goto no\n"
	    "r0 = 60\nexit\nno:\nr0 = 0\nexit\n" },
	/* what is not in the packet */
	{ EXO_PROG_SOCKET,
	    "r2 = *(u32 *)(r1 + 36)\nr3 = *(u32 *)(r1 + 0)\nr3 += r2\n"
	    "r3 += %\nr3 += %\nr3 &= 15\nr0 = 0\nif r3 > % goto no\n"
	    "r0 = 100\nno:\nexit\n" },
	{ EXO_PROG_TC,
	    "r2 = *(u32 *)(r1 + 16)\nr2 &= %\nr3 = *(u32 *)(r1 + 0)\n"
	    "r0 = 0\nif r2 == 0 goto yes\nr3 += %\nr3 &= 7\n"
	    "if r3 < % goto yes\nr0 = 2\nyes:\nexit\n" },
	/* what it wrote of its context is not there for the next packet */
	{ EXO_PROG_SOCKET,
	    "r6 = r1\nr7 = *(u32 *)(r6 + 48)\nr0 = *(u8 *)skb[%]\n"
	    "*(u32 *)(r6 + 48) = r0\nr7 += r0\nr7 += %\nr7 &= 7\nr0 = 0\n"
	    "if r7 > % goto no\nr0 = 200\nno:\nexit\n" },
	/* data and data_end */
	{ EXO_PROG_XDP,
	    "r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr0 = 1\nr4 = r2\n"
	    "r4 += 80\nif r4 > r3 goto no\nr5 = *(u8 *)(r2 + %)\n"
	    "r6 = *(u8 *)(r2 + %)\nr5 += r6\nr5 &= 3\nif r5 > % goto no\n"
	    "r0 = 2\nno:\nexit\n" },
	{ EXO_PROG_XDP,
	    "r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr0 = 2\nr4 = r2\n"
	    "r4 += 72\nif r4 > r3 goto yes\nr5 = *(u8 *)(r2 + %)\n"
	    "r6 = *(u16 *)(r2 + %)\nif r5 < 64 goto yes\nr6 &= 255\n"
	    "if r6 == % goto yes\nr0 = 1\nyes:\nexit\n" },
	{ EXO_PROG_SOCKET, "r0 = %\nr0 += %\nr0 &= 3\nr0 += %\nexit\n" },
};

static bool of_text(struct dx_prog *p, struct spacegen *g)
{
	uint32_t i = sg_below(g, sizeof(odd) / sizeof(odd[0])), k = 0;
	const uint32_t x[] = { sg_below(g, 70), sg_below(g, 70),
		sg_below(g, sg_below(g, 2) == 0 ? 4 : 200) };
	struct flt_error err;
	char *to = p->text;

	for (const char *s = odd[i].text; *s != '\0'; s++) {
		if (*s != '%')
			*to++ = *s;
		else
			to += sprintf(to, "%u", x[k++]);
	}
	*to = '\0';
	return flt_asm_image(p->text, strlen(p->text), odd[i].type, NULL,
	           &p->img, &err) == 0;
}

static bool of_chance(struct dx_prog *p, struct spacegen *g)
{
	struct flt_cbpf classic[ACCGEN_CLASSIC];
	struct exo_insn insns[ACCGEN_INSNS];
	struct flt_code code = { NULL, 0, 0 };
	struct flt_error err;
	struct accgen a;
	uint8_t bytes[128];
	bool ok = false;
	uint32_t n;

	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)sg_below(g, 256);
	accgen_init(&a, bytes, sizeof(bytes));
	if (sg_below(g, 4) == 0) {
		strcpy(p->text, "accgen_direct()");
		n = accgen_direct(&a, p->link, EXO_PROG_XDP, insns);
		return flt_image_write(EXO_PROG_XDP, insns, n, NULL, NULL,
		           &p->img, &err) == 0;
	}
	strcpy(p->text, "accgen_classic()");
	n = accgen_classic(&a, p->link, classic);
	if (flt_cbpf_convert(classic, n, &code, &err) == 0)
		ok = flt_image_write(EXO_PROG_SOCKET, code.insns, code.n, NULL,
		         NULL, &p->img, &err) == 0;
	flt_code_free(&code);
	return ok;
}

/* As a core does it that is not told otherwise. */
static bool verify(struct dx_prog *p)
{
	struct vf_limits limits = VF_LIMITS_BARE;
	struct vf_input in = { .refuse_leaks = true, .no_pkt_write = true };
	struct exo_report report;
	struct exo_image img;
	uint32_t bad;

	if (exo_image_parse(p->img.bytes, p->img.size, &img, &bad) != 0)
		return false;
	in.insns = img.insns;
	in.ninsns = img.ninsns;
	in.type = img.type;
	in.maps = img.maps;
	in.nmaps = img.nmaps;
	if (vf_verify(&in, &limits, &mem, &p->prog, &report) != 0)
		return false;
	if (vf_prog_facts(p->prog)->max_steps > EXO_STEPS_DEFAULT)
		return false;
	p->insns = vf_prog_insns(p->prog, &p->n);
	p->type = img.type;
	return true;
}

bool dx_prog_make(struct dx_prog *p, struct spacegen *g, uint32_t link)
{
	static bool (*const ways[])(struct dx_prog *,
	    struct spacegen *) = { of_list, of_packet, of_packet, of_packet,
		of_packet, of_text, of_chance, dx_effect_make };

	memset(p, 0, sizeof(*p));
	p->link = link;
	p->asked = UINT64_MAX;
	if (ways[sg_below(g, 8)](p, g) && verify(p))
		return true;
	dx_prog_free(p);
	return false;
}

void dx_prog_free(struct dx_prog *p)
{
	vf_prog_free(p->prog, &mem);
	flt_image_free(&p->img);
	p->prog = NULL;
}

/* --- what they say ---------------------------------------------------------- */

/* exo/abi/call.h has no word on this: programs say it as Linux's do. */
uint32_t dx_kept(uint32_t type, uint32_t w0)
{
	if (type == EXO_PROG_XDP)
		return w0 == 2 ? UINT32_MAX : 0;
	if (type == EXO_PROG_TC)
		return w0 == 0 || w0 == UINT32_MAX ? UINT32_MAX : 0;
	return w0;
}

uint32_t dx_prog_ask(struct dx_prog *p, struct isa_vm *vm,
    const struct dx_packet *pkt, uint64_t number)
{
	const struct isa_pkt raw = { pkt->data, pkt->caplen, pkt->wirelen,
		pkt->ifindex, pkt->protocol };
	enum isa_end end;
	uint64_t r0;

	if (p->asked == number)
		return p->kept;
	isa_point(vm, p->type, p->insns, p->n);
	isa_set_pkt(vm, &raw);
	vm->stack = vf_prog_facts(p->prog)->stack;
	vm->fuel = vf_prog_facts(p->prog)->max_steps;
	end = isa_run(vm, &r0);
	if (end != ISA_END_EXIT && end != ISA_END_REJECT) {
		dx_prog_print(p);
		dx_packet_print(pkt);
		printf("a verified program traps\n");
		abort();
	}
	p->asked = number;
	p->kept = dx_kept(p->type, (uint32_t)r0);
	return p->kept;
}

bool dx_prog_where(
    const struct dx_prog *p, struct sp_work *w, struct sp_region *out)
{
	struct vf_accept acc;

	w->left = BUDGET;
	if (vf_accept(p->prog, p->link, w, &acc) != 0)
		abort();
	*out = acc.where;
	return !acc.opaque;
}

void dx_prog_print(const struct dx_prog *p)
{
	static char text[1 << 16];
	struct exo_fmt f;

	printf("program type %u: %s\n", p->type, p->text);
	exo_fmt_init(&f, text, sizeof(text));
	for (uint32_t i = 0; i < p->n;) {
		exo_fmt_str(&f, "    ");
		i += isa_disasm(&f, p->insns, p->n, i);
		exo_fmt_str(&f, "\n");
	}
	printf("%s", text);
}
