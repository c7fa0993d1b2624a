# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# The stage of capture.sh: three hosts in namespaces, servers, cameras.
#
# Everything here belongs to one run: names carry its process id, files are in
# $work, and stage_down() (from the trap) ends what is still alive.
# shellcheck disable=SC2154,SC2034 # into, why: of capture.sh
# shellcheck disable=SC2015 # all of a chain, else the one way out
# shellcheck disable=SC2016 # for the inner shell

tag=exo$$
work=
shots=  # captures of this scene
crew=   # servers of this scene
camera= # captures that run

# Run COMMAND as HOST, for at most 25 seconds: on HOST COMMAND...
on()
{
	timeout -k 2 25 ip netns exec "$tag-$1" unshare -u \
	    sh "$work/enter" "$@" </dev/null >>"$work/log" 2>&1
}

# Keep COMMAND running as HOST until strike(): serve HOST COMMAND...
serve()
{
	timeout -k 2 240 ip netns exec "$tag-$1" unshare -u \
	    sh "$work/enter" "$@" </dev/null >>"$work/log" 2>&1 &
	crew="$crew $!"
}

# Set one of HOST's sysctls: tune HOST net/ipv4/... VALUE
tune()
{
	on "$1" sh -c 'echo "$2" >"/proc/sys/$1"' sh "$2" "$3"
}

# Capture with tcpdump: film FILE HOST INTERFACE [tcpdump options...]
film()
{
	film_file=$shots/$1
	film_host=$2
	film_if=$3
	shift 3
	: >"$work/film"
	timeout -k 2 240 ip netns exec "$tag-$film_host" tcpdump -Z root -n -U \
	    --immediate-mode -B 16384 -i "$film_if" -w "$film_file" "$@" \
	    </dev/null 2>"$work/film" &
	camera="$camera $!"
	rolling 'listening on'
}

# Capture with dumpcap, pcapng: film_ng FILE HOST dumpcap options...
film_ng()
{
	film_host=$2
	shift 2
	: >"$work/film"
	timeout -k 2 240 ip netns exec "$tag-$film_host" dumpcap -q -n -B 16 \
	    "$@" -w "$work/ng" </dev/null 2>"$work/film" &
	camera="$camera $!"
	rolling '^File:' || return 1
	sleep 0.5
}

# Take the machine's own kernel and processor out of a pcapng file.
forget()
{
	python3 "$here/anonymise.py" "$1" && chmod 644 "$1"
}

# Wait until the camera says that it runs.
rolling()
{
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		grep -q "$1" "$work/film" && return 0
		sleep 0.2
	done
	cat "$work/film" >&2
	return 1
}

# Stop the cameras; true when none of them lost a packet.
wrap()
{
	sleep 0.7
	for wrap_pid in $camera; do
		kill -INT "$wrap_pid" 2>/dev/null
	done
	for wrap_pid in $camera; do
		wait "$wrap_pid" 2>/dev/null
	done
	camera=
	! grep -Eq '^[1-9][0-9]* packets? dropped by kernel' "$work/film"
}

# End the servers of this scene and forget the extra devices.
strike()
{
	for strike_pid in $camera $crew; do
		kill "$strike_pid" 2>/dev/null
	done
	for strike_host in client router server; do
		for strike_pid in $(ip netns pids "$tag-$strike_host"); do
			kill "$strike_pid" 2>/dev/null
		done
	done
	wait
	crew=
	camera=
}

# True when the kernel can make such a device; else $why says what is missing:
# able WORD ip-link-arguments...
able()
{
	able_what=$1
	shift
	if on client ip link add dev probe0 "$@"; then
		on client ip link del dev probe0
		return 0
	fi
	why="this kernel makes no $able_what"
	return 1
}

# One cable: cable HOST DEV MAC HOST DEV MAC
cable()
{
	ip link add dev "$2" address "$3" netns "$tag-$1" type veth \
	    peer name "$5" address "$6" netns "$tag-$4" &&
	    offload "$1" "$2" off && offload "$4" "$5" off &&
	    on "$1" ip link set dev "$2" up && on "$4" ip link set dev "$5" up
}

# Segmentation and checksum offload: offload HOST DEV on|off
offload()
{
	on "$1" ethtool -K "$2" tso "$3" gso "$3" gro "$3" tx "$3"
}

# Both addresses of a device: address HOST DEV NETWORK NUMBER
address()
{
	on "$1" ip addr add "10.$3.0.$4/24" brd + dev "$2" &&
	    on "$1" ip addr add "fd00:$3::$4/64" dev "$2" nodad
}

# Wait until HOST listens on PORT (TCP): ready HOST PORT
ready()
{
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		timeout 5 ip netns exec "$tag-$1" ss -Hltn "sport = :$2" |
		    grep -q . && return 0
		sleep 0.2
	done
	say "nobody listens on port $2 of $1"
	return 1
}

# What every process of a host sees: its own name, /run, hosts and resolver.
stage_files()
{
	cat >"$work/enter" <<ENTER
hostname "\$1"
shift
mount -t tmpfs none /run
mkdir -p /run/sshd
at=\$(readlink -m /etc/resolv.conf)
case \$at in
/run/*) mkdir -p "\${at%/*}"; cp "$work/resolv.conf" "\$at" ;;
*) [ ! -e "\$at" ] || mount --bind "$work/resolv.conf" "\$at" ;;
esac
mount --bind "$work/hosts" /etc/hosts
cd /
HOME=$work exec "\$@"
ENTER
	echo "nameserver 10.1.0.1" >"$work/resolv.conf"
	echo "127.0.0.1 localhost" >"$work/hosts"
	: >"$work/log"
}

stage_up()
{
	work=$(mktemp -d) || exit 2
	shots=$work/shots
	mkdir "$shots"
	trap stage_down EXIT
	trap 'exit 2' INT TERM HUP
	stage_files
	for stage_host in client router server; do
		ip netns add "$tag-$stage_host" &&
		    on "$stage_host" ip link set dev lo up || exit 2
	done
	cable client eth0 02:00:00:00:01:10 router eth0 02:00:00:00:01:01 &&
	    cable server eth0 02:00:00:00:02:20 router eth1 02:00:00:00:02:01 &&
	    address client eth0 1 10 && address router eth0 1 1 &&
	    address server eth0 2 20 && address router eth1 2 1 &&
	    tune router net/ipv4/ip_forward 1 &&
	    tune router net/ipv6/conf/all/forwarding 1 &&
	    on client ip route add default via 10.1.0.1 &&
	    on client ip -6 route add default via fd00:1::1 &&
	    on server ip route add default via 10.2.0.1 &&
	    on server ip -6 route add default via fd00:2::1 || {
		say "this kernel does not give us the three hosts:"
		tail -3 "$work/log" >&2
		exit 2
	}
	sleep 2 # link-local addresses become valid
}

stage_down()
{
	strike
	for stage_host in client router server; do
		ip netns del "$tag-$stage_host" 2>/dev/null
	done
	[ -z "${KEEP_LOG:-}" ] || cp "$work/log" "$KEEP_LOG"
	rm -rf "$work"
}
