/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the trace reading files share among themselves.
 *
 * Overview
 *	raw (bytes of a file as stored) -> zip (unpacks) -> src (a window over
 *	the unpacked stream) -> pcap or ng (walks records in the window) ->
 *	reader (batches) -> run.  Only trace_src.c knows how bytes get into the
 *	window: by copies, from a thread that reads ahead (ahead), or by mapping
 *	(map) a part of a plain file. For plain files of some size it goes from
 *	one way to another, as they turn out to be fast (pace).
 *
 * The window
 *	[cur, end) are the bytes held.  tr_src_need() may move them, so packets
 *	handed out die there and nowhere else; hence walkers never call it:
 *	they stop, state how many bytes the next record needs, and tr_batch()
 *	calls it when it has nothing to hand out.  Window bytes are private
 *	memory: walkers may fix byte order in place.  Mapped ones may still
 *	change under us while they were not written to, so a number is loaded
 *	once, into a local.
 */
#ifndef EXO_HOSTED_TRACE_INT_H
#define EXO_HOSTED_TRACE_INT_H

#include "exo/hosted/trace_ahead.h"
#include "exo/hosted/trace_map.h"
#include "exo/hosted/trace_pace.h"
#include "exo/hosted/trace_zip.h"

/* The window over the unpacked stream of one file. */
struct tr_src {
	uint8_t *cur;  /* first byte not consumed yet */
	uint8_t *end;  /* one past the last byte held */
	uint8_t *buf;  /* heap, map.at while mapped, or a block of ahead */
	size_t size;   /* of that */
	uint8_t *heap; /* NULL: none yet */
	size_t room;   /* of the heap */
	uintptr_t
	    warm; /* asked into the caches so far; UINTPTR_MAX: need not */
	struct tr_pace pace; /* which way to get at the bytes; plain files */
	struct tr_map map;
	bool mapped;
	struct tr_ahead *ahead; /* NULL: no thread */
	struct tr_ahead *spare; /* stopped, to be started again */
	uint64_t taken;         /* bytes of the file until here, from ahead */
	uint64_t base;          /* stream offset of buf[0] */
	struct tr_raw raw;
	struct tr_zip *zip; /* NULL: plain */
	enum tr_packing packing;
	const char *name;      /* for messages */
	bool eof;              /* nothing follows end */
	struct tr_error fault; /* code != 0: what happened after end */
};

/** Fills the window with the first bytes.  On failure nothing is left open. */
int tr_src_open(struct tr_src *s, struct tr_raw raw, const char *name,
    const struct tr_how *how, struct tr_error *err);
void tr_src_close(struct tr_src *s);

/**
 * Have n bytes at s->cur.  Returns 1; 0 when the stream ends before that (what
 * there is stays readable); or a negated tr_code with *err filled in.
 * Costs memory only for bytes that really came, up to n.
 */
int tr_src_need(struct tr_src *s, size_t n, struct tr_error *err);

/**
 * Whether the bytes before s->cur are, and those handed out before were, the
 * file's: a mapped file may be cut by others.  Returns 0, or a negated tr_code
 * with *err filled in and *good the offset up to which they are.
 */
int tr_src_check(struct tr_src *s, uint64_t *good, struct tr_error *err);

#define TR_AHEAD 4096U /* bytes asked into the caches before they are walked */

/**
 * Ask for the bytes that follow p; warm is src.warm, returned as it is then.
 * Records are found one by the other, so in memory that no cache holds each
 * would be waited for: 85 ns, measured.  Our own copies need no asking.
 */
static inline uintptr_t tr_src_ask(uintptr_t warm, const uint8_t *p)
{
	for (; warm < (uintptr_t)p + TR_AHEAD; warm += 64)
		/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
		__builtin_prefetch((const void *)warm);
	return warm;
}

static inline uint64_t tr_src_offset(const struct tr_src *s)
{
	return s->base + (uint64_t)(s->cur - s->buf);
}

/* An interface of the current section, with what the packet path needs. */
struct tr_ngif {
	uint32_t id; /* in the table */
	uint32_t snapmax;
	uint16_t linktype;
	bool swapped;  /* its packets, see tr_pkt */
	uint8_t bin;   /* not 0: units are 2^-bin seconds */
	bool plain;    /* ns = raw * mult as long as raw <= raw_max */
	uint64_t mult; /* else ns = raw / div, both plus offset */
	uint64_t div;
	uint64_t raw_max;
	int64_t offset_s;
};

enum tr_format {
	TR_PCAP,
	TR_NG
};

struct tr_reader {
	struct tr_src src;
	enum tr_format format;
	bool swapped; /* numbers in the file (section) are not in our order */
	bool over;    /* the end was reached or the error handed out */
	bool own_ifs;
	struct tr_iftab *ifs;
	uint64_t number;       /* of the packet handed out last */
	size_t need;           /* bytes the walker wants to see at src.cur */
	struct tr_error fault; /* code != 0: to be handed out next */
	char kind[24];

	/* pcap */
	uint32_t ifid;
	uint16_t linktype;
	bool nano;
	bool link_swapped; /* packets are, see tr_pkt */
	uint8_t record;    /* bytes of a record header */
	uint8_t lengths;   /* enum tr_lengths */
	uint32_t snapmax;
	uint32_t limit;

	/* pcapng */
	struct tr_ngif *sec; /* interfaces of this section */
	uint32_t sec_count;
	uint32_t sec_cap;
	uint32_t block_max;
	uint32_t spb_snap; /* snapmax of the section's first interface */
	bool sec_any;      /* a section header was seen */
	struct tr_opts section;
};

/* Versions before 2.4 and their order of the two lengths in a record. */
enum tr_lengths {
	TR_LEN_OK,
	TR_LEN_SWAPPED,
	TR_LEN_MAYBE
};

/** Read the file header; window holds at least 4 bytes.  0 or negative. */
int tr_pcap_start(struct tr_reader *r, struct tr_error *err);
int tr_ng_start(struct tr_reader *r, struct tr_error *err);

/**
 * Walk whole records in the window into out[]; returns how many.
 * Where it stops short of max it has set r->need or r->fault.
 */
size_t tr_pcap_walk(struct tr_reader *r, struct tr_pkt *out, size_t max);
size_t tr_ng_walk(struct tr_reader *r, struct tr_pkt *out, size_t max);

/** The stream ends inside a record of which src.cur.. is the beginning. */
void tr_pcap_cut(struct tr_reader *r, struct tr_error *err);
void tr_ng_cut(struct tr_reader *r, struct tr_error *err);

/**
 * Do to a packet what libpcap does after reading: pseudo-headers in host
 * order (SocketCAN in cooked captures, PFLOG, Linux USB, NFLOG) turned to ours
 * when swapped, and the wire length of isochronous USB transfers corrected.
 */
void tr_fix(uint16_t linktype, bool swapped, uint8_t *data, struct tr_pkt *p);

/** Whether tr_fix() may do anything for this link type. */
bool tr_fixable(uint16_t linktype, bool swapped);

/** Whether packets of this link type begin with numbers in host order that
 * libpcap, and so tr_fix(), leaves as they are: NULL, ENC. */
bool tr_unfixed(uint16_t linktype);

/** Turn these numbers, as far as they are captured: for writing a packet into
 * a file of our byte order. */
void tr_turn_unfixed(uint16_t linktype, uint8_t *data, uint32_t caplen);

/**
 * List an interface; *iface is copied, its options and its section's too.
 * Returns its id, or a negated tr_code with *err filled in but for the place.
 */
int64_t tr_iftab_add(
    struct tr_iftab *t, const struct tr_iface *iface, struct tr_error *err);
const struct tr_iface *tr_iftab_at(const struct tr_iftab *t, uint32_t id);
uint32_t tr_iftab_count(const struct tr_iftab *t);

/** Fill *err for a fault at offset of s.  Returns -code. */
__attribute__((format(printf, 5, 6))) int tr_fail(struct tr_error *err,
    int code, const struct tr_src *s, uint64_t offset, const char *fmt, ...);

/** Fill *err for a fault that has no offset; sys (may be 0) is appended. */
__attribute__((format(printf, 5, 6))) int tr_fail_at(struct tr_error *err,
    int code, int sys, const char *name, const char *fmt, ...);

/** Bytes a reader has taken from its file, packed as it may be. */
static inline uint64_t tr_taken(const struct tr_reader *r)
{
	return r->src.ahead != NULL ? r->src.taken : r->src.raw.taken;
}

#endif
