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
 * Names in an expression are looked up as tcpdump does it, by the C library:
 * /etc/protocols, /etc/services, and for hosts whatever nsswitch.conf says,
 * DNS included. Only a name that stands in the expression is looked up.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <pcap/pcap.h>

#include "exo/abi/err.h"
#include "exo/lib/bytes.h"
#include "filters/filters_int.h"

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

int flt_expr_cbpf(const char *expr, uint32_t linktype, unsigned flags,
    struct flt_cbpf **out, uint32_t *n, struct flt_error *err)
{
	int optimize = (flags & FLT_EXPR_RAW) == 0;
	uint8_t head[HEAD_SIZE];
	struct bpf_program prog;
	pcap_t *p;
	int ret;

	*out = NULL;
	*n = 0;
	make_head(head, linktype, (flags & FLT_EXPR_SWAPPED) != 0);
	p = open_trace(head);
	if (p == NULL)
		return flt_fail(err, -EXO_ENOMEM, "out of memory");
	if (pcap_compile(p, &prog, expr, optimize, NETMASK) < 0) {
		ret = flt_fail(err, -EXO_ESYNTAX, "%s", pcap_geterr(p));
		pcap_close(p);
		return ret;
	}
	ret = copy_program(&prog, out, err);
	if (ret == 0)
		*n = prog.bf_len;
	pcap_freecode(&prog);
	pcap_close(p);
	return ret;
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
