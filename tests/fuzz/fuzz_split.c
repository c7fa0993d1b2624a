/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a tcpdump expression that is split.
 *
 * Input: a byte of flags, the text. With WORDS set each byte is a word of a
 * list, so that most of what libpcap takes can come about; without, the bytes
 * are the text, and names that would be looked up stay away from libpcap.
 *
 * Whatever is split has nodes that lead forwards. What libpcap refuses as a
 * whole must not be taken in pieces, nor refused in pieces what it takes, and
 * the verdicts must be libpcap's (split_check.h) on packets of every length.
 */
#include "exo/abi/err.h"
#include "tests/support/split_check.h"

#define WORDS    1u
#define OPTIMISE 2u
#define ETHER    4u
#define SIZE     8u /* and above: terms of a node, less one */
#define TEXT_MAX 4096
#define LONGEST  300u /* bytes of text that libpcap is given */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = { "or", "and", "not", "(", ")", "||", "&&",
	"!", "host", "net", "port", "portrange", "proto", "src", "dst", "tcp",
	"udp", "ip", "ip6", "arp", "icmp", "ether", "10.0.0.1", "10.0.0.2",
	"10.0.0.0/8", "10", "/", "8", "80", "53", "443", "6", "::1",
	"2001:db8::/32", "02:00:00:00:00:01", "mask", "255.0.0.0", "len", "=",
	"!=", "<", ">", "<=", ">=", "&", "|", "+", "-", "*", "[0]", "[2:2]",
	"[", "]", "ip[0]", "tcp[13]", "less", "greater", "byte", "broadcast",
	"multicast", "vlan", "mpls", "5", "0", "and not", "or (", ") and",
	"port (", "src or dst", "%", "<<", ">>", "^", "tcp[40:4] = 0",
	"(ip[6:2] & 0x1fff)", "ether proto 0x806", "udp[4:2]", ":" };

#define NWORDS (sizeof(words) / sizeof(words[0]))

/* Ethernet, or without its 14 bytes raw IP. */
static const uint8_t packets[][78] = {
	/* TCP: 10.0.0.1:80 to 10.0.0.2:53 */
	{ 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 64, 0, 1, 0, 0,
	    64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 80, 0, 53, 0, 0, 0, 1, 0,
	    0, 0, 1, 0x50, 0x12 },
	/* UDP, the second fragment, with an option */
	{ 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 0, 0x46, 0, 0, 64,
	    0, 1, 0, 8, 5, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1, 1, 1, 1, 1, 0,
	    53, 0, 80 },
	/* IPv6 */
	{ 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20,
	    6, 64, [37] = 1, [38] = 0x20, 1, 0xd, 0xb8, [55] = 80, [57] = 6 },
	/* ARP */
	{ 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6,
	    4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, [38] = 10, [41] = 2 },
};

static _Noreturn void finding(const char *what, const char *text)
{
	fprintf(stderr, "fuzz_split: %s: %s\n", what, text);
	abort();
}

static void make_text(char *text, const uint8_t *data, size_t size, bool tame)
{
	size_t i, len = 0;

	for (i = 0; i < size && len < TEXT_MAX - 32; i++)
		if (tame)
			len += (size_t)sprintf(
			    text + len, "%s ", words[data[i] % NWORDS]);
		else if (data[i] != 0)
			text[len++] = (char)data[i];
	text[len] = '\0';
}

/* A number, or up to four with dots, or an address with colons? */
static bool is_number(const char *s, size_t n)
{
	size_t i, dots = 0;

	if (memchr(s, ':', n) != NULL)
		return true;
	for (i = 0; i < n; i++) {
		dots += s[i] == '.';
		if (s[i] != '.' && (s[i] < '0' || s[i] > '9'))
			return false;
		if (s[i] == '.' && (i == 0 || i + 1 == n || s[i - 1] == '.'))
			return false;
	}
	return dots < 4;
}

/* Would libpcap look a name up? */
static bool has_names(const char *text)
{
	struct flt_lexer lx = { .text = text };
	enum flt_token t;

	while ((t = flt_lex(&lx)) != FLT_T_END)
		if (t == FLT_T_ODD ||
		    (t == FLT_T_WORD && !is_number(text + lx.start, lx.len)))
			return true;
	return false;
}

static void check_nodes(const struct flt_split *s, const char *text)
{
	size_t len = strlen(s->text);
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		const struct flt_split_node *nd = &s->nodes[i];

		if (nd->len == 0 || nd->at > len || nd->len > len - nd->at)
			finding("a node's text", text);
		if ((nd->t <= i || nd->t >= s->n) && nd->t < FLT_SPLIT_FALSE)
			finding("a node leads nowhere", text);
		if ((nd->f <= i || nd->f >= s->n) && nd->f < FLT_SPLIT_FALSE)
			finding("a node leads nowhere", text);
	}
}

static void check_verdicts(const struct split_whole *w, const char *text,
    const struct flt_cbpf *p, bool raw, uint32_t terms, uint32_t skip)
{
	uint32_t i, len;

	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		for (len = skip; len <= sizeof(packets[0]); len++) {
			/* of this very length: sanitizers see its end */
			uint8_t *copy = malloc(len - skip + 1);

			memcpy(copy, packets[i] + skip, len - skip);
			if (split_judge(w, p, raw, terms, copy, len - skip,
			        sizeof(packets[0]) - skip) == SPLIT_WRONG)
				finding("another verdict", text);
			free(copy);
		}
}

static void check(const char *text, uint32_t terms, uint8_t flags)
{
	uint32_t linktype = (flags & ETHER) != 0 ? 1 : 101;
	bool raw = (flags & OPTIMISE) == 0;
	struct split_whole w;
	struct split_prog p;

	split_whole_make(&w, text, linktype, 0);
	p.ret = flt_expr_nodes(text, linktype, raw ? FLT_EXPR_RAW : 0, terms,
	    &p.insns, &p.n, &p.err);
	if (p.ret == 0 && w.raw.ret != 0)
		finding("taken in pieces", text);
	if (p.ret != 0 && (raw ? w.raw.ret : w.opt.ret) == 0)
		finding("refused in pieces", text);
	if (p.ret == 0)
		check_verdicts(
		    &w, text, p.insns, raw, terms, linktype == 1 ? 0 : 14);
	free(p.insns);
	split_whole_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[TEXT_MAX];
	struct flt_split s;
	uint32_t terms;
	int ret;

	if (size == 0)
		return 0;
	terms = data[0] / SIZE + 1;
	make_text(text, data + 1, size - 1, (data[0] & WORDS) != 0);
	(void)flt_split_terms(text);
	ret = flt_split(text, terms, &s);
	if (ret == 0) {
		check_nodes(&s, text);
		if (s.n > 1 && strlen(text) <= LONGEST && !has_names(text))
			check(text, terms, data[0]);
	} else if (ret != -EXO_ESYNTAX) {
		finding("neither split nor not", text);
	}
	flt_split_free(&s);
	return 0;
}
