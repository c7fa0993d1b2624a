; The size handed to the helper may be 0, negative or too large
; options: --type socket
r2 = 0
r3 = r10
r3 += -64
r4 = *(u32 *)(r1 +0)
if r4 > 64 goto out
call skb_load_bytes
out: r0 = 0
exit
