#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Labels from where Docker, podman and CRI-O keep them: files of the same shape in a place of our own. The engines themselves are in
# tests/engines/labels.t.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"
need jq base64
plan 70

hex() { printf "$1%.0s" $(seq 64); }
A=$(hex a)	# the container
B=$(hex b)	# another
C=$(hex c)	# an image's configuration
I=$(hex 1)	# the image
bundle '.process.capabilities |= with_entries(.value = ["CAP_CHOWN","CAP_KILL","CAP_MKNOD","CAP_SETUID","CAP_SETGID"]) | .root.readonly = false'
all="CHOWN KILL MKNOD SETGID SETUID"

image() { jq -n --arg v "$1" '{ architecture: "amd64", config: { Labels: { "security.capabilities": $v, other: "a\nb" } }, rootfs: {} }'; }
# What caisson says of the container in $box: its capabilities, its warnings.
caps() { caisson explain --json "$box" 2> /dev/null | jq -r '[.controls[] | select(.control == "capabilities")][-1].result' | tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/ $//'; }
warned() { caisson explain "$box" 2>&1 | grep '^warning'; }

# ---- docker ----
box=$TMP/io.containerd.runtime.v2.task/moby/$A
root=$TMP/docker
kept=$root/containers/$A
blobs=$root/image/overlay2/imagedb/content/sha256
mkdir -p "$(dirname "$box")" "$kept" "$root/containers/$B" "$blobs"
chmod 755 "$root" "$root"/*
cp -a "$BUNDLE" "$box"
mounted() { BUNDLE=$box reconfig ".mounts = [.mounts[] | select(.destination | startswith(\"/etc/\") | not)] + [{ destination: \"/etc/${2:-hosts}\", type: \"bind\", source: \"$1\", options: [\"rbind\"] }]"; }
container() { jq -n --arg v "$1" --arg id "${2:-$A}" --arg image "sha256:$C" '{ ID: $id, Image: $image, Driver: "overlay2", Config: { User: "", Cmd: ["x"], Entrypoint: null, Labels: { "security.capabilities": $v } } }' > "$kept/config.v2.json"; }
set_image() { image "$1" > "$blobs/$C"; }
: > "$kept/hosts"
mounted "$kept/hosts"
container CHOWN,KILL
set_image CHOWN,KILL
is "docker: the container's record narrows" "$(caps)" "CHOWN KILL"
like "explain names both sources" "$(caisson explain "$box" 2> /dev/null)" 'docker label security.capabilities, image label'
container ALL
is "a label of the command line takes nothing back" "$(caps)" "CHOWN KILL"
container CHOWN
is "all that is found is intersected" "$(caps)" "CHOWN"
container NO_SUCH,CHOWN
is "an unknown name narrows only" "$(caps)" "CHOWN"
container ""
is "an empty label is a label" "$(caps)" none
container "$(printf 'CHOWN\n,\tKILL\n')"
is "blanks and newlines separate" "$(caps)" "CHOWN KILL"
head -c 70000 /dev/zero | tr '\0' A > "$TMP/long"
jq -n --rawfile v "$TMP/long" --arg id "$A" --arg image "sha256:$C" '{ ID: $id, Image: $image, Driver: "overlay2", Config: { Labels: { "security.capabilities": $v } } }' > "$kept/config.v2.json"
is "a label that is too long leaves nothing" "$(caps)" none
container CHOWN
is "its time is in the answer" "$(caisson explain --json "$box" 2> /dev/null | jq -c '.labels | [.source, .answered, (.milliseconds > 0 and .milliseconds < 1000)]')" '["docker",true,true]'
mounted "$root/containers/$B/resolv.conf" resolv.conf
is "the network of another container leads to the same place" "$(caps)" "CHOWN"
mounted "$kept/hosts"

# Images in containerd's store, under their digests.
store=$TMP/containerd/io.containerd.content.v1.content/blobs/sha256
mkdir -p "$store"
ln -s "$TMP/containerd/io.containerd.runtime.v2.task/moby/$A" "$box/work"
# put: what comes in, by its digest, which it prints.
put() { cat > "$TMP/put" && _sum=$(sha256sum "$TMP/put" | cut -d ' ' -f 1) && cp "$TMP/put" "$store/$_sum" && echo "sha256:$_sum"; }
manifest() { printf '{ "config": { "digest": "%s" } }' "$1" | put; }
D=$(manifest "$(image CHOWN,SETUID | put)")
container ALL
jq --arg d "$D" '.Image = $d | .ImageManifest = { digest: $d } | .Driver = "overlayfs"' "$kept/config.v2.json" > "$TMP/new"
cat "$TMP/new" > "$kept/config.v2.json"
is "docker with containerd's image store: the manifest's configuration" "$(caps)" "CHOWN SETUID"

# A source that does not answer is said, and is no refusal.
container CHOWN
mv "$blobs/$C" "$TMP/blob"
is "the image's configuration is missing: the record counts" "$(caps)" CHOWN
container ALL
is "and with a record that narrows nothing: as asked" "$(caps)" "$all"
like "and that is said" "$(warned)" "the labels of docker cannot be read: .*/$C: is not there"
is "and the answer says so" "$(caisson explain --json "$box" 2> /dev/null | jq .labels.answered)" false
mv "$TMP/blob" "$blobs/$C"
container CHOWN "$B"
like "another container's record is not taken" "$(warned)" "ID: is another container's"
container CHOWN
chmod 777 "$root/containers"
like "a directory that others may write to is not believed" "$(warned)" "$root/containers: can be written by others"
chmod 755 "$root/containers"
mv "$kept/config.v2.json" "$TMP/record"
ln -s "$TMP/record" "$kept/config.v2.json"
like "a symbolic link is not followed" "$(warned)" 'config.v2.json: is a symbolic link'
rm "$kept/config.v2.json"
mkfifo "$kept/config.v2.json"
like "a pipe does not hold it up" "$(warned)" 'config.v2.json: is not a regular file'
rm "$kept/config.v2.json"
printf '{"ID":"%s","x":1,"x":2}' "$A" > "$kept/config.v2.json"
like "a key that is there twice" "$(warned)" 'the labels of docker cannot be read: .*duplicate'
head -c 17000000 /dev/zero | tr '\0' ' ' > "$kept/config.v2.json"
like "a file without an end" "$(warned)" 'is larger than 16777216 bytes'
container CHOWN
jq '.Driver = "../../x"' "$kept/config.v2.json" > "$TMP/new"
cat "$TMP/new" > "$kept/config.v2.json"
like "a driver's name that is a path" "$(warned)" 'Driver: is not the name of a storage driver'
container CHOWN
if [ "$(id -u)" -eq 0 ]; then
	chown 1000 "$kept"
	like "what belongs to somebody else is not believed" "$(warned)" 'belongs to uid 1000'
	chown 0 "$kept"
	mounted "$kept/hosts"
	BUNDLE=$box reconfig '.process.args = ["/bin/sleep", "100"]'
	ok "a container is made" caisson create -b "$box" "$ID"
	ok "and started" caisson start "$ID"
	bnd() { sed -n 's/^CapBnd:[[:space:]]*//p'; }
	is "inside it has what is left" "$(caisson exec "$ID" cat /proc/1/status | bnd)" 0000000000000001
	is "and so has an exec that asks for more" "$(caisson exec --cap CAP_SYS_ADMIN --cap CAP_KILL --cap CAP_CHOWN "$ID" cat /proc/self/status | bnd)" 0000000000000001
	caisson delete --force "$ID"
else
	skip 5 "needs root"
fi

# ---- containers/storage ----
graph=$TMP/storage
box=$graph/overlay-containers/$A/userdata
mkdir -p "$graph/overlay-containers/$A" "$graph/overlay-images/$I"
cp -a "$BUNDLE" "$box"
blob=$graph/overlay-images/$I/=$(printf 'sha256:%s' "$C" | base64 -w 0)
echo "{ \"config\": { \"digest\": \"sha256:$C\" } }" > "$graph/overlay-images/$I/manifest"
listed() { jq -n --arg id "$A" --arg image "$I" '[{ id: "x" }, { id: $id, image: $image, names: ["n"] }]' > "$graph/overlay-containers/$1.json"; }
listed containers
image KILL,MKNOD > "$blob"
is "podman: the image's configuration narrows" "$(caps)" "KILL MKNOD"
rm "$graph/overlay-containers/containers.json"
listed volatile-containers
is "also of a container that is removed at its end" "$(caps)" "KILL MKNOD"
rm "$graph/overlay-containers/volatile-containers.json"
like "a container that the storage does not know" "$(warned)" "the labels of podman cannot be read: .*knows no container $A"
listed containers
echo '{ "config": { "digest": "sha256:../x" } }' > "$graph/overlay-images/$I/manifest"
like "a digest that is a path" "$(warned)" 'config.digest: is not a sha256 digest'
I=../../x listed containers
like "an image that is a path" "$(warned)" 'image: is not an id'
I='' listed containers
is "a container without an image is as asked" "$(caps) $(warned)" "$all "

# CRI-O: the bundle is below the run root, the images below that of the root file system.
listed containers
echo "{ \"config\": { \"digest\": \"sha256:$C\" } }" > "$graph/overlay-images/$I/manifest"
run=$TMP/run
mkdir -p "$run/overlay-containers/$A" "$graph/overlay/layer"
mv "$box" "$run/overlay-containers/$A/userdata"
box=$run/overlay-containers/$A/userdata
mv "$box/rootfs" "$graph/overlay/layer/merged"
BUNDLE=$box reconfig ".root.path = \"$graph/overlay/layer/merged\" | .annotations[\"io.kubernetes.cri-o.ContainerType\"] = \"container\""
is "CRI-O: the image's configuration narrows" "$(caps)" "KILL MKNOD"
BUNDLE=$box reconfig '.annotations["io.kubernetes.cri-o.ContainerType"] = "sandbox"'
is "calling itself a sandbox does not help" "$(caps)" "KILL MKNOD"

# ---- containerd: its record of the container, and the image's configuration ----
if ! command -v python3 > /dev/null 2>&1; then
	skip 35 "python3 is not installed"
	exit
fi
children=
trap 'kill $children 2> /dev/null; _cleanup' EXIT
python3 "$(dirname "$0")/containerd.py" "$TMP/socket" "$TMP/known" &
children=$!
wait_for 10 test -S "$TMP/socket"
GRPC_ADDRESS=$TMP/socket
export GRPC_ADDRESS
box=$TMP/io.containerd.runtime.v2.task/ns/box
mkdir -p "$(dirname "$box")"
cp -a "$BUNDLE" "$box"
ln -s "$TMP/containerd/io.containerd.runtime.v2.task/ns/box" "$box/work"
known() { jq -n --arg v "$1" "{ labels: { \"security.capabilities\": \$v } } + $2" > "$TMP/known"; }
blob=$(image CHOWN,SETUID | put)
index() { jq -n --arg one "$1" --arg two "$2" '{ manifests: [{ digest: $one, platform: { os: "linux" } }, { digest: $two, platform: { os: "'"${3:-linux}"'" } }] }' | put; }
known CHOWN,KILL '{ image: "" }'
is "ctr: the record narrows" "$(caps)" "CHOWN KILL"
known CHOWN,KILL "{ image: \"i\", target: \"$(manifest "$blob")\" }"
is "ctr: and so does the image's configuration" "$(caps)" "CHOWN"
like "explain names both" "$(caisson explain "$box" 2> /dev/null)" 'containerd label security.capabilities, image label'
known all "{ image: \"i\", target: \"$(manifest "$(image "" | put)")\" }"
is "an empty label, which the record loses, is there" "$(caps)" none
known CHOWN,KILL '{ image: "i" }'
is "an image that containerd does not know: the record counts" "$(caps)" "CHOWN KILL"
like "and it is said" "$(warned)" 'the labels of ctr cannot be read: image i: .*an error for an answer'
known all "{ image: \"i\", target: \"$(index "$(manifest "$blob")" "sha256:$A")\" }"
is "an index: what was pulled counts" "$(caps)" "CHOWN SETUID"
known all "{ image: \"i\", target: \"$(index "$(manifest "$blob")" "$(manifest "$(image CHOWN | put)")")\" }"
is "an index: all that was pulled counts" "$(caps)" "CHOWN"
known all "{ image: \"i\", target: \"$(index "$(manifest "$blob")" "$(echo '{}' | put)" unknown)\" }"
is "an index: a signature is no image" "$(caps) $(warned)" "CHOWN SETUID warning: containerd label security.capabilities: \"all\" narrows nothing"
known all "{ image: \"i\", target: \"$(index "sha256:$A" "sha256:$B")\" }"
like "an index of which nothing is there" "$(warned)" "none of the index's images is there"
deep=$(manifest "$blob")
for _ in 1 2 3 4; do deep=$(index "$deep" "$deep"); done
known all "{ image: \"i\", target: \"$deep\" }"
like "an index in an index, and so on" "$(warned)" 'or more than 3 deep'
known all '{ image: "i", target: "sha256:../x" }'
like "a target that is a path" "$(warned)" 'its target is not a sha256 digest'
known CHOWN,KILL "{ ref: \"$blob\" }"
is "Kubernetes: the record says which configuration" "$(caps)" "CHOWN"
head -c 5000 /dev/zero | tr '\0' A > "$TMP/long"
long=$(jq -n --rawfile v "$TMP/long" '{ config: { Labels: { "security.capabilities": ("CHOWN," + $v) } } }' | put)
jq -n --arg ref "$long" '{ labels: {}, ref: $ref }' > "$TMP/known"
is "a label that is too long for the record leaves nothing" "$(caps)" none
known CHOWN '{ ref: "sha256:x" }'
like "a reference that is none" "$(warned)" 'Metadata.ImageRef: is not a sha256 digest'
echo ' ' >> "$store/${blob#sha256:}"
known CHOWN,KILL "{ ref: \"$blob\" }"
is "a configuration that is not what its digest says: the record counts" "$(caps)" "CHOWN KILL"
like "and it is said" "$(warned)" "${blob#sha256:}: is not what its digest says"
rm "$store/${blob#sha256:}"
like "a configuration that is not there" "$(warned)" "${blob#sha256:}: is not there"
head -c 9000000 /dev/zero | tr '\0' ' ' > "$store/${blob#sha256:}"
like "a configuration without an end" "$(warned)" 'is larger than 8388608 bytes'
known all "{ image: \"i\", sandbox: true }"
unlike "a pod's own container has no image to look at" "$(warned)" 'cannot be read'

# ---- who is asked, and how long ----
who='nobody is asked: '
if ! policy_place; then
	skip 15 "$NO_PLACE"
	exit
fi
box=$TMP/io.containerd.runtime.v2.task/k8s.io/box
mkdir -p "$(dirname "$box")"
cp -a "$BUNDLE" "$box"
# Takes every connection and says nothing.
python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(64); time.sleep(120)' "$TMP/hung" &
hung=$!
children="$children $hung"
wait_for 10 test -S "$TMP/hung"
GRPC_ADDRESS=$TMP/hung
asked() { caisson "$@" explain --json "$box" 2> "$TMP/err" | jq -c '.labels | if . == null then "nobody" else [.source, .answered, .milliseconds >= 200 and .milliseconds < 1500] end'; }
waited='["containerd",false,true]'
config '{ "schema": 1, "labels": { "timeout_ms": 200 } }'
is "an engine that is stuck costs labels.timeout_ms" "$(asked)" "$waited"
like "and is said to be" "$(caisson explain "$box" 2>&1)" 'the labels of cri-containerd cannot be read: .*/hung: no answer in time'
config '{ "schema": 1, "floor": "none", "labels": { "timeout_ms": 200 } }'
is "$who none, over a floor of none" "$(asked)" '"nobody"'
config '{ "schema": 1, "labels": { "timeout_ms": 200, "mode": "ignore" } }'
is "$who labels.mode ignore" "$(asked)" '"nobody"'
config '{ "schema": 1, "labels": { "timeout_ms": 200, "sources": ["annotation", "docker", "storage", "file"] } }'
is "$who labels.sources without it" "$(asked)" '"nobody"'
config '{ "schema": 1, "labels": { "timeout_ms": 200, "sources": [] } }'
BUNDLE=$box reconfig '.annotations["security.capabilities"] = "CHOWN"'
is "no source: an annotation does not count either" "$(caps)" "$all"
config '{ "schema": 1, "labels": { "timeout_ms": 200 } }'
is "with the source it does" "$(caps)" CHOWN
BUNDLE=$box reconfig '.annotations = {}'
image CHOWN > "$TMP/image.json"
config '{ "schema": 1, "labels": { "sources": ["docker"] } }'
like "a file on the command line is a source too" "$(caisson explain --json --image-config "$TMP/image.json" "$box" | jq -r '[.controls[] | select(.control == "capabilities")][-1].result')" 'MKNOD'
config '{ "schema": 1, "labels": { "sources": ["file"] } }'
is "and named, it counts" "$(caisson explain --json --image-config "$TMP/image.json" "$box" | jq -r '[.controls[] | select(.control == "capabilities")][-1].result')" CHOWN
config '{ "schema": 1, "floor": "none", "labels": { "timeout_ms": 200 }, "rules": [
	{ "match": { "engine": "docker", "label": { "x": "*" } }, "profile": "none" },
	{ "match": { "label": { "x": "*" } }, "profile": "hardened" } ] }'
is "a rule that looks at labels asks" "$(asked)" "$waited"
config '{ "schema": 1, "floor": "none", "labels": { "timeout_ms": 200 }, "rules": [
	{ "match": { "engine": "cri-*" }, "profile": "none" }, { "match": { "label": { "x": "*" } }, "profile": "hardened" } ] }'
is "but not one behind the rule that matches" "$(asked)" '"nobody"'
config '{ "schema": 1, "labels": { "timeout_ms": 200, "mode": "require" } }'
fails "required labels refuse what is not answered" 'a capability label is required, and the labels of cri-containerd cannot be read' caisson explain "$box"
rm "$ETC/caisson.json"
is "$who --policy none without a file" "$(asked --policy none)" '"nobody"'
config '{ "schema": 1, "labels": { "timeout_ms": 0 } }'
fails "no time at all" '$.labels.timeout_ms: must be 1 to 10000' caisson explain "$box"
config '{ "schema": 1, "labels": { "sources": ["dockr"] } }'
fails "a source that there is not" '$.labels.sources[0]: unknown word "dockr"; did you mean docker?' caisson explain "$box"
