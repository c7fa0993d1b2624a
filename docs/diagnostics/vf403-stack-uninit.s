; The access reads stack bytes that were not written
; options: --type socket --unprivileged
*(u32 *)(r10 -8) = 7
r0 = *(u64 *)(r10 -8)
exit
