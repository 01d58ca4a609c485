#!/usr/bin/perl
# The stage: makes the namespaces and the root filesystem of one sandbox, then becomes the OCI runtime.
#
#   node ── stage (this, waits) ── pid 1 of a new PID namespace (this, then exec of crun) ── the task
#
# Why Perl: every Debian and Ubuntu has it (perl-base is Essential), it starts in about 3 ms, and its
# syscall() reaches what no installed program does (mount_setattr, open_tree, openat2). Modules are not
# loaded, not even strict: they double the start. `perl -Mstrict -wc` is run on this file by the tests.
#
# Descriptor 3 is a socket to node. Frames both ways: a 32-bit big-endian length and that many bytes, which
# are fields, each with its own 32-bit length. From node comes first one frame, the plan: its fields are
# records of the same form (see to-stage-plan.ts). Node's death is the end of file on 3.
#
# Everything is mounted in a private mount namespace on tmpfs: when the last process is gone nothing is left,
# whatever killed it. When pid 1 has been reaped the kernel has already killed and reaped all of its namespace.

my ($NODE_PID) = @ARGV;

# --- system calls ---------------------------------------------------------------------------------------
# linux/include/uapi/asm-generic/unistd.h (aarch64) and arch/x86/entry/syscalls/syscall_64.tbl. Above 423 both agree.
my $machine = do { my $b = "\0" x 390; my @f; for my $n (63, 160) { if (syscall($n, $b) == 0) { @f = unpack("(Z65)6", $b); last if $f[4] =~ /^(x86_64|aarch64)$/ } } $f[4] };
my %NR = $machine eq "x86_64"
  ? (mount => 165, prctl => 157, unshare => 272, close => 3, ioctl => 16, rt_sigprocmask => 14, signalfd4 => 289, inotify_init1 => 294, inotify_add_watch => 254, prlimit64 => 302, setsid => 112, sched_setaffinity => 203, dup3 => 292, fchown => 93, setgroups => 116, umount2 => 166, kill => 62, fstat => 5)
  : (mount => 40, prctl => 167, unshare => 97, close => 57, ioctl => 29, rt_sigprocmask => 135, signalfd4 => 74, inotify_init1 => 26, inotify_add_watch => 27, prlimit64 => 261, setsid => 157, sched_setaffinity => 122, dup3 => 24, fchown => 55, setgroups => 159, umount2 => 39, kill => 129, fstat => 80);
$NR{$_->[0]} = $_->[1] for [open_tree => 428], [move_mount => 429], [pidfd_open => 434], [close_range => 436], [openat2 => 437], [mount_setattr => 442];

# A number passed to syscall() must not be a string: Perl would pass its address.
sub call { my ($name, @args) = @_; my $r = syscall($NR{$name}, map { defined $_ ? $_ : 0 } @args); return $r }

my ($MS_RDONLY, $MS_NOSUID, $MS_NODEV, $MS_NOEXEC, $MS_BIND, $MS_REC, $MS_PRIVATE) = (1, 2, 4, 8, 4096, 16384, 1 << 18);
my ($ATTR_RDONLY, $ATTR_NOSUID, $ATTR_NODEV, $ATTR_IDMAP) = (1, 2, 4, 0x100000);
my ($O_RDONLY, $O_DIRECTORY, $O_NOFOLLOW, $O_CLOEXEC, $O_PATH) = (0, $machine eq "x86_64" ? (0200000, 0400000) : (040000, 0100000), 02000000, 010000000);
my ($CLONE_NEWNS, $CLONE_NEWUSER, $CLONE_NEWPID) = (0x20000, 0x10000000, 0x20000000);
my ($RESOLVE_NO_SYMLINKS, $RESOLVE_BENEATH, $RESOLVE_IN_ROOT) = (4, 8, 16);
my ($AT_FDCWD, $AT_EMPTY_PATH, $AT_RECURSIVE, $OPEN_TREE_CLONE, $MOVE_MOUNT_EMPTY) = (-100, 0x1000, 0x8000, 1, 4 | 0x40);
my ($SIGHUP, $SIGINT, $SIGQUIT, $SIGKILL, $SIGUSR1, $SIGUSR2, $SIGTERM, $SIGCHLD, $SIGCONT, $SIGSTOP, $SIGWINCH) = (1, 2, 3, 9, 10, 12, 15, 17, 18, 19, 28);
my ($EINTR, $EEXIST, $ENOENT) = (4, 17, 2);

# --- talking to node --------------------------------------------------------------------------------------
open(my $CONTROL, "+<&=", 3) or die "descriptor 3 is missing\n";
fcntl($CONTROL, 2, 1);    # F_SETFD FD_CLOEXEC

sub tell_node {
  my $frame = pack("N/a*", pack("(N/a*)*", @_));
  while (length $frame) {
    my $n = syswrite($CONTROL, $frame);
    if (!defined $n) { next if $!{EINTR} || $! == $EINTR; return }
    substr($frame, 0, $n) = "";
  }
}

# Ends the stage (or pid 1) with a reason; node turns it into the message of an error.
sub fail { tell_node("error", join("", @_)); exit 1 }

my $inbox = "";

# Next complete frame from node as a list of fields; undef at end of file; an empty list when none is there yet.
sub next_frame {
  if (length($inbox) >= 4) {
    my $size = unpack("N", $inbox);
    if (length($inbox) >= 4 + $size) {
      my $frame = substr($inbox, 4, $size);
      substr($inbox, 0, 4 + $size) = "";
      return [unpack("(N/a*)*", $frame)];
    }
  }
  return [];
}

# Reads what node sent; false at end of file.
sub fill_inbox {
  my $n = sysread($CONTROL, $inbox, 1 << 20, length $inbox);
  return 1 if !defined $n && $! == $EINTR;
  return $n;
}

# --- the plan ----------------------------------------------------------------------------------------------
call("prctl", 1, $SIGKILL, 0, 0, 0);    # PR_SET_PDEATHSIG: node's death is ours
exit 1 if getppid() != $NODE_PID;
my $plan = [];
until (@$plan) { fill_inbox() or exit 1; $plan = next_frame() }
my @ops = map { [unpack("(N/a*)*", $_)] } @$plan;
my %setting = map { $_->[1] => $_->[2] } grep { $_->[0] eq "set" } @ops;
my $SCRATCH = $setting{scratch};
my $ROOT = "$SCRATCH/rootfs";

for my $op (@ops) {
  if ($op->[0] eq "cgroup") { write_file($op->[1], "0\n") or fail("cannot enter the cgroup $op->[1]: $!") }
  if ($op->[0] eq "rlimit") { call("prlimit64", 0, $op->[1] + 0, pack("QQ", $op->[2], $op->[2]), 0) == 0 or fail("cannot set resource limit $op->[1]: $!") }
  if ($op->[0] eq "affinity") { call("sched_setaffinity", 0, length $op->[1], $op->[1]) == 0 or fail("cannot set the processors: $!") }
}

# --- namespaces --------------------------------------------------------------------------------------------
sub write_file {
  my ($path, $text) = @_;
  sysopen(my $f, $path, 1) or return 0;
  my $n = syswrite($f, $text);
  return defined $n && $n == length $text && close($f);
}

sub run { my @argv = @_; my $pid = fork(); if (!$pid) { exec { $argv[0] } @argv; exit 127 } return $pid }

# A new user namespace in which 0 is the user; with subordinate ranges where newuidmap and newgidmap are given.
sub enter_user_namespace {
  my ($uid, $gid) = ($setting{uid}, $setting{gid});
  my @ranges = grep { $_->[0] eq "subids" } @ops;
  return enter_mapped_namespace(@ranges) if @ranges;
  call("unshare", $CLONE_NEWUSER | $CLONE_NEWNS | $CLONE_NEWPID) == 0 or fail("cannot make a user namespace: $!");
  write_file("/proc/self/setgroups", "deny") or fail("cannot write /proc/self/setgroups: $!");
  write_file("/proc/self/uid_map", "0 $uid 1") or fail("cannot map the user id: $!");
  write_file("/proc/self/gid_map", "0 $gid 1") or fail("cannot map the group id: $!");
}

# newuidmap works only from outside the namespace: a helper forked before waits until it exists.
sub enter_mapped_namespace {
  my $self = $$;
  pipe(my $ready_r, my $ready_w);
  my $helper = fork();
  defined $helper or fail("cannot fork: $!");
  if ($helper == 0) {
    close($ready_w);
    sysread($ready_r, my $byte, 1) or exit 1;
    my @pids = map { my ($program, @map) = @$_[1 .. $#$_]; run($program, $self, @map) } @_;
    my $bad = 0;
    for (@pids) { waitpid($_, 0); $bad = 1 if $? }
    call("kill", $$, $SIGKILL) if $bad;
    exec { "/bin/true" } "true" if 0;
    CORE::exit($bad);
  }
  close($ready_r);
  call("unshare", $CLONE_NEWUSER | $CLONE_NEWNS | $CLONE_NEWPID) == 0 or fail("cannot make a user namespace: $!");
  syswrite($ready_w, "x");
  waitpid($helper, 0);
  $? == 0 or fail("newuidmap or newgidmap refused the ranges of /etc/subuid and /etc/subgid");
}

if ($setting{mode} eq "user") { enter_user_namespace() }
else { call("unshare", $CLONE_NEWNS | $CLONE_NEWPID) == 0 or fail("cannot make namespaces: $!") }
call("prctl", 1, $SIGKILL, 0, 0, 0);
getppid() == $NODE_PID or exit 1;
mount_at("none", "/", "", $MS_REC | $MS_PRIVATE, "") or fail("cannot make the mounts private: $!");

# --- pid 1 ---------------------------------------------------------------------------------------------------
# Signals wait in a descriptor, so that none is lost between two calls of select.
my $SIGNALS = 0;
$SIGNALS |= 1 << ($_ - 1) for $SIGHUP, $SIGINT, $SIGQUIT, $SIGUSR1, $SIGUSR2, $SIGTERM, $SIGCHLD, $SIGWINCH;
my $blocked = pack("Q", $SIGNALS);
my $empty_set = pack("Q", 0);
call("rt_sigprocmask", 0, $blocked, 0, 8);

pipe(my $alive_r, my $alive_w) or fail("cannot make a pipe: $!");
my $pid1 = fork();
defined $pid1 or fail("cannot fork: $!");
if ($pid1 == 0) {
  close($alive_w);
  call("prctl", 1, $SIGKILL, 0, 0, 0);
  # Died before the line above? Then the pipe has no writer any more. getppid() says 0 in either case here.
  my $set = ""; vec($set, fileno($alive_r), 1) = 1;
  exit 1 if select($set, undef, undef, 0);
  assemble();
  enter_runtime();
}
close($alive_r);
supervise($pid1);

# --- the root filesystem -------------------------------------------------------------------------------------
sub mount_at {
  my ($source, $target, $type, $flags, $data) = @_;
  my ($s, $t, $ty, $d) = ("$source\0", "$target\0", "$type\0", "$data\0");
  return call("mount", $s, $t, $ty, $flags + 0, $d) == 0;
}

# Opens `path` below the directory `dir` (a descriptor, or AT_FDCWD for an absolute path). Symlinks are refused
# unless `resolve` says otherwise: what was checked by its name must be what is mounted.
sub open_path {
  my ($dir, $path, $flags, $resolve) = @_;
  my $p = "$path\0";
  my $how = pack("QQQ", $flags | $O_PATH | $O_CLOEXEC, 0, defined $resolve ? $resolve : $RESOLVE_NO_SYMLINKS);
  return call("openat2", $dir, $p, $how, 24);
}

my ($root_fd, %covered);

# A descriptor of a mount point inside; the directories towards it are made where the place is ours to make them in.
sub open_target {
  my ($target, $type) = @_;
  my $relative = substr($target, 1);
  my $fd = $relative eq "" ? open_path($root_fd, ".", 0, $RESOLVE_BENEATH) : open_path($root_fd, $relative, 0, $RESOLVE_BENEATH | $RESOLVE_NO_SYMLINKS);
  return $fd if $fd >= 0;
  fail("cannot mount at $target: $!") if $! != $ENOENT;
  for (my $at = $target; $at ne ""; $at =~ s{/[^/]*$}{}) { fail("cannot mount at $target: it does not exist in $at") if $covered{$at} }
  make_parents($target);
  if ($type eq "dir") { mkdir("$ROOT$target", 0755) or fail("cannot make $target: $!") }
  else { sysopen(my $f, "$ROOT$target", 0100 | 1, 0644) or fail("cannot make $target: $!") }
  own_below_home($target);
  $fd = open_path($root_fd, $relative, 0, $RESOLVE_BENEATH | $RESOLVE_NO_SYMLINKS);
  $fd >= 0 or fail("cannot mount at $target: $!");
  return $fd;
}

sub make_parents {
  my ($target) = @_;
  my $at = "";
  for my $part (split m{/}, substr($target, 1)) {
    last if "$at/$part" eq $target;
    $at .= "/$part";
    own_below_home($at) if mkdir("$ROOT$at", 0755);
  }
}

# What is made in the task's home belongs to the task.
sub own_below_home {
  my ($path) = @_;
  chown($setting{task_uid}, $setting{task_gid}, "$ROOT$path") if index("$path/", "$setting{home}/") == 0;
}

# Puts a detached mount on a target, with attributes on it and everything below.
sub attach {
  my ($tree, $target_fd, $attributes, $what) = @_;
  set_attributes($tree, $attributes, 0) or fail("cannot protect $what: $!");
  my $e = "\0"; my $e2 = "\0";
  call("move_mount", $tree, $e, $target_fd, $e2, $MOVE_MOUNT_EMPTY) == 0 or fail("cannot mount $what: $!");
}

sub set_attributes {
  my ($tree, $attributes, $userns_fd) = @_;
  my $attr = pack("QQQQ", $attributes, 0, 0, $userns_fd);
  my $e = "\0";
  return call("mount_setattr", $tree, $e, $AT_EMPTY_PATH | $AT_RECURSIVE, $attr, 32) == 0;
}

sub clone_tree {
  my ($fd) = @_;
  my $e = "\0";
  return call("open_tree", $fd, $e, $OPEN_TREE_CLONE | $O_CLOEXEC | $AT_EMPTY_PATH);
}

# Overlay layers are named through /proc/self/fd: no character of a path needs escaping, nobody can swap a component in
# between, and the task reads no host path in its mountinfo.
sub via { return "/proc/self/fd/$_[0]" }

my ($empty_dir_fd, $empty_file, @mount_points);

sub assemble {
  mount_at("proc", "/proc", "proc", $MS_NOSUID | $MS_NODEV | $MS_NOEXEC, "") or fail("cannot mount a new /proc: $!");
  # crun 1.8 refuses hybrid cgroups by looking at the file system there.
  if (-d "/sys/fs/cgroup/unified") { mount_at("/sys/fs/cgroup/unified", "/sys/fs/cgroup", "", $MS_BIND, "") }
  read_mount_points();
  mount_at("tmpfs", $SCRATCH, "tmpfs", $MS_NOSUID | $MS_NODEV, "mode=0711") or fail("cannot mount a tmpfs on $SCRATCH: $!");
  mkdir("$SCRATCH/$_->[0]", $_->[1]) for ["rootfs", 0755], ["empty", 0755], ["runtime", 0700], ["started", 0700];
  mount_at("tmpfs", $ROOT, "tmpfs", $MS_NOSUID | $MS_NODEV, "mode=0755") or fail("cannot mount a tmpfs on $ROOT: $!");
  $root_fd = open_path($AT_FDCWD, $ROOT, $O_DIRECTORY, 0);
  $empty_dir_fd = open_path($AT_FDCWD, "$SCRATCH/empty", $O_DIRECTORY, 0);
  $root_fd >= 0 && $empty_dir_fd >= 0 or fail("cannot open $ROOT: $!");
  umask 0;
  my %do = (dir => \&do_dir, link => \&do_link, file => \&do_file, copy => \&do_copy, tmpfs => \&do_tmpfs, readonly => \&do_readonly, optional => \&do_optional, overlay => \&do_overlay, hidden => \&do_hidden);
  for my $op (@ops) { my ($verb, @args) = @$op; $do{$verb}->(@args) if $do{$verb} }
  umask 022;
  my $tree_attr = pack("QQQQ", $ATTR_RDONLY | $ATTR_NOSUID | $ATTR_NODEV, 0, 0, 0);
  my $e = "\0";
  my $root_mount = open_path($AT_FDCWD, $ROOT, $O_DIRECTORY, 0);
  call("mount_setattr", $root_mount, $e, $AT_EMPTY_PATH, $tree_attr, 32) == 0 or fail("cannot make the root read-only: $!");
}

# Mount points of the host: an overlay does not show what is mounted below its lower directory.
sub read_mount_points {
  open(my $f, "<", "/proc/self/mountinfo") or fail("cannot read the mounts: $!");
  while (my $line = <$f>) {
    my $at = (split / /, $line)[4];
    $at =~ s/\\([0-7]{3})/chr oct $1/ge;
    push @mount_points, $at;
  }
}

sub has_submounts { my ($dir) = @_; return scalar grep { index($_, "$dir/") == 0 } @mount_points }

sub do_dir { my ($path) = @_; make_parents($path); mkdir("$ROOT$path", 0755) or -d "$ROOT$path" or fail("cannot make $path: $!") }
sub do_link { my ($path, $to) = @_; make_parents($path); symlink($to, "$ROOT$path") or fail("cannot make the link $path: $!") }

sub do_file {
  my ($path, $text) = @_;
  make_parents($path);
  sysopen(my $f, "$ROOT$path", 0100 | 1, 0644) or fail("cannot make $path: $!");
  syswrite($f, $text);
}

# A small world-readable file of the host, by content: no host inode is in reach. What is not there is left out.
sub do_copy {
  my ($path) = @_;
  if (-l $path) { my $to = readlink($path); return do_link($path, $to) if $to =~ m{^(\.\./|/)usr/} }
  sysopen(my $f, $path, 04000) or return;    # O_NONBLOCK: a FIFO must not hold us
  my @st = stat($f);
  return if !-f _ || !($st[2] & 4) || $st[7] > (1 << 22);
  my $text = "";
  while (my $n = sysread($f, $text, 1 << 16, length $text)) { }
  do_file($path, $text);
}

sub do_tmpfs {
  my ($target, $mode, $uid, $gid, $options) = @_;
  my $fd = open_target($target, "dir");
  mount_at("tmpfs", via($fd), "tmpfs", $MS_NOSUID | $MS_NODEV, "mode=$mode,uid=$uid,gid=$gid,$options") or fail("cannot mount a tmpfs on $target: $!");
  call("close", $fd);
}

# System directories: a missing one is not an error.
sub do_optional { my ($target, $source) = @_; do_readonly($target, $source) if -e $source }

sub do_readonly {
  my ($target, $source) = @_;
  my $fd = open_path($AT_FDCWD, $source, 0);
  $fd >= 0 or fail("cannot open $source: $!");
  my $type = type_of($fd);
  if ($type eq "file") { bind_file($fd, $target, $source) }
  elsif ($type ne "dir") { fail("$source is neither a directory nor a file") }
  elsif (has_submounts($source)) { readonly_children($source, $target, 0) }
  else { readonly_dir($fd, $target, $source) }
  call("close", $fd);
}

sub type_of {
  my ($fd) = @_;
  my $path = via($fd);
  return -d $path ? "dir" : -f _ ? "file" : "other";
}

sub readonly_dir {
  my ($fd, $target, $source) = @_;
  my $at = open_target($target, "dir");
  mount_at("overlay", via($at), "overlay", $MS_RDONLY | $MS_NOSUID | $MS_NODEV, "lowerdir=" . via($fd) . ":" . via($empty_dir_fd) . ",redirect_dir=nofollow,metacopy=off,index=off,xino=off") or fail("cannot mount $source read-only: $!");
  call("close", $at);
  $covered{$target} = 1;
}

sub bind_file {
  my ($fd, $target, $source) = @_;
  my $tree = clone_tree($fd);
  $tree >= 0 or fail("cannot clone $source: $!");
  my $at = open_target($target, "file");
  attach($tree, $at, $ATTR_RDONLY | $ATTR_NOSUID | $ATTR_NODEV, $source);
  call("close", $_) for $tree, $at;
}

# A directory with mounts below: its children one by one. Sockets, devices and FIFOs are left out.
sub readonly_children {
  my ($source, $target, $depth) = @_;
  fail("$source has mounts nested too deeply") if $depth > 8;
  do_dir($target);
  opendir(my $dir, $source) or fail("cannot read $source: $!");
  my @names = grep { $_ ne "." && $_ ne ".." } readdir($dir);
  fail("$source has too many entries to mount one by one") if @names > 4096;
  for my $name (@names) {
    my ($from, $to) = ("$source/$name", "$target/$name");
    if (-l $from) { symlink(readlink($from), "$ROOT$to") }
    elsif (-d _ && has_submounts($from)) { readonly_children($from, $to, $depth + 1) }
    elsif (-d _ || -f _) {
      my $fd = open_path($AT_FDCWD, $from, 0);
      next if $fd < 0;
      if (type_of($fd) eq "dir") { readonly_dir($fd, $to, $from) } else { bind_file($fd, $to, $from) }
      call("close", $fd);
    }
  }
}

sub do_overlay {
  my ($target, $lower, $upper, $work, $idmap) = @_;
  my @fds = map { my $fd = open_path($AT_FDCWD, $_, $O_DIRECTORY); $fd >= 0 or fail("cannot open $_: $!"); $fd } $lower, $upper, $work;
  $fds[0] = swap_root($fds[0], $lower) if $idmap eq "swap-root";
  my $at = open_target($target, "dir");
  my $options = "lowerdir=" . via($fds[0]) . ",upperdir=" . via($fds[1]) . ",workdir=" . via($fds[2]);
  mount_at("overlay", via($at), "overlay", $MS_NOSUID | $MS_NODEV, "$options,userxattr,redirect_dir=nofollow,metacopy=off,index=off,xino=off,volatile")
    or fail("cannot mount the overlay of $lower: $!");
  call("close", $_) for @fds, $at;
  $covered{$target} = 1;
}

# The lower directory with host id 0 and the task's id exchanged: root's files are the task's inside.
sub swap_root {
  my ($fd, $lower) = @_;
  my $tree = clone_tree($fd);
  $tree >= 0 or fail("cannot clone $lower: $!");
  my $ns = swapped_namespace();
  set_attributes($tree, $ATTR_IDMAP | $ATTR_RDONLY, $ns) or fail("cannot map the ids of $lower: $!");
  call("close", $ns);
  mkdir("$SCRATCH/lower-$fd", 0700);
  my $at = open_path($AT_FDCWD, "$SCRATCH/lower-$fd", $O_DIRECTORY, 0);
  my ($e, $e2) = ("\0", "\0");
  call("move_mount", $tree, $e, $at, $e2, $MOVE_MOUNT_EMPTY) == 0 or fail("cannot mount $lower: $!");
  call("close", $at);
  return $tree;
}

# A descriptor of a user namespace whose maps exchange 0 and the task's id and keep all others.
sub swapped_namespace {
  pipe(my $up_r, my $up_w); pipe(my $down_r, my $down_w);
  my $pid = fork();
  defined $pid or fail("cannot fork: $!");
  if ($pid == 0) {
    close($down_w);
    call("unshare", $CLONE_NEWUSER);
    syswrite($up_w, "x");
    sysread($down_r, my $byte, 1);
    exit 0;
  }
  close($down_r);
  sysread($up_r, my $byte, 1);
  write_file("/proc/$pid/uid_map", swap_map($setting{task_uid})) or fail("cannot write a uid_map: $!");
  write_file("/proc/$pid/gid_map", swap_map($setting{task_gid})) or fail("cannot write a gid_map: $!");
  my $path = "/proc/$pid/ns/user\0";
  my $how = pack("QQQ", $O_CLOEXEC, 0, 0);
  my $ns = call("openat2", $AT_FDCWD, $path, $how, 24);
  $ns >= 0 or fail("cannot open the user namespace: $!");
  close($down_w);
  waitpid($pid, 0);
  return $ns;
}

sub swap_map {
  my ($id) = @_;
  my $map = "0 $id 1\n$id 0 1\n";
  $map .= "1 1 " . ($id - 1) . "\n" if $id > 1;
  return $map . ($id + 1) . " " . ($id + 1) . " " . (4294967294 - $id) . "\n";
}

sub do_hidden {
  my ($target, $type) = @_;
  if ($type eq "dir") {
    my $at = open_target($target, "dir");
    mount_at("tmpfs", via($at), "tmpfs", $MS_RDONLY | $MS_NOSUID | $MS_NODEV, "mode=000,size=4k,nr_inodes=2") or fail("cannot hide $target: $!");
    call("close", $at);
    return;
  }
  $empty_file ||= do { sysopen(my $f, "$SCRATCH/nothing", 0100 | 1, 0) or fail("cannot make an empty file: $!"); "$SCRATCH/nothing" };
  my $fd = open_path($AT_FDCWD, $empty_file, 0, 0);
  bind_file($fd, $target, $target);
  call("close", $fd);
}

# --- becoming the runtime ------------------------------------------------------------------------------------
sub enter_runtime {
  check_program();
  for my $op (@ops) { if ($op->[0] eq "config") { sysopen(my $f, "$SCRATCH/config.json", 0100 | 1, 0600) or fail("cannot write the bundle: $!"); syswrite($f, $op->[1]) } }
  my @argv = map { my $a = $_; $a =~ s{^\@/}{$SCRATCH/}; $a } map { @$_[1 .. $#$_] } grep { $_->[0] eq "runtime" } @ops;
  chdir($SCRATCH) or fail("cannot enter $SCRATCH: $!");
  call("rt_sigprocmask", 2, $empty_set, 0, 8);
  call("close_range", 4, 0xffffffff, 4);    # CLOSE_RANGE_CLOEXEC: nothing of ours reaches the task
  exec { $argv[0] } @argv or fail("cannot start $argv[0]: $!");
}

# Says beforehand that the command is missing (127) or cannot be run (126), by looking where the task will look.
sub check_program {
  my $name = $setting{program};
  my $cwd = open_path($root_fd, substr("$setting{cwd}/", 1), $O_DIRECTORY, $RESOLVE_IN_ROOT);
  $cwd >= 0 or fail("the working directory $setting{cwd} is not in the sandbox: $!");
  my @places = $name =~ m{/} ? ($name =~ m{^/} ? $name : "$setting{cwd}/$name") : map { ($_ eq "" ? $setting{cwd} : $_) . "/$name" } split(/:/, $setting{path}, -1);
  my $seen;
  for my $place (@places) {
    my $problem = program_problem($place);
    return if !defined $problem;
    $seen ||= $problem if $problem ne "";
  }
  if ($seen) { tell_node("missing", 126, $seen) } else { tell_node("missing", 127, "$name: command not found in the sandbox") }
  exit 0;
}

# undef: can be run; "": not there; else why it cannot.
sub program_problem {
  my ($place) = @_;
  my $fd = open_path($root_fd, $place, 0, $RESOLVE_IN_ROOT);
  return "" if $fd < 0;
  my @st = stat(via($fd));
  call("close", $fd);
  return "$place: is a directory" if -d _;
  return "$place: is not a program" if !-f _;
  return "$place: permission denied" if !($st[2] & 0111);
  return undef;
}

# --- waiting -------------------------------------------------------------------------------------------------
sub supervise {
  my ($pid) = @_;
  my $signal_fd = call("signalfd4", -1, $blocked, 8, $O_CLOEXEC);
  open(my $signals, "<&=", $signal_fd);
  my $started = 0;
  while (1) {
    my $set = ""; vec($set, $_, 1) = 1 for 3, $signal_fd;
    my $n = select(my $readable = $set, undef, undef, undef);
    next if $n < 0;
    if (vec($readable, 3, 1)) { fill_inbox() or kill_and_leave($pid); obey($pid, $_) while @{ $_ = next_frame() } }
    if (vec($readable, $signal_fd, 1)) {
      sysread($signals, my $info, 128);
      my $signal = unpack("L", $info);
      if ($signal != $SIGCHLD) { kill($signal, $pid) }
      elsif (waitpid($pid, 1) == $pid) { report($?); exit 0 }
    }
  }
}

# Node is gone or says so: pid 1 dies, and with it its namespace. The wait proves it.
sub kill_and_leave { my ($pid) = @_; kill($SIGKILL, $pid); waitpid($pid, 0); exit 1 }

sub obey {
  my ($pid, $frame) = @_;
  my ($verb, @args) = @$frame;
  kill($args[0], $pid) if $verb eq "signal";
}

sub report {
  my ($status) = @_;
  my $log = "";
  if (sysopen(my $f, "$SCRATCH/log", 0)) { sysread($f, $log, 4096) }
  my $begun = -s "$SCRATCH/started/pid" ? 1 : 0;
  tell_node("exit", $status & 127, $status >> 8, $begun, $log);
}
