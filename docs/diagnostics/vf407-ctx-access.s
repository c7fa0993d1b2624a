; This is no context field of this program type
; options: --type socket
r0 = *(u32 *)(r1 +2)
exit
