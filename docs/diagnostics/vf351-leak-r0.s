; The result would reveal an address
; options: --type socket --unprivileged
r0 = r1
exit
