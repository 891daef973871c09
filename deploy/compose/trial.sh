# shellcheck shell=bash
# What the trials of the composition have in common: `try` and `try-cluster` source it from the root
# of the repository, with COMPOSE_FILE set.
#
# A trial has a project name and a port of its own, so it disturbs nothing that runs already, and
# leaves nothing but images. Demos' figures go to standard output, steps and times to standard
# error, the rest to the log. It needs a Docker engine, Compose (v2 or docker-compose 1.29) and
# `make setup`.

NAME=${0##*/}
LOG=build/compose-$NAME.log
JINLIN=.venv/bin/jinlin
COMPOSE_SECONDS=600
HEALTHY_SECONDS=180
keep= # yes: leave it running in the end, and say where

say() { printf 'compose/%s: %s\n' "$NAME" "$*" >&2; }

random() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

free_port() {
    python3 -c '
import socket
with socket.socket() as one:
    one.bind(("127.0.0.1", 0))
    print(one.getsockname()[1])'
}

if docker compose version >/dev/null 2>&1; then
    tool=(docker compose)
elif command -v docker-compose >/dev/null; then
    tool=(docker-compose)
else
    say "there is neither \`docker compose\` nor \`docker-compose\`"; exit 1
fi
tool+=(--env-file .env.example)
docker info >/dev/null 2>&1 || { say "no Docker engine answers"; exit 1; }
[ -x "$JINLIN" ] || { say "$JINLIN is missing: run \`make setup\`"; exit 1; }

export COMPOSE_FILE COMPOSE_PROJECT_NAME="jinlin-$NAME-$$"
export PORT; PORT=$(free_port)
export JINLIN_OPERATOR_NAME=operator JINLIN_OPERATOR_PASSWORD
JINLIN_OPERATOR_PASSWORD=$(random)
origin="http://127.0.0.1:$PORT"

# With a time limit: `up` may wait for ever for a service that crashes again and again.
compose() {
    timeout --kill-after=10 "$COMPOSE_SECONDS" "${tool[@]}" "$@" </dev/null >>"$LOG" 2>&1 \
        || { say "failed: ${tool[*]} $*"; tail -n 5 "$LOG" >&2; return 1; }
}

containers() {
    docker ps --all --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" \
        --format '{{.Names}}: {{.Status}}'
}

# The first container of a service, running or not.
container() {
    docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" \
        --filter "label=com.docker.compose.service=$1" | sed -n 1p
}

# until_true WHAT COMMAND…: wait for a condition.
until_true() {
    local what=$1 deadline=$((SECONDS + HEALTHY_SECONDS)); shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || { say "not within $HEALTHY_SECONDS s: $what"; return 1; }
        sleep 0.5
    done
}

# Whether nobody is on the way or unwell; a busy machine is late.
all_healthy() {
    local now
    now=$(containers) && ! grep -qE 'health: starting|\(unhealthy\)|Restarting' <<<"$now"
}

wait_until_healthy() { until_true "all containers are healthy" all_healthy; }

# timed STEP COMMAND…: run it, and remember how long it took.
times=
timed() {
    local step=$1 began=${EPOCHREALTIME/,/.}; shift
    say "$step"
    "$@" || return
    times+="$step $(awk "BEGIN { print ${EPOCHREALTIME/,/.} - $began }")"$'\n'
}

# Replays the demo, prints its figures, and fails when they are not those of Wenhua Road.
demo() {
    local figures
    figures=$("$JINLIN" demo --at "$origin" --json) || return
    printf '%s\n' "$figures"
    printf '%s' "$figures" | python3 -c '
import json, sys
figures = json.load(sys.stdin)
seen = [figures[name] for name in ("submitted", "accepted", "closed", "awards", "notices")]
sys.exit(0 if seen == [150, 112, 112, 112, 112] else f"not the figures of Wenhua Road: {seen}")'
}

verify() { "${tool[@]}" run --rm -T operations jinlin verify "$@" </dev/null >&2 2>>"$LOG"; }

finish() {
    local code=$?
    trap - EXIT INT TERM
    if [ "$code" -ne 0 ]; then
        compose logs --no-color || true
        say "FAILED. The containers, and the last lines of each; all of it is in $LOG"
        containers >&2 || true
        "${tool[@]}" logs --no-color --tail=10 </dev/null 2>&1 | cut -c1-400 >&2 || true
    fi
    if [ -n "$keep" ] && [ "$code" -eq 0 ]; then
        say "it runs at $origin; sign in as $JINLIN_OPERATOR_NAME, $JINLIN_OPERATOR_PASSWORD"
        say "stop it with: ${tool[*]} -p $COMPOSE_PROJECT_NAME down -v"
    else
        # `operations` has a profile: named, or its containers would stay.
        COMPOSE_PROFILES=operations timed stop compose down --volumes --remove-orphans || code=1
    fi
    printf '%s' "$times" | while read -r step seconds; do
        printf '%-8s %6.1f s\n' "$step" "$seconds" >&2
    done
    exit "$code"
}

trap finish EXIT
trap 'exit 130' INT TERM
mkdir -p "${LOG%/*}"
: >"$LOG"
