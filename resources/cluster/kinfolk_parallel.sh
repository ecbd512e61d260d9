#!/bin/sh
# The tasks of a plan over ssh with GNU parallel: one task a call, two tries each.
#
#   sh kinfolk_parallel.sh OUT HOSTS
#
# OUT is the folder that `kinfolk cluster plan` made, under the same path on all hosts;
# HOSTS is a file with a host a line, as `parallel --sshloginfile` takes it (":" is this one).
set -eu
out=${1:?the folder of the plan}
hosts=${2:?a file with a host a line}
sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p' "$out/manifest.jsonl" |
    parallel --sshloginfile "$hosts" --retries 2 --halt soon,fail=20% \
        "${KINFOLK:-kinfolk}" cluster work "$out" --task {} --wait
# An evolution or a sweep takes its trials in by itself.
[ -f "$out/plan.json" ] || exit 0
exec "${KINFOLK:-kinfolk}" cluster join "$out"
