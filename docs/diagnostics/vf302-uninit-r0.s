; The program ends without a result
; options: --type socket
r2 = *(u32 *)(r1 +0)
if r2 > 64 goto out
r0 = 1
out: exit
