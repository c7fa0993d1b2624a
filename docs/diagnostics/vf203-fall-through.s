; The program can run past its last instruction
; options: --type socket
r0 = 0
if r1 != 0 goto out
out: r0 = 1
