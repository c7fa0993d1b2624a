; The access is not proven to lie inside the map's value
; options: --type socket --map 'array 4 48 16'
*(u32 *)(r10 -4) = 7
r2 = r10
r2 += -4
r1 = map[id:0]
call map_lookup_elem
if r0 == 0 goto out
r1 = *(u32 *)(r0 +0)
if r1 > 47 goto out
r0 += r1
r0 = *(u32 *)(r0 +0)
exit
out: r0 = 0
exit
