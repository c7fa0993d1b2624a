/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accept conditions against the programs that they are of.
 *
 * usage: diff_accept [-lqv] [-s SEED] [-e LIST] [-x LINKTYPE EXPR]
 *                    [FILE|DIRECTORY ...]
 *
 * Each expression of tests/diff/expressions.txt is compiled for its link type;
 * those of `*` for Ethernet and one other. The condition of its program is then
 * asked on packets of that link type: those of pcaps/ and $EXOPF_TRACES, as
 * they are, cut and damaged, most of them at bytes that conditions look at. The
 * interpreter is the judge:
 *	it accepts		the packet is in the condition
 *	it is in a sure cube	it is accepted
 * A condition is normalised if it is not opaque; at least 98 % must be. How many
 * say more than that enough was captured is counted for link types of which the
 * parser knows more than that.
 *
 * -q (or EXOPF_QUICK=1) takes every 8th expression, -l all packets instead of
 * a sample; -v shows conditions that are not exact; -x shows one and ends.
 * Exit: 0 all is well, 2 cannot read, 3 a difference, or too few.
 */
#include <errno.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "exo/abi/err.h"
#include "exo/lib/fmt.h"
#include "filters/filters_int.h"
#include "tests/support/captures.h"
#include "tests/support/cbpf_run.h"
#include "tests/support/region_world.h"
#include "verifier/accept.h"

#ifndef EXOPF_SRCDIR
#define EXOPF_SRCDIR "."
#endif

#define MAX_LINE 16384
#define LINKS    256u
#define SAMPLE   160u /* packets of each link type, without -l */
#define CUTS     2u   /* packets of each link type that are cut, without -l */
#define CUT_MAX  96u
#define BUDGET   4000000u

struct packet {
	uint8_t *data;
	uint32_t caplen, wirelen;
	struct sp_view view;
};

struct link {
	uint32_t linktype;
	struct packet *p;
	uint32_t n, room;
	uint64_t seen;
};

static struct link links[LINKS];
static uint32_t nlinks;
static bool quick, verbose, everything, all_shown;
static uint64_t seed = 20261129;
static struct {
	uint64_t expressions, normalised, exact, opaque, sure, cubes;
	uint64_t known, known_exact, whole, on_fields;
	uint64_t decisions, accepted, in_cubes, differences, steps;
	uint64_t causes[VF_ACCEPT_WHYS];
	uint32_t most_cubes;
	uint64_t us, most_us;
} total;

static const char *const words[VF_ACCEPT_WHYS] = {
#define VF_ACCEPT_WHY(name, text) text,
#include "verifier/accept_why.inc"
#undef VF_ACCEPT_WHY
};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "diff_accept: %s: %s\n", what, why);
	exit(2);
}

/* --- packets ----------------------------------------------------------------*/

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

static void set_packet(struct packet *p, const uint8_t *data, uint32_t caplen,
    uint32_t wirelen, uint32_t link)
{
	struct sp_packet raw = { NULL, caplen, wirelen, link };

	free(p->data);
	p->data = malloc(caplen == 0 ? 1 : caplen);
	if (p->data == NULL)
		die("memory", strerror(errno));
	memcpy(p->data, data, caplen);
	p->caplen = caplen;
	p->wirelen = wirelen;
	raw.data = p->data;
	sp_parse(&raw, &p->view);
}

static void add_packet(
    struct link *l, const uint8_t *data, uint32_t caplen, uint32_t wirelen)
{
	if (l->n == l->room) {
		l->room = l->room == 0 ? 256 : l->room * 2;
		l->p = realloc(l->p, l->room * sizeof(*l->p));
		if (l->p == NULL)
			die("memory", strerror(errno));
	}
	l->p[l->n].data = NULL;
	set_packet(&l->p[l->n++], data, caplen, wirelen, l->linktype);
}

/* Each is as likely to stay as the others. */
static void see_packet(
    struct link *l, const uint8_t *data, uint32_t caplen, uint32_t wirelen)
{
	uint64_t at = l->seen++;

	if (everything || l->n < SAMPLE) {
		add_packet(l, data, caplen, wirelen);
		return;
	}
	at = cbpf_random(&seed) % (at + 1);
	if (at < SAMPLE)
		set_packet(&l->p[at], data, caplen, wirelen, l->linktype);
}

/* libpcap gives its own number, parsers want the one in the file. */
static uint32_t linktype_of(int dlt)
{
	for (uint32_t i = 0; i < 512; i++)
		if (flt_linktype_name(i) != NULL && flt_linktype_dlt(i) == dlt)
			return i;
	return (uint32_t)dlt;
}

static void read_file(const char *path, pcap_t *p)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	struct link *l;

	(void)path;
	if (pcap_datalink(p) <= UINT16_MAX) {
		l = link_of(linktype_of(pcap_datalink(p)));
		while (pcap_next_ex(p, &h, &data) == 1)
			see_packet(l, data, h->caplen, h->len);
	}
}

static void read_tree(const char *path)
{
	if (captures_each(path, read_file) != 0)
		die(path, strerror(errno));
}

static void damage(struct link *l, const struct packet *p)
{
	static const uint8_t odd[] = { 0, 1, 4, 5, 6, 8, 0x11, 0x2c, 0x33, 0x3a,
		0x40, 0x41, 0x45, 0x46, 0x4f, 0x60, 0x81, 0x86, 0x88, 0xff };
	uint8_t copy[CUT_MAX * 4];
	uint32_t n = p->caplen < sizeof(copy) ? p->caplen : sizeof(copy);
	uint32_t reach = n < 64 ? n : 64, i, times = 1 + cbpf_random(&seed) % 3;

	memcpy(copy, p->data, n);
	for (i = 0; i < times && reach != 0; i++) {
		uint32_t at = cbpf_random(&seed) % reach;

		if (cbpf_random(&seed) % 2 != 0)
			copy[at] = odd[cbpf_random(&seed) % sizeof(odd)];
		else
			copy[at] ^= (uint8_t)(1u << cbpf_random(&seed) % 8);
	}
	add_packet(l, copy, n, p->wirelen);
}

static void invent(struct link *l)
{
	uint32_t i, len, whole = l->n, cuts = everything ? 8 : CUTS;

	for (i = 0; i < cuts && whole != 0; i++) {
		struct packet p = l->p[cbpf_random(&seed) % whole];

		for (len = 0; len <= CUT_MAX && len < p.caplen; len++)
			add_packet(l, p.data, len, p.wirelen);
	}
	for (i = 0; i < whole; i++) {
		struct packet p = l->p[i];

		damage(l, &p);
		if (everything)
			damage(l, &p);
	}
}

/* Packets of Ethernet do for link types that there are none of. */
static void invent_all(void)
{
	struct link *ether = link_of(SP_LINK_ETHERNET), *l;
	uint32_t i, k, n;

	for (i = 0; i < nlinks; i++)
		invent(&links[i]);
	for (i = 0; i < nlinks; i++) {
		l = &links[i];
		n = l->n == 0 && ether->n < 300 ? ether->n : 300;
		for (k = 0; l->seen == 0 && k < n; k++)
			add_packet(l, ether->p[k].data, ether->p[k].caplen,
			    ether->p[k].wirelen);
	}
}

/* --- the comparison ---------------------------------------------------------*/

/* A region as text, as much of it as fits. */
static const char *text_of(struct sp_region r)
{
	static char text[1 << 16];
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	(void)sp_text_print(&f, r);
	return text;
}

static void difference(const char *expr, const struct link *l,
    const struct packet *p, const char *what, struct sp_region r)
{
	if (total.differences++ >= 20)
		return;
	printf("DIFFERENT %u, %.300s: %s (%u bytes of %u):\n", l->linktype,
	    expr, what, p->caplen, p->wirelen);
	for (uint32_t i = 0; i < p->caplen && i < 80; i++)
		printf("%02x%s", p->data[i], i % 16 == 15 ? "\n" : " ");
	printf("\n%s\n", text_of(r));
}

static void judge(const char *expr, struct cbpf_run *r, const struct link *l,
    const struct vf_accept *acc)
{
	const struct sp_region sure = { acc->where.v, acc->sure };

	for (uint32_t i = 0; i < l->n; i++) {
		const struct packet *p = &l->p[i];
		uint64_t r0 = 0;
		bool in = sp_region_has(acc->where, &p->view);

		if (!cbpf_run_on(r, p->data, p->caplen, p->wirelen, &r0))
			die(expr, "a verified program traps");
		total.decisions++;
		total.accepted += (uint32_t)r0 != 0;
		total.in_cubes += in;
		if ((uint32_t)r0 != 0 && !in)
			difference(expr, l, p,
			    "accepted, and not in the condition", acc->where);
		if ((uint32_t)r0 == 0 && sp_region_has(sure, &p->view))
			difference(
			    expr, l, p, "in a sure cube, and refused", sure);
		if ((uint32_t)r0 != 0 && acc->keep != 0 &&
		    (uint32_t)r0 != acc->keep)
			difference(expr, l, p, "something else is kept", sure);
	}
}

/* A cube of which only the link type is known, and that so much is captured. */
static bool is_vague(const struct sp_cube *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->a[i].field != SP_LINK &&
		    (c->a[i].field != SP_CAPLEN || c->a[i].hi != UINT32_MAX))
			return false;
	return true;
}

/* A cube of packets that end where there is more of a field. */
static bool is_cut(const struct sp_cube *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		if ((c->a[i].field == SP_CAPLEN ||
		        c->a[i].field == SP_L4_LEFT) &&
		    c->a[i].hi != UINT32_MAX)
			return true;
	return false;
}

/* Exact on packets that are not cut in the middle of a field. */
static bool exact_on_whole(const struct vf_accept *acc)
{
	for (uint32_t i = acc->sure; i < acc->where.n; i++)
		if (!is_cut(&acc->where.v[i]))
			return false;
	return true;
}

static bool on_fields(const struct vf_accept *acc)
{
	if (acc->exact)
		return true;
	for (uint32_t i = acc->sure; i < acc->where.n; i++)
		if (is_vague(&acc->where.v[i]))
			return false;
	return !acc->opaque;
}

/* Link types of which the parser says more than lengths. */
static bool is_known(uint32_t linktype)
{
	static const uint8_t zeros[64];
	struct sp_packet p = { zeros, sizeof(zeros), sizeof(zeros), linktype };
	struct sp_view v;

	sp_parse(&p, &v);
	return v.has >> SP_LEN >> 1 != 0 || linktype == SP_LINK_RAW;
}

static void count(
    const char *expr, const struct link *l, const struct vf_accept *acc)
{
	bool good = on_fields(acc);

	total.expressions++;
	total.exact += acc->exact;
	total.opaque += acc->opaque;
	total.normalised += !acc->opaque;
	if (is_known(l->linktype)) {
		total.known++;
		total.known_exact += acc->exact;
		total.whole += exact_on_whole(acc);
		total.on_fields += good;
	}
	total.sure += acc->sure;
	total.cubes += acc->where.n;
	total.steps += acc->steps;
	if (acc->where.n > total.most_cubes)
		total.most_cubes = acc->where.n;
	total.causes[acc->why]++;
	if (verbose && (all_shown || !acc->exact))
		printf("%s %u (%s) sure %u of %u, ways %u: %.200s\n\t%.1200s\n",
		    acc->opaque  ? "opaque"
		    : acc->exact ? "exact"
		    : good       ? "inexact"
		                 : "vague",
		    l->linktype, words[acc->why], acc->sure, acc->where.n,
		    acc->ways, expr, text_of(acc->where));
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void expression(const char *expr, const struct link *l)
{
	struct flt_cbpf *insns;
	struct flt_error err;
	struct cbpf_run r;
	struct region_world world;
	struct vf_accept acc;
	uint64_t began;
	uint32_t n;

	if (flt_expr_cbpf(expr, l->linktype, 0, &insns, &n, &err) < 0)
		return;
	if (cbpf_run_make(&r, insns, n)) {
		region_world_init(&world, NULL);
		world.w.left = BUDGET;
		began = now_us();
		if (vf_accept(r.prog, l->linktype, &world.w, &acc) != 0)
			die(expr, "no memory");
		began = now_us() - began;
		total.us += began;
		if (began > total.most_us)
			total.most_us = began;
		count(expr, l, &acc);
		judge(expr, &r, l, &acc);
		region_world_free(&world);
		cbpf_run_free(&r);
	}
	free(insns);
}

static void entry(char *line, unsigned number)
{
	char *tab = strchr(line, '\t');
	int linktype;

	if (tab == NULL)
		die(line, "not LINKTYPE<TAB>EXPRESSION");
	*tab = '\0';
	if (strcmp(line, "*") == 0) {
		expression(tab + 1, link_of(SP_LINK_ETHERNET));
		if (links[number % nlinks].linktype != SP_LINK_ETHERNET)
			expression(tab + 1, &links[number % nlinks]);
		return;
	}
	linktype = flt_linktype_number(line);
	if (linktype < 0)
		die(line, "no such link type");
	expression(tab + 1, link_of((uint32_t)linktype));
}

static void read_entries(const char *path, void (*each)(char *, unsigned))
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
		each(line, n);
	}
	fclose(f);
}

/* Link types of the list, so that they have packets. */
static void note_link(char *line, unsigned number)
{
	char *tab = strchr(line, '\t');
	int linktype;

	(void)number;
	if (tab == NULL || line[0] == '*')
		return;
	*tab = '\0';
	linktype = flt_linktype_number(line);
	if (linktype >= 0)
		(void)link_of((uint32_t)linktype);
}

static double percent(uint64_t part, uint64_t of)
{
	return of == 0 ? 0 : 100.0 * (double)part / (double)of;
}

static int report(void)
{
	uint64_t most = total.expressions == 0 ? 1 : total.expressions;
	bool few = total.normalised * 100 < most * 98;

	printf("expressions %" PRIu64 " normalised %" PRIu64 " (%.2f %%) exact "
	       "%" PRIu64 " opaque %" PRIu64 "; cubes %" PRIu64
	       ", sure %" PRIu64 ", %u at most; steps %" PRIu64 "\n",
	    total.expressions, total.normalised,
	    percent(total.normalised, most), total.exact, total.opaque,
	    total.cubes, total.sure, total.most_cubes, total.steps);
	printf("of link types that the parser knows: %" PRIu64
	       " on fields %" PRIu64 " (%.2f %%) exact %" PRIu64
	       " (%.2f %%), but for cut packets %" PRIu64 " (%.2f %%)\n",
	    total.known, total.on_fields, percent(total.on_fields, total.known),
	    total.known_exact, percent(total.known_exact, total.known),
	    total.whole, percent(total.whole, total.known));
	for (unsigned i = 1; i < VF_ACCEPT_WHYS; i++)
		if (total.causes[i] != 0)
			printf("not exact %5" PRIu64 ": %s\n", total.causes[i],
			    words[i]);
	printf("decisions %" PRIu64 " accepted %" PRIu64 " in cubes %" PRIu64
	       " differences %" PRIu64 "\n",
	    total.decisions, total.accepted, total.in_cubes, total.differences);
	printf("a condition takes %" PRIu64 " us, %" PRIu64 " at most\n",
	    total.us / most, total.most_us);
	if (few)
		printf("TOO FEW are normalised: 98 %% must be\n");
	return total.differences != 0 || few ? 3 : 0;
}

int main(int argc, char **argv)
{
	const char *list = EXOPF_SRCDIR "/tests/diff/expressions.txt";
	const char *traces = getenv("EXOPF_TRACES");
	const char *link = NULL;
	int c;

	quick = getenv("EXOPF_QUICK") != NULL;
	while ((c = getopt(argc, argv, "lqvs:e:x:")) != -1) {
		switch (c) {
		case 'l':
			everything = true;
			break;
		case 'q':
			quick = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0) | 1;
			break;
		case 'e':
			list = optarg;
			break;
		case 'x':
			link = optarg;
			break;
		default:
			return 2;
		}
	}
	if (link != NULL) {
		verbose = all_shown = true;
		expression(
		    argv[optind], link_of((uint32_t)strtoul(link, NULL, 0)));
		return 0;
	}
	for (c = optind; c < argc; c++)
		read_tree(argv[c]);
	if (optind == argc)
		read_tree(EXOPF_SRCDIR "/pcaps");
	if (optind == argc && traces != NULL)
		read_tree(traces);
	read_entries(list, note_link);
	invent_all();
	read_entries(list, entry);
	return report();
}
