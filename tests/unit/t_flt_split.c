/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions taken apart, their programs joined, and what cannot be split.
 */
#include "exo/abi/err.h"
#include "filters/split_int.h"
#include "tests/support/cbpf_run.h"
#include "tests/support/oom.h"
#include "tests/support/split_check.h"

#define ETHERNET 1
#define RAW_IP   101

static struct flt_error err;

/* --- tokens ----------------------------------------------------------------- */

/* One letter a token. */
static char letter(enum flt_token t)
{
	return "$?#&|!()wpdtmlcsbra/[]:,"[t];
}

START_TEST(tokens)
{
	static const struct {
		const char *text, *tokens;
	} rows[] = {
		{ "", "" },
		{ " \t\r\n", "" },
		{ "and or not && || !", "&|!&|!" },
		{ "AND andy or1 nothing", "wwww" },
		{ "tcp src port 80", "pdtw" },
		{ "src or dst net 10/8", "d|dtw/w" },
		{ "net 1.2.3.4 mask 255.0.0.0", "twmw" },
		{ "tcp[13]&3!=0", "p[w]awrw" },
		{ "ip[6:2] & 0x1fff", "p[,]aw" },
		{ "ip[6 : 2]", "p[w:w]" },
		{ "ip[len:1]", "p[,]" },
		{ "ip[and:1]", "p[?" },
		{ "a&&b", "w&w" },
		{ "a&&&b", "w&aw" },
		{ "a|||b", "w|aw" },
		{ "1<<2>>3<=4>=5<6>7==8=9", "wawawrwrwrwrwrwrw" },
		{ "!=!", "r!" },
		{ "-1 - 2", "awaw" },
		{ "1-2", "w" },
		{ "5-", "?" },
		{ "_a", "?" },
		{ "::1", "w" },
		{ "2001:db8::/32", "w/w" },
		{ "1:2:3:4:5:6", "w" },
		{ "1:2:3:4:5:", "?" },
		{ "1:2:3", "?" },
		{ "::ffff:1.2.3.4", "w" },
		{ "00-11-22-33-44-55 0011.2233.4455", "ww" },
		{ "\\tcp or \\host)", "w|w)" },
		{ "\\tcp;", "?" },
		{ "\\", "?" },
		{ "a\"b", "w?" },
		{ "$7f", "?" },
		{ "caf\xc3\xa9", "w?" },
		{ "is-is es-is l1", "ppp" },
		{ "vlan mpls protochain geneve", "####" },
		{ "less 5 greater 6 byte 0 broadcast", "swswbwc" },
	};
	struct flt_lexer lx = { .text = rows[_i].text };
	char got[64];
	size_t n = 0;
	enum flt_token t;

	while ((t = flt_lex(&lx)) != FLT_T_END && n < sizeof(got) - 1) {
		got[n++] = letter(t);
		if (t == FLT_T_ODD)
			break;
	}
	got[n] = '\0';
	/* nothing after the first odd one counts */
	ck_assert_msg(strncmp(got, rows[_i].tokens, n) == 0 &&
	                  strlen(rows[_i].tokens) == n,
	    "%s: %s, not %s", rows[_i].text, got, rows[_i].tokens);
}
END_TEST

START_TEST(terms_are_counted)
{
	ck_assert_uint_eq(flt_split_terms(""), 1);
	ck_assert_uint_eq(flt_split_terms("tcp"), 1);
	ck_assert_uint_eq(flt_split_terms("tcp and (udp||icmp)"), 3);
	ck_assert_uint_eq(flt_split_terms("a & b | c orange"), 1);
	ck_assert_uint_eq(flt_split_terms("\x01 or \xff and ("), 3);
}
END_TEST

/* --- structure --------------------------------------------------------------- */

/* "text>t,f" for each node; T and F are the ends. */
static void show(const struct flt_split *s, char *to, size_t size)
{
	size_t len = 0;
	uint32_t i, k;

	to[0] = '\0';
	for (i = 0; i < s->n; i++) {
		const struct flt_split_node *nd = &s->nodes[i];
		uint32_t end[2] = { nd->t, nd->f };

		len += (size_t)snprintf(to + len, size - len, "%s%.*s>",
		    i != 0 ? "; " : "", (int)nd->len, s->text + nd->at);
		for (k = 0; k < 2; k++) {
			ck_assert(end[k] >= FLT_SPLIT_FALSE ||
			          (end[k] > i && end[k] < s->n));
			if (end[k] < s->n)
				len += (size_t)snprintf(
				    to + len, size - len, "%u", end[k]);
			else
				len += (size_t)snprintf(to + len, size - len,
				    end[k] == FLT_SPLIT_TRUE ? "T" : "F");
		}
	}
}

static const struct {
	const char *expr;
	uint32_t terms;
	const char *nodes;
} splits[] = {
	{ "tcp", 1, "tcp>TF" },
	{ "tcp or udp", 1, "tcp>T1; udp>TF" },
	{ "tcp and udp", 1, "tcp>1F; udp>TF" },
	{ "not tcp", 1, "not tcp>TF" },
	{ "not not tcp", 1, "tcp>TF" },
	{ "!tcp or ! ! !udp", 1, "not tcp>T1; not udp>TF" },
	/* one precedence, to the left */
	{ "tcp or udp and ip", 1, "tcp>21; udp>2F; ip>TF" },
	{ "tcp and udp or ip", 1, "tcp>12; udp>T2; ip>TF" },
	{ "tcp or (udp and ip)", 1, "tcp>T1; udp>2F; ip>TF" },
	{ "not (tcp or udp) and ip", 1, "tcp>F1; udp>F2; ip>TF" },
	{ "not (not (tcp and udp))", 1, "tcp>1F; udp>TF" },
	/* qualifiers */
	{ "host 1.1.1.1 or 2.2.2.2", 1, "host 1.1.1.1>T1; host 2.2.2.2>TF" },
	{ "tcp src or dst port 1 or 2", 1,
	    "tcp src or dst port 1>T1; tcp src or dst port 2>TF" },
	{ "src 1.1.1.1 or not 2.2.2.2", 1,
	    "src 1.1.1.1>T1; not src 2.2.2.2>TF" },
	{ "port (1 or 2) or 3", 1, "port 1>T1; port 2>T2; port 3>TF" },
	{ "not port (1 or (2 and 3))", 1, "port 1>F1; port 2>2T; port 3>FT" },
	{ "port 1 or (2 or 3)", 1, "port 1>T1; port 2>T2; port 3>TF" },
	{ "port 1 or (host 1.1.1.1 or 2.2.2.2) or 3", 1,
	    "port 1>T1; host 1.1.1.1>T2; host 2.2.2.2>T3; port 3>TF" },
	{ "net 10 or 10.0.0.0/8 or 11.0.0.0 mask 255.0.0.0", 1,
	    "net 10>T1; net 10.0.0.0/8>T2; "
	    "net 11.0.0.0 mask 255.0.0.0>TF" },
	{ "port 1 or not (2)", 1, "port 1>T1; not (port 2)>TF" },
	{ "ip proto \\tcp or \\udp", 1,
	    "ip proto \\tcp>T1; ip proto \\udp>TF" },
	/* arithmetic */
	{ "(ip[0] & 0xf) = 5 or len>9", 1, "(ip[0] & 0xf) = 5>T1; len>9>TF" },
	{ "(tcp[13] & 3 != 0) and ip", 1, "(tcp[13] & 3 != 0)>1F; ip>TF" },
	{ "10 / 2 = ip[0] or 5=5", 1, "10 / 2 = ip[0]>T1; 5=5>TF" },
	{ "port 80 or 80 = ip[8]", 1, "port 80>T1; 80 = ip[8]>TF" },
	{ "- (ip[0]) < 5 or (((1)+2))=3", 1,
	    "- (ip[0]) < 5>T1; (((1)+2))=3>TF" },
	{ "byte 0 & 1 or less 5 and ether broadcast", 1,
	    "byte 0 & 1>21; less 5>2F; ether broadcast>TF" },
	/* fewer nodes */
	{ "tcp or udp or ip", 2, "tcp or udp>T1; ip>TF" },
	{ "tcp or udp and ip", 2, "tcp or udp>1F; ip>TF" },
	{ "tcp or udp and ip", 3, "tcp or udp and ip>TF" },
	{ "ip and tcp or udp or arp", 2, "ip and tcp>T1; udp or arp>TF" },
	{ "(ip and tcp) or (ip6 and udp)", 2,
	    "(ip and tcp)>T1; (ip6 and udp)>TF" },
	{ "(ip and tcp) or not (ip6 and udp)", 4,
	    "(ip and tcp) or not (ip6 and udp)>TF" },
	{ "arp or (ip and tcp and udp)", 2, "arp>T1; ip and tcp>2F; udp>TF" },
	{ "port 1 or 2 or 3 or 4 or 5", 2,
	    "port 1 or port 2>T1; port 3 or port 4>T2; port 5>TF" },
};

START_TEST(structure)
{
	struct flt_split s;
	char got[512];

	ck_assert_int_eq(flt_split(splits[_i].expr, splits[_i].terms, &s), 0);
	show(&s, got, sizeof(got));
	ck_assert_str_eq(got, splits[_i].nodes);
	flt_split_free(&s);
}
END_TEST

START_TEST(not_split)
{
	static const char *const rows[] = {
		"",
		"or tcp",
		"tcp or",
		"tcp udp",
		"port 80 (tcp or udp)",
		"tcp and not",
		"(tcp",
		"tcp)",
		"()",
		")(",
		/* ids without qualifiers */
		"10.0.0.1",
		"tcp or 80",
		"(host 1.1.1.1) or 2.2.2.2",
		"ip[0] = 5 or 80",
		/* what libpcap does not read as ids only */
		"port ((1) or 2)",
		"port (not 1 or 2)",
		"port 1 or ((2 or 3) or 4)",
		"port 1 or ((2 or 3))",
		"port 1 or (!42 and not udp)",
		"host (1.1.1.1 or port 5)",
		"port 1 or (2 or port 5)",
		"port 1 or (2 or (port 5))",
		"host not 1.1.1.1",
		"src or 1.1.1.1",
		/* state, loops, syntax of their own */
		"vlan or tcp",
		"tcp or vlan 5",
		"mpls and ip",
		"pppoes",
		"geneve 5 and tcp",
		"ip protochain 6 or udp",
		"llc or tcp",
		"gateway 1.1.1.1 or tcp",
		"type mgt or tcp",
		"lane or ip",
		"inbound or tcp",
		/* a `!` in arithmetic, a relation in an id's place */
		"ip[0] + !5 = 3",
		"port 80 = 5 or tcp",
		"tcp = 5 or ip",
		"tcp @ 80 or ip",
	};
	struct flt_split s = { NULL, (void *)&err, 9 };

	ck_assert_msg(
	    flt_split(rows[_i], 1, &s) == -EXO_ESYNTAX, "%s", rows[_i]);
	ck_assert_ptr_null(s.nodes);
	ck_assert_ptr_null(s.text);
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

/* n times what, then last. */
static char *many(const char *what, size_t n, const char *last)
{
	size_t len = strlen(what), i;
	char *text = malloc(len * n + strlen(last) + 1);

	ck_assert_ptr_nonnull(text);
	for (i = 0; i < n; i++)
		memcpy(text + i * len, what, len);
	strcpy(text + n * len, last);
	return text;
}

START_TEST(hostile_text)
{
	static const struct {
		const char *what;
		size_t n;
		const char *last;
		int ret;
		uint32_t nodes;
	} rows[] = {
		{ "(", 10u << 20, "", -EXO_ESYNTAX, 0 },
		{ "(", 7u << 20, "", -EXO_ESYNTAX, 0 },
		{ ")", 7u << 20, "", -EXO_ESYNTAX, 0 },
		{ "()", 3u << 20, "", -EXO_ESYNTAX, 0 },
		{ "not ", 2u << 20, "", -EXO_ESYNTAX, 0 },
		{ "not ", 1u << 20, "tcp", 0, 1 },
		{ "!", 8000001, "tcp", 0, 1 },
		{ "tcp or ", 1u << 20, "", -EXO_ESYNTAX, 0 },
		{ "tcp or ", 1u << 20, "udp", 0, (1u << 20) + 1 },
		{ "(tcp)or ", 1u << 19, "udp", 0, (1u << 19) + 1 },
		{ "tcp and udp or ", 1u << 18, "ip", 0, (1u << 19) + 1 },
		{ "a", 8u << 20, "", -EXO_ESYNTAX, 0 },
		{ "\\", 1u << 20, "", -EXO_ESYNTAX, 0 },
		{ "1:", 1u << 20, "", -EXO_ESYNTAX, 0 },
		{ "ip[0]+", 1u << 20, "1 = 2", -EXO_ESYNTAX, 0 },
		{ "\xff", 1u << 20, "", -EXO_ESYNTAX, 0 },
		{ " ", 1u << 22, "tcp", 0, 1 },
		{ "port ", 1u << 20, "", -EXO_ESYNTAX, 0 },
		{ "(", FLT_SPLIT_DEPTH, "tcp", -EXO_ESYNTAX, 0 },
	};
	char *text = many(rows[_i].what, rows[_i].n, rows[_i].last);
	struct flt_split s;

	ck_assert_int_eq(flt_split(text, 1, &s), rows[_i].ret);
	ck_assert_uint_eq(s.n, rows[_i].nodes);
	flt_split_free(&s);
	free(text);
}
END_TEST

START_TEST(depth_is_bounded)
{
	char *open = many("not (tcp or ", FLT_SPLIT_DEPTH, "udp");
	char *close = many(")", FLT_SPLIT_DEPTH, "");
	char *all = malloc(strlen(open) + strlen(close) + 3);
	struct flt_split s;

	sprintf(all, "%s%s", open, close);
	ck_assert_int_eq(flt_split(all, 1, &s), 0);
	ck_assert_uint_eq(s.n, FLT_SPLIT_DEPTH + 1);
	flt_split_free(&s);
	ck_assert_int_eq(flt_split(all, 1000, &s), 0);
	ck_assert_uint_eq(s.n, 1);
	flt_split_free(&s);
	sprintf(all, "(%s%s)", open, close);
	ck_assert_int_eq(flt_split(all, 1, &s), -EXO_ESYNTAX);
	free(open);
	free(close);
	free(all);
}
END_TEST

/* --- joined ------------------------------------------------------------------- */

/* ld #v; jeq #1: accepts with 7 when v is 1. */
static struct flt_cbpf give[2][4] = {
	{ { 0, 0, 0, 0 }, { 0x15, 0, 1, 1 }, { 6, 0, 0, 7 }, { 6, 0, 0, 0 } },
	{ { 0, 0, 0, 1 }, { 0x15, 0, 1, 1 }, { 6, 0, 0, 7 }, { 6, 0, 0, 0 } },
};

/* All values of all terms: what the joined program returns is the value. */
START_TEST(joined_programs)
{
	static const struct {
		const char *expr;
		uint32_t truth; /* bit i: for values i, the first is bit 0 */
	} rows[] = {
		{ "tcp", 0x2 },
		{ "tcp or udp", 0xe },
		{ "tcp and udp", 0x8 },
		{ "tcp or udp and ip", 0xe0 },
		{ "tcp and udp or ip", 0xf8 },
		{ "tcp or (udp and ip)", 0xea },
		{ "not (tcp or udp) and ip", 0x10 },
		{ "not (tcp and udp or not (ip and arp))", 0x7000 },
	};
	struct flt_part_prog progs[4];
	struct flt_split s;
	struct flt_cbpf *p;
	uint32_t v, i, n;

	ck_assert_int_eq(flt_split(rows[_i].expr, 1, &s), 0);
	for (v = 0; v < 1u << s.n; v++) {
		for (i = 0; i < s.n; i++)
			progs[i] =
			    (struct flt_part_prog){ give[v >> i & 1], 4 };
		ck_assert_int_eq(flt_join(&s, progs, &p, &n), 0);
		ck_assert_uint_le(n, 4 * s.n + 2);
		ck_assert_uint_eq(
		    cbpf_run_libpcap(p, (const uint8_t *)"", 0, 0),
		    (rows[_i].truth >> v & 1) != 0 ? 7 : 0);
		free(p);
	}
	flt_split_free(&s);
}
END_TEST

START_TEST(not_joined)
{
	struct flt_cbpf odd[][1] = {
		{ { 0x16, 0, 0, 0 } },       /* ret a */
		{ { 6, 0, 0, 8 } },          /* another value */
		{ { 0xff, 0, 0, 0 } },       /* nothing */
		{ { 5, 0, 0, 0xffffffff } }, /* a loop */
	};
	struct flt_part_prog progs[2] = { { give[0], 4 }, { odd[_i], 1 } };
	struct flt_split s;
	struct flt_cbpf *p;
	uint32_t n;

	ck_assert_int_eq(flt_split("tcp or udp", 1, &s), 0);
	ck_assert_int_eq(flt_join(&s, progs, &p, &n), -EXO_EINVAL);
	flt_split_free(&s);
}
END_TEST

START_TEST(joined_programs_are_bounded)
{
	static struct flt_cbpf big[600000];
	struct flt_part_prog progs[2] = { { big, 600000 }, { big, 600000 } };
	struct flt_split s;
	struct flt_cbpf *p;
	uint32_t i, n;

	for (i = 0; i < 599999; i++)
		big[i] = (struct flt_cbpf){ 0x87, 0, 0, 0 };
	big[i] = (struct flt_cbpf){ 6, 0, 0, 7 };
	ck_assert_int_eq(flt_split("tcp or udp", 1, &s), 0);
	ck_assert_int_eq(flt_join(&s, progs, &p, &n), -EXO_E2BIG);
	flt_split_free(&s);
}
END_TEST

/* --- through libpcap ------------------------------------------------------------ */

static const struct flt_expr_how every = {
	.small_terms = 0,
	.small_text = 0,
	.node_terms = 1,
	.cpu = 10,
	.wall = 30,
	.memory = 1u << 30,
};

/* What the differential test and the fuzzer found, and forms worth a name. */
START_TEST(verdicts_are_libpcaps)
{
	static const char *const rows[] = {
		"host 10.0.0.1 or 10.0.0.2 or 10.0.0.3",
		"tcp port 80 or 443 and not src net 10",
		"not (udp or tcp port 80) or ip[8] = 64",
		"(ip and arp) or tcp",
		"1 = 2 or tcp",
		"5 = 5 and tcp",
		"tcp[100] = 0 or not tcp[100] = 0 or udp",
		"src port 1 or tcp[((tcp[12] & 0xf0) >> 2):4] = 0 or icmp",
	};
	uint8_t pkt[64] = { [12] = 8,
		[14] = 0x45,
		[22] = 64,
		[23] = 6,
		[26] = 10,
		[29] = 1,
		[30] = 10,
		[33] = 2,
		[35] = 80,
		[46] = 0x50 };
	static const uint8_t protos[] = { 6, 17, 1 };
	struct split_whole w;
	struct flt_cbpf *p;
	uint32_t n, len, k;
	bool raw;

	split_whole_make(&w, rows[_i], ETHERNET, 0);
	ck_assert_int_eq(w.raw.ret, 0);
	for (k = 0; k < 6; k++) {
		raw = k >= 3;
		pkt[23] = protos[k % 3];
		ck_assert_int_eq(flt_expr_cbpf_by(&every, rows[_i], ETHERNET,
		                     raw ? FLT_EXPR_RAW : 0, &p, &n, &err),
		    0);
		for (len = 0; len <= sizeof(pkt); len++)
			ck_assert_int_ne(
			    split_judge(&w, p, raw, 1, pkt, len, 64),
			    SPLIT_WRONG);
		free(p);
	}
	split_whole_free(&w);
}
END_TEST

/* 1,000 hosts, one of which is asked for. */
START_TEST(a_long_list)
{
	uint8_t pkt[64] = { [12] = 8, [14] = 0x45, [26] = 10, [30] = 9 };
	char *text = malloc(32000);
	struct cbpf_run r;
	struct flt_cbpf *p;
	uint64_t got;
	uint32_t i, n;
	size_t len = 0;

	for (i = 0; i < 1000; i++)
		len += (size_t)sprintf(text + len, "%s10.7.%u.%u",
		    i == 0 ? "host " : " or ", i >> 8, i & 255);
	ck_assert_int_eq(flt_expr_cbpf(text, ETHERNET, 0, &p, &n, &err), 0);
	ck_assert_uint_lt(n, 6000);
	ck_assert(cbpf_run_make(&r, p, n));
	pkt[27] = 7;
	pkt[28] = 3;
	for (i = 0; i < 256; i++) {
		pkt[29] = (uint8_t)i;
		ck_assert(cbpf_run_on(&r, pkt, 64, 64, &got));
		ck_assert_uint_eq(got, i < 1000 - 768 ? 262144 : 0);
	}
	cbpf_run_free(&r);
	free(p);
	free(text);
}
END_TEST

static bool same(const struct flt_cbpf *a, uint32_t na,
    const struct flt_cbpf *b, uint32_t nb)
{
	return na == nb && memcmp(a, b, na * sizeof(*a)) == 0;
}

/* Small ones, and those that are not split, are libpcap's to the bit. */
START_TEST(whole_programs)
{
	static const struct {
		const char *expr;
		uint32_t linktype;
		const struct flt_expr_how *how;
	} rows[] = {
		{ "host 10.0.0.1 or 10.0.0.2", ETHERNET, &flt_expr_how },
		{ "vlan 1 or vlan 2", ETHERNET, &every },
		{ "tcp port 80 or vlan and host 1.1.1.1", ETHERNET, &every },
		{ "ip protochain 6 or udp", ETHERNET, &every },
		{ "tcp or udp", 127, &every },    /* radiotap */
		{ "host 10.0.0.1", 123, &every }, /* SUNATM */
		{ "", ETHERNET, &every },
	};
	struct flt_cbpf *a, *b;
	uint32_t na, nb;

	ck_assert_int_eq(
	    flt_expr_whole(rows[_i].expr, rows[_i].linktype, 0, &a, &na, &err),
	    0);
	ck_assert_int_eq(flt_expr_cbpf_by(rows[_i].how, rows[_i].expr,
	                     rows[_i].linktype, 0, &b, &nb, &err),
	    0);
	ck_assert(same(a, na, b, nb));
	free(a);
	free(b);
}
END_TEST

/* Whatever is wrong, and wherever: the words are libpcap's for the whole. */
START_TEST(refusals_are_those_of_the_whole)
{
	static const char *const rows[] = {
		"tcp or port 65536",
		"tcp or udp or",
		"tcp or 80",
		"(tcp or udp",
		"port 80 or host 1.2.3.4.5.6",
		"ip[0] << 32 = 0 or tcp",
		"tcp or ether host 1",
		"vlan 5000 or tcp",
		"tcp or ip6 net 10.0.0.0/8",
	};
	struct flt_error whole;
	struct flt_cbpf *p;
	uint32_t n;

	ck_assert_int_eq(flt_expr_whole(rows[_i], ETHERNET, 0, &p, &n, &whole),
	    -EXO_ESYNTAX);
	ck_assert_int_eq(
	    flt_expr_cbpf_by(&every, rows[_i], ETHERNET, 0, &p, &n, &err),
	    -EXO_ESYNTAX);
	ck_assert_str_eq(err.text, whole.text);
	ck_assert_ptr_null(p);
	ck_assert_uint_eq(n, 0);
}
END_TEST

static int nodes_once(void *arg)
{
	struct flt_cbpf *p;
	uint32_t n;
	int ret = flt_expr_cbpf_by(&every, "tcp port 80 or (udp and not arp)",
	    RAW_IP, 0, &p, &n, &err);

	(void)arg;
	free(p);
	return ret;
}

START_TEST(memory_fails)
{
	test_oom_loop(nodes_once, NULL);
}
END_TEST

Suite *t_flt_split_suite(void)
{
	Suite *s = suite_create("t_flt_split");
	TCase *tc = tcase_create("split");
	TCase *oom = tcase_create("oom");

	tcase_add_loop_test(tc, tokens, 0, 37);
	tcase_add_test(tc, terms_are_counted);
	tcase_add_loop_test(tc, structure, 0, 35);
	tcase_add_loop_test(tc, not_split, 0, 39);
	tcase_add_loop_test(tc, hostile_text, 0, 19);
	tcase_add_test(tc, depth_is_bounded);
	tcase_add_loop_test(tc, joined_programs, 0, 8);
	tcase_add_loop_test(tc, not_joined, 0, 4);
	tcase_add_test(tc, joined_programs_are_bounded);
	tcase_add_loop_test(tc, verdicts_are_libpcaps, 0, 8);
	tcase_add_test(tc, a_long_list);
	tcase_add_loop_test(tc, whole_programs, 0, 7);
	tcase_add_loop_test(tc, refusals_are_those_of_the_whole, 0, 9);
	tcase_add_test(oom, memory_fails);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, oom);
	return s;
}
