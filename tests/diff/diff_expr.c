/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our verdicts against libpcap's, for every expression on every packet.
 *
 * usage: diff_expr [-qv] [-j JOBS] [-s SEED] [-e LIST] [FILE|DIRECTORY ...]
 *
 * Without names: pcaps/ of the source tree, traces of the other byte order made
 * of one of them, and $EXOPF_TRACES where set. The expressions are those of
 * tests/diff/expressions.txt. Packets are read by libpcap, and sorted by link
 * type and the byte order of their file.
 *
 * Each expression is compiled for its own link type; those of `*` and those
 * of all other link types for each link type that the list or a file names,
 * where libpcap takes them. Both programs that libpcap makes of it, optimised
 * and not, are converted, verified and run: on the packets of that link type,
 * on packets cut at every length up to 96, on damaged packets and on noise.
 * The program must be the one that libpcap makes for the file itself (but for
 * large expressions, which are split: diff_split.c has those), the
 * result that of libpcap's bpf_filter() on the same program, and
 * the run must keep within the number of steps that the verifier proved.
 *
 * Two differences are licensed, counted and printed:
 *  - bpf_filter() of libpcap 1.10 follows a chain of headers (`protochain`)
 *    without limit, for ever where the chain is a ring, a converted program
 *    for 192 headers; is_chain_long() looks;
 *  - it reads M[] words that were never written, and libpcap 1.10 makes such
 *    programs (`geneve or vlan`); its result is then what the stack held. Ours
 *    must be that of the same program after stores of 0: is_uninit().
 * Later versions of libpcap bound the chain and clear M[], too.
 * How often libpcap's two programs for an expression differ is counted, too:
 * the optimiser drops loads that would have rejected a short packet.
 *
 * -q (or EXOPF_QUICK=1) takes a sample that SEED determines; -v shows what
 * libpcap refuses. Exit: 0 no difference, 2 cannot read, 3 a difference.
 */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exo/abi/err.h"
#include "filters/filters_int.h"
#include "filters/split.h"
#include "tests/support/cbpf_run.h"
#include "tests/support/swapped.h"

#ifndef EXOPF_SRCDIR
#define EXOPF_SRCDIR "."
#endif

#define MAX_LINE      16384
#define MAX_SHOWN     50   /* differences printed by one process */
#define CUT_MAX       96   /* packets are cut at every length up to this */
#define CHAIN_MAX     192u /* backward jumps of a converted program */
#define MARK          0x7fffffffu
#define QUICK_PACKETS 200 /* of each link type */
#define QUICK_EXPRS   2   /* every other */
#define OTHERS_STEP   16  /* packets made here, for other types' expressions */

struct packet {
	const char *file; /* or what kind of packet it is */
	uint32_t number;  /* in the file, from 1 */
	uint32_t caplen, wirelen;
	uint8_t *data; /* an allocation of its own: sanitizers see its end */
};

/* A link type: its packets, those of files first. */
struct group {
	uint32_t linktype;
	bool swapped;
	pcap_t *file; /* the first of its files, or NULL */
	struct packet *p;
	size_t n, room;
	size_t real; /* so many are from files */
};

struct entry {
	char *linktype; /* a name, or "*" */
	char *expr;
	unsigned line;
	bool refused[2]; /* libpcap must refuse it: [0] optimised, [1] not */
};

struct totals {
	uint64_t programs, refused, comparisons, accepted, differences;
	uint64_t optimiser, chains, uninit;
	uint64_t insns, cbpf;
};

static struct group *groups;
static size_t ngroups;
static struct entry *entries;
static size_t nentries;
static char **files; /* their names, which packets point to */
static size_t nfiles;
static uint64_t npackets;
static bool quick, verbose;
static uint64_t seed = 20261122;
static struct totals total;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "diff_expr: %s: %s\n", what, why);
	exit(2);
}

static void *grow(void *p, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return p;
	*room = *room != 0 ? *room * 2 : 64;
	p = realloc(p, *room * size);
	if (p == NULL)
		die("memory", strerror(errno));
	return p;
}

static void *copy(const void *from, size_t size)
{
	void *p = malloc(size != 0 ? size : 1);

	if (p == NULL)
		die("memory", strerror(errno));
	if (size != 0)
		memcpy(p, from, size);
	return p;
}

/* --- packets --------------------------------------------------------- */

static struct group *group_of(uint32_t linktype, bool swapped)
{
	static size_t room;
	size_t i;

	for (i = 0; i < ngroups; i++)
		if (groups[i].linktype == linktype &&
		    groups[i].swapped == swapped)
			return &groups[i];
	groups = grow(groups, ngroups, &room, sizeof(*groups));
	groups[ngroups] =
	    (struct group){ .linktype = linktype, .swapped = swapped };
	return &groups[ngroups++];
}

static void add_packet(struct group *g, const char *file, uint32_t number,
    const uint8_t *data, uint32_t caplen, uint32_t wirelen)
{
	g->p = grow(g->p, g->n, &g->room, sizeof(*g->p));
	g->p[g->n++] = (struct packet){ file, number, caplen, wirelen,
		copy(data, caplen) };
}

static int read_file(
    const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *data;
	struct group *g;
	static size_t room;
	char *name;
	uint32_t n = 0;
	pcap_t *p;

	(void)st;
	(void)ftw;
	if (what != FTW_F)
		return 0;
	p = pcap_open_offline(path, err);
	if (p == NULL)
		return 0; /* README, a packed or a broken file */
	/* libpcap takes bits for a part of the link type that the format
	 * keeps for other things, and that we do not look at */
	if (pcap_datalink(p) > UINT16_MAX) {
		printf("left out: %s: link type %#x\n", path,
		    (unsigned)pcap_datalink(p));
		pcap_close(p);
		return 0;
	}
	name = copy(path, strlen(path) + 1);
	files = grow(files, nfiles, &room, sizeof(*files));
	files[nfiles++] = name;
	g = group_of((uint32_t)pcap_datalink(p), pcap_is_swapped(p) != 0);
	while (pcap_next_ex(p, &h, &data) == 1) {
		add_packet(g, name, ++n, data, h->caplen, h->len);
		npackets++;
	}
	if (g->file == NULL)
		g->file = p;
	else
		pcap_close(p);
	return 0;
}

static void read_tree(const char *path)
{
	if (nftw(path, read_file, 16, FTW_PHYS) != 0)
		die(path, strerror(errno));
}

/* --- packets that nobody sent ---------------------------------------- */

static void cut(struct group *g, const struct packet *p)
{
	uint32_t len;

	for (len = 0; len <= CUT_MAX && len < p->caplen; len++)
		add_packet(g, "cut copy", len, p->data, len, p->wirelen);
}

static void damage(struct group *g, const struct packet *p, uint64_t *rnd)
{
	static const uint8_t odd[] = { 0, 1, 0x06, 0x11, 0x2c, 0x33, 0x40, 0x45,
		0x46, 0x4f, 0x60, 0x7f, 0x80, 0x81, 0x86, 0x88, 0xff };
	uint8_t *d = copy(p->data, p->caplen);
	uint32_t i, n = 1 + cbpf_random(rnd) % 6;
	uint32_t reach = p->caplen < 80 ? p->caplen : 80;

	for (i = 0; i < n && reach != 0; i++) {
		uint32_t r = cbpf_random(rnd);

		d[cbpf_random(rnd) % reach] =
		    (uint8_t)((r & 256) != 0 ? odd[r % sizeof(odd)] : r);
	}
	add_packet(g, "damaged copy", 0, d, p->caplen, p->wirelen);
	free(d);
}

static void noise(struct group *g, uint64_t *rnd)
{
	uint8_t d[256];
	uint32_t i, len = cbpf_random(rnd) % sizeof(d);
	bool zeros = cbpf_random(rnd) % 4 == 0;

	for (i = 0; i < len; i++)
		d[i] = zeros ? 0 : (uint8_t)cbpf_random(rnd);
	add_packet(g, "noise", 0, d, len, len + cbpf_random(rnd) % 1500);
}

/* Keep `want` packets of n, evenly. */
static void thin(struct group *g, size_t want)
{
	size_t i, n = g->n;

	if (n <= want)
		return;
	for (i = 0; i < n; i++) {
		size_t slot = i * want / n;

		if (slot != (i + 1) * want / n)
			g->p[slot] = g->p[i];
		else
			free(g->p[i].data);
	}
	g->n = want;
}

/* Add to the packets of a group, and to one that has none: `from`'s. */
static void invent(struct group *g, const struct group *from, uint64_t *rnd)
{
	size_t n = from->n, cuts = quick ? 2 : 24, damaged = quick ? 40 : 1500;
	size_t i;

	if (n == 0)
		return;
	for (i = 0; i < cuts && i < n; i++) {
		struct packet p = from->p[cbpf_random(rnd) % n];

		cut(g, &p);
	}
	for (i = 0; i < damaged; i++) {
		struct packet p = from->p[cbpf_random(rnd) % n];

		damage(g, &p, rnd);
	}
	for (i = 0; i < damaged / 8; i++)
		noise(g, rnd);
}

static void invent_all(void)
{
	struct group *ether = group_of(DLT_EN10MB, false);
	struct group reals;
	uint64_t rnd = seed;
	size_t i;

	for (i = 0; quick && i < ngroups; i++)
		thin(&groups[i], QUICK_PACKETS);
	/* adding packets moves the array */
	reals = *ether;
	reals.p = copy(reals.p, reals.n * sizeof(*reals.p));
	for (i = 0; i < ngroups; i++) {
		struct group *g = &groups[i];
		struct group from = g->n != 0 ? *g : reals;

		g->real = g->n;
		from.p = copy(from.p, from.n * sizeof(*from.p));
		invent(g, &from, &rnd);
		free(from.p);
	}
	free(reals.p);
}

/* --- expressions ------------------------------------------------------ */

static void heading(const char *line, bool refused[2])
{
	bool no = strncmp(line, "# refused:", 10) == 0;

	if (!no && strncmp(line, "# section:", 10) != 0)
		return;
	refused[0] = no;
	refused[1] = no && strncmp(line, "# refused: optimised,", 21) != 0;
}

static void add_entry(char *line, unsigned number, const bool refused[2])
{
	static size_t room;
	char *tab = strchr(line, '\t');
	struct entry *e;
	int linktype;

	if (tab == NULL)
		die(line, "not LINKTYPE<TAB>EXPRESSION");
	*tab = '\0';
	entries = grow(entries, nentries, &room, sizeof(*entries));
	e = &entries[nentries++];
	e->linktype = copy(line, strlen(line) + 1);
	e->expr = copy(tab + 1, strlen(tab + 1) + 1);
	e->line = number;
	memcpy(e->refused, refused, sizeof(e->refused));
	if (strcmp(line, "*") == 0)
		return;
	linktype = flt_linktype_number(line);
	if (linktype < 0)
		die(line, "no such link type");
	(void)group_of((uint32_t)flt_linktype_dlt((uint32_t)linktype), false);
}

static void read_entries(const char *path)
{
	static char line[MAX_LINE];
	bool refused[2] = { false, false };
	FILE *f = fopen(path, "r");
	unsigned n = 0;

	if (f == NULL)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), f) != NULL) {
		n++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			heading(line, refused);
		else if (line[0] != '\0')
			add_entry(line, n, refused);
	}
	fclose(f);
}

/* --- the comparison ---------------------------------------------------- */

/* One of libpcap's two programs for an expression, and ours. */
struct side {
	const char *what;
	struct flt_cbpf *insns;
	uint32_t n;
	struct flt_cbpf *bounded; /* NULL: no backward jump */
	struct cbpf_run run;
};

static void difference(const struct entry *e, const struct group *g,
    const char *side, const struct packet *p, const char *what)
{
	const char *name = flt_linktype_name(g->linktype);

	if (total.differences++ >= MAX_SHOWN)
		return;
	printf("DIFFERENT line %u, %s%s (%u), %s: %.400s: %s", e->line,
	    g->swapped ? "swapped " : "", name != NULL ? name : "?",
	    g->linktype, side, e->expr, what);
	if (p != NULL)
		printf(" on %s, packet %u (%u bytes of %u)", p->file, p->number,
		    p->caplen, p->wirelen);
	putchar('\n');
}

static bool has_loop(const struct side *s)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (s->insns[i].code == (BPF_JMP | BPF_JA) &&
		    (int32_t)s->insns[i].k < 0)
			return true;
	return false;
}

/*
 * Make s->bounded of a program with backward jumps: copies of it, end to end,
 * of which each jumps on into the next where the program jumps backwards, and
 * the last returns MARK.
 */
static void bound(struct side *s)
{
	uint32_t i, c;

	s->bounded = calloc(s->n, (CHAIN_MAX + 1) * sizeof(*s->bounded));
	if (s->bounded == NULL)
		die("memory", strerror(errno));
	for (c = 0; c <= CHAIN_MAX; c++) {
		for (i = 0; i < s->n; i++) {
			struct flt_cbpf *to = &s->bounded[c * s->n + i];

			*to = s->insns[i];
			if (to->code != (BPF_JMP | BPF_JA) ||
			    (int32_t)to->k >= 0)
				continue;
			if (c < CHAIN_MAX)
				to->k += s->n;
			else
				*to = (struct flt_cbpf){ BPF_RET, 0, 0, MARK };
		}
	}
}

/* Would bpf_filter() jump backwards more than CHAIN_MAX times? */
static bool is_chain_long(const struct side *s, const struct packet *p)
{
	return s->bounded != NULL && cbpf_run_libpcap(s->bounded, p->data,
	                                 p->caplen, p->wirelen) == MARK;
}

/* Is `ours` the result when all of M[] is set to 0 (A is) at the start? */
static bool is_uninit(
    const struct side *s, const struct packet *p, uint64_t ours)
{
	struct flt_cbpf *all = calloc(s->n + BPF_MEMWORDS, sizeof(*all));
	uint32_t i, got;

	if (all == NULL)
		die("memory", strerror(errno));
	for (i = 0; i < BPF_MEMWORDS; i++)
		all[i] = (struct flt_cbpf){ BPF_ST, 0, 0, i };
	memcpy(all + BPF_MEMWORDS, s->insns, s->n * sizeof(*all));
	got = cbpf_run_libpcap(all, p->data, p->caplen, p->wirelen);
	free(all);
	return got == ours;
}

/* Run one side on one packet; gives libpcap's result. */
static uint32_t compare(const struct entry *e, const struct group *g,
    struct side *s, const struct packet *p)
{
	uint64_t ours = 0;
	bool kept = cbpf_run_on(&s->run, p->data, p->caplen, p->wirelen, &ours);
	uint32_t theirs;
	char what[96];

	total.comparisons++;
	if (kept && ours == 0 && is_chain_long(s, p)) {
		total.chains++;
		return 0;
	}
	theirs = cbpf_run_libpcap(s->insns, p->data, p->caplen, p->wirelen);
	total.accepted += theirs != 0;
	if (kept && ours == theirs)
		return theirs;
	if (kept && is_uninit(s, p, ours)) {
		total.uninit++;
		return theirs;
	}
	snprintf(what, sizeof(what), "libpcap %u, ours %" PRIu64 "%s", theirs,
	    ours, kept ? "" : " (the run trapped)");
	difference(e, g, s->what, p, what);
	return theirs;
}

static void run_packets(const struct entry *e, const struct group *g,
    struct side *sides, int n, size_t step)
{
	uint32_t result[2] = { 0, 0 };
	size_t i;
	int k;

	for (i = 0; i < g->n; i += i < g->real ? 1 : step) {
		for (k = 0; k < n; k++)
			result[k] = compare(e, g, &sides[k], &g->p[i]);
		if (n == 2 && result[0] != result[1]) {
			if (total.optimiser++ < 5 && verbose)
				printf("optimised %u, unoptimised %u: line "
				       "%u, link type %u: %.200s: packet %zu "
				       "(%s)\n",
				    result[0], result[1], e->line, g->linktype,
				    e->expr, i, g->p[i].file);
		}
	}
}

/* An instruction as it is for a file of another snaplen. */
static bool same_insn(const struct flt_cbpf *a, const struct bpf_insn *b)
{
	bool accepts = a->code == (BPF_RET | BPF_K) && a->k != 0 && b->k != 0;

	return a->code == b->code && a->jt == b->jt && a->jf == b->jf &&
	       (a->k == b->k || accepts);
}

/* Large expressions become other programs; diff_split compares those. */
static bool is_large(const struct entry *e)
{
	return strlen(e->expr) > flt_expr_how.small_text ||
	       flt_split_terms(e->expr) > flt_expr_how.small_terms;
}

/* Is it what `tcpdump -r` would run? s->n 0: we have none. */
static void compare_program(
    const struct entry *e, const struct group *g, int raw, const struct side *s)
{
	struct bpf_program p;
	uint32_t i = 0;

	if (g->file == NULL || is_large(e))
		return;
	if (pcap_compile(g->file, &p, e->expr, !raw, 0) < 0) {
		if (s->n != 0)
			difference(e, g, s->what, NULL, "refused for the file");
		return;
	}
	while (
	    i < s->n && i < p.bf_len && same_insn(&s->insns[i], &p.bf_insns[i]))
		i++;
	if (i != s->n || i != p.bf_len)
		difference(e, g, s->what, NULL, "another program for the file");
	pcap_freecode(&p);
}

/* Compile, convert, verify one side. *refused tells that libpcap does not
 * take the expression. */
static bool prepare(const struct entry *e, const struct group *g, int raw,
    struct side *s, bool *refused)
{
	struct flt_error err;
	unsigned flags =
	    (raw ? FLT_EXPR_RAW : 0) | (g->swapped ? FLT_EXPR_SWAPPED : 0);
	int ret =
	    flt_expr_cbpf(e->expr, g->linktype, flags, &s->insns, &s->n, &err);

	*refused = ret < 0;
	s->what = raw ? "unoptimised" : "optimised";
	compare_program(e, g, raw, s);
	if (ret < 0) {
		total.refused++;
		if (verbose && e->linktype[0] != '*')
			printf("refused: line %u, %s: %.200s: %s\n", e->line,
			    s->what, e->expr, err.text);
		if (ret != -EXO_ESYNTAX || err.text[0] == '\0')
			difference(e, g, s->what, NULL, "no reason given");
		return false;
	}
	s->bounded = NULL;
	if (!cbpf_run_make(&s->run, s->insns, s->n)) {
		difference(e, g, s->what, NULL, s->run.why);
		free(s->insns);
		return false;
	}
	if (has_loop(s))
		bound(s);
	total.programs++;
	total.cbpf += s->n;
	total.insns += s->run.ninsns;
	return true;
}

/* An expression on a link type; `own`: the list says what libpcap must do. */
static void check(const struct entry *e, const struct group *g, bool own)
{
	static struct side sides[2];
	int n = 0, raw;

	for (raw = 0; raw < 2; raw++) {
		bool refused;

		n += prepare(e, g, raw, &sides[n], &refused);
		if (own && refused != e->refused[raw])
			difference(e, g, raw ? "unoptimised" : "optimised",
			    NULL,
			    refused ? "refused against the list"
			            : "taken against the list");
	}
	run_packets(e, g, sides, n, own ? 1 : OTHERS_STEP);
	while (n-- > 0) {
		free(sides[n].insns);
		free(sides[n].bounded);
		cbpf_run_free(&sides[n].run);
	}
}

static void check_entry(const struct entry *e)
{
	uint32_t own = UINT32_MAX;
	size_t i;

	if (strcmp(e->linktype, "*") != 0)
		own = (uint32_t)flt_linktype_dlt(
		    (uint32_t)flt_linktype_number(e->linktype));
	for (i = 0; i < ngroups; i++)
		if (groups[i].linktype == own || !quick || own == UINT32_MAX)
			check(e, &groups[i], groups[i].linktype == own);
}

/* --- processes ---------------------------------------------------------- */

static void work(unsigned job, unsigned jobs)
{
	size_t i, step = quick ? QUICK_EXPRS : 1;

	for (i = seed % step + job * step; i < nentries; i += jobs * step)
		check_entry(&entries[i]);
}

static void add_totals(const struct totals *t)
{
	total.programs += t->programs;
	total.refused += t->refused;
	total.comparisons += t->comparisons;
	total.accepted += t->accepted;
	total.differences += t->differences;
	total.optimiser += t->optimiser;
	total.chains += t->chains;
	total.uninit += t->uninit;
	total.insns += t->insns;
	total.cbpf += t->cbpf;
}

/* A child writes what it finds to stdout, and its totals into the pipe. */
static pid_t start(unsigned job, unsigned jobs, int *from)
{
	int fd[2];
	pid_t pid;

	if (pipe(fd) != 0)
		die("pipe", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork", strerror(errno));
	if (pid == 0) {
		setvbuf(stdout, NULL, _IOLBF, 0);
		work(job, jobs);
		if (write(fd[1], &total, sizeof(total)) !=
		    (ssize_t)sizeof(total))
			die("pipe", strerror(errno));
		fflush(NULL);
		_exit(0);
	}
	close(fd[1]);
	*from = fd[0];
	return pid;
}

static void run_jobs(unsigned jobs)
{
	int from[64], status;
	pid_t pid[64];
	unsigned i;

	for (i = 0; i < jobs; i++)
		pid[i] = start(i, jobs, &from[i]);
	for (i = 0; i < jobs; i++) {
		struct totals t;
		ssize_t got = read(from[i], &t, sizeof(t));

		if (waitpid(pid[i], &status, 0) != pid[i] || status != 0 ||
		    got != (ssize_t)sizeof(t)) {
			printf("DIFFERENT a process of the test died, status "
			       "0x%x\n",
			    (unsigned)status);
			exit(3);
		}
		add_totals(&t);
		close(from[i]);
	}
}

static void report(void)
{
	uint64_t used = 0;
	size_t i;

	for (i = 0; i < ngroups; i++)
		used += groups[i].n;
	printf("files: %zu, packets in them: %" PRIu64
	       ", link types: %zu, expressions: %zu%s\n",
	    nfiles, npackets, ngroups, nentries,
	    quick ? " (a sample of both)" : "");
	printf("refused by libpcap: %" PRIu64 "; instructions: %" PRIu64
	       " classic, %" PRIu64 " converted; accepted: %" PRIu64 "\n",
	    total.refused, total.cbpf, total.insns, total.accepted);
	printf("licensed: %" PRIu64 " chains of more than %u headers, %" PRIu64
	       " reads of unwritten M[] by libpcap\n",
	    total.chains, CHAIN_MAX, total.uninit);
	printf("optimised and unoptimised program differ: %" PRIu64 "\n",
	    total.optimiser);
	printf("diff_expr: %" PRIu64 " programs, %" PRIu64 " packets, %" PRIu64
	       " comparisons, %" PRIu64 " differences\n",
	    total.programs, used, total.comparisons, total.differences);
}

static void free_all(void)
{
	size_t i, k;

	for (i = 0; i < ngroups; i++) {
		for (k = 0; k < groups[i].n; k++)
			free(groups[i].p[k].data);
		free(groups[i].p);
		if (groups[i].file != NULL)
			pcap_close(groups[i].file);
	}
	free(groups);
	for (i = 0; i < nentries; i++) {
		free(entries[i].linktype);
		free(entries[i].expr);
	}
	free(entries);
	for (i = 0; i < nfiles; i++)
		free(files[i]);
	free(files);
}

static void read_swapped(void)
{
	char dir[64];

	if (!swapped_folder(EXOPF_SRCDIR "/pcaps/web4.pcap", dir))
		die("swapped traces", strerror(errno));
	read_tree(dir);
	swapped_folder_gone(dir);
}

int main(int argc, char **argv)
{
	const char *list = EXOPF_SRCDIR "/tests/diff/expressions.txt";
	const char *env = getenv("EXOPF_QUICK"), *more = getenv("EXOPF_TRACES");
	unsigned jobs = 2;
	int c;

	quick = env != NULL && env[0] != '\0';
	while ((c = getopt(argc, argv, "qvj:s:e:")) != -1) {
		switch (c) {
		case 'q':
			quick = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'j':
			jobs = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0) | 1;
			break;
		case 'e':
			list = optarg;
			break;
		default:
			die("usage", "diff_expr [-qv] [-j JOBS] [-s SEED] "
			             "[-e LIST] [FILE|DIRECTORY ...]");
		}
	}
	if (jobs < 1 || jobs > 64)
		die("-j", "1 to 64");
	if (optind == argc) {
		read_tree(EXOPF_SRCDIR "/pcaps");
		read_swapped();
	}
	if (optind == argc && more != NULL && more[0] != '\0')
		read_tree(more);
	for (; optind < argc; optind++)
		read_tree(argv[optind]);
	if (npackets == 0)
		die("packets", "none found");
	read_entries(list);
	invent_all();
	run_jobs(jobs);
	report();
	c = total.differences == 0 ? 0 : 3;
	free_all();
	return c;
}
