/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Check the corpus of tcpdump expressions with libpcap alone.
 *
 * usage: expr_check [-v] [-o] [expressions.txt]
 *
 * Every entry is compiled for its link type, for every link type of stars[]
 * when that is `*`, optimised and unoptimised, as `tcpdump -r` would: a dead
 * handle with snaplen 262144 and the netmask 0.  The corpus is bad (exit 1) if
 *  - two entries are the same: `*` holds every link type,
 *  - an entry is refused outside a section headed `# refused: ...`,
 *  - an entry inside such a section compiles; `# refused: optimised, ...` is
 *    for those that only the optimiser refuses,
 *  - fewer than MIN_COMPILED entries compile, or
 *  - an instruction that libpcap can emit occurs in no program.
 * Where the package netbase is not installed its section is left out, and said
 * so.  -v prints each refusal with libpcap's message, -o what instructions were
 * seen how often.  Exit 2: the list cannot be read.
 */
#define _DEFAULT_SOURCE 1 /* strdup, and the u_int of pcap.h */

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#define SNAPLEN      262144
#define NETMASK      0
#define MIN_COMPILED 1000
#define MAX_LINE     16384

enum {
	OPTIMISED,
	UNOPTIMISED,
	MODES
};

/* What the heading above an entry says must become of it, in each mode. */
struct section {
	bool refused[MODES];
	bool netbase; /* needs the names of /etc/protocols and services */
};

struct entry {
	char *dlt; /* a libpcap name, or "*" */
	char *expr;
	unsigned int line;
	struct section want;
};

struct corpus {
	struct entry *e;
	size_t n, room;
};

struct totals {
	unsigned int compiled[MODES]; /* entries */
	unsigned int refused;         /* entries refused in either mode */
	unsigned int pairs[MODES];    /* programs: entries times link types */
	unsigned int wrong;           /* entries that make the corpus bad */
	unsigned int backward;        /* programs with a backward jump */
	unsigned int longest[MODES];  /* instructions */
	unsigned long seen[256][MODES];
	unsigned long strange; /* instructions that are not in ops[] */
};

/* The link types that `*` stands for: all for which libpcap has offsets. */
static const char *const stars[] = { "EN10MB", "LINUX_SLL", "LINUX_SLL2", "RAW",
	"IPV4", "IPV6", "NULL", "LOOP", "ENC", "PPP", "PPP_SERIAL", "PPP_ETHER",
	"PPP_BSDOS", "PPP_PPPD", "SLIP", "SLIP_BSDOS", "C_HDLC", "FRELAY",
	"MFR", "IEEE802_11", "IEEE802_11_RADIO", "IEEE802_11_RADIO_AVS",
	"PRISM_HEADER", "PPI", "IP_OVER_FC", "FDDI", "IEEE802", "ATM_RFC1483",
	"ATM_CLIP", "SUNATM", "ARCNET", "ARCNET_LINUX", "LTALK", "PFLOG",
	"PFSYNC", "DOCSIS", "MTP2", "MTP2_WITH_PHDR", "MTP3", "BACNET_MS_TP",
	"IPNET", "NETANALYZER", "JUNIPER_ETHER", "JUNIPER_PPP",
	"JUNIPER_FRELAY", "JUNIPER_CHDLC", "JUNIPER_ATM1", "JUNIPER_ATM2",
	"JUNIPER_MLPPP", "JUNIPER_MONITOR", "DSA_TAG_BRCM", "DSA_TAG_DSA",
	"USB_LINUX" };
#define NSTARS (sizeof(stars) / sizeof(stars[0]))

/* Every instruction of cBPF; `never` are those that libpcap does not emit. */
static const struct op {
	unsigned char code;
	bool never;
	const char *name;
} ops[] = {
	{ BPF_LD | BPF_W | BPF_ABS, false, "ld [k]" },
	{ BPF_LD | BPF_H | BPF_ABS, false, "ldh [k]" },
	{ BPF_LD | BPF_B | BPF_ABS, false, "ldb [k]" },
	{ BPF_LD | BPF_W | BPF_IND, false, "ld [x + k]" },
	{ BPF_LD | BPF_H | BPF_IND, false, "ldh [x + k]" },
	{ BPF_LD | BPF_B | BPF_IND, false, "ldb [x + k]" },
	{ BPF_LD | BPF_W | BPF_LEN, false, "ld #len" },
	{ BPF_LD | BPF_IMM, false, "ld #k" },
	{ BPF_LD | BPF_MEM, false, "ld M[k]" },
	{ BPF_LDX | BPF_W | BPF_IMM, false, "ldx #k" },
	{ BPF_LDX | BPF_W | BPF_MEM, false, "ldx M[k]" },
	{ BPF_LDX | BPF_W | BPF_LEN, true, "ldx #len" },
	{ BPF_LDX | BPF_B | BPF_MSH, false, "ldxb 4*([k]&0xf)" },
	{ BPF_ST, false, "st M[k]" },
	{ BPF_STX, false, "stx M[k]" },
	{ BPF_ALU | BPF_ADD | BPF_K, false, "add #k" },
	{ BPF_ALU | BPF_SUB | BPF_K, false, "sub #k" },
	{ BPF_ALU | BPF_MUL | BPF_K, false, "mul #k" },
	{ BPF_ALU | BPF_DIV | BPF_K, false, "div #k" },
	{ BPF_ALU | BPF_MOD | BPF_K, false, "mod #k" },
	{ BPF_ALU | BPF_AND | BPF_K, false, "and #k" },
	{ BPF_ALU | BPF_OR | BPF_K, false, "or #k" },
	{ BPF_ALU | BPF_XOR | BPF_K, false, "xor #k" },
	{ BPF_ALU | BPF_LSH | BPF_K, false, "lsh #k" },
	{ BPF_ALU | BPF_RSH | BPF_K, false, "rsh #k" },
	{ BPF_ALU | BPF_ADD | BPF_X, false, "add x" },
	{ BPF_ALU | BPF_SUB | BPF_X, false, "sub x" },
	{ BPF_ALU | BPF_MUL | BPF_X, false, "mul x" },
	{ BPF_ALU | BPF_DIV | BPF_X, false, "div x" },
	{ BPF_ALU | BPF_MOD | BPF_X, false, "mod x" },
	{ BPF_ALU | BPF_AND | BPF_X, false, "and x" },
	{ BPF_ALU | BPF_OR | BPF_X, false, "or x" },
	{ BPF_ALU | BPF_XOR | BPF_X, false, "xor x" },
	{ BPF_ALU | BPF_LSH | BPF_X, false, "lsh x" },
	{ BPF_ALU | BPF_RSH | BPF_X, false, "rsh x" },
	{ BPF_ALU | BPF_NEG, false, "neg" },
	{ BPF_JMP | BPF_JA, false, "ja" },
	{ BPF_JMP | BPF_JEQ | BPF_K, false, "jeq #k" },
	{ BPF_JMP | BPF_JGT | BPF_K, false, "jgt #k" },
	{ BPF_JMP | BPF_JGE | BPF_K, false, "jge #k" },
	{ BPF_JMP | BPF_JSET | BPF_K, false, "jset #k" },
	{ BPF_JMP | BPF_JEQ | BPF_X, false, "jeq x" },
	{ BPF_JMP | BPF_JGT | BPF_X, false, "jgt x" },
	{ BPF_JMP | BPF_JGE | BPF_X, false, "jge x" },
	{ BPF_JMP | BPF_JSET | BPF_X, true, "jset x" },
	{ BPF_RET | BPF_K, false, "ret #k" },
	{ BPF_RET | BPF_A, true, "ret a" },
	{ BPF_MISC | BPF_TAX, false, "tax" },
	{ BPF_MISC | BPF_TXA, false, "txa" },
};
#define NOPS (sizeof(ops) / sizeof(ops[0]))

static bool verbose;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "expr_check: %s: %s\n", what, why);
	exit(2);
}

static char *copy(const char *s)
{
	char *d = strdup(s);

	if (d == NULL)
		die("memory", strerror(errno));
	return d;
}

/* A heading changes what is expected only if it names a section: `# x: y`. */
static void heading(const char *line, struct section *s)
{
	bool refused = strncmp(line, "# refused:", 10) == 0;

	if (!refused && strncmp(line, "# section:", 10) != 0)
		return;
	s->netbase = strncmp(line, "# section: netbase", 18) == 0;
	s->refused[OPTIMISED] = refused;
	s->refused[UNOPTIMISED] =
	    refused && strncmp(line, "# refused: optimised,", 21) != 0;
}

static void add(
    struct corpus *c, char *line, unsigned int number, struct section want)
{
	char *tab = strchr(line, '\t');
	struct entry *e;

	if (tab == NULL || tab == line || tab[1] == '\0') {
		fprintf(stderr, "expr_check: line %u: not DLT<TAB>EXPRESSION\n",
		    number);
		exit(2);
	}
	if (c->n == c->room) {
		c->room = c->room != 0 ? c->room * 2 : 256;
		c->e = realloc(c->e, c->room * sizeof(*c->e));
		if (c->e == NULL)
			die("memory", strerror(errno));
	}
	*tab = '\0';
	e = &c->e[c->n++];
	e->dlt = copy(line);
	e->expr = copy(tab + 1);
	e->line = number;
	e->want = want;
}

static void read_corpus(struct corpus *c, const char *path)
{
	static char line[MAX_LINE];
	struct section want = { { false, false }, false };
	unsigned int number = 0;
	FILE *f = fopen(path, "r");

	if (f == NULL)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), f) != NULL) {
		size_t len = strcspn(line, "\n");

		number++;
		if (line[len] == '\0' && !feof(f))
			die(path, "a line is too long");
		line[len] = '\0';
		if (line[0] == '#')
			heading(line, &want);
		else if (line[0] != '\0')
			add(c, line, number, want);
	}
	if (ferror(f))
		die(path, strerror(errno));
	fclose(f);
}

static int refusal(const struct entry *e)
{
	return e->want.refused[OPTIMISED];
}

static int by_expr(const void *a, const void *b)
{
	const struct entry *const *x = a;
	const struct entry *const *y = b;
	int d = strcmp((*x)->expr, (*y)->expr);

	if (d == 0)
		d = refusal(*x) - refusal(*y);
	/* "*" sorts before every name, so it leads its group */
	return d != 0 ? d : strcmp((*x)->dlt, (*y)->dlt);
}

/*
 * Counts entries that are already there, by themselves or through a `*`.  That
 * one link type refuses what `*` compiles on others is news, no duplicate.
 */
static unsigned int duplicates(const struct corpus *c)
{
	const struct entry **s = calloc(c->n + 1, sizeof(*s));
	unsigned int found = 0;
	size_t i, head = 0;

	if (s == NULL)
		die("memory", strerror(errno));
	for (i = 0; i < c->n; i++)
		s[i] = &c->e[i];
	qsort(s, c->n, sizeof(*s), by_expr);
	for (i = 1; i < c->n; i++) {
		if (strcmp(s[i]->expr, s[head]->expr) != 0 ||
		    refusal(s[i]) != refusal(s[head]))
			head = i;
		else if (strcmp(s[head]->dlt, "*") == 0 ||
		         strcmp(s[i]->dlt, s[i - 1]->dlt) == 0) {
			found++;
			printf("duplicate: line %u: %s %s: as line %u\n",
			    s[i]->line, s[i]->dlt, s[i]->expr, s[i - 1]->line);
		}
	}
	free(s);
	return found;
}

static bool known(unsigned int code)
{
	size_t i;

	for (i = 0; i < NOPS; i++)
		if (ops[i].code == code)
			return true;
	return false;
}

static void count(struct totals *t, const struct bpf_program *p, int mode)
{
	unsigned int i;
	bool back = false;

	for (i = 0; i < p->bf_len; i++) {
		const struct bpf_insn *in = &p->bf_insns[i];

		if (in->code < 256 && known(in->code))
			t->seen[in->code][mode]++;
		else
			t->strange++;
		if (in->code == (BPF_JMP | BPF_JA) && (int)in->k < 0)
			back = true;
	}
	t->backward += back;
	t->pairs[mode]++;
	if (p->bf_len > t->longest[mode])
		t->longest[mode] = p->bf_len;
}

/* An empty trace, as `tcpdump -r` would have it. libpcap takes a link type
 * in a file that has no other meaning for the DLT of that number. */
static pcap_t *open_trace(struct pcap_file_header *h, int dlt)
{
	char why[PCAP_ERRBUF_SIZE] = "no memory";
	pcap_t *p = NULL;
	FILE *f;

	*h = (struct pcap_file_header){ .magic = 0xa1b2c3d4,
		.version_major = 2,
		.version_minor = 4,
		.snaplen = SNAPLEN,
		.linktype = (bpf_u_int32)dlt };
	f = fmemopen(h, sizeof(*h), "r");
	if (f != NULL)
		p = pcap_fopen_offline(f, why);
	if (p == NULL)
		die("pcap_fopen_offline", why);
	return p;
}

/* One entry on one link type in one mode; false if libpcap refuses it. */
static bool compile(
    struct totals *t, const struct entry *e, const char *name, int mode)
{
	int dlt = pcap_datalink_name_to_val(name);
	struct pcap_file_header head;
	struct bpf_program prog;
	pcap_t *p;
	bool ok;

	if (dlt < 0)
		die(name, "libpcap knows no such link type");
	p = open_trace(&head, dlt);
	ok = pcap_compile(p, &prog, e->expr, mode == OPTIMISED, NETMASK) == 0;
	if (ok) {
		count(t, &prog, mode);
		pcap_freecode(&prog);
	} else if (verbose && (e->dlt[0] != '*' || e->want.refused[mode])) {
		printf("refused: line %u%s: %s\t%.200s: %s\n", e->line,
		    mode == OPTIMISED ? "" : " unoptimised", name, e->expr,
		    pcap_geterr(p));
	}
	pcap_close(p);
	return ok;
}

/* An entry for `*` compiles if it does on at least one link type. */
static bool compile_entry(struct totals *t, const struct entry *e, int mode)
{
	bool any = false;
	size_t i;

	if (strcmp(e->dlt, "*") != 0)
		return compile(t, e, e->dlt, mode);
	for (i = 0; i < NSTARS; i++)
		any |= compile(t, e, stars[i], mode);
	return any;
}

static void check_entry(struct totals *t, const struct entry *e)
{
	static const char *const names[MODES] = { "optimised", "unoptimised" };
	bool refused = false;
	bool wrong = false;
	int mode;

	for (mode = 0; mode < MODES; mode++) {
		bool ok = compile_entry(t, e, mode);

		t->compiled[mode] += ok;
		refused |= !ok;
		if (ok == e->want.refused[mode]) {
			wrong = true;
			printf("wrong: line %u: %s\t%.200s: %s %s\n", e->line,
			    e->dlt, e->expr, ok ? "compiles" : "is refused",
			    names[mode]);
		}
	}
	t->refused += refused;
	t->wrong += wrong;
}

static void check_entries(struct totals *t, const struct corpus *c)
{
	bool netbase = getprotobyname("ospf") != NULL &&
	               getservbyname("domain", "udp") != NULL;
	unsigned int left_out = 0;
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (c->e[i].want.netbase && !netbase)
			left_out++;
		else
			check_entry(t, &c->e[i]);
	}
	if (left_out != 0)
		printf("skipped: %u entries: /etc/protocols and /etc/services "
		       "are not there, install netbase\n",
		    left_out);
}

/* Prints the census if asked to; returns how many instructions are missing. */
static unsigned int census(const struct totals *t, bool print)
{
	unsigned int missing = 0;
	size_t i;

	if (print)
		printf("code  instruction       optimised  unoptimised\n");
	for (i = 0; i < NOPS; i++) {
		const struct op *o = &ops[i];
		const unsigned long *n = t->seen[o->code];
		bool absent = n[OPTIMISED] + n[UNOPTIMISED] == 0;

		if (print)
			printf("0x%02x  %-16s %10lu %12lu%s\n", o->code,
			    o->name, n[OPTIMISED], n[UNOPTIMISED],
			    o->never ? "  never emitted" : "");
		if (absent && !o->never) {
			missing++;
			printf("missing: instruction %s\n", o->name);
		}
	}
	if (print) {
		printf("programs: %u optimised (longest %u), "
		       "%u unoptimised (longest %u)\n",
		    t->pairs[OPTIMISED], t->longest[OPTIMISED],
		    t->pairs[UNOPTIMISED], t->longest[UNOPTIMISED]);
		printf("programs with a backward jump: %u\n", t->backward);
		printf("instructions outside cBPF: %lu\n", t->strange);
	}
	return missing;
}

int main(int argc, char **argv)
{
	static struct totals t;
	struct corpus c = { NULL, 0, 0 };
	const char *path = "tests/diff/expressions.txt";
	bool print = false, bad;
	size_t i;
	int a;

	for (a = 1; a < argc && argv[a][0] == '-'; a++) {
		if (strcmp(argv[a], "-v") == 0)
			verbose = true;
		else if (strcmp(argv[a], "-o") == 0)
			print = true;
		else
			die(argv[a], "usage: expr_check [-v] [-o] [LIST]");
	}
	if (a < argc)
		path = argv[a];
	read_corpus(&c, path);
	bad = duplicates(&c) != 0;
	check_entries(&t, &c);
	bad |= census(&t, print) != 0 || t.wrong != 0 || t.strange != 0 ||
	       t.compiled[OPTIMISED] < MIN_COMPILED;
	printf("expr_check: %zu lines, %u compile (optimised), "
	       "%u compile (unoptimised), %u refused\n",
	    c.n, t.compiled[OPTIMISED], t.compiled[UNOPTIMISED], t.refused);
	for (i = 0; i < c.n; i++) {
		free(c.e[i].dlt);
		free(c.e[i].expr);
	}
	free(c.e);
	return bad;
}
