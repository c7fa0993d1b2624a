#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Install the Debian packages that a tier of the work needs and does not find.
#
# usage: setup.sh make|build|test|fuzz|proofs|tidy|linux|bare|bochs|objects|bench...
#
# A tier includes those left of it, `fuzz`, `proofs`, `tidy`, `linux`,
# `bare`, `bochs`, `objects` and `bench` stand alone.
# EXOPF_NO_INSTALL=1 only reports. Nothing is printed and apt is not run when
# nothing is missing.
# Exit: 0 everything is there (or was only to be reported), 2 it is not.

set -u

packages_make() {
	cat <<-EOF
	make: runs the build
	EOF
}

packages_build() {
	packages_make
	cat <<-EOF
	gcc: compiles
	binutils: links, and joins the core into one object
	libc6-dev: the C library's headers
	pkg-config: says where libraries are
	libpcap-dev: compiles tcpdump expressions
	libbpf-dev: reads objects that were compiled for BPF
	zlib1g-dev: reads .gz traces
	libzstd-dev: reads .zst traces
	liblz4-dev: reads .lz4 traces
	liblzma-dev: reads .xz traces
	libjansson-dev: reads the lines of verify --batch
	libzydis-dev: decodes machine code for dump --stage jit, and for tests
	EOF
}

packages_test() {
	packages_build
	cat <<-EOF
	check: runs the unit tests
	libsubunit-dev: linked by check
	clang: the second compiler that must accept every source
	libclang-rt-14-dev: libFuzzer and the sanitizers of clang
	clang-format: compares the format of the sources
	shellcheck: reads the scripts
	tcpdump: the witness of what a filter selects
	tshark: the witness of a packet's headers, and of written pcapng files
	jq: reads --json output
	python3: makes malformed captures, runs the proofs
	gzip: makes .gz traces
	zstd: makes .zst traces
	lz4: makes .lz4 traces
	xz-utils: makes .xz traces
	iproute2: network namespaces for flow tests
	util-linux: mounts the small disk of the full-disk test
	procps: looks at processes in flow tests
	netbase: names of services and protocols in expressions
	xxd: makes bytes in flow tests
	z3: proves a few properties of the verifier anew
	EOF
}

packages_proofs() {
	cat <<-EOF
	make: runs the proofs
	gcc: compiles the C that formulas are compared with
	libc6-dev: the C library's headers
	clang: makes LLVM's assembly of the C under proof
	python3: makes formulas of it
	z3: decides them
	cvc5: decides those that take z3 long
	EOF
}

packages_fuzz() {
	cat <<-EOF
	afl++: the second fuzzer of the verifier
	EOF
}

packages_tidy() {
	cat <<-EOF
	clang-tidy: static analysis
	EOF
}

packages_linux() {
	cat <<-EOF
	qemu-system-x86: emulates the machine that Linux's verifier runs in
	cpio: packs the programs for it
	jq: reads our verdicts
	xz-utils: unpacks program vectors
	EOF
}

packages_bare() {
	cat <<-EOF
	qemu-system-x86: the machines that the kernel boots on
	python3: packs modules, is a client of what was booted
	iproute2: a network namespace for clients
	util-linux: makes one
	iputils-ping: a client
	arping: another one
	netcat-openbsd: and another
	EOF
}

packages_bochs() {
	cat <<-EOF
	bochs: another processor that the kernel boots on, which knows PCID
	bochs-term: its screen, on a terminal
	grub-common: makes what it boots from
	grub-pc-bin: starts the kernel there
	xorriso: packs that
	mtools: and this, too
	bsdutils: gives it a terminal
	EOF
}

packages_objects() {
	cat <<-EOF
	clang: compiles programs for BPF
	linux-source-6.1: such programs, of Linux's own tests; 140 MB
	xz-utils: unpacks them
	xdp-tools: more of them, compiled
	libxdp1: and more
	EOF
}

packages_bench() {
	cat <<-EOF
	clang: the second yardstick, and the compiler of BPF
	libdpdk-dev: DPDK's JIT, to be compared with
	EOF
}

say() {
	printf '%s\n' "setup: $*" >&2
}

# Rows of stdin whose package dpkg does not call installed.
missing() {
	# One query for all; it complains about names it never heard of.
	# shellcheck disable=SC2046 # a list of package names
	set -- "$(cat)"
	# shellcheck disable=SC2046 # a list of package names
	have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' \
	    $(printf '%s\n' "$1" | sed 's/:.*//') 2>/dev/null)
	printf '%s\n' "$1" | while IFS= read -r row; do
		case "
$have
" in
		*"
${row%%:*} installed
"*) ;;
		*) printf '%s\n' "$row" ;;
		esac
	done
}

install() {
	DEBIAN_FRONTEND=noninteractive
	export DEBIAN_FRONTEND
	# A mirror may hiccup, and another apt may hold the lock.
	for try in 1 2; do
		# shellcheck disable=SC2086 # $as_root and $1 are lists
		if $as_root apt-get -o DPkg::Lock::Timeout=120 update -q >&2 &&
		    $as_root apt-get -o DPkg::Lock::Timeout=120 install -y -q \
			--no-install-recommends $1 >&2 </dev/null; then
			return 0
		fi
		[ "$try" = 2 ] || {
			say "apt-get failed; once more"
			sleep 3
		}
	done
	return 1
}

[ $# -gt 0 ] || {
	say "usage: setup.sh" \
	    "make|build|test|fuzz|proofs|tidy|linux|bare|bochs|objects|bench..."
	exit 2
}
rows=
for tier; do
	case $tier in
	make | build | test | fuzz | proofs | tidy | linux | bare | bochs | \
	    objects | bench)
		rows="$rows
$("packages_$tier")"
		;;
	*)
		say "there is no tier '$tier'"
		exit 2
		;;
	esac
done
if ! command -v dpkg-query >/dev/null; then
	say "this is no Debian: install by hand what is missing of:"
	printf '%s\n' "$rows" | sort -u | sed '/^$/d; s/^/  /' >&2
	exit 0
fi
rows=$(printf '%s\n' "$rows" | sed '/^$/d' | sort -u | missing)
[ -n "$rows" ] || exit 0

names=$(printf '%s\n' "$rows" | sed 's/:.*//' | tr '\n' ' ')
names=${names% }
say "missing on this machine:"
printf '%s\n' "$rows" | sed 's/^/  /' >&2
command="apt-get install -y --no-install-recommends $names"
if [ "${EXOPF_NO_INSTALL:-}" = 1 ]; then
	say "EXOPF_NO_INSTALL=1, so nothing is installed; the command is: $command"
	exit 0
fi
as_root=
if [ "$(id -u)" != 0 ]; then
	# Keeps apt quiet: sudo drops the environment.
	as_root="sudo DEBIAN_FRONTEND=noninteractive"
	if ! command -v sudo >/dev/null || { [ ! -t 0 ] && ! sudo -n true; }; then
		say "only root may install; run this and try again: $command"
		exit 2
	fi
fi
say "running: $as_root $command"
install "$names" || {
	say "apt-get failed; run this by hand and look at its message: $command"
	exit 2
}
