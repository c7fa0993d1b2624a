/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left in the end: see leaks.h.
 *
 * A frame that was retired is no leak: nobody may have it again, whatever is done.
 * Frames are counted with the kernel's own tables, which are made when they are needed
 * first and are never given back.
 */
#include "exo/bare/leaks.h"

#include "exo/bare/code.h"
#include "exo/bare/env.h"
#include "exo/bare/frames.h"
#include "exo/bare/heap.h"
#include "exo/bare/paging.h"
#include "exo/bare/serial.h"
#include "exo/bare/slots.h"
#include "exo/bare/space.h"

static uint64_t heap, frames;

void leaks_begin(void)
{
	heap = heap_used();
	frames = frames_free() + paging_tables();
}

void leaks_keep(uint64_t n)
{
	frames -= n;
}

static bool same(const char *what, uint64_t is, uint64_t was)
{
	if (is == was)
		return true;
	serial_str("# left over: ");
	serial_str(what);
	serial_str(" ");
	serial_u64(is);
	serial_str(", not ");
	serial_u64(was);
	serial_str("\n");
	return false;
}

bool leaks_none(struct exo_core *core)
{
	struct exo_core_stat s;
	bool none;

	exo_core_stat(core, &s);
	none = same("environments", env_count() + s.envs, 0);
	none &= same("bindings", s.bindings, 0);
	none &= same("frames owned", space_owned(), 0);
	none &= same("tables of environments", space_tables(), 0);
	none &= same("free slots", slots_left(), slots_count());
	none &= same("pages of code", code_pages(), 0);
	exo_core_free(core);
	none &= same("bytes of the heap", heap_used(), heap);
	none &= same("free frames",
	    frames_free() + paging_tables() + space_retired(), frames);
	return none;
}
