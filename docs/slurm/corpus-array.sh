#!/bin/bash
# Build a planned corpus as an array of SLURM jobs: no server, no open port, no state besides the
# corpus itself. Change the variables below, then, where sbatch is:
#
#   fringewatch corpus build NAME --from ... --dry-run       # writes the plan, says its address
#   docs/slurm/corpus-array.sh submit .../corpora/NAME/plans/VERSION.parquet
#
# `submit` asks which shards are missing and submits the tasks that write them, and a last job that
# finishes the version when all of them ended well. After a failure give the same line again: what
# is written is kept, and only tasks with a missing shard are submitted.
# By hand, the same for a plan of 420 shards, 8 shards a task (420 / 8 is 53 tasks, 0 to 52):
#
#   job=$(sbatch --parsable --array=0-52%50 docs/slurm/corpus-array.sh shards PLAN 8)
#   sbatch --dependency=afterok:"$job" docs/slurm/corpus-array.sh finish PLAN
set -euo pipefail

ACCOUNT=${ACCOUNT:-}                 # empty: your site's default, here and below
PARTITION=${PARTITION:-}
QOS=${QOS:-}
AT_ONCE=${AT_ONCE:-50}               # tasks that run at the same time
SHARDS_A_TASK=${SHARDS_A_TASK:-8}    # more if your site limits the length of arrays
TIME=${TIME:-01:00:00}               # of a task
MEMORY=${MEMORY:-4G}                 # of a task
SETUP=${SETUP:-}                     # a file to source first, such as .venv/bin/activate
FRINGEWATCH=${FRINGEWATCH:-fringewatch}

missing_shards() {  # prints them in the form of --array, such as 0-7,12; nothing if none is missing
    local said code=0
    said=$("$FRINGEWATCH" corpus finish "$1") || code=$?
    if ((code != 0 && code != 3 && code != 4)); then
        exit "$code"
    fi
    printf '%s\n' "$said" >&2
    sed -n 's/^missing shards: //p' <<<"$said"
}

tasks_of() {  # prints the tasks that hold these shards, one a line
    local part first last task
    for part in ${1//,/ }; do
        first=${part%-*}
        last=${part#*-}
        for ((task = first / SHARDS_A_TASK; task <= last / SHARDS_A_TASK; task++)); do
            echo "$task"
        done
    done | sort -n -u
}

submit() {
    local missing tasks job script options=(--ntasks=1 --cpus-per-task=1)
    script=$(realpath "$0")
    [[ -z $ACCOUNT ]] || options+=(--account="$ACCOUNT")
    [[ -z $PARTITION ]] || options+=(--partition="$PARTITION")
    [[ -z $QOS ]] || options+=(--qos="$QOS")
    options+=(--time="$TIME" --mem="$MEMORY")
    missing=$(missing_shards "$1")
    if [[ -z $missing ]]; then
        return
    fi
    tasks=$(tasks_of "$missing" | paste -s -d , -)
    job=$(sbatch --parsable "${options[@]}" --job-name=corpus-shards \
        --array="$tasks%$AT_ONCE" "$script" shards "$1" "$SHARDS_A_TASK")
    # A cluster's name may follow the number.
    sbatch "${options[@]}" --job-name=corpus-finish --dependency="afterok:${job%%;*}" \
        --kill-on-invalid-dep=yes "$script" finish "$1"
}

if [[ -n $SETUP ]]; then
    # shellcheck source=/dev/null
    source "$SETUP"
fi
case "${1:-} $#" in
    "submit 2") submit "$2" ;;
    "shards 3")
        exec "$FRINGEWATCH" corpus shard "$2" --index "$((SLURM_ARRAY_TASK_ID * $3))" --count "$3"
        ;;
    "finish 2") exec "$FRINGEWATCH" corpus finish "$2" ;;
    *)
        echo "usage: $0 submit PLAN | shards PLAN SHARDS_A_TASK | finish PLAN" >&2
        exit 2
        ;;
esac
