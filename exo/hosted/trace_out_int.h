/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the trace writing files share among themselves.
 *
 * Buffers
 *	The memory of all buffers is one piece, cut into units of one size.  An
 *	output's buffer is a chain of them, which holds whole records; a record
 *	may lie in two units or more.
 *
 * Synchronization
 *	An output has two sides: what its packets need, which is the caller's,
 *	and its file.  Files, descriptors and their list are the writer's while
 *	that thread has something to do (trace_out_writer.c), else the caller's;
 *	out_writer_wait() makes them so.  What is no regular file of its own is always
 *	the caller's.  What goes wrong with a file is noted under set.lock, and
 *	taken to the other side by out_settle().
 *
 * Invariants
 *	An output's buffer begins and ends at a record boundary, and so does
 *	the file, at out.size bytes (unless it is broken and could not be cut
 *	back).  A dead output has no buffer, a broken one no descriptor.
 *	Units are free, in a buffer, or on their way through the writer.
 *	The LRU list holds the outputs whose descriptor may be closed: open,
 *	and not pinned.
 */
#ifndef EXO_HOSTED_TRACE_OUT_INT_H
#define EXO_HOSTED_TRACE_OUT_INT_H

#include "exo/hosted/trace_out.h"

#include <pthread.h>
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

/* A piece of a buffer. */
struct out_unit {
	struct out_unit *next; /* of the same buffer, or of those free */
	uint32_t len;          /* bytes; of a buffer's last: see out.len */
	bool starts; /* of a buffer's first: the file header is first in it */
	int id;      /* of a buffer's first, handed over: whose */
	struct out_unit *next_job; /* the buffer that was handed over then */
	struct out_unit *last;
	uint32_t bytes, units;
	uint8_t data[];
};

/* A buffer that was taken from its output. */
struct out_chain {
	struct out_unit *first, *last;
	uint32_t bytes, units;
};

/* What each packet needs comes first, in one line of a cache, and what a line has
 * left stays empty.
 * NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct out {
	_Alignas(64) struct out_unit *last; /* the unit being filled */
	uint32_t len;                       /* bytes in it */
	uint32_t cap;                       /* that it has room for */
	uint64_t packets;
	uint64_t since; /* set.clock when the buffer's first byte came */
	struct out_unit *first; /* of the buffer */
	uint32_t full;          /* bytes in the units before the last */
	uint32_t units;
	uint32_t limit;    /* pcap: longest packet */
	uint16_t linktype; /* pcap: of the file */
	uint8_t fault;     /* enum out_fault, the first one */
	bool ng;
	bool started; /* the file header is in the buffer or file */
	bool empty;   /* and in the file, until a packet comes */
	bool nano;
	bool dead;
	uint32_t last_if;    /* interface of the last packet, and ... */
	uint32_t last_local; /* ... its number in this output */
	uint32_t ifs;        /* pcapng: interfaces written */
	uint64_t rounded;
	uint64_t lost;
	uint64_t cut;
	int next_error; /* queue of errors to be reported */
	int sys;
	uint16_t linktype2; /* the one that OUT_LINKTYPE is about */
	bool queued;        /* its fault is yet to be reported */
	bool pinned;        /* never closed before the end */
	bool regular;
	dev_t dev;
	ino_t ino;
	char *path;

	/* of its file */
	_Alignas(64) int fd; /* -1: closed for now */
	int older, newer;    /* LRU neighbours */
	uint64_t size;       /* bytes of whole records in the file */
	bool broken;         /* nothing can be written any more */
	bool torn;           /* a part of a record follows the size bytes */

	/* what set.lock guards: tidings of the file */
	bool hurt;        /* there are some */
	uint8_t why;      /* enum out_fault: the first that broke it */
	int why_sys;      /* of that */
	int next_hurt;    /* queue of those with tidings */
	uint64_t missing; /* packets that were in buffers but not written */
};

struct inode {
	dev_t dev;
	ino_t ino;
	int id;    /* of the output; OUT_NONE: a guarded input */
	bool used; /* a zeroed slot is free */
};

/* The memory of buffers: made when the first unit is needed. */
struct out_pool {
	uint8_t *mem;        /* NULL: not made yet */
	size_t unit;         /* bytes of one, with what comes before its data */
	uint32_t room;       /* data of one */
	uint32_t units, cut; /* all; those that were ever used */
	uint32_t free_units; /* in the list */
	uint32_t away;       /* with the writer */
	uint32_t most;       /* in one buffer */
	struct out_unit *free;
	struct out_unit *spare; /* for a record that fits no unit; or NULL */
	size_t spare_room;
};

struct out_writer;

struct tr_outs {
	struct out *v;
	int count, room;
	bool nano, closed, hinted;
	uint16_t hint_type;
	uint32_t hint_ext;
	const volatile sig_atomic_t *stop;
	enum tr_outs_thread thread;
	struct out_writer *writer; /* NULL: there is none (yet) */
	bool no_writer;            /* it was thought about */
	size_t memory;
	struct out_pool pool;
	uint64_t clock; /* packets written */
	int hand;       /* where reclaiming memory goes on */
	unsigned files, open;
	bool ending;        /* all are being closed: no more LRU */
	int oldest, newest; /* LRU list ends */
	pthread_mutex_t lock;
	int first_hurt, last_hurt;   /* queue of outputs with tidings */
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

/** The number of an interface in an output, or -1 when it is not there yet. */
int64_t out_if_get(const struct tr_outs *set, int id, uint32_t ifid);
/** Remember it; false when out of memory. */
bool out_if_put(struct tr_outs *set, int id, uint32_t ifid, uint32_t local);

/** Take over what was noted of files: outputs that broke are dead from now on,
 * and their errors queued. */
void out_settle(struct tr_outs *set);

/* trace_out_buf.c: the caller's side of buffers */

/**
 * Room for n more bytes, n > 0, at the end of the buffer, writing out what is
 * there if need be.  Returns where, or NULL (the output has failed then).
 * The caller says at once by out_used() how much it used, some or none.
 */
uint8_t *out_room(struct tr_outs *set, struct out *o, size_t n);
void out_used(struct tr_outs *set, struct out *o, const uint8_t *p, size_t n);

/** Have the buffer written, now or soon.  Failures go to out_fail(). */
void out_flush(struct tr_outs *set, struct out *o);

/** Take the buffer from its output, which then has none. */
struct out_chain out_take(struct out *o);

/** Give units back. */
void out_give(struct tr_outs *set, const struct out_chain *c);

/** Give all memory back; no output may have a buffer then. */
void out_pool_free(struct tr_outs *set);

/* trace_out_file.c: either side, of files that are its own */

/** Open for the first time; nothing in the file is changed, o->size is what it
 * holds. 0 or errno. */
int out_file_create(struct tr_outs *set, struct out *o);

/** Write a buffer to the file.  Failures are noted. */
void out_file_write(
    struct tr_outs *set, struct out *o, const struct out_chain *c);

/** Begin an output with o->empty anew: what its first packet comes from decides
 * on the header.  Failures are noted. */
void out_file_restart(struct tr_outs *set, struct out *o);

/** Close the descriptor, if any; a late error is noted. */
void out_file_close(struct tr_outs *set, struct out *o);

/** How many packets are in a buffer. */
uint64_t out_chain_packets(const struct out *o, const struct out_chain *c);

/* trace_out_writer.c */

/** Begin one, where it helps. */
void out_writer_begin(struct tr_outs *set);

/** Whether a buffer of this output is the writer's to write. */
bool out_writer_has(const struct tr_outs *set, const struct out *o);

/** So many bytes of the memory will be needed soon, a multiple of OUT_PIECE. */
#define OUT_PIECE ((size_t)2 << 20)
void out_writer_touch(struct tr_outs *set, size_t bytes);

/** Hand over a buffer. */
void out_writer_give(
    struct tr_outs *set, const struct out *o, const struct out_chain *c);

/** Take back the units of what was written, waiting until there are some: as
 * many as are wanted, or all that are away. */
void out_writer_back(struct tr_outs *set, uint32_t wanted);

/** Wait until all that was handed over is written: files are the caller's. */
void out_writer_wait(struct tr_outs *set);

/** Write and close all, the writer one half, and end it. */
void out_writer_end(struct tr_outs *set);

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
