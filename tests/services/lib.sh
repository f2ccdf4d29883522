# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# What the tests of the shipped profiles share: the profiles where they are looked for, one root file system of all the services as
# Debian packages them, and the steps that every service goes through. A file of tests begins with
#
#   . "$(dirname "$0")/lib.sh"; plan 9
#
# and has then $root, and $conf, which the service sees at /srv/conf, read-only. $w is the name of the container of the moment.
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${CAISSON_TEST_OWN_MOUNTS:-}" ] && [ "$(id -u)" -eq 0 ]; then
	# The place of policy files is covered by one of our own, in a mount namespace that ends with the file.
	CAISSON_TEST_OWN_MOUNTS=1 exec unshare -m --propagation private sh "$0" "$@"
fi
. "$here/../integration/lib.sh"
need apt-get dpkg-deb

# ---- the profiles, where they are looked for ----

profiles=$here/../../profiles
etc=$("$CAISSON" policy check 2>&1 | sed -n 's|^\(.*: \)\{0,1\}\(/.*\)/caisson\.json: .*|\2|p' | head -n 1)
up=$(dirname "${etc:-/}")
if [ ! -d "$up" ] || [ "$up" = / ]; then
	skip_all "the place of policy files ($etc) cannot be covered here: $up is not there"
fi
cp -a "$up/." "$TMP/up" || skip_all "$up cannot be copied"
mount -t tmpfs -o mode=755 tmpfs "$up" || skip_all "nothing can be mounted at $up"
cp -a "$TMP/up/." "$up"
rm -rf "$etc" "$TMP/up"
mkdir -p "$etc/profiles"
cp "$profiles"/svc-*.json "$etc/profiles"
chown -R 0:0 "$etc"
chmod -R go-w "$etc"

# ---- a root of all the services, which the files of tests share ----

root=${SERVICES_ROOT:-${CAISSON_CACHE:-$TMP}/profiles-root}
sh "$here/root.sh" "$root" > "$TMP/root.log" 2>&1 || skip_all "Debian's packages cannot be fetched: $(tail -n 1 "$TMP/root.log")"
conf=$TMP/conf
mkdir "$conf"

# The same root for those that start as stock images do, where they may write to it: what they write is gone with the file of tests.
stock_root() {
	mkdir "$TMP/written" "$TMP/overlay" "$TMP/stock"
	mount -t overlay -o "lowerdir=$root,upperdir=$TMP/written,workdir=$TMP/overlay" overlay "$TMP/stock" || bail "no overlay on $root"
	leftovers_before
}

# ---- the steps ----

none=0000000000000000
ten=00000000000405fb # what level hardened leaves

# start PROFILE [OPTION...] -- PROGRAM...: the root is the profile's own business: level hardened may write to it.
start() {
	_profile=$1 _options=
	shift
	while [ "$1" != -- ]; do
		_options="$_options $1"
		shift
	done
	case $_profile in hardened) _root="--read-write $TMP/stock" ;; *) _root=$root ;; esac
	# shellcheck disable=SC2086
	caisson launch -d --name "$w" --policy "$_profile" -v "$conf:/srv/conf:ro" $_options $_root "$@"
}
inside() { caisson exec "$w" "$@"; }
page() { inside /bin/busybox wget -q -O - "http://127.0.0.1:$1/"; }
says() { page "$1" | grep -q -e "$2"; }
ended() { [ "$(status_of "$w")" = stopped ] || [ "$(status_of "$w")" = gone ]; }
# within SECONDS CMD...: until it succeeds; false when the time is up or the container has ended.
within() {
	_until=$(($(date +%s) + $1))
	shift
	until "$@" > /dev/null 2>&1; do
		[ "$(date +%s)" -lt "$_until" ] || return 1
		if ended; then return 1; fi
		sleep 0.1
	done
}
# field KEY COMM: of a process of that name in the container.
field() {
	for _p in $(caisson ps --format json "$w" 2> /dev/null | jq -r '.[]'); do
		[ "$(cat "/proc/$_p/comm" 2> /dev/null)" = "$2" ] || continue
		awk -v k="$1:" '$1 == k { print $2; exit }' "/proc/$_p/status"
		return
	done
}
# well NAME: by what the profile itself asks.
well() {
	ok "$1: healthy, by its profile's own check" within 60 caisson health --timeout 25s "$w"
}
# unwell PROFILE [OPTION...]: with nobody to answer, which the check must tell.
unwell() {
	ok "$1: launched without its server" start "$@" -- /bin/busybox sleep 1000
	_st=0
	caisson health --timeout 25s "$w" > "$TMP/unwell" 2>&1 || _st=$?
	is "$1: unhealthy" "$_st $(sed -n 's/^\(unhealthy\).*/\1/p' "$TMP/unwell")" "1 unhealthy"
	caisson delete --force "$w" > /dev/null 2>&1
}
# stop NAME SIGNAL SECONDS
stop() {
	ok "$1: SIG$2 is sent" caisson kill "$w" "$2"
	ok "$1: it ends within $3 s" wait_for "$3" ended
	caisson delete --force "$w" > /dev/null 2>&1
}
# confined NAME COMM CAPS UID: what the kernel says about one of its processes.
confined() {
	is "$1: capabilities, no_new_privs, filter and uid" "$(field CapBnd "$2") $(field NoNewPrivs "$2") $(field Seccomp "$2") $(field Uid "$2")" \
		"$3 1 2 $4"
}
