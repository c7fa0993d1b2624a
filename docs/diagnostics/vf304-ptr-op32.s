; 32-bit arithmetic would cut a pointer in half
; options: --type socket
r2 = r10
w2 += -8
*(u64 *)(r2 +0) = 1
r0 = 0
exit
