/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interpreter's rarer instructions: context, atomics, names, byte order.
 */
#include "exo/isa/interp_int.h"

#include "exo/isa/decode.h"
#include "exo/lib/bytes.h"

/* Little-endian load and store of 1, 2, 4 or 8 bytes. */
static uint64_t get(const uint8_t *p, uint32_t size)
{
	switch (size) {
	case 1:
		return *p;
	case 2:
		return exo_le16(p);
	case 4:
		return exo_le32(p);
	default:
		return exo_le64(p);
	}
}

static void put(uint8_t *p, uint32_t size, uint64_t v)
{
	switch (size) {
	case 1:
		*p = (uint8_t)v;
		break;
	case 2:
		exo_put_le16(p, (uint16_t)v);
		break;
	case 4:
		exo_put_le32(p, (uint32_t)v);
		break;
	default:
		exo_put_le64(p, v);
		break;
	}
}

static uint64_t pkt_addr(const struct isa_vm *vm, uint32_t off)
{
	return isa_addr(isa_pkt_id(vm), ISA_PKT_START + off);
}

static uint64_t ctx_value(
    const struct isa_vm *vm, const struct exo_ctx_field *f)
{
	switch ((enum exo_ctx_kind)f->kind) {
	case EXO_CTX_DATA:
		return pkt_addr(vm, vm->room.meta);
	case EXO_CTX_DATA_META:
		return pkt_addr(vm, 0);
	case EXO_CTX_DATA_END:
		return pkt_addr(vm, vm->room.meta + vm->pkt.caplen);
	case EXO_CTX_LEN:
		return vm->pkt.wirelen;
	case EXO_CTX_PROTOCOL:
		return __builtin_bswap16(vm->pkt.protocol);
	case EXO_CTX_IFINDEX:
		return vm->pkt.ifindex;
	case EXO_CTX_KEPT:
	case EXO_CTX_KEPT16:
		return get((const uint8_t *)&vm->own + f->own, f->size);
	case EXO_CTX_ZERO:
	case EXO_CTX_SCRATCH:
		break;
	}
	return 0;
}

/* A load of less than a field, or one that extends the sign. */
static enum isa_end ctx_part(const struct isa_vm *vm, const struct exo_insn *in,
    const struct exo_ctx_field *f, uint32_t at, uint64_t *value)
{
	uint32_t size = exo_access_size(in);
	uint8_t whole[8];
	uint64_t v;

	if (f->kind == EXO_CTX_SCRATCH) {
		v = get((const uint8_t *)&vm->own + f->own + at, size);
	} else {
		put(whole, sizeof(whole), ctx_value(vm, f));
		v = get(whole + at, size);
	}
	if ((in->code & 0xe0u) == EXO_MEMSX &&
	    (isa_ctx_is_ptr(f) || !isa_movsx((int16_t)(size * 8), 64, v, &v)))
		return ISA_END_CTX;
	*value = v;
	return ISA_END_EXIT;
}

enum isa_end isa_ctx_load(const struct isa_vm *vm, const struct exo_insn *in,
    uint64_t addr, uint64_t *value)
{
	const struct exo_ctx_field *f;
	uint32_t off = (uint32_t)addr;
	uint32_t size = exo_access_size(in);

	if (addr >> 32 != ISA_REGION_CTX)
		return ISA_END_LOAD;
	f = isa_ctx_field(vm->type, off, size);
	if (f == NULL)
		return ISA_END_CTX;
	if (size != f->size || (in->code & 0xe0u) != EXO_MEM)
		return ctx_part(vm, in, f, off - f->off, value);
	*value = ctx_value(vm, f);
	return ISA_END_EXIT;
}

enum isa_end isa_ctx_store(
    struct isa_vm *vm, const struct exo_insn *in, uint64_t addr, uint64_t value)
{
	const struct exo_ctx_field *f;
	uint32_t off = (uint32_t)addr;
	uint32_t size = exo_access_size(in);

	if (addr >> 32 != ISA_REGION_CTX)
		return ISA_END_STORE;
	f = isa_ctx_field(vm->type, off, size);
	if (f == NULL || !isa_ctx_may_store(f, size))
		return ISA_END_CTX;
	if (f->kind == EXO_CTX_KEPT16)
		value = (uint16_t)value;
	put((uint8_t *)&vm->own + f->own + (off - f->off), size, value);
	return ISA_END_EXIT;
}

/* What an atomic operation leaves in memory; false: no such operation. */
static bool combine(int32_t imm, uint64_t old, uint64_t src, uint64_t *out)
{
	switch (imm) {
	case EXO_ADD:
	case EXO_ADD | EXO_FETCH:
		*out = old + src;
		return true;
	case EXO_OR:
	case EXO_OR | EXO_FETCH:
		*out = old | src;
		return true;
	case EXO_AND:
	case EXO_AND | EXO_FETCH:
		*out = old & src;
		return true;
	case EXO_XOR:
	case EXO_XOR | EXO_FETCH:
		*out = old ^ src;
		return true;
	case EXO_XCHG:
	case EXO_CMPXCHG:
		*out = src;
		return true;
	default:
		return false;
	}
}

/* Load-acquire and store-release. A vm has one thread, which sees its own
 * accesses in their order: nothing is to be done for that. */
static enum isa_end ordered(
    struct isa_vm *vm, const struct exo_insn *in, uint64_t addr, uint64_t r[16])
{
	uint32_t size = exo_access_size(in);
	bool load = in->imm == EXO_LOAD_ACQ;
	uint8_t *p =
	    load ? isa_at(vm, addr, size) : isa_at_writable(vm, addr, size);

	if (p == NULL && addr >> 32 == ISA_REGION_CTX)
		return ISA_END_CTX;
	if (p == NULL || (addr & (size - 1)) != 0)
		return load ? ISA_END_LOAD : ISA_END_STORE;
	if (load)
		r[exo_dst(in)] = get(p, size);
	else
		put(p, size, r[exo_src(in)]);
	return ISA_END_EXIT;
}

/* Read, change, write; size is 4 or 8. */
static enum isa_end change(
    struct isa_vm *vm, const struct exo_insn *in, uint64_t addr, uint64_t r[16])
{
	uint32_t size = exo_access_size(in);
	uint64_t mask = size == 8 ? UINT64_MAX : UINT32_MAX;
	uint64_t old, new;
	uint8_t *p;

	if (size < 4 || !combine(in->imm, 0, 0, &new))
		return ISA_END_OPCODE;
	p = isa_at_writable(vm, addr, size);
	if (p == NULL && addr >> 32 == ISA_REGION_CTX)
		return ISA_END_CTX;
	if (p == NULL || (addr & (size - 1)) != 0)
		return ISA_END_STORE;
	if (isa_at(vm, addr, size) == NULL)
		return ISA_END_LOAD; /* it may be written, but not read */
	old = get(p, size);
	(void)combine(in->imm, old, r[exo_src(in)], &new);
	if (in->imm != EXO_CMPXCHG || old == (r[0] & mask))
		put(p, size, new);
	if (in->imm == EXO_CMPXCHG)
		r[0] = old;
	else if ((in->imm & EXO_FETCH) != 0)
		r[exo_src(in)] = old;
	return ISA_END_EXIT;
}

enum isa_end isa_atomic(
    struct isa_vm *vm, const struct exo_insn *in, uint64_t r[16])
{
	uint64_t off = (uint64_t)(int64_t)in->off;

	if (in->imm == EXO_LOAD_ACQ)
		return ordered(vm, in, r[exo_src(in)] + off, r);
	if (in->imm == EXO_STORE_REL)
		return ordered(vm, in, r[exo_dst(in)] + off, r);
	return change(vm, in, r[exo_dst(in)] + off, r);
}

enum isa_end isa_imm64(struct isa_vm *vm, const struct isa_state *s,
    const struct exo_insn *in, uint64_t *value)
{
	uint64_t imm = (uint32_t)in[0].imm | (uint64_t)(uint32_t)in[1].imm
	                                         << 32;
	uint32_t src = exo_src(in);

	if (src == EXO_LDDW_IMM) {
		*value = imm;
		return ISA_END_EXIT;
	}
	if (src == EXO_LDDW_FUNC) {
		*value = isa_addr(ISA_ID_FUNC,
		    (uint32_t)(in - s->code.insns) + 1 + (uint32_t)imm);
		return ISA_END_EXIT;
	}
	if (src == EXO_LDDW_VAR || src > EXO_LDDW_MAP_IDX_VALUE)
		return ISA_END_OPCODE;
	if (vm->ops == NULL || vm->ops->map == NULL)
		return ISA_END_MAP;
	*value = vm->ops->map(vm, src, imm);
	return *value == 0 ? ISA_END_MAP : ISA_END_EXIT;
}

bool isa_swap(const struct exo_insn *in, uint64_t *d)
{
	bool swap = in->code != (EXO_ALU | EXO_END | EXO_K); /* not to le */

	switch (in->imm) {
	case 16:
		*d = swap ? __builtin_bswap16((uint16_t)*d) : (uint16_t)*d;
		return true;
	case 32:
		*d = swap ? __builtin_bswap32((uint32_t)*d) : (uint32_t)*d;
		return true;
	case 64:
		*d = swap ? __builtin_bswap64(*d) : *d;
		return true;
	default:
		return false;
	}
}

bool isa_movsx(int16_t off, unsigned width, uint64_t v, uint64_t *d)
{
	if (off == 8)
		v = (uint64_t)(int8_t)v;
	else if (off == 16)
		v = (uint64_t)(int16_t)v;
	else if (off == 32 && width == 64)
		v = (uint64_t)(int32_t)v;
	else
		return false;
	*d = width == 64 ? v : (uint32_t)v;
	return true;
}
