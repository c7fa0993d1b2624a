/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiled filters against the interpreter, for every expression.
 *
 * usage: diff_jit [-qv] [-s SEED] [-n RANDOM] [-e LIST] [FILE|DIRECTORY ...]
 *
 * Expressions are those of tests/diff/expressions.txt, packets those of pcaps/
 * (of each link type at most PACKETS, evenly), some of them cut at every
 * length up to 96. Both programs that libpcap makes of an expression for its
 * own link type are converted and verified; those of `*` for Ethernet and for
 * one other link type. RANDOM (1000) of these joined at random follow, and as
 * many random classic programs. Each is compiled with all passes, with none, and without each one, with and without
 * the processor's newer instructions; on each packet all of these must give
 * what the interpreter gives. A packet ends right before a page that nobody
 * may touch.
 *
 * -q (or EXOPF_QUICK=1) takes every 8th expression. Exit: 0 no difference, 2
 * cannot read, 3 a difference; a filter that traps kills the process, which
 * tells the expression.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exo/core/world_int.h"
#include "exo/jit/jit.h"
#include "filters/filters_int.h"
#include "tests/support/captures.h"
#include "tests/support/cbpf_gen.h"
#include "tests/support/mem.h"

#ifndef EXOPF_SRCDIR
#define EXOPF_SRCDIR "."
#endif

#define MAX_LINE 16384
#define PACKETS  100u /* of each link type */
#define CUTS     3u   /* packets of each link type that are cut */
#define CUT_MAX  96u
#define LINKS    64u
#define KEPT     4096u
#define ROOM     (1u << 18) /* longest packet */
#define PAGE     4096u
#define VARIANTS (PASSES + 2u)

enum {
	PASSES = 0
#define JIT_PASS(bit, name, text) +1
#include "exo/jit/passes.inc"
#undef JIT_PASS
};

struct packet {
	uint8_t *data;
	uint32_t caplen, wirelen;
};

struct link {
	uint32_t linktype;
	struct packet p[PACKETS + CUTS * (CUT_MAX + 1)];
	uint32_t n;
	uint64_t seen;
};

static struct link links[LINKS];
static uint32_t nlinks;
static uint8_t *room; /* ROOM bytes before a page nobody may touch */
static bool quick, verbose;
static uint64_t seed = 20261129;
static char now[512];    /* what is at work */
static char *kept[KEPT]; /* expressions to be joined */
static unsigned nkept;
static struct {
	uint64_t programs, refused, compiled, bytes, pairs, differences;
} total;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "diff_jit: %s: %s\n", what, why);
	exit(2);
}

static void died(int sig)
{
	dprintf(STDERR_FILENO, "DIFFERENT signal %d: %s\n", sig, now);
	signal(sig, SIG_DFL);
	raise(sig);
}

/*
 * Packets
 */

static struct link *link_of(uint32_t linktype)
{
	uint32_t i;

	for (i = 0; i < nlinks; i++)
		if (links[i].linktype == linktype)
			return &links[i];
	if (nlinks == LINKS)
		die("link types", "too many");
	links[nlinks].linktype = linktype;
	return &links[nlinks++];
}

static void set_packet(
    struct packet *p, const uint8_t *data, uint32_t caplen, uint32_t wirelen)
{
	free(p->data);
	p->data = malloc(caplen == 0 ? 1 : caplen);
	if (p->data == NULL)
		die("memory", strerror(errno));
	memcpy(p->data, data, caplen);
	p->caplen = caplen;
	p->wirelen = wirelen;
}

/* Keep PACKETS of any number, each as likely as the others. */
static void add_packet(
    struct link *l, const struct pcap_pkthdr *h, const uint8_t *data)
{
	uint64_t at = l->seen++;

	if (h->caplen > ROOM)
		return;
	if (at >= PACKETS) {
		at = cbpf_random(&seed) % l->seen;
		if (at >= PACKETS)
			return;
	} else {
		l->n++;
	}
	set_packet(&l->p[at], data, h->caplen, h->len);
}

static void read_file(const char *path, pcap_t *p)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	struct link *l;

	(void)path;
	if (pcap_datalink(p) <= UINT16_MAX) {
		l = link_of((uint32_t)pcap_datalink(p));
		while (pcap_next_ex(p, &h, &data) == 1)
			add_packet(l, h, data);
	}
}

static void read_tree(const char *path)
{
	if (captures_each(path, read_file) != 0)
		die(path, strerror(errno));
}

static void cut_all(void)
{
	uint32_t i, k, len;

	for (i = 0; i < nlinks; i++) {
		struct link *l = &links[i];
		uint32_t whole = l->n;

		for (k = 0; k < CUTS && whole != 0; k++) {
			struct packet p = l->p[cbpf_random(&seed) % whole];

			for (len = 0; len <= CUT_MAX && len < p.caplen; len++)
				set_packet(
				    &l->p[l->n++], p.data, len, p.wirelen);
		}
	}
}

/*
 * The comparison
 */

struct variant {
	struct exo_world_code *code;
	uint32_t without, no_cpu;
};

static void choose(struct variant *v, unsigned k)
{
	v->without = 0;
	v->no_cpu = k % 2 != 0 ? JIT_CPU_MOVBE | JIT_CPU_BMI2 : 0;
	if (k == 1)
		v->without = UINT32_MAX;
	else if (k >= 2)
		v->without = 1u << (k - 2);
}

static void difference(const struct variant *v, const struct packet *p,
    uint64_t want, uint64_t got)
{
	if (total.differences++ >= 50)
		return;
	printf("DIFFERENT %s: without passes %#x, cpu %u: %u bytes of %u: "
	       "%" PRIu64 ", interpreted %" PRIu64 "\n",
	    now, v->without, v->no_cpu, p->caplen, p->wirelen, got, want);
}

static void one_packet(struct exo_world *w, const struct cbpf_run *r,
    const struct variant *v, const struct packet *p)
{
	struct isa_vm *vm = exo_world_vm(w);
	struct isa_pkt pkt = { room + ROOM - p->caplen, p->caplen, p->wirelen,
		1, 0x0800 };
	uint64_t want, got;
	unsigned k;

	memcpy(room + ROOM - p->caplen, p->data, p->caplen);
	isa_set_pkt(vm, &pkt);
	isa_point(vm, EXO_PROG_SOCKET, r->insns, r->ninsns);
	vm->stack = r->facts->stack;
	(void)exo_world_run(w, r->facts->max_steps, &want);
	for (k = 0; k < VARIANTS; k++) {
		got = exo_world_exec(w, v[k].code);
		total.pairs++;
		if (got != want)
			difference(&v[k], p, want, got);
	}
}

static void compare(const struct cbpf_run *r, const struct link *l)
{
	struct variant v[VARIANTS];
	struct exo_mem mem = mem_heap(NULL);
	struct exo_world_config cfg = { .mem = &mem };
	struct exo_world *w;
	uint32_t i, size;
	unsigned k;

	if (exo_world_new(&cfg, &w) != 0)
		die("world", "no memory");
	for (k = 0; k < VARIANTS; k++) {
		choose(&v[k], k);
		w->no_cpu = v[k].no_cpu;
		if (exo_world_compile(w, r->prog, v[k].without, &v[k].code) !=
		    0)
			die(now, "does not compile");
		(void)exo_world_code_bytes(v[k].code, &size);
		total.compiled++;
		total.bytes += size;
	}
	for (i = 0; i < l->n; i++)
		one_packet(w, r, v, &l->p[i]);
	for (k = 0; k < VARIANTS; k++)
		exo_world_code_free(w, v[k].code);
	exo_world_free(w);
}

static void classic(
    const struct flt_cbpf *insns, uint32_t n, const struct link *l)
{
	struct cbpf_run r;

	if (!cbpf_run_make(&r, insns, n)) {
		total.refused++;
		if (verbose)
			printf("%s: %s\n", now, r.why);
		return;
	}
	total.programs++;
	compare(&r, l);
	cbpf_run_free(&r);
}

/*
 * Expressions
 */

static void expression(const char *expr, const struct link *l, unsigned line)
{
	struct flt_cbpf *insns;
	struct flt_error err;
	uint32_t n;
	unsigned raw;

	for (raw = 0; raw < 2; raw++) {
		snprintf(now, sizeof(now), "line %u, %u, %s: %.300s", line,
		    l->linktype, raw ? "unoptimised" : "optimised", expr);
		if (flt_expr_cbpf(expr, l->linktype, raw ? FLT_EXPR_RAW : 0,
		        &insns, &n, &err) < 0)
			continue;
		classic(insns, n, l);
		free(insns);
	}
}

static void entry(char *line, unsigned number)
{
	char *tab = strchr(line, '\t');
	struct link own = { 0 }, *l;
	int linktype;

	if (tab == NULL)
		die(line, "not LINKTYPE<TAB>EXPRESSION");
	*tab = '\0';
	if (strcmp(line, "*") == 0) {
		if (nkept < KEPT && strlen(tab + 1) < 200)
			kept[nkept++] = strdup(tab + 1);
		l = link_of(DLT_EN10MB);
		expression(tab + 1, l, number);
		if (&links[number % nlinks] != l)
			expression(tab + 1, &links[number % nlinks], number);
		return;
	}
	linktype = flt_linktype_number(line);
	if (linktype < 0)
		die(line, "no such link type");
	own = *link_of(DLT_EN10MB); /* packets of another kind */
	own.linktype = (uint32_t)flt_linktype_dlt((uint32_t)linktype);
	l = link_of(own.linktype);
	expression(tab + 1, l->n != 0 ? l : &own, number);
}

static void read_entries(const char *path)
{
	static char line[MAX_LINE];
	FILE *f = fopen(path, "r");
	unsigned n = 0;

	if (f == NULL)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), f) != NULL) {
		n++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0' || (quick && n % 8 != 0))
			continue;
		entry(line, n);
	}
	fclose(f);
}

/* Two or three expressions for Ethernet in one. */
static void joined_expressions(unsigned n)
{
	static const char *const forms[][4] = {
		{ "(", ") and (", ") and (", ")" },
		{ "(", ") or (", ") or (", ")" },
		{ "(", ") and not ((", ") or (", "))" },
		{ "((", ") and (", ")) or (", ")" },
		{ "not (", ") and ((", ") or (", "))" },
	};
	static char text[4096];
	unsigned i, k, at;

	for (i = 0; i < n && nkept != 0; i++) {
		const char *const *form = forms[cbpf_random(&seed) % 5];

		for (k = at = 0; k < 3; k++)
			at += (unsigned)snprintf(text + at, sizeof(text) - at,
			    "%s%s", form[k], kept[cbpf_random(&seed) % nkept]);
		(void)snprintf(text + at, sizeof(text) - at, "%s", form[3]);
		expression(text, link_of(DLT_EN10MB), 0);
	}
	while (nkept > 0)
		free(kept[--nkept]);
}

static void random_programs(unsigned n)
{
	struct flt_cbpf insns[CBPF_GEN_MAX];
	unsigned i;

	for (i = 0; i < n; i++) {
		snprintf(now, sizeof(now), "random program %u", i);
		classic(insns, cbpf_gen(insns, &seed), &links[i % nlinks]);
	}
}

static void make_room(void)
{
	uint8_t *p = mmap(NULL, ROOM + PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + ROOM, PAGE, PROT_NONE) != 0)
		die("mmap", strerror(errno));
	room = p;
}

static void run(const char *list, unsigned random)
{
	make_room();
	cut_all();
	signal(SIGSEGV, died);
	signal(SIGILL, died);
	signal(SIGTRAP, died);
	signal(SIGFPE, died);
	read_entries(list);
	joined_expressions(quick ? random / 8 : random);
	random_programs(quick ? random / 8 : random);
	printf("%s - programs %" PRIu64 " refused %" PRIu64 " compiled %" PRIu64
	       " code-bytes %" PRIu64 " pairs %" PRIu64 " differences %" PRIu64
	       "\n",
	    total.differences == 0 ? "ok" : "not ok", total.programs,
	    total.refused, total.compiled, total.bytes, total.pairs,
	    total.differences);
}

static void free_all(void)
{
	uint32_t i, k;

	for (i = 0; i < nlinks; i++)
		for (k = 0; k < links[i].n; k++)
			free(links[i].p[k].data);
}

int main(int argc, char **argv)
{
	const char *list = EXOPF_SRCDIR "/tests/diff/expressions.txt";
	const char *env = getenv("EXOPF_QUICK");
	unsigned random = 1000;
	int c;

	quick = env != NULL && env[0] != '\0';
	while ((c = getopt(argc, argv, "qvs:n:e:")) != -1) {
		if (c == 'q')
			quick = true;
		else if (c == 'v')
			verbose = true;
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0) | 1;
		else if (c == 'n')
			random = (unsigned)strtoul(optarg, NULL, 0);
		else if (c == 'e')
			list = optarg;
		else
			die("usage", "diff_jit [-qv] [-s SEED] [-n RANDOM] "
			             "[-e LIST] [FILE|DIRECTORY ...]");
	}
	if (optind == argc)
		read_tree(EXOPF_SRCDIR "/pcaps");
	for (; optind < argc; optind++)
		read_tree(argv[optind]);
	if (nlinks == 0)
		die("packets", "none found");
	run(list, random);
	free_all();
	return total.differences == 0 ? 0 : 3;
}
