/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpdump expressions, compiled by libpcap.
 *
 * The options are those with which `tcpdump -r` reads a file, so that an
 * expression means here what it means there: a packet is accepted whole
 * (snaplen 262144), and the netmask is 0, by which `ip broadcast` is true of
 * 0.0.0.0 and 255.255.255.255.
 *
 * libpcap is shown the head of a trace, not pcap_open_dead(): for what is
 * dead it takes `inbound` on Ethernet to be asked of a live Linux socket, and
 * makes loads of a negative offset that no trace can answer. The head's byte
 * order counts: on NULL and ENC packets begin with an address family in the
 * order of the machine that captured them, and libpcap compares it so.
 *
 * Threads may compile at the same time: each has a trace of its own, and
 * libpcap keeps nothing else (since 1.8).
 *
 * Names in an expression are looked up as tcpdump does it, by the C library:
 * /etc/protocols, /etc/services, and for hosts whatever nsswitch.conf says,
 * DNS included. Only a name that stands in the expression is looked up.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "exo/abi/err.h"
#include "exo/lib/bytes.h"
#include "filters/filters_int.h"
#include "filters/split.h"

#define SNAPLEN 262144
#define NETMASK 0u

#define HEAD_SIZE 24

/* The head of a trace of a link type, as pcap files of either byte order have
 * it. */
static void make_head(uint8_t head[HEAD_SIZE], uint32_t linktype, bool swapped)
{
	void (*put16)(void *, uint16_t) = swapped ? exo_put_be16 : exo_put_le16;
	void (*put32)(void *, uint32_t) = swapped ? exo_put_be32 : exo_put_le32;

	memset(head, 0, HEAD_SIZE);
	put32(head, 0xa1b2c3d4);
	put16(head + 4, 2); /* version 2.4 */
	put16(head + 6, 4);
	put32(head + 16, SNAPLEN);
	put32(head + 20, linktype & 0xffff);
}

/* head stays until the trace is closed. NULL: out of memory. */
static pcap_t *open_trace(uint8_t head[HEAD_SIZE])
{
	char why[PCAP_ERRBUF_SIZE];
	FILE *f = fmemopen(head, HEAD_SIZE, "r");
	pcap_t *p = f == NULL ? NULL : pcap_fopen_offline(f, why);

	if (p == NULL && f != NULL)
		fclose(f);
	return p;
}

/* Trace and head, to compile any number of expressions for. */
struct session {
	pcap_t *p;
	int optimize;
	uint8_t head[HEAD_SIZE];
};

static int start(
    struct session *s, uint32_t linktype, unsigned flags, struct flt_error *err)
{
	s->optimize = (flags & FLT_EXPR_RAW) == 0;
	make_head(s->head, linktype, (flags & FLT_EXPR_SWAPPED) != 0);
	s->p = open_trace(s->head);
	return s->p != NULL ? 0 : flt_fail(err, -EXO_ENOMEM, "out of memory");
}

static int copy_program(
    const struct bpf_program *p, struct flt_cbpf **out, struct flt_error *err)
{
	struct flt_cbpf *c = calloc(p->bf_len, sizeof(*c));
	u_int i;

	if (c == NULL)
		return flt_fail(err, -EXO_ENOMEM, "out of memory");
	for (i = 0; i < p->bf_len; i++) {
		const struct bpf_insn *in = &p->bf_insns[i];

		c[i] = (struct flt_cbpf){ in->code, in->jt, in->jf, in->k };
	}
	*out = c;
	return 0;
}

static int compile(const struct session *s, const char *expr, int optimize,
    struct flt_cbpf **out, uint32_t *n, struct flt_error *err)
{
	struct bpf_program prog;
	int ret;

	*out = NULL;
	*n = 0;
	if (pcap_compile(s->p, &prog, expr, optimize, NETMASK) < 0)
		return flt_fail(err, -EXO_ESYNTAX, "%s", pcap_geterr(s->p));
	ret = copy_program(&prog, out, err);
	if (ret == 0)
		*n = prog.bf_len;
	pcap_freecode(&prog);
	return ret;
}

int flt_expr_whole(const char *expr, uint32_t linktype, unsigned flags,
    struct flt_cbpf **out, uint32_t *n, struct flt_error *err)
{
	struct session s;
	int ret = start(&s, linktype, flags, err);

	*out = NULL;
	*n = 0;
	if (ret < 0)
		return ret;
	ret = compile(&s, expr, s.optimize, out, n, err);
	pcap_close(s.p);
	return ret;
}

/* --- node by node ----------------------------------------------------------- */

/* Link types all of whose headers begin at offsets that are known beforehand,
 * so that libpcap computes none of them ahead of the first term. */
static bool is_fixed(uint32_t linktype)
{
	switch (flt_linktype_dlt(linktype)) {
	case DLT_NULL:
	case DLT_EN10MB:
	case DLT_IEEE802:
	case DLT_ARCNET:
	case DLT_SLIP:
	case DLT_PPP:
	case DLT_FDDI:
	case DLT_RAW:
	case DLT_PPP_SERIAL:
	case DLT_PPP_ETHER:
	case DLT_C_HDLC:
	case DLT_LOOP:
	case DLT_ENC:
	case DLT_LINUX_SLL:
	case DLT_IP_OVER_FC:
	case DLT_IPV4:
	case DLT_IPV6:
	case DLT_LINUX_SLL2:
		return true;
	default:
		return false;
	}
}

/* A node that no packet matches is refused by the optimiser, and by it alone;
 * in an expression it has its place. */
static int compile_node(const struct session *s, const char *expr,
    struct flt_part_prog *p, struct flt_error *err)
{
	int ret = compile(s, expr, s->optimize, &p->insns, &p->n, err);

	if (ret == -EXO_ESYNTAX &&
	    strcmp(err->text, "expression rejects all packets") == 0)
		ret = compile(s, expr, 0, &p->insns, &p->n, err);
	return ret;
}

/* Compile all nodes into progs, which has room for them. */
static int compile_nodes(const struct session *s, struct flt_split *split,
    struct flt_part_prog *progs, struct flt_error *err)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; i < split->n && ret == 0; i++) {
		char *text = split->text + split->nodes[i].at;
		char *end = text + split->nodes[i].len, kept = *end;

		*end = '\0';
		ret = compile_node(s, text, &progs[i], err);
		*end = kept;
	}
	return ret;
}

static int join(struct flt_split *split, const struct session *s,
    struct flt_cbpf **out, uint32_t *n, struct flt_error *err)
{
	struct flt_part_prog *progs = calloc(split->n, sizeof(*progs));
	uint32_t i;
	int ret;

	if (progs == NULL)
		return flt_fail(err, -EXO_ENOMEM, "out of memory");
	ret = compile_nodes(s, split, progs, err);
	if (ret == 0) {
		ret = flt_join(split, progs, out, n);
		if (ret == -EXO_E2BIG)
			flt_fail(err, ret,
			    "the expression becomes more than %u instructions",
			    EXO_INSNS_MAX);
		else if (ret == -EXO_ENOMEM)
			flt_fail(err, ret, "out of memory");
		else if (ret < 0)
			ret = -EXO_ESYNTAX;
	}
	for (i = 0; i < split->n; i++)
		free(progs[i].insns);
	free(progs);
	return ret;
}

int flt_expr_nodes(const char *expr, uint32_t linktype, unsigned flags,
    uint32_t terms, struct flt_cbpf **out, uint32_t *n, struct flt_error *err)
{
	struct flt_split split;
	struct session s;
	int ret = -EXO_ESYNTAX;

	*out = NULL;
	*n = 0;
	err->text[0] = '\0';
	if (is_fixed(linktype))
		ret = flt_split(expr, terms, &split);
	if (ret == -EXO_ENOMEM)
		return flt_fail(err, ret, "out of memory");
	if (ret < 0)
		return ret;
	ret = start(&s, linktype, flags, err);
	if (ret == 0) {
		ret = join(&split, &s, out, n, err);
		pcap_close(s.p);
	}
	flt_split_free(&split);
	return ret;
}

/* --- the ways ----------------------------------------------------------------- */

const struct flt_expr_how flt_expr_how = {
	.small_terms = 40,
	.small_text = 4096,
	.node_terms = 10,
	.cpu = 10,
	.wall = 30,
	.memory = 1u << 30,
};

static bool is_small(const struct flt_expr_how *how, const char *expr)
{
	return strlen(expr) <= how->small_text &&
	       flt_split_terms(expr) <= how->small_terms;
}

bool flt_expr_is_small(const char *expr)
{
	return is_small(&flt_expr_how, expr);
}

int flt_expr_cbpf_by(const struct flt_expr_how *how, const char *expr,
    uint32_t linktype, unsigned flags, struct flt_cbpf **out, uint32_t *n,
    struct flt_error *err)
{
	struct flt_error node;
	int ret;

	if (is_small(how, expr))
		return flt_expr_whole(expr, linktype, flags, out, n, err);
	ret = flt_expr_nodes(
	    expr, linktype, flags, how->node_terms, out, n, &node);
	if (ret == -EXO_ESYNTAX)
		ret = flt_expr_child(how, expr, linktype, flags, out, n, err);
	else
		*err = node;
	/* the child found no end: what libpcap says to a part is better */
	if (ret == -EXO_EBUDGET && node.text[0] != '\0')
		ret = flt_fail(err, -EXO_ESYNTAX, "%s", node.text);
	return ret;
}

int flt_expr_cbpf(const char *expr, uint32_t linktype, unsigned flags,
    struct flt_cbpf **out, uint32_t *n, struct flt_error *err)
{
	return flt_expr_cbpf_by(
	    &flt_expr_how, expr, linktype, flags, out, n, err);
}

int flt_expr_image(const char *expr, uint32_t linktype, unsigned flags,
    const char *name, struct flt_image *out, struct flt_error *err)
{
	struct flt_code code = { NULL, 0, 0 };
	struct flt_cbpf *cbpf;
	uint32_t n;
	int ret;

	*out = (struct flt_image){ NULL, 0 };
	ret = flt_expr_cbpf(expr, linktype, flags, &cbpf, &n, err);
	if (ret < 0)
		return ret;
	ret = flt_cbpf_convert(cbpf, n, &code, err);
	free(cbpf);
	if (ret == 0)
		ret = flt_image_write(
		    EXO_PROG_SOCKET, code.insns, code.n, name, expr, out, err);
	flt_code_free(&code);
	return ret;
}
