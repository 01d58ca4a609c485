#!/bin/sh
# Set-up, once: `setup.sh program` installs npm packages and builds, `setup.sh runtime` installs an OCI runtime.
# Idempotent, under a lock, and silent where nothing is missing. `SANDBOX_NO_SETUP=1` turns doing into telling.
# Exit 0: it is there. Exit 125: it is not, and one line says which command would mend it.
# SETUP_JSON=1 puts the error on stdout as the command line's `--json` does.
set -u
umask 022
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 125
. "$root/scripts/install-packages.sh"
self="sh $root/scripts/setup.sh"

# $1: what is wrong, $2: what to do.
fail() {
	if [ "${SETUP_JSON-}" = 1 ]; then
		printf '{"schema":"error/1","error":{"code":"sandbox-unavailable","message":"%s","hint":"%s"}}\n' \
			"$(json_text "$1")" "$(json_text "$2")"
	else
		printf 'sandbox: %s\n  hint: %s\n' "$1" "$2" >&2
	fi
	exit 125
}

json_text() {
	printf '%s' "$1" | tr '\n\t' '  ' | tr -d '\000-\037' | sed 's/[\\"]/\\&/g'
}

say() {
	printf 'sandbox: %s\n' "$1" >&2
}

program_is_stale() {
	npm_is_stale || [ ! -f "$root/dist/sandbox/version" ] ||
		[ "$root/package-lock.json" -nt "$root/dist/sandbox/version" ] ||
		[ "$root/.git/logs/HEAD" -nt "$root/dist/sandbox/version" ]
}

npm_is_stale() {
	[ ! -f "$root/node_modules/.package-lock.json" ] ||
		[ "$root/package-lock.json" -nt "$root/node_modules/.package-lock.json" ]
}

runtime_is_missing() {
	for runtime in crun runc; do
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin command -v "$runtime" >/dev/null 2>&1 && return 1
	done
	return 0
}

perl_is_missing() {
	[ ! -x /usr/bin/perl ] && ! command -v perl >/dev/null 2>&1
}

# One set-up at a time. The lock is on the directory itself: it needs no file, no right to write, and goes
# with its holder, so that it cannot be stale.
take_lock() {
	exec 9<"$root" || fail "cannot read $root" "make it readable for this user"
	command -v flock >/dev/null 2>&1 || return 0
	flock -n 9 && return 0
	say "waiting for another set-up of $root"
	flock 9
}

set_up_program() {
	[ -d "$root/src" ] || {
		[ -f "$root/dist/sandbox/version" ] && return 0
		fail "this installation has no program in $root/dist" "install it again: npm install -g sandbox-orchestrator"
	}
	program_is_stale || return 0
	[ "${SANDBOX_NO_SETUP-}" != 1 ] ||
		fail "not set up, and SANDBOX_NO_SETUP=1 forbids doing it now" "run: $self program"
	[ -w "$root" ] ||
		fail "not set up, and $root is not writable for this user" "run as its owner: $self program"
	find_node
	take_lock
	program_is_stale || return 0
	mkdir -p "$root/dist" || fail "cannot make $root/dist" "give this user the right to write there"
	SETUP_LOG=$root/dist/setup.log
	: >"$SETUP_LOG" || fail "cannot write $SETUP_LOG" "remove it or give it to this user"
	if npm_is_stale; then
		say "first run: installing npm packages into $root/node_modules and building (log: $SETUP_LOG)"
		logged "$npm" ci --include=dev --no-fund --no-audit || fail_with_log "npm ci failed"
		touch "$root/node_modules/.package-lock.json"
	elif [ ! -f "$root/dist/sandbox/version" ]; then
		say "first run: building into $root/dist/sandbox"
	fi
	logged "$node" scripts/build.mjs || fail_with_log "the build failed"
}

# Runs a program in $root with the lock's descriptor closed, so that nothing it leaves behind can hold it.
logged() {
	(cd -- "$root" && exec "$@" >>"$SETUP_LOG" 2>&1 </dev/null 9<&-)
}

fail_with_log() {
	tail -n 15 "$SETUP_LOG" | sed 's/^/  | /' >&2
	fail "$1" "see $SETUP_LOG, then run: $self program"
}

find_node() {
	node=${SANDBOX_NODE:-$(command -v node)} || fail "Node is not installed" "install Node 20 or newer: https://nodejs.org"
	major=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null) || major=0
	[ "$major" -ge 20 ] || fail "$node is Node $major; 20 or newer is needed" "install Node 20 or newer: https://nodejs.org"
	PATH=${node%/*}:$PATH
	npm=$(command -v npm) || fail "npm is not installed beside $node" "install npm"
}

set_up_runtime() {
	wanted=
	runtime_is_missing && wanted=crun
	perl_is_missing && wanted="$wanted perl"
	[ -n "$wanted" ] || return 0
	find_package_manager
	[ -n "$PACKAGE_MANAGER" ] ||
		fail "missing: $wanted" "install crun or runc, and perl, with this system's package manager"
	packages=$(runtime_packages "$wanted")
	[ "${SANDBOX_NO_SETUP-}" != 1 ] ||
		fail "missing: $wanted; SANDBOX_NO_SETUP=1 forbids installing it now" "run as root: $(install_command $packages)"
	find_privilege || fail "missing: $wanted" "run: sudo $(install_command $packages)"
	take_lock
	runtime_is_missing || perl_is_missing || return 0
	say "first run: installing $packages with ${PRIVILEGE:+$PRIVILEGE }$PACKAGE_MANAGER"
	SETUP_LOG=$(mktemp) || fail "cannot make a temporary file" "free some space in ${TMPDIR:-/tmp}"
	install_packages $packages || install_packages "runc${packages#crun}" || {
		tail -n 15 "$SETUP_LOG" | sed 's/^/  | /' >&2
		rm -f "$SETUP_LOG"
		fail "installing $packages failed" "run as root: $(install_command $packages)"
	}
	rm -f "$SETUP_LOG"
}

# newuidmap comes along: with it a plain user's sandbox can map subordinate ids.
runtime_packages() {
	case $PACKAGE_MANAGER in
	apt-get) uidmap=uidmap ;;
	dnf) uidmap=shadow-utils ;;
	apk) uidmap=shadow-uidmap ;;
	*) uidmap= ;;
	esac
	case $1 in
	crun*) echo $1 $uidmap ;;
	*) echo $1 ;;
	esac
}

for part in "$@"; do
	case $part in
	program) set_up_program ;;
	runtime) set_up_runtime ;;
	*) fail "setup.sh knows no part \"$part\"" "use: $self program runtime" ;;
	esac
done
