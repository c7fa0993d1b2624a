/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is started: by the file "boot.conf" among the modules.
 *
 *	recv REGION
 *	send REGION
 *	revoke LABEL KIND NUMBER AT PATIENCE_MS
 *	env LABEL FILE [ring=BYTES] [mem=BYTES] [arg=TEXT] [rights=NUMBER]
 *	    [frames=NUMBER] [most=NUMBER] [entries=NUMBER] [tables=NUMBER]
 *	    [children=NUMBER] [disk=FIRST+BLOCKS[,shared]]
 *	    [slots=FIRST[/STEP][*N]] [end=HOW[:CODE]], in one line,
 *
 * starts the program FILE, an ELF file among the modules, as an environment. It has a
 * key to receive packets of the region of the last recv before it (every packet, if there
 * is none), and one to send packets of that of send (none, if there is none). It is to
 * end by HOW: exit, fault (with the vector), stack or killed; by exit:0 if nothing is
 * said. none: it cannot be started. disk are blocks of the machine's disk, which are also
 * those of another environment only if both lines say so. mem is what the kernel may
 * need for it. frames are those that it may always own (those that it begins with, if
 * nothing is said), most how many in all; entries are those of its S-TLB, tables
 * what it may have of the processor's at once, children the environments that it may
 * make; slots are of time: N of them, each STEP behind the one before it, its own and
 * guaranteed. revoke asks the
 * environments of a label to give up so many frames, slots, bindings or keys within a
 * time: AT milliseconds after the start, or, where AT is line=N, when one of them has
 * written N lines, which is the same however fast the machine is. Lines that begin with '#' are comments.
 */
#ifndef EXO_BARE_CONF_H
#define EXO_BARE_CONF_H

#include <stdbool.h>

#include "exo/bare/machine.h"
#include "exo/core/core.h"
#include "exo/core/phys.h"

/** Start all of them, and tell them the network card's address (NULL: there is none).
 * refused is called for each that cannot be started, and is not to be. How many of
 * both; -1 after saying on the console what is wrong. */
int conf_start(const struct machine *m, struct exo_core *core,
    struct exo_phys *phys, const uint8_t mac[6],
    void (*refused)(const char *label));

#endif
