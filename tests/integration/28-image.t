#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# image.require: what an image must show before it runs, in create, run, explain and launch; and scan reports, given or in a directory.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"

policy_place || skip_all "$NO_PLACE"
plan 47

run_it() { p=$1; shift; caisson --policy "$p" run "$@" -b "$BUNDLE" "$ID" 2>&1; }
scans=$(dirname "$0")/../data/scans
image=$scans/image.json
digest=sha256:$(sha256sum "$image" | cut -d ' ' -f 1)
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
# fresh KIND: the sample, made today.
fresh() { sed "s/2026-01-10T0[89]:3[01]:00[^\"]*\"/$now\"/" "$scans/$1.json" > "$TMP/$1.json"; echo "$TMP/$1.json"; }
bundle '.process.args = ["/bin/true"] | .root.readonly = false'

profile by-digest '{ "schema": 1, "image": { "require": { "digest": ["'"$digest"'"] } } }'
profile another '{ "schema": 1, "image": { "require": { "digest": ["sha256:0123456789012345678901234567890123456789012345678901234567890123"] } } }'
profile user '{ "schema": 1, "image": { "require": { "user": true } } }'
profile health '{ "schema": 1, "image": { "require": { "healthcheck": true } } }'
profile labels '{ "schema": 1, "image": { "require": { "label": ["org.opencontainers.image.source"] } } }'
profile scanned '{ "schema": 1, "image": { "require": { "scan": { "max_severity": "medium", "max_age_days": 7 } } } }'
profile sarif-only '{ "schema": 1, "extends": "scanned", "image": { "require": { "scan": { "format": ["sarif"] } } } }'
profile softly '{ "schema": 1, "extends": "another", "warn": ["image"] }'

# ---- what the configuration shows ----
for p in by-digest user health labels; do
	is "an image that shows it runs: $p" "$(run_it "$p" --image-config "$image")" ""
done
fails "without the configuration nothing is known: digest" 'by-digest.json $.image.require.digest (image): which image this is is not known; give the image' run_it by-digest
fails "nor of a user" 'user.json $.image.require.user (image): whether the image names a user is not known' run_it user
fails "nor of a health check" 'whether the image has a health check is not known' run_it health
fails "nor of labels" 'the labels of the image are not known' run_it labels
fails "another image is refused" "$digest is not among the images that image.require.digest names" run_it another --image-config "$image"
jq '.config |= del(.User, .Healthcheck, .Labels)' "$image" > "$TMP/plain.json"
fails "an image without a user is refused" 'the image names no user; build it with USER' run_it user --image-config "$TMP/plain.json"
fails "an image without a health check is refused" 'the image has no health check; build it with HEALTHCHECK' run_it health --image-config "$TMP/plain.json"
fails "an image without the label is refused" 'the image has no label org.opencontainers.image.source' run_it labels --image-config "$TMP/plain.json"
fails "one changed byte is another image" 'is not among the images' run_it by-digest --image-config "$TMP/plain.json"
jq '.config.User = "root"' "$image" > "$TMP/root.json"
fails "an image of root's is refused" 'the image names root as its user' run_it user --image-config "$TMP/root.json"
jq -n --arg id "$digest" --slurpfile i "$image" '[{ Id: $id, Config: $i[0].config }]' > "$TMP/inspect.json"
is "the output of docker inspect names the image too" "$(run_it by-digest --image-config "$TMP/inspect.json")" ""
like "explain says it" "$(caisson --policy by-digest explain --image-config "$image" "$BUNDLE")" '^image +sha256:[0-9a-f]+ +as it must be +by-digest.json \$\.image\.require\.digest'
unlike "without the requirement nothing is said" "$(caisson --policy none explain --image-config "$image" "$BUNDLE")" '^image '

# ---- reports ----
for f in trivy grype sarif snyk; do
	r=$(fresh "$f-good")
	is "a good report of $f lets it run" "$(run_it scanned --image-config "$image" --scan-report "$r")" ""
	r=$(fresh "$f-severe")
	fails "a critical finding of $f is refused" 'is critical, and at most medium is allowed' run_it scanned --image-config "$image" --scan-report "$r"
	r=$(fresh "$f-other")
	fails "a report of $f for another image is refused" 'the report is for sha256:' run_it scanned --image-config "$image" --scan-report "$r"
done
fails "an old report is refused" 'days old, and 7 are allowed' run_it scanned --image-config "$image" --scan-report "$scans/trivy-old.json"
touch -d '2024-01-01' "$TMP/snyk-good.json"
fails "one without a date is as old as its file" 'days old, and 7 are allowed' run_it scanned --image-config "$image" --scan-report "$TMP/snyk-good.json"
fails "half a report is refused" 'is not valid JSON' run_it scanned --image-config "$image" --scan-report "$scans/grype-truncated.json"
fails "a device is no report" 'is not a regular file' run_it scanned --image-config "$image" --scan-report /dev/zero
fails "no report is refused" 'there is no scan report for this image; give one with --scan-report FILE' run_it scanned --image-config "$image"
fails "a report without the image's name is not enough" 'whether the report is for this image is not known' run_it scanned --scan-report "$(fresh trivy-good)"
fails "a form that is not allowed is refused" 'a report of trivy is not among those' run_it sarif-only --image-config "$image" --scan-report "$(fresh trivy-good)"
like "explain shows the report" "$(caisson --policy scanned explain --image-config "$image" --scan-report "$(fresh grype-good)" "$BUNDLE")" 'as it must be; grype report, 4 findings'

# ---- a directory of reports ----
mkdir -m 755 "$ETC/scans"
profile shelf '{ "schema": 1, "extends": "scanned", "image": { "require": { "scan": { "reports": "'"$ETC/scans"'" } } } }'
fails "a directory without this image's report is no report" "there is no scan report for this image in $ETC/scans" run_it shelf --image-config "$image"
cp "$(fresh sarif-good)" "$ETC/scans/${digest#sha256:}.json"
is "the report is found by the image's digest" "$(run_it shelf --image-config "$image")" ""
chmod 666 "$ETC/scans/${digest#sha256:}.json"
fails "a report that others can write to is none" 'can be written by others' run_it shelf --image-config "$image"

# ---- an engine that keeps the configuration: containers/storage, as podman has it ----
id=$(printf '%064d' 7)
mkdir -p "$TMP/store/vfs-containers/$id" "$TMP/store/vfs-images/$id"
cp -a "$BUNDLE" "$TMP/store/vfs-containers/$id/userdata"
printf '[{ "id": "%s", "image": "%s" }]\n' "$id" "$id" > "$TMP/store/vfs-containers/containers.json"
printf '{ "config": { "digest": "%s" } }\n' "$digest" > "$TMP/store/vfs-images/$id/manifest"
cp "$image" "$TMP/store/vfs-images/$id/=$(printf %s "$digest" | base64 -w 0)"
engine() { caisson --policy "$1" run -b "$TMP/store/vfs-containers/$id/userdata" "$ID" 2>&1; }
is "the engine's record of the image is looked at" "$(engine by-digest)" ""
is "the report of that image is found" "$(chmod 644 "$ETC/scans/${digest#sha256:}.json"; engine shelf)" ""
fails "and another image is refused" 'is not among the images' engine another

# ---- launch, warn mode, a build that does not look ----
fails "launch looks too" 'is not among the images' caisson launch --policy another --image-config "$image" "$BUNDLE/rootfs" -- /bin/true
out=$(run_it softly --image-config "$image")
like "a control that only warns says what it would refuse" "$out" 'policy in warn mode: would be refused by another.json .* \(image\)'
if [ -n "${CAISSON_FAULTS:-}" ]; then
	fails "an image that was not looked at does not run" 'posture: image.require asks for something, and the image was not looked at' \
		env CAISSON_SKIP="look at the image" "$CAISSON_FAULTS" --root "$STATE" --policy another create --image-config "$image" -b "$BUNDLE" "$ID"
else
	skip "an image that was not looked at does not run" "built without --enable-fault-injection"
fi
leftovers_after
