/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading packet traces: the contract.
 *
 * Overview
 *	A reader walks one capture file (pcap or pcapng, plain or packed with
 *	gzip, zstd, lz4 or xz, recognised by content, never by name) and hands
 *	out packets in batches.  A run walks several files, one after another
 *	or merged by time.  Interfaces live in a table that may be shared by
 *	all readers of a run, so that tr_pkt.ifid means one thing in all of it.
 *
 * Life-cycle
 *	tr_run_open -> tr_run_batch until 0 -> tr_run_close; or, for one file,
 *	tr_open -> tr_batch until 0 or negative -> tr_close.
 *
 * Trust
 *	Every byte of a file is hostile.  A fault ends that file with one error
 *	that names file and offset; the packets handed out before it stand.
 *
 * What is read
 *	What libpcap's pcap_open_offline() reads, with the same packets,
 *	lengths and nanosecond times, and in addition pcapng with interfaces
 *	that differ in link type or snaplen, sections that differ in byte
 *	order, and files with no interface (which are empty captures).
 *	[draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng]
 */
#ifndef EXO_HOSTED_TRACE_H
#define EXO_HOSTED_TRACE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Negated, these are the failures of all tr_ functions. */
enum tr_code {
	TR_EOPEN = 1, /* no such file, no permission, is a directory ... */
	TR_EREAD,     /* read(2) failed */
	TR_EWRITE,    /* write(2), close(2), ftruncate(2) ... failed */
	TR_EFORMAT,   /* not a capture, or a record that contradicts itself */
	TR_ETRUNC,    /* the file ends in the middle of a record, or was cut */
	TR_EPACKED,   /* the compressed data are damaged or cut short */
	TR_EMEM,      /* out of memory, or a bound on memory was reached */
	TR_ESTOP,     /* the caller's stop flag was raised */
	TR_EUSAGE,    /* the request makes no sense: see the message */
};

/* One failure.  msg is a whole line for a person: file, place, cause, hint. */
struct tr_error {
	int code;        /* an enum tr_code, positive; 0: no error */
	int sys;         /* errno where the system said no, else 0 */
	bool packed;     /* offset counts unpacked bytes of a packed file */
	uint64_t offset; /* where in the (unpacked) stream the fault lies */
	char msg[512];
};

/*
 * A slice of pcapng options as they stand in the file: code (16 bits), length
 * (16), value padded to 32 bits, ...  Read it with tr_opt_next() only.
 */
struct tr_opts {
	const uint8_t *p; /* NULL when there are none */
	uint32_t len;
	bool swapped; /* numbers are in the order that is not this machine's */
};

struct tr_opt {
	uint16_t code; /* TR_OPT_* or any other */
	uint16_t len;  /* bytes of value, without padding */
	const uint8_t *value;
};

enum {
	TR_OPT_END = 0,
	TR_OPT_COMMENT = 1,
	TR_OPT_IF_NAME = 2,
	TR_OPT_IF_DESCR = 3,
	TR_OPT_IF_TSRESOL = 9,
	TR_OPT_IF_FCSLEN = 13,
	TR_OPT_IF_TSOFFSET = 14,
};

/* An interface that packets came from.  Never changes or moves once listed. */
struct tr_iface {
	uint32_t id;         /* its index in the table, equal to tr_pkt.ifid */
	uint16_t linktype;   /* LINKTYPE_ value as in the file, low 16 bits */
	uint32_t ext;        /* pcap header's upper 16 bits in place (FCS) */
	uint32_t snaplen;    /* as in the file */
	uint32_t snapmax;    /* what that means: no packet is longer */
	uint8_t tsresol;     /* as if_tsresol: 6, 9 ..., 0x80 | n for 2^-n */
	int64_t tsoffset;    /* seconds, as if_tsoffset */
	bool nano;           /* finer than microseconds */
	bool ng;             /* declared by a pcapng file */
	bool swapped;        /* its packets': see tr_pkt */
	struct tr_opts opts; /* pcapng: all its options */
	struct tr_opts section; /* pcapng: the options of its section */
	const char *file;       /* path of the file that declared it */
};

/* One packet.  Everything it points at lives until the next batch call. */
struct tr_pkt {
	const uint8_t *data;
	uint32_t caplen; /* bytes at data */
	uint32_t
	    wirelen;     /* bytes on the wire; a liar's file may say < caplen */
	uint64_t ts_ns;  /* since 1970, clamped to 0 ... 2^64-1 (year 2554) */
	uint64_t ts_raw; /* as in the file, in units of its tr_iface */
	uint64_t number; /* first packet of the run (of the file) is 1 */
	const uint8_t *opts; /* its pcapng options: see tr_pkt_opts() */
	uint32_t opts_len;
	uint32_t ifid;     /* index for tr_run_iface() or tr_iface_at() */
	uint16_t linktype; /* that interface's */
	bool opts_swapped;
	bool swapped; /* NULL, ENC: host order of the link header is not ours */
};

struct tr_iftab;  /* the interfaces of a run */
struct tr_reader; /* one open file */
struct tr_run;    /* several, in an order */

/* How the bytes of a file come; packets and errors are the same. */
enum tr_io {
	TR_IO_AUTO,  /* as is best for the file; the others are for tests */
	TR_IO_READ,  /* read(2) */
	TR_IO_MAP,   /* mapped, if it is plain and can be */
	TR_IO_AHEAD, /* read by a thread, if it is a file of a name */
	TR_IO_TURNS, /* a plain file: one after the other, all the time */
};

struct tr_how {
	/* looked at before each read(2) and after EINTR; NULL: never stops */
	const volatile sig_atomic_t *stop;
	/* called when a signal interrupted a read(2) that waited; may be NULL;
	 * must not call tr_ functions of the reader or run */
	void (*awake)(void *user);
	void *user;
	size_t
	    window; /* bytes of window to begin with; 0: 256 KiB, mapped 4 MiB */
	enum tr_io io;
	struct tr_iftab *ifs; /* table to list interfaces in; NULL: its own */
};

/**
 * Open a capture; "-" is standard input (which is not closed by tr_close()).
 * how may be NULL.  Reads as far as the file header, so it may block.
 * Returns NULL with *err filled in.
 */
struct tr_reader *tr_open(
    const char *path, const struct tr_how *how, struct tr_error *err);

/**
 * Read a capture that lies in memory; name is for messages.
 * The bytes stay the caller's, unchanged, and must outlive the reader.
 */
struct tr_reader *tr_open_mem(const char *name, const void *bytes, size_t len,
    const struct tr_how *how, struct tr_error *err);

/**
 * Get the next packets, up to max (> 0), into out[].
 * Ends early rather than wait for input or invalidate what it has put there.
 * Returns how many; 0 at the end of the file; -enum tr_code with *err filled
 * in: then nothing more will come, and what was returned before counts.
 * No allocation per packet; cost: one walk over the record headers.
 */
int tr_batch(
    struct tr_reader *r, struct tr_pkt *out, size_t max, struct tr_error *err);

/** The interface with this id, or NULL when there is none (yet). */
const struct tr_iface *tr_iface_at(const struct tr_reader *r, uint32_t id);

/** How many interfaces are listed; each is before its first packet comes. */
uint32_t tr_iface_count(const struct tr_reader *r);

/** "pcap", "pcapng", with " in gzip" and the like appended: for reports. */
const char *tr_kind(const struct tr_reader *r);

/** Close and free; NULL is fine.  Packets and interfaces of r die with it. */
void tr_close(struct tr_reader *r);

/** An empty table to share among readers; NULL when out of memory. */
struct tr_iftab *tr_iftab_new(void);
/** Free a table after all its readers are closed; NULL is fine. */
void tr_iftab_free(struct tr_iftab *t);

/** How a run orders packets; equal times keep the order of the files. */
enum tr_order {
	TR_IN_TURN, /* one file after another */
	TR_MERGE,   /* by ts_ns; each file's own order is kept */
};

/**
 * Begin a run over count files.  paths[] and its strings must outlive it.
 * how->ifs is ignored (a run has a table of its own); how may be NULL.
 * In turn, a file is opened when it is its turn; merged, all at the first
 * batch.  Returns NULL only with *err filled in: out of memory, or "-" named
 * twice.
 */
struct tr_run *tr_run_open(const char *const *paths, size_t count,
    enum tr_order order, const struct tr_how *how, struct tr_error *err);

/**
 * Get the next packets of the run, as tr_batch() does, numbered through.
 * Returns how many; 0 at the end of all files; negative when one file failed
 * (*err tells): call again, the other files go on.  Only -TR_ESTOP and
 * -TR_EMEM end the run, after which 0 is returned.
 */
int tr_run_batch(
    struct tr_run *run, struct tr_pkt *out, size_t max, struct tr_error *err);

/** The interface with this id, or NULL; stays valid until tr_run_close(). */
const struct tr_iface *tr_run_iface(const struct tr_run *run, uint32_t id);
uint32_t tr_run_iface_count(const struct tr_run *run);

/** Files that failed so far: not 0 at the end means exit status 2. */
size_t tr_run_failed(const struct tr_run *run);

/** Bytes taken from the files so far, and in all; total 0: not known. */
void tr_run_progress(const struct tr_run *run, uint64_t *done, uint64_t *total);

void tr_run_close(struct tr_run *run);

/**
 * A link type as filters must tell them apart: a NULL or ENC packet begins with
 * an address family in the order of the host that captured it, which libpcap
 * takes to be that of the file (section) and leaves as it is. So the bytes that
 * mean IPv4 there depend on it, and so does the filter for `ip`.
 */
#define TR_LINK_SWAPPED 0x10000u /* with a LINKTYPE_ value below it */
#define TR_LINK_COUNT   0x20000u

static inline uint32_t tr_link(uint16_t linktype, bool swapped)
{
	return linktype | (swapped ? TR_LINK_SWAPPED : 0);
}

static inline uint32_t tr_pkt_link(const struct tr_pkt *p)
{
	return tr_link(p->linktype, p->swapped);
}

/** The options of a packet as a slice for tr_opt_next(). */
static inline struct tr_opts tr_pkt_opts(const struct tr_pkt *p)
{
	return (struct tr_opts){ p->opts, p->opts_len, p->opts_swapped };
}

/**
 * Take the first option off a slice.
 * Returns false at the end, also where the rest is malformed.
 */
bool tr_opt_next(struct tr_opts *rest, struct tr_opt *opt);

/**
 * The longest packet libpcap admits for a link type, in bytes: 262144, more
 * for DBUS (231), EBHSCR (279) and USBPCAP (249).
 */
uint32_t tr_snap_limit(uint32_t linktype);

#endif
