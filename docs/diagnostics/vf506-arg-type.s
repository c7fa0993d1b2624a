; This argument is not what the helper takes
; options: --type socket --map 'hash 4 8 16'
*(u32 *)(r10 -4) = 7
r1 = r10
r1 += -4
r2 = map[id:0]
call map_lookup_elem
r0 = 0
exit
