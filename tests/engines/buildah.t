#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's buildah with caisson as its runtime, beside the same walk with runc: run and build, as root and as an ordinary user.
. "$(dirname "$0")/../integration/lib.sh"
need buildah podman python3 runc script unshare setpriv ip newuidmap
# shellcheck source=tests/engines/place.sh
. "$(dirname "$0")/place.sh"

here=$(cd "$(dirname "$0")" && pwd)
rootfs "$TMP/image"
python3 "$here/mkimage.py" "$TMP/image.tar" localhost/busybox:test "$TMP/image"
mkdir -p "$TMP/shared" "$TMP/context"
echo 'from the host' > "$TMP/shared/file"
echo 'from the context' > "$TMP/context/file"
echo 'hush' > "$TMP/context/secret"
cat > "$TMP/context/Containerfile" <<'FILE'
FROM localhost/busybox:test AS first
ARG WORD=default
ENV PLACE=/srv/place
WORKDIR /srv/place
RUN pwd > /where && echo "$WORD $PLACE" > words && id -u > /who
RUN grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status > /caps
RUN chown 1000:50 words && chmod 4755 words && mkdir -m 1777 sticky && ln -s words link && mkfifo pipe
RUN --mount=type=tmpfs,target=/scratch echo x > /scratch/x && grep -c ' /scratch tmpfs' /proc/mounts > /mounted
RUN --mount=type=secret,id=s cat /run/secrets/s > /told
RUN ls /dev | tr '\n' ' ' > /devices
USER 1000:50
RUN id -u > /tmp/user && id -g >> /tmp/user && touch /srv/place/x 2> /dev/null || echo denied >> /tmp/user
USER 0

FROM localhost/busybox:test
COPY --from=first /srv/place /srv/place
COPY --from=first /where /who /caps /mounted /told /devices /tmp/user /out/
COPY file /out/
RUN cd /srv/place && stat -c '%n %a %u %g %F' * > /out/stats
CMD cat /out/*
FILE
printf 'FROM localhost/busybox:test\nRUN echo words >&2; exit 7\n' > "$TMP/context/Failing"
printf 'FROM localhost/busybox:test\nRUN ["/no/such"]\n' > "$TMP/context/Absent"
printf 'FROM localhost/busybox:test\nRUN id -u > /made\n' > "$TMP/context/Small"

cat > "$TMP/begin" <<'SH'
. "$PLACE"
who=$1
case $who in caisson) runtime=/run/bin/caisson ;; *) runtime=$(command -v "$who") ;; esac
image=localhost/busybox:test
cp "$TMP/image.tar" /run/plain/image.tar
cp -r "$TMP/context" /run/plain/context
chown -R 1500:1500 /run/plain
SH

cat > "$TMP/walk" <<'SH'
. "$TMP/begin"
timeout 60 podman load -q -i "$TMP/image.tar" > /run/load.log 2>&1 || cat /run/load.log
export BUILDAH_ISOLATION=oci
b="timeout -k 2 40 buildah"
build="$b bud --runtime $runtime --cgroup-parent /$MARK/$who-build -q"
w=$($b from --cgroup-parent "/$MARK/$who" --network none $image 2> /run/from.log) || cat /run/from.log
run() { _key=$1; shift; one "$_key" $b run --runtime "$runtime" "$@"; }

run "run" "$w" -- sh -c 'echo hello; exit 3'
run "environment, directory, user" --env A=b --workingdir /tmp --user 1000:50 "$w" -- sh -c 'echo $A; pwd; id -u; id -g'
run "host name" --hostname box "$w" -- hostname
echo "standard input: $(echo words | $b run --runtime "$runtime" "$w" -- cat 2>&1)"
one "terminal" script -qec "exec timeout -k 2 40 buildah run --runtime $runtime -t $w -- sh -c 'tty; sleep 0.3; exit 4'" /dev/null
run "capabilities" "$w" -- grep -E '^(Cap...|NoNewPrivs|Seccomp):' /proc/self/status
run "capabilities dropped and added" --cap-drop CAP_CHOWN --cap-add CAP_NET_RAW "$w" -- grep -E '^Cap(Eff|Bnd):' /proc/self/status
run "volume" -v "$TMP/shared:/data:ro" "$w" -- cat /data/file
run "a read-only volume" -v "$TMP/shared:/data:ro" "$w" -- sh -c 'echo x > /data/file'
run "tmpfs" --mount type=tmpfs,destination=/scratch,tmpfs-size=1m "$w" -- grep -o '/scratch tmpfs' /proc/mounts
run "what one run leaves" "$w" -- sh -c 'echo kept > /kept'
run "the next finds" "$w" -- cat /kept
run "its processes" "$w" -- sh -c 'set -- /proc/[0-9]*; echo $$ $#'
run "without a network" "$w" -- ls /sys/class/net
run "masks" "$w" -- sh -c 'ls /sys/firmware; wc -c < /proc/keys; exec 2>&1; echo 1 > /proc/sys/vm/swappiness'
one "an absent program" sh -c "$b run --runtime $runtime $w -- /no/such > /dev/null 2>&1; echo \$?"
one "a program killed" $b run --runtime "$runtime" "$w" -- sh -c 'kill -9 $$'
one "committed" sh -c "$b config --cmd 'cat /kept' $w && $b commit -q $w localhost/kept:test > /dev/null && timeout 25 podman --runtime $who run --rm --cgroup-parent /$MARK/$who localhost/kept:test"
status_only "remove" $b rm "$w"
one "build" sh -c "$build --build-arg WORD=given --secret id=s,src=$TMP/context/secret -t localhost/built:test $TMP/context > /dev/null"
one "what was built" timeout 25 podman --runtime "$who" run --rm --cgroup-parent "/$MARK/$who" localhost/built:test
one "build in one layer per step" sh -c "$build --layers -f $TMP/context/Small -t localhost/small:test $TMP/context > /dev/null; $build --layers -f $TMP/context/Small -t localhost/small:test $TMP/context > /dev/null && echo again"
one "a step that fails" sh -c "$build -f $TMP/context/Failing $TMP/context 2>&1 | grep -oE '^words|exit status [0-9]+' | sort -u"
status_only "its status" $build -f "$TMP/context/Failing" "$TMP/context"
status_only "a step without its program" $build -f "$TMP/context/Absent" "$TMP/context"
one "nothing is left" sh -c "$b containers -q; find /run/runc /run/caisson -mindepth 1 -maxdepth 1 -type d ! -name '.*' 2> /dev/null; true"
echo "end: 0"
SH

cat > "$TMP/plainwalk" <<'SH'
. "$TMP/begin"
b="plain timeout -k 2 40 buildah"
plain timeout 60 podman load -q -i /run/plain/image.tar > /run/load.log 2>&1 || cat /run/load.log
w=$($b from --network none $image 2> /run/from.log) || cat /run/from.log
run() { _key=$1; shift; one "$_key" $b run --runtime "$runtime" "$@"; }
run "run" "$w" -- sh -c 'echo hello; exit 3'
run "ids" "$w" -- sh -c 'cat /proc/self/uid_map; stat -c %u /etc/passwd /home/user'
run "a user inside" --user 1000:50 "$w" -- sh -c 'id -u; id -g'
run "capabilities" "$w" -- grep -E '^(Cap...|NoNewPrivs|Seccomp):' /proc/self/status
run "a file made" "$w" -- sh -c 'touch /made && chown 1000 /made && stat -c %u /made'
one "build" $b bud --runtime "$runtime" --network none -q -f Small -t localhost/small:test /run/plain/context | sed 's/[0-9a-f]\{64\}/ID/'
status_only "a step that fails" $b bud --runtime "$runtime" --network none -q -f Failing /run/plain/context
status_only "remove" $b rm "$w"
echo "end: 0"
SH

walk() { in_place 110 "$TMP/$1" "$2" > "$TMP/$2.$1" 2> "$TMP/$2.$1.err"; }
walk walk runc &
walk walk caisson
wait
walk plainwalk runc &
walk plainwalk caisson
wait

plan $(($(wc -l < "$TMP/runc.walk") + $(wc -l < "$TMP/runc.plainwalk") + 2 + 9))
for f in runc.walk caisson.walk runc.plainwalk caisson.plainwalk; do
	is "the walk was gone to its end: $f" "$(tail -n 1 "$TMP/$f")" "end: 0"
	[ ! -s "$TMP/$f.err" ] || diag "$(head -n 5 "$TMP/$f.err")"
done
compare root "$TMP/caisson.walk" "$TMP/runc.walk" /dev/null
compare "ordinary user" "$TMP/caisson.plainwalk" "$TMP/runc.plainwalk" /dev/null
like "a program's output comes back" "$(cat "$TMP/caisson.walk")" '^run: 3 hello'
like "a build succeeds" "$(cat "$TMP/caisson.walk")" '^build: 0 ?$'
like "and an ordinary user's" "$(cat "$TMP/caisson.plainwalk")" '^build: 0 ID$'
ok "no cgroup is left behind" place_cgroups_gone
leftovers_after "no process, mount or cgroup is left behind"
