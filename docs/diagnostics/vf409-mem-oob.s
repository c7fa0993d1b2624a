; The access is not proven to lie inside the memory
; options: --type mem
r0 = 0
if r2 < 4 goto out
r0 = *(u64 *)(r1 +0)
out: exit
