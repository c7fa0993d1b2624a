/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split expressions against libpcap's whole programs for them.
 *
 * usage: diff_split [-qv] [-s SEED] [-n GENERATED] [-e LIST]
 *
 * Every expression of tests/diff/expressions.txt, and generated ones, is split
 * into nodes of at most 1, 2, 3 and 10 terms, optimised and not. The joined
 * programs are run on the packets of pcaps/ and on packets cut at every length
 * up to 96. What libpcap refuses must not be taken, and the other way round.
 *
 * Verdicts are judged by tests/support/split_check.h; those that are not those
 * of libpcap's optimised program for the whole are counted by their reason.
 *
 * -q (or EXOPF_QUICK=1) takes a sample. Exit: 0 no difference, 3 a difference.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "exo/abi/err.h"
#include "tests/support/captures.h"
#include "tests/support/exprgen.h"
#include "tests/support/split_check.h"

#ifndef EXOPF_SRCDIR
#define EXOPF_SRCDIR "."
#endif

#define MAX_LINE  16384
#define MAX_SHOWN 50
#define CUT_MAX   96
#define NSIZES    4

struct packet {
	uint8_t *data;
	uint32_t caplen, wirelen;
};

struct group {
	int dlt;
	bool swapped;
	struct packet *p;
	size_t n, room;
};

static const uint32_t sizes[NSIZES] = { 1, 2, 3, 10 };
static struct group groups[64];
static size_t ngroups;
static bool quick, verbose;
static uint64_t differences, whole, split, refused;
static uint64_t verdicts[SPLIT_WRONG + 1];

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "diff_split: %s: %s\n", what, why);
	exit(2);
}

/* --- packets ----------------------------------------------------------- */

static struct group *group_of(int dlt, bool swapped)
{
	size_t i;

	for (i = 0; i < ngroups; i++)
		if (groups[i].dlt == dlt && groups[i].swapped == swapped)
			return &groups[i];
	if (ngroups == sizeof(groups) / sizeof(groups[0]))
		die("pcaps", "too many link types");
	groups[ngroups] = (struct group){ .dlt = dlt, .swapped = swapped };
	return &groups[ngroups++];
}

static void add_packet(
    struct group *g, const uint8_t *data, uint32_t caplen, uint32_t wirelen)
{
	uint8_t *copy = malloc(caplen + 1);

	if (g->n == g->room) {
		g->room = g->room != 0 ? 2 * g->room : 64;
		g->p = realloc(g->p, g->room * sizeof(*g->p));
	}
	if (copy == NULL || g->p == NULL)
		die("memory", strerror(errno));
	memcpy(copy, data, caplen);
	g->p[g->n++] = (struct packet){ copy, caplen, wirelen };
}

static void read_file(const char *path, pcap_t *p)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	struct group *g;

	(void)path;
	g = group_of(pcap_datalink(p), pcap_is_swapped(p) != 0);
	while (pcap_next_ex(p, &h, &data) == 1)
		add_packet(g, data, h->caplen, h->len);
}

/* Keep `want` packets, evenly, and cut some of them. */
static void prepare(struct group *g, size_t want, size_t cuts)
{
	size_t i, n = g->n;
	uint32_t len;

	for (i = 0; i < n && n > want; i++) {
		size_t slot = i * want / n;

		if (slot != (i + 1) * want / n)
			g->p[slot] = g->p[i];
		else
			free(g->p[i].data);
	}
	g->n = n = n < want ? n : want;
	for (i = 0; i < cuts && i < n; i++) {
		struct packet p = g->p[i * n / cuts];

		for (len = 0; len <= CUT_MAX && len < p.caplen; len++)
			add_packet(g, p.data, len, p.wirelen);
	}
}

/* --- comparison ---------------------------------------------------------- */

static void difference(
    const struct group *g, const char *expr, const char *what, uint32_t terms)
{
	const char *name = flt_linktype_name((uint32_t)g->dlt);

	if (differences++ < MAX_SHOWN)
		printf("DIFFERENT %s, nodes of %u: %.600s: %s\n",
		    name != NULL ? name : "?", terms, expr, what);
}

static unsigned flags_of(const struct group *g, bool raw)
{
	return (raw ? FLT_EXPR_RAW : 0) | (g->swapped ? FLT_EXPR_SWAPPED : 0);
}

static void compare_run(const struct group *g, const char *expr,
    const struct split_whole *w, const struct flt_cbpf *ours, bool raw,
    uint32_t terms)
{
	char what[96];
	size_t i;

	for (i = 0; i < g->n; i++) {
		const struct packet *k = &g->p[i];
		enum split_verdict v = split_judge(
		    w, ours, raw, terms, k->data, k->caplen, k->wirelen);

		verdicts[v]++;
		if (v != SPLIT_WRONG)
			continue;
		snprintf(what, sizeof(what),
		    "%soptimised: packet %zu, %u bytes", raw ? "un" : "", i,
		    k->caplen);
		difference(g, expr, what, terms);
		return;
	}
}

static void check_size(const struct group *g, const char *expr,
    const struct split_whole *w, bool raw, uint32_t terms)
{
	const struct split_prog *whole_prog = raw ? &w->raw : &w->opt;
	struct split_prog p;

	p.ret = flt_expr_nodes(expr, (uint32_t)g->dlt, flags_of(g, raw), terms,
	    &p.insns, &p.n, &p.err);
	if (p.ret != 0 && p.ret != -EXO_ESYNTAX)
		difference(g, expr, p.err.text, terms);
	if (p.ret == 0 && w->raw.ret != 0)
		difference(g, expr, "taken against libpcap", terms);
	if (p.ret != 0 && p.err.text[0] != '\0' && whole_prog->ret == 0)
		difference(g, expr, p.err.text, terms);
	if (p.ret == 0 && w->raw.ret == 0)
		compare_run(g, expr, w, p.insns, raw, terms);
	free(p.insns);
}

static void check_expr(const struct group *g, const char *expr)
{
	struct split_whole w;
	struct flt_split s;
	int i;

	if (flt_split(expr, 1, &s) != 0 || s.n < 2) {
		flt_split_free(&s);
		whole++;
		return;
	}
	flt_split_free(&s);
	split_whole_make(&w, expr, (uint32_t)g->dlt, flags_of(g, false));
	split++;
	refused += w.raw.ret != 0;
	if (verbose && w.raw.ret != 0)
		printf("refused: %.200s: %s\n", expr, w.raw.err.text);
	for (i = 0; i < 2 * NSIZES; i++)
		check_size(g, expr, &w, i >= NSIZES, sizes[i % NSIZES]);
	split_whole_free(&w);
}

/* --- expressions ---------------------------------------------------------- */

static void check_line(char *line)
{
	char *tab = strchr(line, '\t');
	int dlt = -1;
	size_t i;

	if (line[0] == '#' || tab == NULL)
		return;
	*tab = '\0';
	if (strcmp(line, "*") != 0)
		dlt = flt_linktype_dlt((uint32_t)flt_linktype_number(line));
	for (i = 0; i < ngroups; i++)
		if (dlt == groups[i].dlt || dlt == -1)
			check_expr(&groups[i], tab + 1);
}

static void check_list(const char *path, size_t step)
{
	static char line[MAX_LINE];
	FILE *f = fopen(path, "r");
	size_t n = 0;

	if (f == NULL)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (n++ % step == 0)
			check_line(line);
	}
	fclose(f);
}

/* Take a token away, or write it twice, so that libpcap refuses it mostly. */
static void damage(char *text, struct exprgen *g)
{
	struct flt_lexer lx = { .text = text };
	uint32_t n = 0, at;
	size_t len;

	while (flt_lex(&lx) != FLT_T_END)
		n++;
	at = exprgen_rnd(g, n);
	lx.pos = 0;
	for (n = 0; n <= at; n++)
		(void)flt_lex(&lx);
	len = strlen(text + lx.pos) + 1;
	if (exprgen_rnd(g, 3) != 0)
		memmove(text + lx.start, text + lx.pos, len);
	else if (strlen(text) + lx.len + 2 < EXPRGEN_MAX)
		memmove(text + lx.pos, text + lx.start, len + lx.len);
}

static void check_generated(uint64_t seed, size_t count)
{
	static char text[EXPRGEN_MAX];
	struct exprgen g = { .rnd = seed | 1 };
	uint64_t before = split;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct group *to = &groups[i % ngroups];

		g.ether = to->dlt == DLT_EN10MB;
		exprgen_make(&g, text);
		if (i % 3 == 2)
			damage(text, &g);
		check_expr(to, text);
	}
	if (count >= 100 && split - before < count / 3)
		difference(&groups[0], "generated", "too few are split", 0);
	printf("generated: %zu expressions, %" PRIu64 " of them split\n", count,
	    split - before);
}

/* `host 10.0.0.0 or host 10.0.0.1 or ...` */
static char *long_text(uint32_t terms)
{
	size_t room = terms * 24u, len = 0;
	char *text = malloc(room);
	uint32_t k;

	if (text == NULL)
		die("memory", strerror(errno));
	for (k = 0; k < terms; k++)
		len += (size_t)snprintf(text + len, room - len,
		    "%shost 10.0.%u.%u", k != 0 ? " or " : "", k >> 8, k & 255);
	return text;
}

/* More terms than libpcap can compile whole: `net 10.0.0.0/20` in pieces,
 * through the verifier and the interpreter as well. */
static void check_long(const struct group *g, uint32_t terms)
{
	const char *net = terms == 256 ? "net 10.0.0.0/24" : "net 10.0.0.0/20";
	struct split_prog p, whole_net;
	char *text = long_text(terms);
	struct cbpf_run r;
	size_t i;

	p.ret =
	    flt_expr_cbpf(text, (uint32_t)g->dlt, 0, &p.insns, &p.n, &p.err);
	whole_net.ret = flt_expr_whole(net, (uint32_t)g->dlt, 0,
	    &whole_net.insns, &whole_net.n, &whole_net.err);
	if (p.ret != 0 || whole_net.ret != 0)
		die(net, p.err.text);
	if (!cbpf_run_make(&r, p.insns, p.n))
		die(net, r.why);
	for (i = 0; i < g->n; i++) {
		const struct packet *k = &g->p[i];
		uint64_t got = 0;

		/* complete addresses: see split_check.h for others */
		if (k->caplen >= 42 &&
		    (!cbpf_run_on(&r, k->data, k->caplen, k->wirelen, &got) ||
		        got != cbpf_run_libpcap(whole_net.insns, k->data,
		                   k->caplen, k->wirelen)))
			difference(g, net, "in pieces", terms);
	}
	printf("%u hosts: %u classic instructions, %u converted\n", terms, p.n,
	    r.ninsns);
	cbpf_run_free(&r);
	free(p.insns);
	free(whole_net.insns);
	free(text);
}

int main(int argc, char **argv)
{
	const char *list = EXOPF_SRCDIR "/tests/diff/expressions.txt";
	const char *env = getenv("EXOPF_QUICK");
	size_t generated = 0, i;
	uint64_t seed = 20261129, comparisons = 0;
	int c;

	quick = env != NULL && env[0] != '\0';
	while ((c = getopt(argc, argv, "qvs:n:e:")) != -1) {
		if (c == 'q')
			quick = true;
		else if (c == 'v')
			verbose = true;
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 'n')
			generated = strtoul(optarg, NULL, 10);
		else if (c == 'e')
			list = optarg;
		else
			die("usage", "diff_split [-qv] [-s SEED] "
			             "[-n GENERATED] [-e LIST]");
	}
	if (captures_each(EXOPF_SRCDIR "/pcaps", read_file) != 0)
		die("pcaps", strerror(errno));
	for (i = 0; i < ngroups; i++)
		prepare(&groups[i], quick ? 60 : 400, quick ? 4 : 12);
	check_list(list, quick ? 8 : 1);
	check_generated(seed, generated != 0 ? generated : quick ? 600 : 4000);
	check_long(group_of(DLT_EN10MB, false), quick ? 256 : 4096);
	printf("not split: %" PRIu64 "; refused by libpcap: %" PRIu64 "\n",
	    whole, refused);
	for (i = 0; i <= SPLIT_WRONG; i++)
		comparisons += verdicts[i];
	printf("not libpcap's optimised program's: %" PRIu64
	       " verdicts of the unoptimised one that rejects, %" PRIu64
	       " of it that accepts, %" PRIu64 " of a node's optimiser\n",
	    verdicts[SPLIT_UNOPTIMISED], verdicts[SPLIT_OPTIMISER],
	    verdicts[SPLIT_NODE]);
	printf("diff_split: %" PRIu64 " expressions, %" PRIu64
	       " comparisons, %" PRIu64 " differences\n",
	    split, comparisons, differences);
	return differences == 0 ? 0 : 3;
}
