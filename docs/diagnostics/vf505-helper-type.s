; Programs of this type may not call this helper
; options: --type socket
r2 = -14
call xdp_adjust_head
r0 = 0
exit
