# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# The scenes of capture.sh: who talks to whom before which camera.
#
# A scene returns 0 when its capture is whole. It returns non-zero with $why
# set when this kernel cannot play it, and without when something went wrong.
# shellcheck disable=SC2154,SC2034 # work, into, tag, why: of capture.sh
# shellcheck disable=SC2015 # all of a chain, else the one way out

# -- helpers ----------------------------------------------------------------

# The resolver of the router: names under example.test, DHCP where asked.
names()
{
	serve router dnsmasq -k --conf-file=/dev/null --pid-file= --user=root \
	    --log-facility=- --no-hosts --no-resolv --local=/test/ --no-ping \
	    --host-record=www.example.test,10.2.0.20,fd00:2::20 \
	    --host-record=router.example.test,10.1.0.1,fd00:1::1 \
	    --cname=web.example.test,www.example.test \
	    --mx-host=example.test,www.example.test,10 \
	    --srv-host=_http._tcp.example.test,www.example.test,80 \
	    --txt-record=example.test,"a text of the example zone" "$@"
	ready router 53
}

# A web server, plain and TLS, both families, on the server.
website()
{
	[ -d "$work/site" ] || {
		mkdir -p "$work/site" "$work/site/tmp"
		seq 1 400 | sed 's/.*/<p>line & of the page<\/p>/' \
		    >"$work/site/index.html"
		seq 1 16000 | sed 's/^/row /' >"$work/site/rows.txt"
		openssl req -x509 -newkey rsa:2048 -nodes -days 3650 \
		    -subj /CN=www.example.test -keyout "$work/site.key" \
		    -out "$work/site.crt" 2>>"$work/log"
	}
	cat >"$work/nginx.conf" <<NGINX
user root; daemon off; worker_processes 1; pid $work/nginx.pid;
error_log $work/nginx.log;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path $work/site/tmp; proxy_temp_path $work/site/tmp;
	fastcgi_temp_path $work/site/tmp; uwsgi_temp_path $work/site/tmp;
	scgi_temp_path $work/site/tmp;
	server {
		listen 80; listen [::]:80; listen 8080; listen [::]:8080;
		listen 443 ssl http2; listen [::]:443 ssl http2;
		ssl_certificate $work/site.crt;
		ssl_certificate_key $work/site.key;
		root $work/site;
		location /old { return 301 /index.html; }
	}
}
NGINX
	serve server nginx -c "$work/nginx.conf" -p "$work" -e "$work/nginx.log"
	ready server 80
}

# Some pages from the client: browse -4|-6
browse()
{
	set -- "$1" http://www.example.test https://www.example.test
	on client curl -s "$1" -o /dev/null "$2/" "$2/rows.txt" &&
	    on client curl -s "$1" -o /dev/null -L "$2/old" "$2/none" &&
	    on client curl -s "$1" -o /dev/null -I "$2:8080/" &
	on client curl -s "$1" -k -o /dev/null "$3/" -o /dev/null "$3/rows.txt"
	wait $!
}

# iperf3 against the server: measure OPTIONS...
measure()
{
	serve server iperf3 -s -1
	ready server 5201 && on client iperf3 "$@" && sleep 0.7
}

# -- application traffic ----------------------------------------------------

scene_web()
{
	names && website || return 1
	film web4.pcap client eth0 && browse -4 && wrap || return 1
	film web6.pcap client eth0 && browse -6 && wrap
}

scene_dns()
{
	names && film dns.pcap client eth0 || return 1
	for scene_at in 10.1.0.1 fd00:1::1; do
		for scene_q in "www.example.test A" "www.example.test AAAA" \
		    "example.test MX" "example.test TXT +dnssec" \
		    "web.example.test A" "none.test A" "www.example.org A" \
		    "_http._tcp.example.test SRV +bufsize=4096" \
		    "-x 10.2.0.20" "-x fd00:2::20" "example.test TXT +tcp" \
		    "www.example.test A +tcp +keepopen" \
		    "version.bind TXT CH" "www.example.test A +noedns"; do
			# shellcheck disable=SC2086 # words of a query
			on client dig "@$scene_at" +tries=1 +time=2 $scene_q
		done
	done
	wrap
}

scene_dhcp()
{
	names --dhcp-authoritative --dhcp-leasefile="$work/leases" \
	    --interface=eth0 --enable-ra --ra-param=eth0,4,60 \
	    --dhcp-range=10.1.0.100,10.1.0.120,1h \
	    --dhcp-range=fd00:1::100,fd00:1::1ff,64,1h || return 1
	film dhcp.pcap router eth0 || return 1
	on client udhcpc -i eth0 -f -n -q -R -s /bin/true -t 4 -T 1 -x hostname:client
	echo 'send host-name "client"; request subnet-mask, routers;' \
	    >"$work/dhclient.conf"
	for scene_f in -4 -6; do
		on client timeout 15 dhclient "$scene_f" -1 -sf /bin/true \
		    -cf "$work/dhclient.conf" -lf "$work/lease$scene_f" \
		    -pf "$work/pid$scene_f" eth0
		on client dhclient "$scene_f" -r -sf /bin/true \
		    -cf "$work/dhclient.conf" -lf "$work/lease$scene_f" \
		    -pf "$work/pid$scene_f" eth0
	done
	wrap
}

scene_ssh()
{
	[ -f "$work/key" ] || {
		ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/host"
		ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/key"
	}
	seq 1 9000 >"$work/numbers"
	serve server "$(command -v sshd)" -D -e -f /dev/null -h "$work/host" \
	    -o UsePAM=no -o "AuthorizedKeysFile=$work/key.pub" \
	    -o 'Subsystem=sftp internal-sftp' -o PidFile=none \
	    -o StrictModes=no -o Port=22 -o Port=2222
	ready server 22 && film ssh.pcap client eth0 || return 1
	set -- -F none -o StrictHostKeyChecking=no -i "$work/key" \
	    -o UserKnownHostsFile=/dev/null -o BatchMode=yes
	on client ssh "$@" root@10.2.0.20 'echo hello; seq 1 3000; sleep 1' &&
	    on client ssh "$@" -p 2222 root@fd00:2::20 'seq 1 100' &&
	    on client scp "$@" "$work/numbers" "root@10.2.0.20:$work/received" &&
	    wrap
}

scene_iperf()
{
	film iperf.pcap client eth0 || return 1
	measure -4 -c 10.2.0.20 -n 160K -l 16K -P 2 &&
	    measure -6 -c fd00:2::20 -n 160K -l 16K -R &&
	    measure -4 -u -c 10.2.0.20 -n 60K -l 1400 -b 2M && wrap
}

# Segmentation left on: segments longer than any cable's frame.
scene_segments()
{
	offload client eth0 on && offload router eth0 on || return 1
	film segments.pcap client eth0 &&
	    measure -4 -c 10.2.0.20 -n 400K &&
	    measure -6 -c fd00:2::20 -n 300K && wrap
	scene_is=$?
	offload client eth0 off
	offload router eth0 off
	return $scene_is
}

# A key and a certificate of the server, small ones.
identity()
{
	[ -f "$work/tls.key" ] || openssl req -x509 -newkey ec -nodes -days 3650 \
	    -pkeyopt ec_paramgen_curve:P-256 -subj /CN=blocked.test \
	    -keyout "$work/tls.key" -out "$work/tls.crt" 2>>"$work/log"
}

# Greet the server by TLS: greet ADDRESS s_client-options...
greet()
{
	greet_at=$1
	shift
	on client openssl s_client -connect "$greet_at:443" "$@"
}

# Names that are alike, letters of both cases, no name.
scene_tls()
{
	identity
	for scene_f in -4 -6; do
		serve server openssl s_server -www $scene_f -accept 443 \
		    -num_tickets 0 -key "$work/tls.key" -cert "$work/tls.crt"
	done
	sleep 1
	ready server 443 && film tls.pcap client eth0 || return 1
	for scene_at in 10.2.0.20 '[fd00:2::20]'; do
		for scene_n in blocked.test www.blocked.test BLOCKED.test \
		    notblocked.test blocked.test.example www.example.test \
		    a.name.of.many.labels.that.are.below.blocked.test; do
			greet "$scene_at" -servername $scene_n || return 1
		done
		greet "$scene_at" -tls1_2 -servername shop.blocked.test &&
		    greet "$scene_at" -noservername || return 1
	done
	wrap
}

# Get a page by QUIC: fetch ADDRESS gtlsclient-options...
fetch()
{
	fetch_at=$1
	shift
	on client gtlsclient -q --no-pmtud --timeout=5s \
	    --exit-on-all-streams-close "$@" "$fetch_at" 4433 \
	    https://quic.test/index.html
}

# Connections that keep their address, lose it to a NAT, leave it; datagrams
# with short headers that are of no connection.
scene_quic()
{
	identity
	mkdir -p "$work/quic"
	seq 1 400 >"$work/quic/index.html"
	serve server gtlsserver -q -d "$work/quic" '*' 4433 "$work/tls.key" \
	    "$work/tls.crt"
	sleep 1
	film quic.pcap client eth0 || return 1
	set -- --change-local-addr=200ms --delay-stream=400ms
	for scene_at in 10.2.0.20 fd00:2::20; do
		fetch $scene_at && fetch $scene_at "$@" --nat-rebinding &&
		    fetch $scene_at "$@" || return 1
	done
	for scene_n in 1 2 3; do
		printf 'A%040d' $scene_n >"$work/stray"
		on client socat -u "OPEN:$work/stray" UDP-SENDTO:10.2.0.20:4433
	done
	wrap
}

# -- the network layers -----------------------------------------------------

scene_fragments()
{
	film fragments.pcap client eth0 || return 1
	for scene_at in 10.2.0.20 fd00:2::20; do
		on client ping -c 3 -i 0.2 "$scene_at" &&
		    on client ping -c 4 -i 0.2 -s 4000 "$scene_at" &&
		    on client ping -c 1 -s 20000 "$scene_at" || return 1
	done
	on client sh -c 'seq 1 1500 | socat -b 5000 - UDP-SENDTO:[fd00:2::20]:9'
	on client sh -c 'seq 1 1500 | socat -b 5000 - UDP-SENDTO:10.2.0.20:9'
	on client ping -c 2 -i 0.2 -R 10.2.0.20
	on client ping -c 2 -i 0.2 -T tsandaddr 10.2.0.20
	on client ping -c 2 -i 0.2 -Q 0xb8 10.2.0.20
	wrap
}

scene_neighbours()
{
	film neighbours.pcap client eth0 || return 1
	on client ip neigh flush all
	on client ping -c 1 10.1.0.1
	on client ping -c 1 fd00:1::1
	on client arping -c 2 -I eth0 10.1.0.1
	on client arping -c 2 -U -I eth0 10.1.0.10
	on client arping -c 1 -D -I eth0 10.1.0.77
	on client ping -c 1 -W 1 10.1.0.99
	on client ping -c 1 -W 1 fd00:1::99
	on client ip addr add fd00:1::11/64 dev eth0
	on client ping -c 2 -i 0.2 ff02::1%eth0
	sleep 2
	on client ip addr del fd00:1::11/64 dev eth0
	tune client net/ipv6/conf/eth0/accept_ra 2
	on client ip link set eth0 down
	on client ip link set eth0 up
	sleep 3
	on client ip addr add fd00:1::10/64 dev eth0 nodad
	on client ip route add default via 10.1.0.1
	on client ip -6 route add default via fd00:1::1
	wrap
}

# 802.3 frames with LLC: the spanning tree of a bridge.
scene_stp()
{
	able bridge type bridge || return 1
	on router ip link add br0 address 02:00:00:00:03:01 type bridge \
	    stp_state 1 forward_delay 200 hello_time 100 || return 1
	cable client eth1 02:00:00:00:03:10 router port1 02:00:00:00:03:02 &&
	    cable server eth1 02:00:00:00:03:20 router port2 02:00:00:00:03:03 &&
	    on router ip link set port1 master br0 &&
	    on router ip link set port2 master br0 &&
	    address client eth1 3 10 && address server eth1 3 20 &&
	    film stp.pcap client eth1 && on router ip link set br0 up &&
	    sleep 7 && on client ping -c 3 -i 0.2 10.3.0.20 &&
	    on client ping -c 3 -i 0.2 fd00:3::20 && sleep 2 && wrap
	scene_is=$?
	on client ip link del eth1
	on server ip link del eth1
	on router ip link del br0
	return $scene_is
}

# One VLAN device at both ends: vlan NAME PARENT PROTOCOL ID NETWORK
vlan()
{
	for vlan_h in client router; do
		on $vlan_h ip link add link "$2" name "$1" type vlan \
		    proto "$3" id "$4" egress-qos-map 0:5 &&
		    on $vlan_h ip link set "$1" up || return 1
	done
	address client "$1" "$5" 10 && address router "$1" "$5" 1
}

scene_vlan()
{
	on client ip link add link eth0 name probe0 type vlan id 9 || {
		why="this kernel makes no vlan device"
		return 1
	}
	on client ip link del probe0
	vlan tag100 eth0 802.1Q 100 11 && vlan tag200 eth0 802.1Q 200 12 &&
	    vlan outer eth0 802.1ad 300 13 && vlan inner outer 802.1Q 40 14 &&
	    vlan old eth0 802.1Q 500 15 && vlan older old 802.1Q 50 16 ||
	    return 1
	serve router iperf3 -s
	ready router 5201 && film vlan.pcap client eth0 || return 1
	on client ping -c 2 -i 0.2 10.1.0.1
	for scene_n in 11 12 13 14 15 16; do
		on client ping -c 2 -i 0.2 10.$scene_n.0.1 &&
		    on client ping -c 2 -i 0.2 fd00:${scene_n}::1 &&
		    on client iperf3 -c 10.$scene_n.0.1 -n 16K -l 4K || return 1
	done
	on client iperf3 -6 -c fd00:14::1 -u -n 8K -l 1000 -b 1M
	on client ping -c 1 -s 3000 10.14.0.1
	wrap
	scene_is=$?
	for scene_d in tag100 tag200 inner outer older old; do
		on client ip link del $scene_d
		on router ip link del $scene_d
	done
	return $scene_is
}

# -- tunnels ----------------------------------------------------------------

# Both ends of a tunnel between client and router, with addresses:
# tunnel NAME NETWORK LOCAL REMOTE ip-link-arguments...
tunnel()
{
	tunnel_n=$1
	tunnel_net=$2
	tunnel_a=$3
	tunnel_b=$4
	shift 4
	on client ip link add "$tunnel_n" "$@" local "$tunnel_a" \
	    remote "$tunnel_b" &&
	    on router ip link add "$tunnel_n" "$@" local "$tunnel_b" \
	        remote "$tunnel_a" &&
	    on client ip link set "$tunnel_n" up &&
	    on router ip link set "$tunnel_n" up &&
	    address client "$tunnel_n" "$tunnel_net" 10 &&
	    address router "$tunnel_n" "$tunnel_net" 1
}

# Talk through tunnels and take them down: through FILE NAME:NETWORK...
# ipip carries IPv4 only, sit IPv6 only.
through()
{
	through_f=$1
	shift
	serve router iperf3 -s
	ready router 5201 && film "$through_f" client eth0 || return 1
	for through_t in "$@"; do
		through_n=${through_t#*:}
		case $through_t in
		ipip*) through_at=10.$through_n.0.1 ;;
		sit*) through_at=fd00:${through_n}::1 ;;
		*) through_at="10.$through_n.0.1 fd00:${through_n}::1" ;;
		esac
		for through_a in $through_at; do
			on client ping -c 2 -i 0.2 "$through_a" &&
			    on client ping -c 2 -i 0.2 -s 2000 "$through_a" &&
			    on client iperf3 -c "$through_a" -n 16K -l 4K &&
			    on client iperf3 -c "$through_a" -u -l 400 -n 4K \
			        -b 1M || say "nothing through $through_t $through_a"
		done
	done
	wrap
	through_is=$?
	for through_t in "$@"; do
		on client ip link del "${through_t%:*}"
		on router ip link del "${through_t%:*}"
	done
	return $through_is
}

scene_tunnels()
{
	able "GRE device" type gretap local 10.1.0.10 remote 10.1.0.9 &&
	    able "IPIP device" type ipip local 10.1.0.10 remote 10.1.0.9 &&
	    able "6in4 device" type sit local 10.1.0.10 remote 10.1.0.9 ||
	    return 1
	tunnel gre1 21 10.1.0.10 10.1.0.1 type gre key 77 csum seq &&
	    tunnel gre2 22 10.1.0.10 10.1.0.1 type gretap key 5 &&
	    tunnel gre6 23 fd00:1::10 fd00:1::1 type ip6gre &&
	    tunnel ipip1 24 10.1.0.10 10.1.0.1 type ipip &&
	    tunnel sit1 25 10.1.0.10 10.1.0.1 type sit &&
	    tunnel six1 26 fd00:1::10 fd00:1::1 type ip6tnl mode any ||
	    return 1
	on client ip link set gre2 address 02:00:00:00:22:10
	on router ip link set gre2 address 02:00:00:00:22:01
	through tunnels.pcap gre1:21 gre2:22 gre6:23 ipip1:24 sit1:25 six1:26
}

# A tunnel whose ends name only the remote: overlay NAME NETWORK ARGUMENTS...
overlay()
{
	overlay_n=$1
	overlay_net=$2
	shift 2
	on client ip link add "$overlay_n" address "02:00:00:00:$overlay_net:10" \
	    "$@" remote 10.1.0.1 &&
	    on router ip link add "$overlay_n" \
	        address "02:00:00:00:$overlay_net:01" "$@" remote 10.1.0.10 &&
	    on client ip link set "$overlay_n" up &&
	    on router ip link set "$overlay_n" up &&
	    address client "$overlay_n" "$overlay_net" 10 &&
	    address router "$overlay_n" "$overlay_net" 1
}

scene_overlays()
{
	able "VXLAN device" type vxlan id 9 dstport 4789 remote 10.1.0.9 ||
	    return 1
	set -- vx1:31
	overlay vx1 31 type vxlan id 42 dstport 4789 || return 1
	if able "Geneve device" type geneve id 9 remote 10.1.0.9; then
		overlay gnv1 32 type geneve id 4242 || return 1
		set -- vx1:31 gnv1:32
	fi
	through overlays.pcap "$@"
}

scene_mpls()
{
	modprobe -q mpls_iptunnel
	on router ip addr add 10.9.0.1/32 dev lo
	tune router net/mpls/platform_labels 1000 &&
	    tune router net/mpls/conf/eth0/input 1 &&
	    tune router net/mpls/conf/lo/input 1 || {
		why="this kernel has no MPLS"
		return 1
	}
	on router ip -f mpls route add 100 dev lo &&
	    on router ip -f mpls route add 200 dev lo &&
	    on router ip -f mpls route add 300 dev lo &&
	    on client ip route add 10.9.0.1/32 encap mpls 100 via 10.1.0.1 &&
	    film mpls.pcap client eth0 || return 1
	serve router iperf3 -s
	ready router 5201 && on client ping -c 3 -i 0.2 10.9.0.1 &&
	    on client iperf3 -c 10.9.0.1 -n 16K -l 4K || return 1
	on client ip route replace 10.9.0.1/32 encap mpls 200/300/100 \
	    via 10.1.0.1
	on client ping -c 3 -i 0.2 10.9.0.1
	on client ip route del 10.9.0.1/32
	wrap
}

scene_pppoe()
{
	modprobe -q -a ppp_async ppp_generic
	[ -e /dev/ppp ] || {
		why="this kernel has no PPP"
		return 1
	}
	printf 'noauth\nlcp-echo-interval 2\nlcp-echo-failure 5\n+ipv6\n' \
	    >"$work/ppp.options"
	film pppoe.pcap client eth0 || return 1
	serve router pppoe-server -F -I eth0 -L 10.64.0.1 -R 10.64.0.10 -N 2 \
	    -O "$work/ppp.options"
	sleep 1
	serve client pppd pty "pppoe -I eth0" noauth nodetach nolock +ipv6 \
	    noipdefault nodefaultroute noccp mtu 1492
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		on client ping -c 1 -W 1 10.64.0.1 && break
		sleep 1
	done
	film ppp.pcap client ppp0 && on client ping -c 3 -i 0.2 10.64.0.1 &&
	    on client ping -c 2 -i 0.2 -s 4000 10.64.0.1 && wrap
}

# AH and ESP, transport mode, with keys of this script.
scene_ipsec()
{
	for scene_l in "10.1.0.10 10.1.0.1" "10.1.0.1 10.1.0.10" \
	    "fd00:1::10 fd00:1::1" "fd00:1::1 fd00:1::10"; do
		scene_to=${scene_l#* }
		scene_by=${scene_l% *}
		for scene_h in client router; do
			on $scene_h ip xfrm state add src "$scene_by" \
			    dst "$scene_to" proto esp spi 0x100 mode transport \
			    enc 'cbc(aes)' 0x000102030405060708090a0b0c0d0e0f \
			    auth-trunc 'hmac(sha256)' \
			    0x000102030405060708090a0b0c0d0e0f 128 &&
			    on $scene_h ip xfrm state add src "$scene_by" \
			    dst "$scene_to" proto ah spi 0x200 mode transport \
			    auth-trunc 'hmac(sha256)' \
			    0x0f0e0d0c0b0a09080706050403020100 128 || {
				why="this kernel has no AH or ESP"
				return 1
			}
		done
	done
	film ipsec.pcap client eth0 || return 1
	for scene_p in esp ah; do
		for scene_l in "client 10.1.0.10 10.1.0.1" \
		    "router 10.1.0.1 10.1.0.10" "client fd00:1::10 fd00:1::1" \
		    "router fd00:1::1 fd00:1::10"; do
			# shellcheck disable=SC2086 # host, source, destination
			policy $scene_p $scene_l || return 1
		done
		on client ping -c 3 -i 0.2 10.1.0.1
		on client ping -c 3 -i 0.2 fd00:1::1
		on client ping -c 1 -s 3000 10.1.0.1
		on client sh -c 'echo hello | socat - UDP-SENDTO:10.1.0.1:9'
		on client ip xfrm policy flush
		on router ip xfrm policy flush
	done
	on client ip xfrm state flush
	on router ip xfrm state flush
	wrap
}

# policy esp|ah HOST SOURCE DESTINATION: protect what HOST sends
policy()
{
	on "$2" ip xfrm policy add src "$3" dst "$4" dir out tmpl \
	    proto "$1" mode transport level required
}

# -- many receivers, many ports, many answers -------------------------------

scene_multicast()
{
	film multicast.pcap client eth0 || return 1
	set -- UDP4-RECV:5000,ip-add-membership=239.1.2.3
	serve client socat -u "$1:10.1.0.10" -
	serve client socat -u UDP6-RECV:5001,'ipv6-join-group=[ff15::1234]:eth0' -
	serve router socat -u "$1:10.1.0.1" -
	serve router socat -u UDP6-RECV:5001,'ipv6-join-group=[ff15::1234]:eth0' -
	sleep 1
	for scene_h in client router; do
		scene_i=0
		while [ $scene_i -lt 10 ]; do
			scene_i=$((scene_i + 1))
			echo "to the group from $scene_h: $scene_i" >"$work/line"
			on $scene_h socat -u "OPEN:$work/line" \
			    UDP4-DATAGRAM:239.1.2.3:5000,so-bindtodevice=eth0
			on $scene_h socat -u "OPEN:$work/line" \
			    'UDP6-DATAGRAM:[ff15::1234]:5001,so-bindtodevice=eth0'
			on $scene_h socat -u "OPEN:$work/line" \
			    UDP4-DATAGRAM:10.1.0.255:6000,broadcast
		done
	done
	on client ping -c 2 -i 0.3 -b 10.1.0.255
	on client ping -c 2 -i 0.3 ff02::2%eth0
	on client ping -c 2 -i 0.3 -W 1 224.0.0.1%eth0
	strike_receivers
	sleep 2
	wrap
}

# The receivers leave their groups.
strike_receivers()
{
	for strike_pid in $crew; do
		kill "$strike_pid" 2>/dev/null
	done
	crew=
}

scene_scan()
{
	website && film scan.pcap client eth0 || return 1
	set -- -n -Pn -T4 --max-retries 1
	on client nmap "$@" -sS -p 20-25,53,80,110,143,443,8000-8100 10.2.0.20
	on client nmap "$@" -6 -sS -p 22,80,443,8080 fd00:2::20
	for scene_s in -sF -sX -sN -sA -sU; do
		on client nmap "$@" $scene_s -p 53,80,123,443,9999 10.2.0.20
	done
	on client nmap "$@" -sO -p 1,2,6,17,47,50,89,132 10.2.0.20
	on client nmap "$@" -sS -f -p 80,81 10.2.0.20
	on client nmap "$@" -sV --version-light -p 80 10.2.0.20
	on client nmap -n -sn -PE -PP -PM -PS80 -PU53 10.2.0.20
	on client nmap -n -sn 10.1.0.1-6
	wrap
}

scene_sctp()
{
	modprobe -q sctp
	on client python3 -c 'import socket; socket.socket(socket.AF_INET,
socket.SOCK_STREAM, 132)' || {
		why="this kernel has no SCTP"
		return 1
	}
	film sctp.pcap client eth0 &&
	    measure --sctp -c 10.2.0.20 -n 100K -l 4K &&
	    measure --sctp -6 -c fd00:2::20 -n 50K -l 1K &&
	    on client nmap -n -Pn -sY -p 5201,38412 10.2.0.20 && wrap
}

# Every answer of a router that does not deliver, and of a host that refuses.
scene_errors()
{
	on router ip route add unreachable 10.3.1.0/24
	on router ip route add prohibit 10.3.2.0/24
	on router ip route add throw 10.3.3.0/24
	on router ip -6 route add unreachable fd00:31::/64
	on router ip -6 route add prohibit fd00:32::/64
	on router ip link set eth1 mtu 1280
	on server ip link set eth0 mtu 1280
	film errors.pcap client eth0 || return 1
	for scene_at in 10.3.1.5 10.3.2.5 10.3.3.5 10.2.0.99 fd00:31::5 \
	    fd00:32::5 fd00:33::5 fd00:2::99; do
		on client ping -c 2 -i 0.3 -w 5 "$scene_at"
	done
	on client ping -c 2 -i 0.3 -w 3 -t 1 10.2.0.20
	on client ping -c 2 -i 0.3 -w 3 -t 1 fd00:2::20
	on client ping -c 3 -i 0.3 -w 3 -M 'do' -s 1400 10.2.0.20
	on client ping -c 3 -i 0.3 -w 3 -M 'do' -s 1400 fd00:2::20
	for scene_at in 10.2.0.20 '[fd00:2::20]'; do
		on client sh -c "echo closed | socat - UDP:$scene_at:7"
		on client socat -u OPEN:/dev/null "TCP:$scene_at:7"
		on client socat -u OPEN:/dev/null "TCP:$scene_at:7"
	done
	wrap
	scene_is=$?
	on router ip link set eth1 mtu 1500
	on server ip link set eth0 mtu 1500
	on router ip route flush type unreachable
	on router ip route flush type prohibit
	on client ip route flush cache
	on client ip -6 route flush cache
	return $scene_is
}

# IPv6 extension headers, alone and in chains, below ICMPv6, UDP and TCP.
scene_extensions()
{
	cat >"$work/extend.py" <<'PYTHON'
import socket as s
pad = bytes([0, 0, 1, 4, 0, 0, 0, 0])
long = bytes([0, 2, 0x1e, 20]) + bytes(20)  # experimental, RFC 4727
alert = bytes([0, 0, 5, 2, 0, 0, 1, 0])
kinds = [[(s.IPV6_HOPOPTS, pad)], [(s.IPV6_DSTOPTS, pad)],
    [(s.IPV6_HOPOPTS, alert)], [(s.IPV6_DSTOPTS, long)],
    [(s.IPV6_HOPOPTS, pad), (s.IPV6_DSTOPTS, long)]]
for kind in kinds:
    for size in (10, 3000):
        u = s.socket(s.AF_INET6, s.SOCK_DGRAM)
        for name, value in kind:
            u.setsockopt(s.IPPROTO_IPV6, name, value)
        u.sendto(b'e' * size, ('fd00:2::20', 9))
    t = s.socket(s.AF_INET6, s.SOCK_STREAM)
    for name, value in kind:
        t.setsockopt(s.IPPROTO_IPV6, name, value)
    t.settimeout(5)
    t.connect(('fd00:2::20', 80))
    t.send(b'GET / HTTP/1.0\r\n\r\n')
    while t.recv(4096):
        pass
    t.close()
PYTHON
	website && film extensions.pcap client eth0 || return 1
	on client python3 "$work/extend.py" || return 1
	on client ping -c 2 -i 0.3 -F 0x12345 fd00:2::20
	for scene_h in client router server; do
		tune $scene_h net/ipv6/conf/all/seg6_enabled 1
		tune $scene_h net/ipv6/conf/eth0/seg6_enabled 1
	done
	if on client ip -6 route add fd00:2::20/128 encap seg6 mode inline \
	    segs fd00:1::1 dev eth0; then
		on client ping -c 3 -i 0.3 -w 4 fd00:2::20
		on client ip -6 route del fd00:2::20/128
	else
		say "extensions: without routing headers, this kernel has none"
	fi
	wrap
}
