# Sourced by setup.sh and test.sh: which package manager there is, what it calls things, and who may call it.
# Every function speaks on stderr or in variables only, so that the stdout of a run stays the task's.

# The only place where programs of the system are looked up: the caller's PATH can lead into a workspace.
SYSTEM_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Sets PACKAGE_MANAGER to the first known one, or to nothing.
find_package_manager() {
	PACKAGE_MANAGER=
	for PACKAGE_MANAGER in apt-get dnf apk pacman zypper; do
		PATH=$SYSTEM_PATH command -v "$PACKAGE_MANAGER" >/dev/null 2>&1 && return 0
	done
	PACKAGE_MANAGER=
}

# Sets PRIVILEGE to how root is reached: "" as root, "sudo -n" where sudo asks nothing. Else it returns 1.
find_privilege() {
	PRIVILEGE=
	[ "$(PATH=$SYSTEM_PATH id -u)" -eq 0 ] && return 0
	PATH=$SYSTEM_PATH command -v sudo >/dev/null 2>&1 && PATH=$SYSTEM_PATH sudo -n true >/dev/null 2>&1 </dev/null || return 1
	PRIVILEGE="sudo -n"
}

# The command a person would type for packages $*, without sudo.
install_command() {
	case $PACKAGE_MANAGER in
	apt-get) echo "apt-get install -y --no-install-recommends $*" ;;
	dnf) echo "dnf install -y $*" ;;
	apk) echo "apk add $*" ;;
	pacman) echo "pacman -S --noconfirm --needed $*" ;;
	zypper) echo "zypper --non-interactive install $*" ;;
	esac
}

# Installs packages $* and writes what the manager says to $SETUP_LOG. Package lists are fetched only where
# the first try fails: on a fresh machine they are empty.
install_packages() {
	package_manager_run "$(install_command "$@")" && return 0
	case $PACKAGE_MANAGER in
	apt-get) package_manager_run "apt-get update" || return 1 ;;
	pacman) package_manager_run "pacman -Sy --noconfirm" || return 1 ;;
	*) return 1 ;;
	esac
	package_manager_run "$(install_command "$@")"
}

# $1 is one of the command lines above, made of words without blanks: it is split on purpose.
package_manager_run() {
	case $1 in
	apt-get*) set -- ${PRIVILEGE} env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 ${1#apt-get } ;;
	*) set -- ${PRIVILEGE} $1 ;;
	esac
	printf '%s\n' "+ $*" >>"$SETUP_LOG"
	PATH=$SYSTEM_PATH "$@" >>"$SETUP_LOG" 2>&1 </dev/null
}
