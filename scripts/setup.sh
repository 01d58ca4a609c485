#!/bin/sh
# Set-up, once: `setup.sh program` installs npm packages and builds, `setup.sh runtime` installs an OCI runtime.
# Idempotent, under a lock, and silent where nothing is missing. `SANDBOX_NO_SETUP=1` turns doing into telling.
# Exit 0: it is there. Exit 125: it is not, and one line says which command would mend it.
# SETUP_JSON=1 puts the error on stdout as the command line's `--json` does.
set -u
umask 022
case $0 in
*/*) root=${0%/*}/.. ;;
*) root=.. ;;
esac
root=$(CDPATH= cd -- "$root" && pwd -P) || exit 125
. "$root/scripts/install-packages.sh"
caller_path=${PATH-}
PATH=$SYSTEM_PATH
export PATH
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
		command -v "$runtime" >/dev/null 2>&1 && return 1
	done
	return 0
}

perl_is_missing() {
	! command -v perl >/dev/null 2>&1
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
	remember_node
}

# Runs a program in $root with the lock's descriptor closed, so that nothing it leaves behind can hold it. Only
# here the chosen Node's directory is on the PATH: npm's scripts call node by its name.
logged() {
	(cd -- "$root" && PATH=${node%/*}:$PATH && exec "$@" >>"$SETUP_LOG" 2>&1 </dev/null 9<&-)
}

fail_with_log() {
	tail -n 15 "$SETUP_LOG" | sed 's/^/  | /' >&2
	fail "$1" "see $SETUP_LOG, then run: $self program"
}

# Sets `node` and `npm`. The launcher knows where a Node may lie: it has chosen one, or is asked to.
find_node() {
	node=${SANDBOX_NODE:-$(PATH=$caller_path /bin/sh "$root/sandbox" --node-path)} || exit 125
	said=$("$node" -p 'process.versions.node.split(".")[0] + " " + process.execPath' 2>/dev/null) || said=0
	[ "${said%% *}" -ge 20 ] ||
		fail "$node is Node ${said%% *}; 20 or newer is needed" "install Node 20 or newer: https://nodejs.org"
	case $said in
	*" /"*) binary=${said#* } ;;
	*) binary=$node ;;
	esac
	for npm in "${binary%/*}/npm" "${node%/*}/npm" "$(command -v npm)"; do
		[ ! -x "$npm" ] || return 0
	done
	fail "npm is not installed beside $node" "install npm"
}

# The next start takes this Node without a look at the PATH. One that lies in a project is not remembered; a version
# manager's own checkout (~/.nvm) is none.
remember_node() {
	folder=${binary%/*}
	while [ -n "$folder" ]; do
		case ${folder##*/} in
		.*) ;;
		*) [ ! -e "$folder/.git" ] && [ ! -e "$folder/package.json" ] || return 0 ;;
		esac
		folder=${folder%/*}
	done
	[ -x "$binary" ] || return 0
	printf '%s\n' "$binary" >"$root/dist/node-path.$$" && mv -f "$root/dist/node-path.$$" "$root/dist/node-path"
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
