; This operation has no meaning on a pointer
; options: --type socket
r1 &= -8
r0 = *(u32 *)(r1 +0)
exit
