/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps windows of a file, and survives when it is cut.
 *
 * The handler
 *	SIGBUS comes to the thread that touched the byte. The handler looks for
 *	its address among the windows of all maps, in a table of atomics, since
 *	others may open and close theirs at the time.
 */
#include "exo/hosted/trace_map.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

#define WINDOW_DEFAULT ((size_t)4 << 20)
#define HUGE           ((size_t)2 << 20) /* windows begin at its multiples */
#define SLOTS          256

struct slot {
	atomic_bool used;
	atomic_uintptr_t from;
	atomic_size_t len;    /* 0: nothing is shown */
	atomic_uintptr_t hit; /* the first byte that was no memory, or 0 */
};

static struct slot slots[SLOTS];
static struct sigaction before;
static size_t page;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Zeros from the page of addr to the end of the window that it lies in. */
static bool patch(uintptr_t addr)
{
	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &slots[i];
		size_t len = atomic_load(&s->len);
		uintptr_t from = atomic_load(&s->from);
		uintptr_t bad = addr & ~(uintptr_t)(page - 1);
		uintptr_t hit = atomic_load(&s->hit);

		if (addr < from || addr - from >= len)
			continue;
		if (hit == 0 || bad < hit)
			atomic_store(&s->hit, bad);
		/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
		return mmap((void *)bad, from + len - bad,
		           PROT_READ | PROT_WRITE,
		           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		           0) != MAP_FAILED;
	}
	return false;
}

/* What is none of ours strikes again, before whoever was there earlier. */
static void on_bus(int number, siginfo_t *info, void *context)
{
	int was = errno;

	(void)context;
	if (info->si_code != BUS_ADRERR || !patch((uintptr_t)info->si_addr))
		(void)sigaction(number, &before, NULL);
	errno = was;
}

static void install(void)
{
	struct sigaction sa = { .sa_sigaction = on_bus,
		.sa_flags = SA_SIGINFO };
	sigset_t set;

	page = (size_t)sysconf(_SC_PAGESIZE);
	sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGBUS, &sa, &before);
	/* blocked, it would kill */
	sigemptyset(&set);
	sigaddset(&set, SIGBUS);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static int slot_take(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (!atomic_exchange(&slots[i].used, true))
			return i;
	return -1;
}

bool tr_map_open(struct tr_map *m, int fd, size_t window, bool ready)
{
	struct stat st;

	*m = (struct tr_map){ .fd = fd, .ready = ready, .slot = -1 };
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 1)
		return false;
	(void)pthread_once(&once, install);
	m->window = window != 0 ? window : WINDOW_DEFAULT;
	m->slot = slot_take();
	return m->slot >= 0;
}

void tr_map_hide(struct tr_map *m)
{
	if (m->slot < 0 || m->at == NULL)
		return;
	atomic_store(&slots[m->slot].len, 0);
	(void)munmap(m->at, m->len);
	m->at = NULL;
	m->len = 0;
}

void tr_map_close(struct tr_map *m)
{
	if (m->slot < 0)
		return;
	tr_map_hide(m);
	atomic_store(&slots[m->slot].used, false);
	m->slot = -1;
}

/* Map len bytes from off and have the pages at hand. */
static bool map_window(struct tr_map *m, uint64_t off, size_t len)
{
	struct slot *s = &slots[m->slot];
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_NORESERVE, m->fd, (off_t)off);

	if (p == MAP_FAILED)
		return false;
	m->at = p;
	m->len = len;
	m->off = off;
	atomic_store(&s->hit, 0);
	atomic_store(&s->from, (uintptr_t)p);
	atomic_store(&s->len, len);
	return !m->ready || madvise(p, len, MADV_POPULATE_READ) == 0;
}

bool tr_map_show(struct tr_map *m, uint64_t off, size_t n)
{
	size_t align = m->window >= HUGE ? HUGE : page;
	uint64_t from = off & ~(uint64_t)(align - 1);
	uint64_t want = off - from + n, left;
	struct stat st;

	tr_map_hide(m);
	if (fstat(m->fd, &st) != 0 || (uint64_t)st.st_size <= off ||
	    (uint64_t)st.st_size - off < n)
		return false;
	left = (uint64_t)st.st_size - from;
	want = want > m->window ? want : m->window;
	want = want < left ? want : left;
	if (want > SIZE_MAX / 2 || !map_window(m, from, (size_t)want)) {
		tr_map_hide(m);
		return false;
	}
	return true;
}

uint64_t tr_map_good(const struct tr_map *m, int *sys)
{
	uint64_t end = m->off + m->len;
	uintptr_t hit = atomic_load(&slots[m->slot].hit);
	struct stat st;

	*sys = fstat(m->fd, &st) != 0 ? errno : 0;
	if (*sys != 0)
		return m->off;
	if ((uint64_t)st.st_size < end)
		return (uint64_t)st.st_size;
	if (hit == 0)
		return end;
	*sys = EIO; /* the file has its length: its medium failed */
	return m->off + (hit - (uintptr_t)m->at);
}
