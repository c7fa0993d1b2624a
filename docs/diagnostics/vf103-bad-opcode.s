; This is no instruction
; options: --type socket
r0 = 0
.insn 0xff, 0, 0, 0
exit
