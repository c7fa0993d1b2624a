/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the trace writing files share among themselves.
 *
 * Invariants
 *	An output's buffer begins and ends at a record boundary, and so does
 *	the file, at out.size bytes (unless the output is dead and could not be
 *	cut back).  A dead output has no descriptor and no buffer.
 *	set.memory_used is the sum of all out.cap.
 *	The LRU list holds the outputs whose descriptor may be closed: open,
 *	and not pinned.
 */
#ifndef EXO_HOSTED_TRACE_OUT_INT_H
#define EXO_HOSTED_TRACE_OUT_INT_H

#include "exo/hosted/trace_out.h"

#include <sys/types.h>

/* One output gathers this before it writes: a replay that wrote every eighth
 * packet took 5 % less time of a processor than with 64 KiB. */
#define OUT_BUFFER (256U << 10)
#define OUT_NONE   (-1)

/* Why an output has an error; the text is made in trace_out.c. */
enum out_fault {
	OUT_FINE,
	OUT_OPEN,     /* reopening failed: sys */
	OUT_WRITE,    /* sys */
	OUT_REPLACED, /* the path names another file now */
	OUT_CLOSE,    /* sys */
	OUT_LINKTYPE, /* a pcap output met a second one; goes on */
	OUT_MEMORY,
};

/* What each packet needs comes first, in one line of a cache. */
struct out {
	_Alignas(64) uint8_t *buf;
	uint32_t len;
	uint32_t cap;
	uint64_t packets;
	uint64_t since;      /* set.clock when the buffer's first byte came */
	uint32_t limit;      /* pcap: longest packet */
	uint32_t last_if;    /* interface of the last packet, and ... */
	uint32_t last_local; /* ... its number in this output */
	uint32_t ifs;        /* pcapng: interfaces written */
	uint16_t linktype;   /* pcap: of the file */
	uint8_t fault;       /* enum out_fault, the first one */
	bool ng;
	bool started; /* the file header is in the buffer or file */
	bool empty;   /* and in the file, until a packet comes */
	bool nano;
	bool dead;
	uint64_t rounded;
	uint64_t lost;
	uint64_t cut;
	char *path;
	int fd;           /* -1: closed for now */
	int older, newer; /* LRU neighbours */
	int next_error;   /* queue of errors to be reported */
	uint64_t size;    /* bytes of whole records in the file */
	dev_t dev;
	ino_t ino;
	int sys;
	uint16_t linktype2; /* the one that OUT_LINKTYPE is about */
	bool pinned;        /* never closed before the end */
	bool regular;
	bool torn;   /* a part of a record follows the size bytes */
	bool queued; /* its fault is yet to be reported */
};

struct inode {
	dev_t dev;
	ino_t ino;
	int id;    /* of the output; OUT_NONE: a guarded input */
	bool used; /* a zeroed slot is free */
};

struct tr_outs {
	struct out *v;
	int count, room;
	bool nano, closed, hinted;
	uint16_t hint_type;
	uint32_t hint_ext;
	const volatile sig_atomic_t *stop;
	size_t memory, memory_used;
	uint64_t clock; /* packets written */
	int hand;       /* where reclaiming memory goes on */
	unsigned files, open;
	int oldest, newest;          /* LRU list ends */
	int first_error, last_error; /* queue of errors to report */
	int worst;                   /* the output that failed first */
	struct inode *inodes;        /* open addressing, power of two */
	size_t inode_count, inode_cap;
	uint64_t *if_key; /* (output, interface) -> its number there */
	uint32_t *if_val;
	size_t if_count, if_cap;
};

/* trace_out.c */

/**
 * Note an output's first fault and queue it.  OUT_LINKTYPE, after which it goes
 * on, gives way to a later one.
 */
void out_fail(struct tr_outs *set, struct out *o, enum out_fault why, int sys);

/**
 * Room for n more bytes at the end of the buffer, writing out what is there if
 * need be.  Returns where, or NULL (the output has failed then).  The caller
 * adds to o->len what it used.
 */
uint8_t *out_room(struct tr_outs *set, struct out *o, size_t n);

/** The number of an interface in an output, or -1 when it is not there yet. */
int64_t out_if_get(const struct tr_outs *set, int id, uint32_t ifid);
/** Remember it; false when out of memory. */
bool out_if_put(struct tr_outs *set, int id, uint32_t ifid, uint32_t local);

/* trace_out_file.c */

/** Open for the first time; nothing in the file is changed, o->size is what it
 * holds. 0 or errno. */
int out_file_create(struct tr_outs *set, struct out *o);

/** Write the buffer to the file and empty it.  Failures go to out_fail(). */
void out_file_flush(struct tr_outs *set, struct out *o);

/** Begin an output with o->empty anew: what its first packet comes from decides
 * on the header.  Failures go to out_fail(). */
void out_file_restart(struct tr_outs *set, struct out *o);

/** Close the descriptor, if any; a late error goes to out_fail(). */
void out_file_close(struct tr_outs *set, struct out *o);

/** Give back the buffer. */
void out_file_free(struct tr_outs *set, struct out *o);

/* trace_out_pcap.c, trace_out_ng.c: what goes into the buffer */

/**
 * Each appends the file header if there is none yet, then the packet.
 * False: the packet is lost (the output has an error, or is out of memory).
 */
bool out_pcap_put(struct tr_outs *set, struct out *o, const struct tr_pkt *p,
    const struct tr_iface *iface);
bool out_ng_put(struct tr_outs *set, struct out *o, const struct tr_pkt *p,
    const struct tr_iface *iface);

/** The header of a file without packets. */
bool out_pcap_start(struct tr_outs *set, struct out *o, uint16_t linktype,
    uint32_t ext, bool nano);
bool out_ng_start(
    struct tr_outs *set, struct out *o, const struct tr_opts *section);

/**
 * Length of the record at buf and whether it holds a packet; at_start: it is
 * the first of the file.  For finding boundaries in bytes we made ourselves.
 */
uint32_t out_record(
    const struct out *o, const uint8_t *buf, bool at_start, bool *packet);

static inline int out_id(const struct tr_outs *set, const struct out *o)
{
	return (int)(o - set->v);
}

#endif
