; The pointer may be null
; options: --type socket --map 'hash 4 8 16'
*(u32 *)(r10 -4) = 7
r2 = r10
r2 += -4
r1 = map[id:0]
call map_lookup_elem
r0 = *(u32 *)(r0 +0)
exit
