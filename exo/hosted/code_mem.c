/* SPDX-License-Identifier: BSD-2-Clause */
/* Executable memory of the Linux process: see code_mem.h. */
#include "exo/hosted/code_mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "exo/lib/bug.h"

#define CHUNK    ((size_t)1 << 20)
#define GRAIN    64u
#define INT3     0xcc
#define PAGE     ((size_t)4096)
#define STEP     (16 * PAGE) /* a chunk is opened by so much at once */
#define SIZE_TOP ((size_t)1 << 30)

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

struct chunk {
	struct chunk *next;
	uint8_t *base; /* executable */
	size_t size;   /* a multiple of PAGE */
	int fd;        /* -1: pages of one code, written before */
	size_t open;   /* bytes of it that are mapped; nobody may touch more */
	size_t used;   /* grains */
	size_t rover;  /* where to look first */
	int copy;      /* while the process forks: the child, or -1 */
	dev_t dev;     /* what fd is, as long as nobody closes it */
	ino_t ino;
	bool lost;       /* somebody did */
	bool frozen;     /* shared with another process: never written */
	uint8_t taken[]; /* for each grain: 0 or 1 */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct chunk *chunks;
static bool no_memfd;

void code_mem_no_memfd(bool never)
{
	no_memfd = never;
}

static size_t grains(size_t size)
{
	return (size + GRAIN - 1) / GRAIN;
}

/* All bytes, in as many steps as the system takes. */
static bool write_all(int fd, struct iovec *v, int n, off_t at)
{
	while (n > 0) {
		ssize_t did = pwritev(fd, v, n, at);

		if (did < 0 && errno == EINTR)
			continue;
		if (did <= 0)
			return false;
		at += did;
		for (; n > 0 && (size_t)did >= v->iov_len; v++, n--)
			did -= (ssize_t)v->iov_len;
		if (n > 0) {
			v->iov_base = (uint8_t *)v->iov_base + did;
			v->iov_len -= (size_t)did;
		}
	}
	return true;
}

static bool fill(int fd, size_t at, size_t n)
{
	uint8_t traps[1024];
	size_t part;
	bool all = true;

	memset(traps, INT3, sizeof(traps));
	for (; n > 0 && all; at += part, n -= part) {
		struct iovec v = { traps,
			part = n < sizeof(traps) ? n : sizeof(traps) };

		all = write_all(fd, &v, 1, (off_t)at);
	}
	return all;
}

static int make_memfd(size_t size)
{
	int fd;

	if (no_memfd)
		return -1;
	fd = memfd_create("exopf-code", MFD_CLOEXEC | MFD_EXEC);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("exopf-code", MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, (off_t)size) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Address space with a page on both sides that nobody may touch. */
static uint8_t *reserve(size_t size)
{
	uint8_t *p = mmap(NULL, size + 2 * PAGE, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p + PAGE;
}

static void release(uint8_t *base, size_t size)
{
	(void)munmap(base - PAGE, size + 2 * PAGE);
}

/* Who becomes a daemon closes what it does not know. The number may be
 * another file's then, which is none of ours. */
static void look_for_fd(struct chunk *c)
{
	struct stat st;

	if (c->fd < 0 || c->lost)
		return;
	if (fstat(c->fd, &st) == 0 && st.st_dev == c->dev &&
	    st.st_ino == c->ino)
		return;
	c->lost = true;
	c->frozen = true;
}

static void let_fd_go(struct chunk *c)
{
	look_for_fd(c);
	if (c->fd >= 0 && !c->lost)
		close(c->fd);
}

/* From now on the chunk is this file. */
static bool own_fd(struct chunk *c, int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return false;
	c->fd = fd;
	c->dev = st.st_dev;
	c->ino = st.st_ino;
	c->lost = false;
	return true;
}

/*
 * Forks
 *
 * A memfd stays shared: what parent and child installed would lie in the same
 * pages. So before a fork each chunk is copied, and the child maps the copies
 * in the old places. Where there is no memory for one, or no descriptor, both
 * leave the chunk alone from then on.
 */

static void before_fork(void)
{
	struct chunk *c;

	pthread_mutex_lock(&lock);
	for (c = chunks; c != NULL; c = c->next) {
		struct iovec v = { c->base, c->open };

		c->copy = c->fd < 0 ? -1 : make_memfd(c->size);
		if (c->copy < 0 || v.iov_len == 0 ||
		    write_all(c->copy, &v, 1, 0))
			continue;
		close(c->copy);
		c->copy = -1;
	}
}

static void in_parent(void)
{
	struct chunk *c;

	for (c = chunks; c != NULL; c = c->next) {
		if (c->copy >= 0)
			close(c->copy);
		else if (c->fd >= 0)
			c->frozen = true;
	}
	pthread_mutex_unlock(&lock);
}

static void in_child(void)
{
	struct chunk *c;

	for (c = chunks; c != NULL; c = c->next) {
		if (c->fd < 0)
			continue;
		if (c->copy >= 0 &&
		    mmap(c->base, c->open, PROT_READ | PROT_EXEC,
		        MAP_SHARED | MAP_FIXED, c->copy, 0) != MAP_FAILED) {
			let_fd_go(c);
			c->frozen = !own_fd(c, c->copy);
		} else {
			if (c->copy >= 0)
				close(c->copy);
			c->frozen = true;
		}
	}
	pthread_mutex_unlock(&lock);
}

static void watch_forks(void)
{
	static bool watched;

	if (!watched && pthread_atfork(before_fork, in_parent, in_child) == 0)
		watched = true;
}

static size_t book_size(size_t size)
{
	return sizeof(struct chunk) + size / GRAIN;
}

/* The books are mapped, too: a chunk that is kept for later is no leak. */
static struct chunk *chunk_new(size_t size)
{
	struct chunk *c = mmap(NULL, book_size(size), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (c == MAP_FAILED)
		return NULL;
	c->size = size;
	c->fd = -1;
	c->base = reserve(size);
	if (c->base == NULL) {
		(void)munmap(c, book_size(size));
		return NULL;
	}
	c->next = chunks;
	chunks = c;
	return c;
}

static void chunk_free(struct chunk *c)
{
	struct chunk **at = &chunks;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	release(c->base, c->size);
	let_fd_go(c);
	(void)munmap(c, book_size(c->size));
}

/* Map what lies before `end`, with INT3 where it was not mapped before. */
static bool open_to(struct chunk *c, size_t end)
{
	size_t to = (end + STEP - 1) / STEP * STEP;

	if (end <= c->open)
		return true;
	if (to > c->size)
		to = c->size;
	if (!fill(c->fd, c->open, to - c->open) ||
	    mmap(c->base + c->open, to - c->open, PROT_READ | PROT_EXEC,
	        MAP_SHARED | MAP_FIXED, c->fd, (off_t)c->open) == MAP_FAILED)
		return false;
	c->open = to;
	return true;
}

/* A chunk that code is written to through its descriptor, or NULL. */
static struct chunk *chunk_shared(size_t size)
{
	struct chunk *c = chunk_new(size);

	if (c == NULL)
		return NULL;
	if (own_fd(c, make_memfd(size)) && open_to(c, 1))
		return c;
	chunk_free(c);
	return NULL;
}

/* Find so many free grains in a row; false: there are not. */
static bool find_room(const struct chunk *c, size_t n, size_t from, size_t *at)
{
	size_t all = c->size / GRAIN, run = 0, i;

	for (i = from; i < all; i++) {
		run = c->taken[i] != 0 ? 0 : run + 1;
		if (run == n) {
			*at = i + 1 - n;
			return true;
		}
	}
	return false;
}

static bool take_room(struct chunk *c, size_t n, size_t *at)
{
	look_for_fd(c);
	if (c->fd < 0 || c->frozen || c->size / GRAIN - c->used < n)
		return false;
	if (!find_room(c, n, c->rover, at) && !find_room(c, n, 0, at))
		return false;
	memset(c->taken + *at, 1, n);
	c->used += n;
	c->rover = *at + n;
	return true;
}

static const void *put_shared(const void *code, size_t size)
{
	size_t n = grains(size), at = 0, rest = n * GRAIN - size;
	uint8_t pad[GRAIN];
	/* read only: NOLINTNEXTLINE(performance-no-int-to-ptr) */
	struct iovec v[2] = { { (void *)(uintptr_t)code, size },
		{ pad, rest } };
	struct chunk *c = chunks;

	while (c != NULL && !take_room(c, n, &at))
		c = c->next;
	if (c == NULL) {
		size_t need = (n * GRAIN + PAGE - 1) / PAGE * PAGE;

		c = chunk_shared(need > CHUNK ? need : CHUNK);
		if (c == NULL || !take_room(c, n, &at))
			return NULL;
	}
	memset(pad, INT3, sizeof(pad));
	if (open_to(c, (at + n) * GRAIN) &&
	    write_all(c->fd, v, 2, (off_t)(at * GRAIN)))
		return c->base + at * GRAIN;
	memset(c->taken + at, 0, n);
	c->used -= n;
	return NULL;
}

static const void *put_alone(const void *code, size_t size)
{
	size_t whole = (size + PAGE - 1) / PAGE * PAGE;
	struct chunk *c = chunk_new(whole);

	if (c == NULL)
		return NULL;
	if (mprotect(c->base, whole, PROT_READ | PROT_WRITE) == 0) {
		memset(c->base, INT3, whole);
		memcpy(c->base, code, size);
		if (mprotect(c->base, whole, PROT_READ | PROT_EXEC) == 0)
			return c->base;
	}
	chunk_free(c);
	return NULL;
}

const void *code_mem_install(const void *code, size_t size)
{
	const void *p;

	if (size == 0 || size > SIZE_TOP)
		return NULL;
	pthread_mutex_lock(&lock);
	watch_forks();
	p = put_shared(code, size);
	if (p == NULL)
		p = put_alone(code, size);
	pthread_mutex_unlock(&lock);
	return p;
}

static void take_back(struct chunk *c, size_t at, size_t n)
{
	look_for_fd(c);
	if (!c->frozen)
		(void)fill(c->fd, at * GRAIN, n * GRAIN);
	memset(c->taken + at, 0, n);
	c->used -= n;
	if (at < c->rover)
		c->rover = at;
	if (c->used == 0 && (c->next != NULL || chunks != c))
		chunk_free(c);
}

/* Where installed code lies; NULL: there is no such code. */
static struct chunk *chunk_of(const uint8_t *p)
{
	struct chunk *c;

	for (c = chunks; c != NULL; c = c->next)
		if (p >= c->base && p < c->base + c->size)
			break;
	return c;
}

bool code_mem_is_shared(const void *code)
{
	const struct chunk *c;
	bool shared;

	pthread_mutex_lock(&lock);
	c = chunk_of(code);
	shared = c != NULL && c->fd >= 0;
	pthread_mutex_unlock(&lock);
	return shared;
}

void code_mem_remove(const void *code, size_t size)
{
	const uint8_t *p = code;
	struct chunk *c;

	if (p == NULL)
		return;
	pthread_mutex_lock(&lock);
	c = chunk_of(p);
	if (c == NULL)
		exo_bug("code that was never installed");
	else if (c->fd < 0)
		chunk_free(c);
	else
		take_back(c, (size_t)(p - c->base) / GRAIN, grains(size));
	pthread_mutex_unlock(&lock);
}
