/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Write a large trace of made-up flows from a seed.
 *
 * Flows
 *	A flow is one direction of a conversation, so a fixed 5-tuple. Flow
 *	2k goes from client to server, flow 2k+1 comes back. The number of a
 *	flow is also its rank: with the Zipf distribution flow 0 is the most
 *	frequent one, and flow r appears in proportion to (r + 1)^-s.
 *
 * Determinism
 *	The same arguments give the same bytes on every machine: the random
 *	numbers are splitmix64 and xoshiro256**, the distribution is computed
 *	in integers, and every field is stored byte by byte.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FLOWS   1000000u
#define MAX_FRAME   9014u /* jumbo frame without its check sequence */
#define TEXT_LEN    65536u
#define START_SEC   1767225600u /* 2026-01-01 00:00:00 UTC */
#define ETH_LEN     14u
#define PAD_LEN     60u /* shortest Ethernet frame, check sequence left out */
#define TCP_FIN     0x01u
#define TCP_SYN     0x02u
#define TCP_PSH     0x08u
#define TCP_ACK     0x10u
#define PROTO_TCP   6u
#define PROTO_UDP   17u
#define ZIPF_ONE    65536u /* an exponent of 1 */
#define LOG_BITS    24u    /* fraction bits of a logarithm */
#define WEIGHT_BITS 40u    /* fraction bits of a weight */

struct options {
	uint64_t packets;
	uint32_t flows;
	bool zipf;
	uint32_t exponent; /* of Zipf's law, in 1/ZIPF_ONE */
	uint64_t seed;
	uint32_t frame;  /* bytes in the file; 0: the imix */
	uint32_t share6; /* percent of the conversations */
	bool ng;
	bool nano;
	const char *out;
	uint32_t list; /* only print that many flows */
};

/* xoshiro256** */
struct rng {
	uint64_t s[4];
};

/* Vose's alias method; thresholds are out of total. */
struct alias {
	uint64_t total;
	uint64_t *threshold;
	uint32_t *other;
};

/* What stays the same in every packet of a flow. */
struct flow {
	bool six;
	uint8_t proto;
	uint16_t sport, dport;
	uint8_t src[16], dst[16]; /* IPv4: the first four bytes */
};

/* What changes, for TCP. */
struct state {
	uint32_t seq;
	bool open;
};

struct trace {
	const struct options *opt;
	struct rng rng;
	struct alias alias;
	struct state *state;
	uint8_t *text; /* payloads are slices of it */
	uint64_t now;  /* nanoseconds since START_SEC */
	uint16_t ip_id;
	FILE *file;
	uint8_t frame[MAX_FRAME];
};

static void die(const char *what, const char *which)
{
	fprintf(stderr, "mktrace: %s%s%s (see --help)\n", what,
	    which ? ": " : "", which ? which : "");
	exit(2);
}

static void *get_memory(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		die("out of memory", NULL);
	return p;
}

/* -- random numbers ------------------------------------------------------ */

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static void rng_seed(struct rng *r, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++)
		r->s[i] = mix(seed + (i + 1) * 0x9e3779b97f4a7c15u);
}

static uint64_t rotate(uint64_t x, unsigned k)
{
	return (x << k) | (x >> (64 - k));
}

static uint64_t rng_next(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

/* A number below n, n > 0. */
static uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

/* -- the distribution of flows ------------------------------------------- */

/* log2(x) for x >= 1, in 1/2^LOG_BITS: square, and see whether it passes 2. */
static uint64_t log2_fixed(uint32_t x)
{
	unsigned whole = 31;
	uint64_t m, result;

	while (!(x >> whole))
		whole--;
	m = (uint64_t)x << (31 - whole);
	result = whole;
	for (unsigned i = 0; i < LOG_BITS; i++) {
		m = (m * m) >> 31;
		result <<= 1;
		if (m >> 32) {
			m >>= 1;
			result |= 1;
		}
	}
	return result;
}

/* The whole part of the square root. */
static uint64_t root(uint64_t x)
{
	uint64_t r = 0;

	for (uint64_t bit = (uint64_t)1 << 31; bit; bit >>= 1)
		if ((r + bit) * (r + bit) <= x)
			r += bit;
	return r;
}

/* 2^-(e / 2^LOG_BITS), in 1/2^WEIGHT_BITS, never 0. half[j] is 2^-2^-(j+1) */
static uint64_t exp2_fixed(uint64_t e, const uint64_t *half)
{
	uint64_t whole = e >> LOG_BITS;
	uint64_t x = (uint64_t)1 << 32;

	for (unsigned j = 0; j < LOG_BITS; j++)
		if (e >> (LOG_BITS - 1 - j) & 1)
			x = (x * half[j]) >> 32;
	x <<= WEIGHT_BITS - 32;
	x = whole < 64 ? x >> whole : 0;
	return x ? x : 1;
}

/* The weight of each rank; the sum stays below 2^61. */
static uint64_t weigh(const struct options *opt, uint64_t *weight)
{
	uint64_t half[LOG_BITS];
	uint64_t total = 0;

	half[0] = root((uint64_t)1 << 63);
	for (unsigned j = 1; j < LOG_BITS; j++)
		half[j] = root(half[j - 1] << 32);
	for (uint32_t i = 0; i < opt->flows; i++) {
		uint64_t e = log2_fixed(i + 1) * opt->exponent / ZIPF_ONE;

		weight[i] = exp2_fixed(e, half);
		total += weight[i];
	}
	return total;
}

static void alias_make(struct alias *a, const struct options *opt)
{
	uint32_t n = opt->flows;
	uint64_t *scaled = get_memory(n, sizeof(*scaled));
	uint32_t *stack = get_memory(n, sizeof(*stack));
	uint32_t small = 0, large = n; /* two stacks in one array */

	a->threshold = scaled;
	a->other = get_memory(n, sizeof(*a->other));
	a->total = weigh(opt, scaled);
	for (uint32_t i = 0; i < n; i++) {
		scaled[i] *= n;
		a->other[i] = i;
		if (scaled[i] < a->total)
			stack[small++] = i;
		else
			stack[--large] = i;
	}
	while (small > 0 && large < n) {
		uint32_t s = stack[--small];
		uint32_t l = stack[large];

		a->other[s] = l;
		scaled[l] -= a->total - scaled[s];
		if (scaled[l] < a->total) {
			large++;
			stack[small++] = l;
		}
	}
	free(stack);
}

static uint32_t pick_flow(struct trace *t)
{
	uint32_t i = rng_below(&t->rng, t->opt->flows);

	if (!t->opt->zipf)
		return i;
	if (rng_next(&t->rng) % t->alias.total < t->alias.threshold[i])
		return i;
	return t->alias.other[i];
}

/* -- bytes --------------------------------------------------------------- */

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* Little-endian, for the file's own headers. */
static void put_le(uint8_t *p, uint32_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

/* Add the big-endian words of p to a ones' complement sum (RFC 1071). */
static uint64_t sum_bytes(const uint8_t *p, uint32_t len, uint64_t sum)
{
	for (; len >= 2; p += 2, len -= 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	return len ? sum + ((uint32_t)p[0] << 8) : sum;
}

static uint32_t sum_end(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)~sum & 0xffff;
}

/* -- flows --------------------------------------------------------------- */

static const struct {
	uint8_t proto;
	uint16_t port; /* 0: a high one, of the flow's own */
	uint8_t percent;
} services[] = {
	/* clang-format off */
	{ PROTO_TCP, 443, 40 },
	{ PROTO_TCP,  80, 20 },
	{ PROTO_TCP,  22,  4 },
	{ PROTO_TCP,  25,  3 },
	{ PROTO_TCP,   0, 10 },
	{ PROTO_UDP,  53, 10 },
	{ PROTO_UDP, 443,  8 },
	{ PROTO_UDP,   0,  5 },
	/* clang-format on */
};

static void address(uint8_t *to, bool six, bool client, uint32_t host)
{
	memset(to, 0, 16);
	if (six) {
		put32(to, 0x20010db8);
		put32(to + 4, client ? 1 : 2);
		put32(to + 12, host);
	} else {
		/* 10.0.0.0/8 and 198.18.0.0/15 */
		put32(to, (client ? 0x0a000000u : 0xc6120000u) + host);
	}
}

/*
 * Derive flow i from its number and the seed. Two flows never share a 5-tuple:
 * eight conversations share a client, and the low bits of the client's port
 * tell them apart.
 */
static void flow_make(struct flow *f, const struct options *opt, uint32_t i)
{
	uint32_t talk = i / 2;
	uint64_t h = mix(mix(opt->seed) + talk);
	uint32_t client =
	    ((talk / 8) * 0x9e3779u + (uint32_t)mix(~opt->seed)) & 0xffffff;
	uint32_t server = (uint32_t)(h >> 8 & 0xfff) * 29 + 1;
	uint32_t cport = 32768 + (uint32_t)(h >> 20) % 3500 * 8 + talk % 8;
	uint32_t draw = (uint32_t)(h >> 40) % 100;
	unsigned k = 0;

	while (draw >= services[k].percent)
		draw -= services[k++].percent;
	f->six = (uint32_t)(h >> 52) % 100 < opt->share6;
	f->proto = services[k].proto;
	f->sport = (uint16_t)cport;
	f->dport = services[k].port;
	if (!f->dport)
		f->dport = (uint16_t)(5000 + h % 20000);
	address(f->src, f->six, true, client);
	address(f->dst, f->six, false, server);
	if (i & 1) {
		uint16_t port = f->sport;

		f->sport = f->dport;
		f->dport = port;
		address(f->src, f->six, false, server);
		address(f->dst, f->six, true, client);
	}
}

static void print_address(const uint8_t *a, bool six)
{
	if (six)
		printf("%02x%02x:%02x%02x:0:%x::%x:%x", a[0], a[1], a[2], a[3],
		    (unsigned)a[7], (unsigned)a[12] << 8 | a[13],
		    (unsigned)a[14] << 8 | a[15]);
	else
		printf("%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
}

static int list_flows(const struct options *opt)
{
	struct flow f;

	for (uint32_t i = 0; i < opt->list; i++) {
		flow_make(&f, opt, i);
		printf("src host ");
		print_address(f.src, f.six);
		printf(" and dst host ");
		print_address(f.dst, f.six);
		printf(" and src port %u and dst port %u and %s\n", f.sport,
		    f.dport, f.proto == PROTO_TCP ? "tcp" : "udp");
	}
	return fflush(stdout) ? 2 : 0;
}

/* -- packets ------------------------------------------------------------- */

/* Flags of the next segment; a conversation opens and ends in short ones. */
static uint32_t next_flags(struct trace *t, uint32_t i, uint32_t payload)
{
	struct state *s = &t->state[i];

	if (payload)
		return TCP_ACK | (rng_next(&t->rng) & 3 ? 0 : TCP_PSH);
	if (!s->open) {
		s->open = true;
		return i & 1 ? TCP_SYN | TCP_ACK : TCP_SYN;
	}
	if (rng_below(&t->rng, 64))
		return TCP_ACK;
	s->open = false;
	return TCP_FIN | TCP_ACK;
}

static void put_tcp(struct trace *t, uint32_t i, uint8_t *p, uint32_t payload)
{
	struct state *mine = &t->state[i];
	uint32_t peer = i ^ 1;
	uint32_t flags = next_flags(t, i, payload);
	uint32_t ack = peer < t->opt->flows ? t->state[peer].seq : 1;

	put32(p + 4, mine->seq);
	put32(p + 8, flags & TCP_ACK ? ack : 0);
	p[12] = 5 << 4;
	p[13] = (uint8_t)flags;
	put16(p + 14, 64240);
	put16(p + 16, 0);
	put16(p + 18, 0);
	mine->seq += payload + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
}

/* The network header before an upper part of len bytes. */
static uint32_t put_ip(struct trace *t, const struct flow *f, uint32_t len)
{
	uint8_t *p = t->frame + ETH_LEN;

	if (f->six) {
		put32(p, 0x60000000);
		put16(p + 4, len);
		p[6] = f->proto;
		p[7] = 64;
		memcpy(p + 8, f->src, 16);
		memcpy(p + 24, f->dst, 16);
		return 40;
	}
	put16(p, 0x4500);
	put16(p + 2, 20 + len);
	put16(p + 4, ++t->ip_id);
	put16(p + 6, f->proto == PROTO_TCP ? 0x4000 : 0);
	p[8] = 64;
	p[9] = f->proto;
	put16(p + 10, 0);
	memcpy(p + 12, f->src, 4);
	memcpy(p + 16, f->dst, 4);
	put16(p + 10, sum_end(sum_bytes(p, 20, 0)));
	return 20;
}

static void put_checksum(
    const struct flow *f, uint8_t *l4, uint32_t len, uint32_t at)
{
	uint32_t size = f->six ? 16 : 4;
	uint64_t sum = len + f->proto;
	uint32_t check;

	sum = sum_bytes(f->src, size, sum);
	sum = sum_bytes(f->dst, size, sum);
	put16(l4 + at, 0);
	check = sum_end(sum_bytes(l4, len, sum));
	put16(l4 + at, check || f->proto == PROTO_TCP ? check : 0xffff);
}

/* Make the next packet of flow i in t->frame; returns its length. */
static uint32_t packet_make(struct trace *t, uint32_t i, uint32_t want)
{
	static const uint8_t macs[18] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2,
		0, 0, 0, 0, 1 };
	struct flow f;
	uint32_t head, own, payload, len;
	uint8_t *l4;

	flow_make(&f, t->opt, i);
	head = ETH_LEN + (f.six ? 40 : 20);
	own = f.proto == PROTO_TCP ? 20 : 8;
	payload = want > head + own ? want - head - own : 0;
	if (f.proto == PROTO_TCP && want <= PAD_LEN)
		payload = 0; /* what is left is padding */
	len = own + payload;

	memcpy(t->frame, macs + (i & 1 ? 6 : 0), 12);
	put16(t->frame + 12, f.six ? 0x86dd : 0x0800);
	put_ip(t, &f, len);
	l4 = t->frame + head;
	put16(l4, f.sport);
	put16(l4 + 2, f.dport);
	memcpy(l4 + own, t->text + rng_below(&t->rng, TEXT_LEN - MAX_FRAME),
	    payload);
	if (f.proto == PROTO_TCP) {
		put_tcp(t, i, l4, payload);
	} else {
		put16(l4 + 4, len);
	}
	put_checksum(&f, l4, len, f.proto == PROTO_TCP ? 16 : 6);
	len += head;
	while (len < PAD_LEN)
		t->frame[len++] = 0;
	return len;
}

/* 7:4:1 of 64, 570 and 1518 bytes on the wire, check sequence left out. */
static uint32_t frame_length(struct trace *t)
{
	uint32_t draw;

	if (t->opt->frame)
		return t->opt->frame;
	draw = rng_below(&t->rng, 12);
	return draw < 7 ? 60 : draw < 11 ? 566 : 1514;
}

/* -- the file ------------------------------------------------------------ */

static void emit(struct trace *t, const uint8_t *p, size_t len)
{
	if (fwrite(p, 1, len, t->file) != len) {
		perror("mktrace: cannot write the trace");
		exit(2);
	}
}

static void write_start(struct trace *t)
{
	uint8_t b[60] = { 0 };

	if (!t->opt->ng) {
		put_le(b, t->opt->nano ? 0xa1b23c4d : 0xa1b2c3d4, 4);
		put_le(b + 4, 2, 2);
		put_le(b + 6, 4, 2);
		put_le(b + 16, 262144, 4);
		put_le(b + 20, 1, 4); /* Ethernet */
		emit(t, b, 24);
		return;
	}
	put_le(b, 0x0a0d0d0a, 4); /* section header */
	put_le(b + 4, 28, 4);
	put_le(b + 8, 0x1a2b3c4d, 4);
	put_le(b + 12, 1, 2);
	put_le(b + 16, 0xffffffff, 4); /* length of the section: not given */
	put_le(b + 20, 0xffffffff, 4);
	put_le(b + 24, 28, 4);
	put_le(b + 28, 1, 4); /* interface */
	put_le(b + 32, 32, 4);
	put_le(b + 36, 1, 2);
	put_le(b + 40, 262144, 4);
	put_le(b + 44, 9, 2); /* if_tsresol */
	put_le(b + 46, 1, 2);
	b[48] = t->opt->nano ? 9 : 6;
	put_le(b + 56, 32, 4);
	emit(t, b, 60);
}

static void write_packet(struct trace *t, uint32_t len)
{
	uint64_t unit = t->opt->nano ? 1 : 1000;
	uint8_t b[28];
	uint64_t when;
	uint32_t pad = -len & 3;

	if (!t->opt->ng) {
		put_le(b, START_SEC + (uint32_t)(t->now / 1000000000), 4);
		put_le(b + 4, (uint32_t)(t->now % 1000000000 / unit), 4);
		put_le(b + 8, len, 4);
		put_le(b + 12, len, 4);
		emit(t, b, 16);
		emit(t, t->frame, len);
		return;
	}
	when = (START_SEC * (uint64_t)1000000000 + t->now) / unit;
	put_le(b, 6, 4); /* enhanced packet */
	put_le(b + 4, 32 + len + pad, 4);
	put_le(b + 8, 0, 4);
	put_le(b + 12, (uint32_t)(when >> 32), 4);
	put_le(b + 16, (uint32_t)when, 4);
	put_le(b + 20, len, 4);
	put_le(b + 24, len, 4);
	emit(t, b, 28);
	emit(t, t->frame, len);
	put_le(b, 0, 4);
	put_le(b + pad, 32 + len + pad, 4);
	emit(t, b, pad + 4);
}

static int write_trace(struct trace *t)
{
	uint32_t flows = t->opt->flows;

	rng_seed(&t->rng, t->opt->seed);
	t->state = get_memory(flows, sizeof(*t->state));
	for (uint32_t i = 0; i < flows; i++)
		t->state[i].seq = (uint32_t)mix(t->opt->seed ^ mix(i));
	t->text = get_memory(TEXT_LEN, 1);
	for (uint32_t i = 0; i < TEXT_LEN; i++)
		t->text[i] = (uint8_t)(' ' + rng_below(&t->rng, 95));
	if (t->opt->zipf)
		alias_make(&t->alias, t->opt);

	write_start(t);
	for (uint64_t n = 0; n < t->opt->packets; n++) {
		uint32_t i = pick_flow(t);
		uint32_t want = frame_length(t);

		/* 10 us on average, and a microsecond at least */
		t->now += 1000 + rng_below(&t->rng, 18001);
		write_packet(t, packet_make(t, i, want));
	}
	free(t->alias.threshold);
	free(t->alias.other);
	free(t->text);
	free(t->state);
	if (fflush(t->file) || (t->file != stdout && fclose(t->file))) {
		perror("mktrace: cannot write the trace");
		return 2;
	}
	return 0;
}

/* -- the command line ---------------------------------------------------- */

static void help(void)
{
	fputs("usage: mktrace [options] -o FILE\n"
	      "       mktrace [options] --list-flows N\n"
	      "Write a large trace of made-up flows from a seed.\n\n"
	      "  -n PACKETS     how many packets (1000000)\n"
	      "  -f FLOWS       how many flows, 10 to 1000000 (1000)\n"
	      "  -d uniform     every flow as often as any other (default)\n"
	      "  -d zipf[:S]    flow r as often as r^-S, S from 0 to 4 (1)\n"
	      "  -s SEED        the same seed gives the same bytes (1)\n"
	      "  -l imix        frames of 60, 566 and 1514 bytes, 7:4:1 "
	      "(default)\n"
	      "  -l N           frames of N bytes in the file, 60 to 9014; "
	      "longer where\n"
	      "                 the headers need it\n"
	      "  -6 PERCENT     share of IPv6 among the conversations (20)\n"
	      "  -t pcap|pcapng form of the file (pcap)\n"
	      "  -N             timestamps in nanoseconds\n"
	      "  -o FILE|-      where to write; - is standard output\n"
	      "  --list-flows N print the N most popular flows as tcpdump "
	      "expressions\n\n"
	      "  mktrace -n 1000000 -f 100000 -d zipf:1.1 -o /tmp/big.pcap\n"
	      "  mktrace -f 100000 -d zipf:1.1 --list-flows 100\n",
	    stdout);
}

static uint64_t number(const char *s, uint64_t least, uint64_t most)
{
	uint64_t v = 0;

	if (!*s)
		die("a number is missing", NULL);
	for (const char *p = s; *p; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			die("not a number", s);
		v = v * 10 + digit;
	}
	if (v < least || v > most)
		die("number out of range", s);
	return v;
}

/* "1.25" in 1/ZIPF_ONE, from decimal digits only. */
static uint32_t exponent(const char *s)
{
	const char *dot = strchr(s, '.');
	char whole[4] = "";
	uint64_t v, scale = 1, part = 0;

	if (!dot)
		return (uint32_t)number(s, 0, 4) * ZIPF_ONE;
	if (dot == s || (size_t)(dot - s) >= sizeof(whole) ||
	    strlen(dot + 1) > 6)
		die("not an exponent", s);
	memcpy(whole, s, (size_t)(dot - s));
	v = number(whole, 0, 4) * ZIPF_ONE;
	part = number(dot + 1, 0, 999999);
	for (const char *p = dot + 1; *p; p++)
		scale *= 10;
	v += part * ZIPF_ONE / scale;
	if (v > 4 * ZIPF_ONE)
		die("number out of range", s);
	return (uint32_t)v;
}

static void set_distribution(struct options *opt, const char *s)
{
	opt->zipf = strncmp(s, "zipf", 4) == 0;
	opt->exponent = ZIPF_ONE;
	if (opt->zipf && s[4] == ':')
		opt->exponent = exponent(s + 5);
	else if (opt->zipf ? s[4] != '\0' : strcmp(s, "uniform") != 0)
		die("not a distribution", s);
}

static void set_form(struct options *opt, const char *s)
{
	opt->ng = strcmp(s, "pcapng") == 0;
	if (!opt->ng && strcmp(s, "pcap") != 0)
		die("not a form of file", s);
}

/* One option with an argument, by its letter. */
static void set_option(struct options *opt, int letter, const char *arg)
{
	switch (letter) {
	case 'n':
		opt->packets = number(arg, 0, (uint64_t)1 << 40);
		break;
	case 'f':
		opt->flows = (uint32_t)number(arg, 10, MAX_FLOWS);
		break;
	case 'd':
		set_distribution(opt, arg);
		break;
	case 's':
		opt->seed = number(arg, 0, UINT64_MAX);
		break;
	case 'l':
		opt->frame = strcmp(arg, "imix") == 0
		                 ? 0
		                 : (uint32_t)number(arg, PAD_LEN, MAX_FRAME);
		break;
	case '6':
		opt->share6 = (uint32_t)number(arg, 0, 100);
		break;
	case 't':
		set_form(opt, arg);
		break;
	case 'L':
		opt->list = (uint32_t)number(arg, 1, MAX_FLOWS);
		break;
	default:
		opt->out = arg;
		break;
	}
}

static void parse(struct options *opt, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];
		int letter = strcmp(a, "--list-flows") == 0 ? 'L' : a[1];

		if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
			help();
			exit(0);
		}
		if (strcmp(a, "-N") == 0) {
			opt->nano = true;
			continue;
		}
		if (a[0] != '-' || !letter ||
		    (letter != 'L' && (a[2] || !strchr("nfdsl6to", letter))))
			die("unknown argument", a);
		if (++i == argc)
			die("argument missing after", a);
		set_option(opt, letter, argv[i]);
	}
	if (opt->list > opt->flows)
		die("more flows asked for than there are", NULL);
	if (!opt->list && !opt->out)
		die("no -o FILE", NULL);
}

int main(int argc, char **argv)
{
	static struct trace trace;
	static struct options opt = {
		.packets = 1000000, .flows = 1000, .seed = 1, .share6 = 20
	};

	parse(&opt, argc, argv);
	if (opt.list)
		return list_flows(&opt);
	trace.opt = &opt;
	trace.file = strcmp(opt.out, "-") == 0 ? stdout : fopen(opt.out, "wb");
	if (!trace.file) {
		fprintf(stderr, "mktrace: cannot write %s: ", opt.out);
		perror("");
		return 2;
	}
	setvbuf(trace.file, NULL, _IOFBF, 1u << 20);
	return write_trace(&trace);
}
