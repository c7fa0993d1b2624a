# SPDX-License-Identifier: BSD-2-Clause
# From `nm -n` of the kernel: the names of its functions, for panic.c.
BEGIN {
	print "\t.section .ksyms, \"a\"\n\t.balign 4\n\t.globl ksym_table\nksym_table:"
}
$3 == "kernel_text" {
	base = $1
}
$2 ~ /^[tT]$/ && base != "" && $3 !~ /^(kernel_|\.L|ksym_)/ {
	printf "\t.long 0x%s - 0x%s, %d\n", $1, base, off
	names = names "\t.asciz \"" $3 "\"\n"
	off += length($3) + 1
	n++
}
END {
	print "\t.globl ksym_count\nksym_count:\n\t.long " n + 0
	print "\t.globl ksym_names\nksym_names:\n" names "\t.byte 0"
	print "\t.section .note.GNU-stack, \"\", @progbits"
}
