; The comparison would reveal an address
; options: --type socket --unprivileged
r0 = 0
if r1 > 4096 goto out
r0 = 1
out: exit
