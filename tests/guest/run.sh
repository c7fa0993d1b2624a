#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Our verdicts against those of Linux's verifier, which runs in a guest.
#
# usage: run.sh BUILD [SET...]
#   SETs: generated (programs GUEST_FROM, 0, to GUEST_TO, 4000, of GUEST_SEED,
#   1), cases (those of tests/cases/verify), vectors (the files of
#   $EXOPF_VECTORS). Without: generated.
#
# The guest is QEMU's emulator with Debian's kernel and one process of ours
# (init.c); no program is ever loaded into the kernel that this runs on. The
# kernel's package is downloaded and unpacked below BUILD, not installed;
# GUEST_KERNEL names another image. GUEST_PATIENCE, 1000, is how long the
# kernel has for one program: in ms of the guest, whose clock counts its
# instructions, 8 ns each, so that every run has the same answers. When the guest's kernel falls, that is
# said, and a new guest goes on behind the program that it fell over.
#
# What is compared, and what the classes mean: docs/verifier-linux.md. Vectors
# have disagreements without a class: their own tests argue them.
# Exit status: 0 every disagreement has its class, 1 not so, or the kernel found
# a fault in itself; 2 there was no comparison.

set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) || exit 2
shift
dir=$build/guest
mkdir -p "$dir/root" || exit 2
qemu='qemu-system-x86_64'
STALL=600 # seconds without a sign of life

say() {
	printf '%s\n' "guest: $*" >&2
}

fail() {
	say "$*"
	exit 2
}

# As root, or by sudo.
refresh() {
	if [ "$(id -u)" = 0 ]; then
		apt-get -o DPkg::Lock::Timeout=120 update -q >&2
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true; }; then
		sudo apt-get -o DPkg::Lock::Timeout=120 update -q >&2
	else
		false
	fi
}

# The package with the image: what the one without a version asks for.
package() {
	apt-cache depends linux-image-cloud-amd64 2>/dev/null |
	    awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }'
}

image() {
	find "$dir/kernel/boot" -name 'vmlinuz-*' 2>/dev/null | head -n 1
}

fetch() {
	[ -z "$(image)" ] || return 0
	if [ "${EXOPF_NO_INSTALL:-}" = 1 ]; then
		say "EXOPF_NO_INSTALL=1, so nothing is fetched; the command" \
		    "is: apt-get download $(package)"
		exit 0
	fi
	rm -rf "$dir/kernel" "$dir"/*.deb
	name=$(package)
	if [ -z "$name" ] || ! (cd "$dir" && apt-get download -q "$name" >&2)
	then
		say "once more, with new package lists"
		refresh
		name=$(package)
		(cd "$dir" && apt-get download -q "$name" >&2) || return 1
	fi
	dpkg-deb -x "$dir/$name"_*.deb "$dir/kernel.new" &&
	    mv "$dir/kernel.new" "$dir/kernel" && rm -f "$dir"/*.deb
	[ -n "$(image)" ]
}

# boot FROM: one guest, until it ends.
boot() {
	: >"$dir/answers"
	: >"$dir/console"
	"$qemu" -accel tcg -icount shift=3,sleep=off -machine q35 -cpu qemu64 -smp 1 -m 1024 \
	    -nodefaults -display none -no-reboot -kernel "$kernel" \
	    -initrd "$dir/initrd" -append "console=ttyS0 quiet panic=-1 \
oops=panic mitigations=off from=$1 patience=${GUEST_PATIENCE:-1000}" -serial "file:$dir/console" \
	    -debugcon "file:$dir/answers" </dev/null >"$dir/qemu.log" 2>&1 &
	pid=$!
	size=0 since=$(date +%s)
	while kill -0 "$pid" 2>/dev/null; do
		sleep 2
		now=$(date +%s)
		new=$(wc -c <"$dir/answers")
		if [ "$new" != "$size" ]; then
			size=$new since=$now
		elif [ $((now - since)) -gt "$STALL" ]; then
			kill -9 "$pid" 2>/dev/null
			break
		fi
	done
	wait "$pid" 2>/dev/null
}

# guest SET: every program of SET.jsonl, as often as the kernel falls.
guest() {
	out=$dir/$1.answers
	"$build/guest_progs" -p "$dir/$1.jsonl" >"$dir/root/programs" ||
	    return 1
	cp "$build/guest_init" "$dir/root/init" || return 1
	(cd "$dir/root" && printf '%s\n' init programs |
	    cpio -o -H newc --quiet) >"$dir/initrd" || return 1
	: >"$out"
	from=0 falls=0
	while :; do
		boot "$from"
		cat "$dir/answers" >>"$out"
		! grep -q '^end ' "$dir/answers" || return 0
		if grep '^fault ' "$dir/answers"; then
			return 1
		fi
		last=$(awk '$1 == "b" { n = $2 } END { print n + 0 }' \
		    "$dir/answers")
		falls=$((falls + 1))
		if [ "$last" = 0 ] || [ "$falls" -gt 20 ]; then
			say "the guest does not run; see $dir/console"
			tail -n 5 "$dir/console" "$dir/qemu.log" >&2
			return 1
		fi
		# What the kernel said of its end.
		grep -aE 'BUG|Oops|panic|RIP:|soft lockup' "$dir/console" |
		    head -n 5 | sed "s/^/f $last /" >>"$out"
		echo "f $last the guest ended" >>"$out"
		from=$((last + 1))
	done
}

make_set() {
	case $1 in
	generated)
		"$build/guest_progs" -g "${GUEST_TO:-4000}" \
		    "${GUEST_SEED:-1}" "${GUEST_FROM:-0}"
		;;
	cases) "$build/guest_progs" -c "$here/../cases/verify" ;;
	vectors)
		# Those of a million instructions take the emulator hours.
		{ xz -dc "$EXOPF_VECTORS/linux-6.1-verifier.jsonl.xz" &&
		    cat "$EXOPF_VECTORS/attacks.jsonl"; } |
		    awk 'length($0) < 400000'
		;;
	*) fail "there is no set '$1'" ;;
	esac >"$dir/$1.jsonl"
}

# ours FILE OPTION...: line, id, verdict, code, instruction
ours() {
	file=$1
	shift
	"$build/exopf" verify --batch "$file" "$@" >"$dir/verdicts.json" ||
	    return 1
	jq -r '[.line, .id, .verdict, .code // "-", .insn // "-"] | @tsv' \
	    "$dir/verdicts.json"
}

for tool in "$qemu" cpio jq dpkg-deb; do
	command -v "$tool" >/dev/null || fail "$tool is not installed"
done
kernel=${GUEST_KERNEL:-}
if [ -z "$kernel" ]; then
	fetch || fail "there is no kernel"
	kernel=$(image)
fi
[ $# -gt 0 ] || set -- generated
status=0
for set; do
	if [ "$set" = vectors ] &&
	    [ ! -r "${EXOPF_VECTORS:-}/linux-6.1-verifier.jsonl.xz" ]; then
		echo "skip - $set: EXOPF_VECTORS names no folder with them"
		continue
	fi
	make_set "$set" || fail "$set: no programs"
	began=$(date +%s)
	guest "$set" || fail "$set: no answers"
	seconds=$(($(date +%s) - began))
	{ ours "$dir/$set.jsonl" >"$dir/$set.priv" &&
	    ours "$dir/$set.jsonl" --unprivileged >"$dir/$set.unpriv"; } ||
	    fail "$set: no verdicts of ours"
	echo "== $set: $(wc -l <"$dir/$set.jsonl") programs," \
	    "$(grep -c '"newer": [1-9]' "$dir/$set.jsonl") made older;" \
	    "guest $seconds s"
	sed -n 's/^kernel /kernel /p' "$dir/$set.answers" | head -n 1
	awk -v table="$here/classes.tbl" -f "$here/classify.awk" \
	    "$dir/$set.priv" "$dir/$set.unpriv" "$dir/$set.answers" ||
	    status=1
done
exit $status
