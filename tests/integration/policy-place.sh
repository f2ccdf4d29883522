# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# For tests that install policy files: sourced before lib.sh, it starts the file again in a mount namespace that ends with it; then
# policy_place covers the installed place with one of our own and leaves its name in $ETC, or the reason why not in $NO_PLACE.
if [ -z "${CAISSON_TEST_OWN_MOUNTS:-}" ] && [ "$(id -u)" -eq 0 ]; then
	CAISSON_TEST_OWN_MOUNTS=1 exec unshare -m --propagation private sh "$0" "$@"
fi

policy_place() {
	NO_PLACE=
	ETC=$("$CAISSON" policy check 2> /dev/null | sed -n 's|^\(/.*\)/caisson\.json: .*|\1|p' | head -n 1)
	[ -n "$ETC" ] || ETC=$("$CAISSON" policy check 2>&1 | sed -n 's|.*: \(/.*\)/caisson\.json: .*|\1|p' | head -n 1)
	_up=$(dirname "${ETC:-/}")
	if [ ! -d "$_up" ] || [ "$_up" = / ]; then
		NO_PLACE="the place of policy files ($ETC) cannot be covered here: $_up is not there"
	# Whatever else lies there is there still.
	elif [ "$(id -u)" -ne 0 ] || ! cp -a "$_up/." "$TMP/up" 2> /dev/null || ! mount -t tmpfs -o mode=755 tmpfs "$_up"; then
		NO_PLACE="nothing can be mounted at $_up"
	else
		cp -a "$TMP/up/." "$_up"
		rm -rf "$ETC"
		mkdir -p "$ETC/profiles"
	fi
	[ -z "$NO_PLACE" ]
}

config() { printf '%s\n' "$1" > "$ETC/caisson.json"; }
profile() { printf '%s\n' "$2" > "$ETC/profiles/$1.json"; }
