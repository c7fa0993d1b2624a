/* SPDX-License-Identifier: BSD-2-Clause */
/* Between vq.c and the two forms of ring. */
#ifndef EXO_BARE_VQ_INT_H
#define EXO_BARE_VQ_INT_H

#include "exo/bare/vq.h"

/* Of a descriptor, split or packed (2.7.5, 2.8.13). */
#define VQ_NEXT  1u
#define VQ_WRITE 2u

/** Reads of what the device writes, each once; writes that it sees in order. */
#define VQ_READ(p)        __atomic_load_n((p), __ATOMIC_RELAXED)
#define VQ_READ_FIRST(p)  __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define VQ_SAY(p, v)      __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define VQ_SAY_LAST(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define VQ_FENCE()        __atomic_thread_fence(__ATOMIC_SEQ_CST)

/** Judge a completion. true: the buffer is no longer out, *done says what there is
 * in it, and its slot is to be freed. false: the queue is broken. */
bool vq_claim(
    struct vq *q, uint32_t u_id, uint32_t u_len, struct vq_done *done);

/** Note that a buffer of n descriptors is out. */
void vq_out(struct vq *q, uint16_t id, const struct vq_part *parts, uint32_t n);

/** Whether the step from old to new passed the index that the other side waits for
 * (2.7.7.1). */
bool vq_passed(uint16_t event, uint16_t new, uint16_t old);

int vq_split_add(struct vq *q, const struct vq_part *parts, uint32_t n);
bool vq_split_wanted(const struct vq *q);
uint32_t vq_split_take(struct vq *q, struct vq_done *done, uint32_t most);
void vq_split_quiet(struct vq *q);
bool vq_split_listen(struct vq *q);

int vq_packed_add(struct vq *q, const struct vq_part *parts, uint32_t n);
bool vq_packed_wanted(const struct vq *q);
uint32_t vq_packed_take(struct vq *q, struct vq_done *done, uint32_t most);
void vq_packed_quiet(struct vq *q);
bool vq_packed_listen(struct vq *q);

#endif
