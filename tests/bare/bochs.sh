#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The kernel on another emulator's processor, started by GRUB: Bochs knows PCID, which
# QEMU's TCG does not, and was written by others from the same manuals. It has no
# virtio: what needs a card or a disk is not run here.
#
# usage: bochs.sh; BUILD names the folder with exopf.elf and ring3. Output is TAP.

# shellcheck source=tests/bare/common.sh
. "$(dirname "$0")/common.sh"
for program in bochs grub-mkrescue xorriso mformat script; do
	command -v $program >/dev/null || skip_all "there is no $program"
done
script -qc true /dev/null >/dev/null 2>&1 </dev/null ||
    skip_all "there are no terminals for Bochs's screen"
need attack_mem attack_pct attack_time pct vm
limit=600
rom=/usr/share/bochs
for file in $rom/BIOS-bochs-latest $rom/VGABIOS-lgpl-latest; do
	[ -e "$file" ] || skip_all "there is no $file"
done

# It does not end when the machine would: it is stopped there, and asked what the kernel
# says, which is the first argument of panic_exit().
stop=$(nm "$BUILD/exopf.elf" | awk '$3 == "panic_exit" { print $1 }')
printf 'lb 0x%s\nc\nr\nquit\n' "$stop" >"$tmp/rc"
mkdir -p "$tmp/iso/boot/grub"
cp "$BUILD/exopf.elf" "$tmp/iso/boot/" || exit 2
cat >"$tmp/bochsrc" <<E
config_interface: textconfig
display_library: term
cpu: model=corei7_skylake_x, count=1, ips=100000000, reset_on_triple_fault=0
clock: sync=none
memory: guest=64, host=64
romimage: file=$rom/BIOS-bochs-latest
vgaromimage: file=$rom/VGABIOS-lgpl-latest
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=$tmp/image.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$tmp/serial
log: $tmp/log
panic: action=fatal
error: action=report
info: action=ignore
E

# bochs_machine COMMAND-LINE: as machine() does, with what is in $tmp/modules, if it is
# there. 33: the kernel says that all is well.
bochs_machine() {
	module=
	if [ -e "$tmp/modules" ]; then
		cp "$tmp/modules" "$tmp/iso/boot/modules"
		module='module2 /boot/modules'
	fi
	printf 'set timeout=0\nmenuentry exopf {\n%s\n%s\n}\n' \
	    "multiboot2 /boot/exopf.elf $1 leaks" "$module" \
	    >"$tmp/iso/boot/grub/grub.cfg"
	grub-mkrescue -o "$tmp/image.iso" "$tmp/iso" >"$tmp/grub" 2>&1 || {
		cp "$tmp/grub" "$tmp/out"
		return 2
	}
	rm -f "$tmp/serial" "$tmp/image.iso.lock"
	TERM=xterm timeout "${limit:-120}" script -qc \
	    "bochs -q -f $tmp/bochsrc -rc $tmp/rc" /dev/null \
	    >"$tmp/screen" 2>&1 </dev/null
	if [ -e "$tmp/serial" ]; then
		cp "$tmp/serial" "$tmp/out"
	else
		tail -n 20 "$tmp/screen" >"$tmp/out"
	fi
	echo >>"$tmp/out"
	grep -a '^[0-9]*p\[' "$tmp/log" >>"$tmp/out"
	said=$(tr -d '\r' <"$tmp/screen" | sed -n 's/^.*rdi: //p')
	[ "$said" = 00000000_00000000 ] && return 33
	return 35
}

# on_bochs CONF NAME PROGRAM...: each environment is a test.
on_bochs() {
	conf=$1 name=$2
	shift 2
	modules "$conf" "$@"
	bochs_machine "tap stats"
	went_well $?
	check $? "environments of $name end as they should"
	want=$(grep -c '^env' "$conf")
	[ "$ran" = "$want" ]
	check $? "all of them: $ran of $want"
	kept=$(tr -d '\r' <"$tmp/out" |
	    sed -n 's/^exopf: tables kept what was known \([0-9]*\) times$/\1/p')
	[ "${kept:-0}" -gt 0 ]
	check $? "their tables kept what was known $kept times"
}

bochs_machine test
went_well $?
check $? "the kernel's own tests: $(grep -ac '^ok' "$tmp/out")"
on_bochs "$bare/pct.conf" pct.conf pct.elf
[ "${EXOPF_QUICK:-}" = 1 ] && finish
# sequences of anything take a minute there
grep -v _anything "$bare/vm.conf" >"$tmp/vm.conf"
on_bochs "$tmp/vm.conf" "vm.conf but for the longest" vm.elf
on_bochs "$bare/attacks_pct.conf" attacks_pct.conf attack_pct.elf
grep -E 'attack_(mem|time)\.elf' "$bare/attacks.conf" >"$tmp/attacks.conf"
on_bochs "$tmp/attacks.conf" "attacks.conf but for the card's" attack_mem.elf \
    attack_time.elf
on_bochs "$bare/exhaust.conf" exhaust.conf attack_mem.elf
finish
