/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interpreter's packet, and memory that is not in its table of regions.
 *
 * A packet begins in region[]. Once a helper has changed it, it has a region
 * number that no address before had, and region[] holds nothing: what the
 * program knew of the packet traps, whether or not the bytes moved.
 */
#include "exo/isa/interp_int.h"

#include "exo/lib/bytes.h"

void isa_set_pkt(struct isa_vm *vm, const struct isa_pkt *pkt)
{
	struct isa_region *g = &vm->region[ISA_REGION_PKT];

	vm->pkt = *pkt;
	/* This takes off const and no more, as -Wcast-qual wants it; the region
	 * is not writable: nobody writes through this pointer.
	 * NOLINTNEXTLINE(performance-no-int-to-ptr) */
	g->base = (uint8_t *)(uintptr_t)pkt->data;
	g->size = pkt->caplen;
	g->writable = 0;
	g->start = ISA_PKT_START;
	vm->room = (struct isa_room){ .base = g->base };
	vm->pkt_moves = 0;
}

void isa_set_room(struct isa_vm *vm, uint32_t head, uint32_t tail)
{
	vm->room.base -= head;
	vm->room.head = head;
	vm->room.tail = tail;
	vm->room.writable = true;
}

void isa_pkt_moved(struct isa_vm *vm)
{
	const struct isa_room *room = &vm->room;
	uint8_t *data = room->base == NULL ? NULL : room->base + room->head;

	vm->pkt.data = data;
	vm->pkt_now = (struct isa_region){
		.base = data == NULL ? NULL : data - room->meta,
		.size = room->meta + vm->pkt.caplen,
		.writable = (uint16_t)isa_pkt_writable(vm),
		.start = ISA_PKT_START,
	};
	vm->region[ISA_REGION_PKT].size = 0;
	vm->pkt_moves = vm->pkt_moves % ISA_ID_PKTS + 1;
}

uint8_t *isa_far(
    const struct isa_vm *vm, uint64_t addr, uint32_t size, bool write)
{
	const struct isa_region *g = &vm->pkt_now;
	uint32_t id = (uint32_t)(addr >> 32);

	if (id == isa_pkt_id(vm)) {
		uint32_t off = (uint32_t)addr - g->start;

		if (!exo_range_ok(off, size, g->size) ||
		    (write && g->writable == 0))
			return NULL;
		return g->base + off;
	}
	if (vm->ops == NULL || vm->ops->at == NULL)
		return NULL;
	return vm->ops->at(vm, addr, size, write);
}

uint8_t *isa_mem(
    const struct isa_vm *vm, uint64_t addr, uint32_t size, bool write)
{
	return write ? isa_at_writable(vm, addr, size) : isa_at(vm, addr, size);
}

bool isa_in_pkt(const struct isa_vm *vm, uint64_t addr)
{
	return addr >> 32 == isa_pkt_id(vm);
}
