#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Can every lint fail? Small trees, each broken in one way, must be refused.

set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(mktemp -d) || exit 2
trap 'rm -rf "$top"' EXIT
tree=$top/tree
count=0
bad=0

spdx='SPDX-License-Identifier: BSD-2-Clause'

# Start anew with a tree in which nothing is wrong.
clean() {
	rm -rf "$tree"
	mkdir -p "$tree/exo/lib" "$tree/exo/abi" "$tree/exo/isa" \
	    "$tree/exo/space" "$tree/exo/hosted" "$tree/filters" "$tree/verifier" \
	    "$tree/tests/unit" "$tree/tests/bare" "$tree/obj"
	cp "$here/../../.clang-format" "$tree/"
	put exo/abi/err.h "#define EXO_A 1"
	put exo/abi/err.inc 'EXO_ERR(EINVAL,   1, "bad")'
	put exo/abi/call.inc 'EXO_CALL_ROW(BIND,   3, exo_call_bind, "bind")'
	put exo/abi/machine.inc 'EXO_CALL_ROW(WAIT, 17, exo_call_null, "run")' \
	    'EXO_CALL_ROW(EXIT, 18, exo_call_exit, "end")'
	put tests/bare/wait.c "int w = EXO_CALL_EXIT_NR + lnet_wait();"
	put exo/abi/map.inc 'EXO_MAP_KIND( 1, HASH,  "hash", EXO_MAP_EACH)'
	put exo/space/text_errors.inc 'SP_TEXT_ERROR(201, MIXED, "both", "do")'
	put exo/isa/helpers.inc 'ISA_HELPER(181, loop,   ALL, INT, 0)'
	put verifier/diag.inc 'VF_DIAG(101, EMPTY, "empty", "do")'
	put exo/lib/fmt.h "int exo_fmt(void);"
	put exo/lib/fmt_int.h "int exo_fmt_part(void);"
	put exo/lib/fmt.c '#include "exo/lib/fmt.h"' '' '#include <stdint.h>'
	put tests/unit/suites.inc 'SUITE(t_all)' 'SUITE(t_isa_cases)'
	put tests/unit/t_isa_cases.c "/* tcase_add_test(t, t_every_row_runs) */"
	put tests/unit/t_all.c \
	    "int a[] = { EXO_EINVAL, EXO_CALL_BIND_NR, VF_EMPTY, EXO_MAP_HASH };" \
	    "char b[] = \"call loop\";" "int c = SP_TEXT_MIXED;"
}

# put FILE LINE...: a source with its licence.
put() {
	file=$1
	shift
	{
		echo "/* $spdx */"
		printf '%s\n' "$@"
	} >"$tree/$file"
}

result() {
	count=$((count + 1))
	echo "$1 $count - $2"
	[ "$1" = ok ] || {
		printf '%s\n' "$out" | sed 's/^/# /'
		bad=1
	}
}

accepts() {
	if out=$(BUILD=$tree/obj sh "$here/$1.sh" "$tree" 2>&1); then
		result ok "$1 accepts $2"
	else
		result "not ok" "$1 accepts $2"
	fi
}

# refuses LINT WHAT PATTERN: a refusal for another reason does not count.
refuses() {
	if out=$(BUILD=$tree/obj sh "$here/$1.sh" "$tree" 2>&1); then
		result "not ok" "$1 refuses $2"
	elif printf '%s\n' "$out" | grep -qE "^# .*($3)"; then
		result ok "$1 refuses $2"
	else
		result "not ok" "$1 refuses $2 for its own reason"
	fi
}

many() {
	awk -v n="$1" -v line="$2" 'BEGIN { while (n-- > 0) print line }'
}

clean
for lint in layers sizes tables names format; do
	accepts $lint "a tree without fault"
done

# --- layers
put exo/lib/low.c '#include "exo/hosted/high.h"'
put exo/hosted/high.h "int cmd_x(void);"
refuses layers "a layer looking up" "exo/lib may not include exo/hosted"
clean
put exo/lib/low.c '#include <stdio.h>'
refuses layers "libc in freestanding code" "stdio.h> needs a C library"
put exo/lib/low.c '#include <limits.h>'
refuses layers "limits.h in freestanding code" "limits.h> needs a C library"
clean
put exo/hosted/x.c '#include <pcap/pcap.h>'
refuses layers "libpcap outside its door" "only filters/expr.c may"
clean
put filters/x.c '#  include <bpf/libbpf.h>'
refuses layers "libbpf outside its door" "only filters/elf.c may"
clean
put filters/x.c '#include "exo/lib/fmt_int.h"'
refuses layers "another module's private header" "private to exo/lib"
clean
put exo/lib/fmt.c '#include <stdint.h>' '#include "exo/lib/fmt.h"'
refuses layers "an own header that comes late" "its own header comes first"
clean
put exo/lib/x.c '#include "fmt.h"'
refuses layers "an include that is not from the root" "there is no fmt.h"
clean
put exo/lib/x.c '#include HEADER'
refuses layers "a computed include" "cannot be checked"
clean
mkdir "$tree/exo/new"
put exo/new/x.c 'int exo_x;'
refuses layers "a folder without a row" "no row in"
clean
mkdir "$tree/filters/samples"
put filters/samples/x.bpf.c '#include <bpf/bpf_helpers.h>'
accepts layers "libbpf's header for programs in one"
put filters/samples/x.bpf.c '#include <stdio.h>'
refuses layers "libc in a program for BPF" "stdio.h> is not for BPF"
put filters/samples/x.bpf.c '#include "exo/lib/fmt.h"'
refuses layers "a program for BPF that looks at us" "may not include exo/lib"

# --- sizes
clean
put exo/lib/x.c "int exo_x(void)" "{" "$(many 60 "	x++;")" "}"
accepts sizes "a function of 60 lines"
put exo/lib/x.c "int exo_x(void)" "{" "$(many 61 "	x++;")" "}"
refuses sizes "a function of 61 lines" "exo_x\(\) has 61 lines"
clean
put exo/isa/interp.c "int isa_a(void)" "{" "$(many 61 "	x++;")" "}"
accepts sizes "the licensed switch"
put exo/isa/interp.c "int isa_a(void)" "{" "$(many 61 "	x++;")" "}" \
    "int isa_b(void)" "{" "$(many 61 "	x++;")" "}"
refuses sizes "a second long function there" "isa_b\(\) has 61 lines"
clean
put tests/unit/x.c "START_TEST(too_long)" "{" "$(many 61 "	x++;")" "}"
refuses sizes "a long test" "too_long\(\) has 61 lines"
clean
put exo/lib/x.c "$(many 800 "int exo_x;")"
refuses sizes "a file of 801 lines" "801 lines, the limit is 800"
clean
put exo/lib/x.h "$(many 350 "int exo_x;")"
refuses sizes "a header of 351 lines" "351 lines, the limit is 350"

# --- tables: the word is gone, in a comment only, or the table is
clean
for word in EXO_EINVAL EXO_CALL_BIND_NR VF_EMPTY EXO_MAP_HASH SP_TEXT_MIXED \
    'call loop'; do
	clean
	sed -i "s/$word/x/" "$tree/tests/unit/t_all.c"
	refuses tables "a row without $word in a test" "no test says"
done
for word in EXO_CALL_EXIT_NR lnet_wait; do
	clean
	sed -i "s/$word/x/" "$tree/tests/bare/wait.c"
	refuses tables "a call of the machine without $word" "no test says"
done
clean
sed -i "s/EXO_CALL_BIND_NR/x/" "$tree/tests/unit/t_all.c"
put tests/bare/bind.c "int b = EXO_CALL_BIND_NR;"
refuses tables "a call of the core that only a machine tests" "no test says"
clean
put tests/unit/t_all.c "/* EXO_EINVAL, EXO_CALL_BIND_NR, VF_EMPTY */"
refuses tables "tests that are comments" "no test says EXO_EINVAL"
clean
put exo/abi/err.inc 'ERROR(EINVAL)'
refuses tables "a table of another form" "no row begins with EXO_ERR"
clean
rm "$tree/verifier/diag.inc"
refuses tables "a table that is gone" "there is no such table"
clean
put tests/unit/t_isa_cases.c "int x;"
refuses tables "opcodes that nobody counts" "t_every_row_runs is gone"
clean
put tests/unit/t_more.c "int x;"
refuses tables "a suite that never runs" "t_more.c:1: it never runs"

# --- names; the words are put together so that this file is clean itself
clean
put exo/lib/x.c "/* see /""work/main */"
refuses names "a path of one machine" "a path of one machine"
put exo/lib/x.c "/* see /""home/me */"
refuses names "a home folder" "a path of one machine"
put exo/lib/x.c "/* TO""DO: later */"
refuses names "unfinished work" "finish it"
put exo/lib/x.c "#if ""0" "#endif"
refuses names "dead code" "finish it"
for line in "static int pcap_x(int a)" "struct bpf_x {" "#define BTF_X 1" \
    "static int cap_x;" "extern const char *bpf_name[];"; do
	put exo/lib/x.c "$line"
	refuses names "'$line'" "own that prefix"
done
put exo/lib/x.c "	return pcap_close(p);"
accepts names "a call of a library"
clean
echo "int exo_x;" >"$tree/exo/lib/x.c"
refuses names "a source without its licence" "x.c:1: the first lines lack"

# --- format, scripts: only where the tools are
clean
put exo/lib/x.c "int  exo_x ;"
out=$(sh "$here/format.sh" "$tree" 2>&1)
case $out in
*SKIP*) echo "ok $((count += 1)) - format # SKIP no clang-format" ;;
*) refuses format "spaces where none belong" "x.c:2:.*run make fmt" ;;
esac
clean
printf '#!/bin/sh\n# %s\nrm $%s\n' "$spdx" 1 >"$tree/tests/x.sh"
if command -v shellcheck >/dev/null; then
	refuses scripts "an unquoted variable" SC2086
else
	echo "ok $((count += 1)) - scripts # SKIP no shellcheck"
fi

# --- symbols
compile() {
	printf '%s\n' "$2" | ${CC:-gcc} -O1 -ffreestanding -fno-pic \
	    -fno-stack-protector -c -x c -o "$tree/obj/$1" - || bad=1
}
library() {
	compile lib.o "$1"
	rm -f "$tree/obj/libexopf.a"
	ar rcs "$tree/obj/libexopf.a" "$tree/obj/lib.o"
}
good() {
	clean
	compile core-bare.o 'int plat_x(int); int exo_x(void)
	    { return plat_x(1); }'
	cp "$tree/obj/core-bare.o" "$tree/obj/core-host.o"
	library 'int exopf_x(void) { return 1; }'
}
good
accepts symbols "a core that asks for plat_x"
refuses_core='undefined: printf'
compile core-bare.o 'int printf(const char *, ...); int exo_x(void)
    { return printf("%d", 1); }'
refuses symbols "a bare core that prints" "core-bare.o: $refuses_core"
good
compile core-host.o 'int printf(const char *, ...); int exo_x(void)
    { return printf("%d", 1); }'
refuses symbols "a hosted core that prints" "core-host.o: $refuses_core"
good
compile core-bare.o 'void __stack_chk_fail(void); void exo_x(void)
    { __stack_chk_fail(); }'
refuses symbols "a stack protector in the bare core" "core-bare.o: undefined"
good
library 'int exopf_x(void) { return 1; } int helper(void) { return 2; }'
refuses symbols "a library that shows its insides" "exports helper"
good
library 'int pcap_open(void); int exopf_x(void) { return pcap_open(); }'
refuses symbols "a library that needs libpcap" "needs pcap_open"
good
library 'static int x; int *exopf(void) { return &x; }'
refuses symbols "a library without its names" "exports"
good
rm "$tree/obj/core-bare.o"
refuses symbols "a core that was not built" "it was not built"

# --- headers
clean
mkdir -p "$tree/include/exopf"
put include/exopf/a.h '#ifndef A_H' '#define A_H' 'int exopf_a(int *p);' '#endif'
accepts headers "a header that stands alone"
put include/exopf/a.h '#ifndef A_H' '#define A_H' 'int exopf_a(size_t n);' '#endif'
refuses headers "a header that needs another" "size_t"
put include/exopf/a.h 'struct exopf_a { int a; };'
refuses headers "a header without a guard" "redefinition"
put include/exopf/a.h '#ifndef A_H' '#define A_H' 'int exopf_a(int class);' '#endif'
refuses headers "a header that is no C\+\+" "class"

# --- exports
shared() {
	clean
	mkdir -p "$tree/include/exopf"
	put include/exopf/a.h "int exopf_a(void); /* as exopf_b() */"
	echo 'VERSION := 3.2.1' >"$tree/Makefile"
	echo 'EXOPF_3 { global: exopf_*; local: *; };' >"$tree/obj/map"
	library "$1"
	${CC:-gcc} -shared -nostdlib "-Wl,-soname,libexopf.so.$2" \
	    "-Wl,--version-script=$tree/obj/map" \
	    -o "$tree/obj/libexopf.so.3.2.1" "$tree/obj/lib.o" || bad=1
	ln -sf libexopf.so.3.2.1 "$tree/obj/libexopf.so"
}
shared 'int exopf_a(void) { return 1; }' 3
accepts exports "what is declared"
shared 'int exopf_a(void) { return 1; } int exopf_b(void) { return 2; }' 3
refuses exports "a function that no header declares" "exports exopf_b"
shared 'int exopf_b(void) { return 1; }' 3
refuses exports "a declared function that is not there" "exopf_a\(\) is not"
shared 'int exopf_a(void) { return 1; }' 2
refuses exports "the soname of another version" "its soname is"
shared 'int exopf_a(void) { return 1; }' 3
rm "$tree/obj/libexopf.so"
refuses exports "a library that was not built" "it was not built"

echo "1..$count"
exit "$bad"
