#!/bin/sh
# What `npm test` runs: installs what the tests need, builds, compiles the tests and runs them all.
# Arguments narrow it: `npm test -- overlay commit/plan-commit` runs the test files whose paths hold one of them. `all` is
# as none.
set -u
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
cd -- "$root" || exit 1
. scripts/install-packages.sh
build=dist/test-build

say() {
	printf 'test: %s\n' "$1" >&2
}

# Programs the tests run, each with Debian's package of it.
missing_packages() {
	while read -r program package; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null 2>&1 || printf '%s ' "$package"
	done <<-LIST
		crun crun
		runc runc
		newuidmap uidmap
		getfattr attr
		setfacl acl
		setpriv util-linux
		script bsdutils
		strace strace
		busybox busybox-static
		gcc gcc
		mkfs.ext4 e2fsprogs
		mkfs.xfs xfsprogs
		mkfs.btrfs btrfs-progs
		python3 python3
		git git
		bash bash
		zsh zsh
		fish fish
		go golang-go
		java default-jdk-headless
		runsc runsc
		dockerd docker.io
		docker docker.io
		docker-compose docker-compose
		iptables iptables
		sshd openssh-server
		ssh openssh-client
		openssl openssl
		mmdebstrap mmdebstrap
		xmllint libxml2-utils
	LIST
	[ -e /usr/include/stdio.h ] || printf 'libc6-dev '
}

# Missing and not to be had is an error where a machine judges (CI), a loud notice where a person works: the
# tests that need it then say so themselves.
install_what_is_missing() {
	missing=$(missing_packages)
	[ -n "$missing" ] || return 0
	find_package_manager
	if [ "$PACKAGE_MANAGER" = apt-get ] && find_privilege; then
		say "installing $missing"
		SETUP_LOG=$root/dist/test-packages.log
		: >"$SETUP_LOG"
		install_packages $missing && return 0
		tail -n 20 "$SETUP_LOG" >&2
	fi
	say "MISSING: $missing"
	say "as root on Debian or Ubuntu: apt-get install -y --no-install-recommends $missing"
	[ "${CI-}" != true ] || exit 1
	say "going on without: tests that need them will say so"
}

compile() {
	rm -rf "$build" && mkdir -p "$build" &&
		node_modules/.bin/tsc -p tsconfig.json --outDir "$build" &&
		copy_assets
}

# Sources that are not TypeScript (and what the code looks up beside itself) go where the compiled code is.
copy_assets() {
	(cd src && find . -type f ! -name '*.ts' -print) | while read -r file; do
		mkdir -p "$build/src/${file%/*}" && cp "src/$file" "$build/src/$file" || return 1
	done
	for folder in profiles schemas; do
		[ ! -d "$folder" ] || cp -R "$folder" "$build/"
	done
}

test_files() {
	find "$build/test" -name '*.test.js' | sort
}

# What does not fit into a quarter of an hour on two processors. Suites over all engines and runtimes are brief instead.
is_slow() {
	case $1 in
	*/commit/fault-* | */hostile/* | */agents/large-* | */cli/seal-matrix.* | */compose/* | */engine/carried-remote.* | */escape/escape-docker-remote.*) return 0 ;;
	*) return 1 ;;
	esac
}

# Those of the files on stdin whose paths hold one of the arguments. `all` holds for each; none: what is not slow.
choose() {
	while read -r file; do
		[ $# -gt 0 ] || is_slow "$file" || echo "$file"
		for part in "$@"; do
			[ "$part" = all ] && echo "$file" && break
			case $file in *"$part"*) echo "$file" && break ;; esac
		done
	done
}

# What failed, once more at the very end: the tail of a log tells it.
name_failures() {
	perl -ne '
		if (s/^ *not ok [0-9]+ - //) { chomp($name = $_); $place = "" }
		elsif (/^ *location: *(\S+)/) { $place = $1 if defined $name }
		elsif (/^ *failureType:/ && defined $name) {
			print "FAILED $name $place\n" unless /subtestsFailed/ || $name =~ /# TODO$/;
			undef $name;
		}
	' "$results"
}

sh scripts/setup.sh program || exit 1
install_what_is_missing
node scripts/build.mjs || exit 1
compile || exit 1
files=$(test_files | choose "$@")
[ $# -gt 0 ] || export SANDBOX_TEST_BRIEF=1
if [ -z "$files" ]; then
	say "no test file matches"
	[ $# -eq 0 ] || exit 1
	exit 0
fi
# One Docker daemon for all tests, where there can be one; the tests that need it say so if not.
with_docker() {
	if [ "$(id -u)" -eq 0 ] && PATH=$PATH:/usr/sbin:/sbin command -v dockerd >/dev/null 2>&1; then
		node --enable-source-maps "$build/test/support/with-private-docker.js" "$@"
	else
		"$@"
	fi
}

# One file more than there are processors: much of a file's time is waiting for a daemon. Nothing asserts on a clock.
concurrency=${SANDBOX_TEST_CONCURRENCY:-$(($(nproc) + 1))}
# The paths below dist/ hold no blanks. One file may hang without taking the run with it: --test-timeout.
results=$root/dist/test-results.tap
with_docker node --enable-source-maps --test --test-concurrency="$concurrency" --test-timeout=600000 \
	--test-reporter=spec --test-reporter-destination=stdout \
	--test-reporter=tap --test-reporter-destination="$results" $files
code=$?
grep '^# [a-z_]* [0-9.]*$' "$results" | tail -n 8
name_failures
exit "$code"
