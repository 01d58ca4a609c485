#!/usr/bin/perl
# The stage: makes the namespaces and the root filesystem of one sandbox, then becomes the OCI runtime.
#
#   node ── stage (this, waits) ── pid 1 of a new PID namespace (this, then exec of crun) ── the task
#
# Why Perl: every Debian and Ubuntu has it (perl-base is Essential), it starts in 3 ms, and its syscall() reaches what
# no installed program does (mount_setattr, open_tree, openat2). Parsing is the greater part of the start: no module is
# loaded, not even strict (the tests run `perl -Mstrict -wc` on this file), and what most runs do not need is in
# stage-more.pl.
#
# Descriptor 3 is a socket to node. Frames both ways: a 32-bit big-endian length and that many bytes, which are fields,
# each with its own 32-bit length. From node comes first the plan, in two
# frames, the first as soon as the stage is started: its fields are records of the same form (to-stage-plan.ts).
# Node's death is the end of file on 3.
#
# Everything is mounted in a private mount namespace, on tmpfs: when the last process is gone nothing is left, whatever
# killed it. When pid 1 has been reaped, the kernel has killed and reaped all of its namespace before (pid_namespaces(7)).
#
# Arguments: node's process id, and which of the task's streams are to be pipes (letters of "ioe").

# Numbers of x86-64 and, second, of aarch64; from 424 on all architectures agree. Names as in syscalls(2).
sub numbers { my ($column) = @_; return map { my ($name, @n) = split; $name => $n[$column] } @{$_[1]} }
my $machine = 0 + (-e "/lib/ld-linux-aarch64.so.1" && !-e "/lib64/ld-linux-x86-64.so.2");
our %NR = (numbers($machine, ["mount 165 40", "prctl 157 167", "unshare 272 97", "close 3 57", "ioctl 16 29",
  "rt_sigprocmask 14 135", "signalfd4 289 74", "inotify_init1 294 26", "inotify_add_watch 254 27", "setsid 112 157",
  "sched_setaffinity 203 122", "setgroups 116 159", "dup3 292 24", "setns 308 268", "sendmsg 46 211"]), open_tree => 428, move_mount => 429,
  close_range => 436, openat2 => 437, mount_setattr => 442);
our ($O_DIRECTORY, $O_NONBLOCK, $O_CLOEXEC, $O_PATH) = ($machine ? 040000 : 0200000, 04000, 02000000, 010000000);
our ($MS_RDONLY, $MS_NOSUID, $MS_NODEV, $MS_NOEXEC, $MS_BIND, $MS_REC_PRIVATE) = (1, 2, 4, 8, 4096, 16384 | 1 << 18);
our ($READ_ONLY, $IDMAP) = (1 | 2 | 4, 0x100000);    # MOUNT_ATTR_RDONLY | NOSUID | NODEV, MOUNT_ATTR_IDMAP
our ($NO_SYMLINKS, $BENEATH, $IN_ROOT) = (4, 8, 16);    # RESOLVE_* of openat2(2)
our ($AT_FDCWD, $EMPTY_PATH, $RECURSIVE) = (-100, 0x1000, 0x8000);
our ($NEW_USER, $NEW_NET, $NEW_NS_AND_PID) = (0x10000000, 0x40000000, 0x20000 | 0x20000000);
our ($KILL, $CHILD) = (9, 17);

our ($node_pid, $streams) = @ARGV;
our $outside = readlink("/proc/self/ns/pid");    # the PID namespace that no signal of ours may reach as a whole
our (@ops, %setting, $scratch, $root, $root_fd, $empty_fd, @mount_points, %sealed, $inbox, %pipe_end, $inotify);

# syscall() passes the address of what is a string and the value of what is a number.
sub call { my $name = shift; return syscall($NR{$name}, @_) }

# Loads the functions that only some runs need, and calls one.
sub more { my ($name, @args) = @_; our $loaded ||= do { (my $file = $0) =~ s/\.pl$/-more.pl/; require $file; 1 }; no strict "refs"; return &$name(@args) }

# --- talking to node ---------------------------------------------------------------------------------------
sub tell_node {
  my $frame = pack("N/a*", pack("(N/a*)*", @_));
  while (length $frame) {
    my $n = syswrite(CONTROL, $frame);
    if (defined $n) { substr($frame, 0, $n) = "" }
    elsif ($! != 4) { return }    # not EINTR
  }
}

# Ends this process with a reason; node makes it the message of an error.
sub fail { tell_node("error", join("", @_)); exit 1 }

# Reads what node sent; false at end of file.
sub fill_inbox {
  my ($from) = @_;
  my $n = sysread($from || \*CONTROL, $inbox, 1 << 20, length $inbox);
  return defined $n ? $n : $! == 4;
}

# The next complete frame from node, or nothing.
sub next_frame {
  return if length($inbox) < 4;
  my $size = unpack("N", $inbox);
  return if length($inbox) < 4 + $size;
  my $frame = substr($inbox, 4, $size);
  substr($inbox, 0, 4 + $size) = "";
  return [unpack("(N/a*)*", $frame)];
}

sub write_file {
  my ($path, $text) = @_;
  sysopen(my $f, $path, 1 | 0100, 0600) or return 0;
  my $n = syswrite($f, $text);
  return defined $n && $n == length $text && close($f);
}

# --- the course of things -----------------------------------------------------------------------------------
sub main {
  open(CONTROL, "+<&=", 3) or die "descriptor 3 is missing\n";
  fcntl(CONTROL, 2, 1);    # F_SETFD, FD_CLOEXEC
  call("setsid");    # the user's terminal is not the controlling terminal of anything in here
  die_with_parent();
  exit 1 if getppid() != $node_pid;
  offer_pipes();
  take_plan(read_frame());
  if ($setting{mode} eq "root") { chown($setting{task_uid}, $setting{task_gid}, $_) for values %pipe_end }    # it may open /dev/stdout again
  enter_namespaces();
  more("open_gateway") if $setting{gateway};
  # Signals wait in a descriptor, so that none is lost between two calls of select().
  my $signals = 0;
  $signals |= 1 << ($_ - 1) for 1, 2, 3, 10, 12, 15, $CHILD, 28;    # HUP INT QUIT USR1 USR2 TERM CHLD WINCH
  my $blocked = pack("Q", $signals);
  call("rt_sigprocmask", 0, $blocked, 0, 8);
  $inotify = call("inotify_init1", $O_CLOEXEC);
  my @pty = $setting{terminal} ? more("open_pty") : ();
  pipe(my $plan_r, my $plan_w) or fail("cannot make a pipe: $!");
  my $pid = fork();
  defined $pid or fail("cannot fork: $!");
  if ($pid == 0) {
    close($plan_w);
    $inbox = "";    # what is left in it is the parent's to pass on
    die_with_parent();
    assemble_base();
    more("exchanged_namespace") if $setting{exchange};    # while node is at the rest of the plan
    our $from_parent = $plan_r;
    take_plan(read_frame($plan_r));    # also shows that the parent was alive after the line before the last
    assemble_rest();
    become_runtime(@pty);
  }
  close($plan_r);
  pass_on_plan($plan_w);
  supervise($pid, call("signalfd4", -1, $blocked, 8, $O_CLOEXEC), @pty);
}

sub die_with_parent { call("prctl", 1, $KILL, 0, 0, 0) }    # PR_SET_PDEATHSIG

# Real pipes for the task (node would give it sockets, and those cannot be opened again as /dev/stdout). Node opens its
# ends through /proc/<pid>/fd before it sends the plan.
sub offer_pipes {
  my @offer;
  for my $letter (split //, $streams) {
    pipe(my $r, my $w) or fail("cannot make a pipe: $!");
    my ($ours, $theirs) = $letter eq "i" ? ($r, $w) : ($w, $r);
    $pipe_end{$letter} = $ours;
    $pipe_end{"node's $letter"} = $theirs;
    push @offer, fileno($theirs);
  }
  tell_node("pipes", @offer);
}

# The next frame from node, or from the parent; the end of the other side is ours.
sub read_frame {
  my ($from) = @_;
  my $frame;
  until ($frame = next_frame()) { fill_inbox($from) or exit 1 }
  return $frame;
}

sub take_plan {
  my ($records) = @_;
  @ops = map { [unpack("(N/a*)*", $_)] } @$records;
  $setting{$_->[1]} = $_->[2] for ops("set");
  $scratch = $setting{scratch};
  $root = "$scratch/rootfs";
}

# The second half of the plan is for pid 1. When it comes, node has opened its ends of the pipes.
sub pass_on_plan {
  my ($to) = @_;
  my $frame = read_frame();
  my $bytes = pack("N/a*", pack("(N/a*)*", @$frame));
  while (length $bytes) { my $n = syswrite($to, $bytes); last if !defined $n; substr($bytes, 0, $n) = "" }
  close($_) for values %pipe_end;
}

# The records of the plan with this verb.
sub ops { my ($verb) = @_; return grep { $_->[0] eq $verb } @ops }

# The network is the runtime's to make, except where node listens in it.
sub namespaces { return $NEW_NS_AND_PID | ($setting{gateway} ? $NEW_NET : 0) }

sub enter_namespaces {
  if ($setting{mode} eq "root") { call("unshare", namespaces()) == 0 or fail("cannot make namespaces: $!") }
  elsif (ops("idmap")) { more("enter_mapped_namespace") }
  else {
    call("unshare", $NEW_USER | namespaces()) == 0 or fail("cannot make a user namespace: $!");
    write_file("/proc/self/setgroups", "deny") or fail("cannot write /proc/self/setgroups: $!");
    write_file("/proc/self/uid_map", "0 $setting{uid} 1") or fail("cannot map the user id: $!");
    write_file("/proc/self/gid_map", "0 $setting{gid} 1") or fail("cannot map the group id: $!");
  }
  share_user_limits() if $setting{mode} ne "root";
  die_with_parent();    # forgotten when credentials change
  exit 1 if getppid() != $node_pid;
  mount_at("none", "/", "", $MS_REC_PRIVATE, "") or fail("cannot make the mounts private: $!");
}

# A user's task has the user's own host id, and these are counted for each id: it may take half of them at most
# (/proc/sys/user of the namespace, user_namespaces(7)).
sub share_user_limits {
  for my $kind (qw(instances watches)) {
    open(my $f, "<", "/proc/sys/fs/inotify/max_user_$kind") or next;
    write_file("/proc/sys/user/max_inotify_$kind", int(<$f> / 2));
  }
}

# --- the root filesystem -------------------------------------------------------------------------------------
# What is the same in all sandboxes; node is still making its mind up about the rest.
sub assemble_base {
  mount_at("proc", "/proc", "proc", $MS_NOSUID | $MS_NODEV | $MS_NOEXEC, "") or fail("cannot mount a new /proc: $!");
  read_mount_points();
  # Others may pass through: the runtime's first process is no root on the host.
  mount_at("tmpfs", $scratch, "tmpfs", $MS_NOSUID | $MS_NODEV, "mode=0711") or fail("cannot mount a tmpfs on $scratch: $!");
  umask 0;
  mkdir("$scratch/$_", 0711) for "rootfs", "empty", "runtime", "started";
  my $watched = "$scratch/started\0";
  call("inotify_add_watch", $inotify, $watched, 0x88);    # IN_CLOSE_WRITE | IN_MOVED_TO
  $empty_fd = open_path($AT_FDCWD, "$scratch/empty", $O_DIRECTORY, 0);
  return more("assemble_image") if $setting{image};
  mount_at("tmpfs", $root, "tmpfs", $MS_NOSUID | $MS_NODEV, "mode=0755") or fail("cannot mount a tmpfs on $root: $!");
  $root_fd = open_path($AT_FDCWD, $root, $O_DIRECTORY, 0);
  fail("cannot open $root: $!") if $root_fd < 0 || $empty_fd < 0;
  make_things();
}

sub assemble_rest {
  more("mount_size") if $setting{terminal};
  for my $op (ops("cgroup")) { write_file($op->[1], "0\n") or fail("cannot enter the cgroup of $op->[1]: $!") }
  for my $op (ops("affinity")) { call("sched_setaffinity", 0, length $op->[1], $op->[1]) == 0 or fail("cannot choose the processors: $!") }
  # crun 1.8 refuses hybrid cgroups, which it sees by the filesystem there.
  mount_at("/sys/fs/cgroup/unified", "/sys/fs/cgroup", "", $MS_BIND, "") if -d "/sys/fs/cgroup/unified";
  # runc makes groups of its own wherever it can, and a killed one would leave them.
  set_attributes(open_path($AT_FDCWD, "/sys/fs/cgroup", $O_DIRECTORY, 0), 1, $RECURSIVE, 0);
  make_things();
  umask 022;
  set_attributes($root_fd, $READ_ONLY, 0, 0) or fail("cannot make the root read-only: $!");
}

# All of the plan, or what is made by `verbs`.
sub make_things {
  my %only = map { $_ => 1 } @_;
  my %do = (dir => \&do_dir, link => \&do_link, file => \&do_file, copy => \&do_copy, tmpfs => \&do_tmpfs,
    readonly => \&do_readonly, optional => sub { do_readonly(@_) if -e $_[1] }, overlay => \&do_overlay, hidden => \&do_hidden,
    point => sub { more("do_point", @_) if $setting{image} }, socket => sub { more("do_socket", @_) });
  for my $op (@ops) { my ($verb, @args) = @$op; $do{$verb}->(@args) if $do{$verb} && (!%only || $only{$verb}) }
}

# Mount points of the host: an overlay does not show what is mounted below its lower directory.
sub read_mount_points {
  open(my $f, "<", "/proc/self/mountinfo") or fail("cannot read the mounts: $!");
  while (<$f>) { my $at = (split / /)[4]; $at =~ s/\\([0-7]{3})/chr oct $1/ge; push @mount_points, $at }
}

sub mount_at {
  my ($source, $target, $type, $flags, $data) = @_;
  my @text = map { "$_\0" } $source, $target, $type, $data;
  return call("mount", $text[0], $text[1], $text[2], $flags, $text[3]) == 0;
}

# A descriptor of a path below a directory (a descriptor, or AT_FDCWD for an absolute path). Symlinks are refused unless
# `resolve` says otherwise: what was checked by its name must be what is mounted.
sub open_path {
  my ($dir, $path, $flags, $resolve) = @_;
  $path .= "\0";
  my $how = pack("QQQ", $flags | $O_PATH | $O_CLOEXEC, 0, defined $resolve ? $resolve : $NO_SYMLINKS);
  return call("openat2", $dir, $path, $how, 24);
}

sub close_fds { call("close", $_) for @_ }

# How a descriptor is named in a mount. Overlay layers are named so too: no character of a path needs escaping, nobody can
# exchange a component in between, and the task reads no path of the host in its mountinfo.
sub via { return "/proc/self/fd/$_[0]" }

sub set_attributes {
  my ($fd, $attributes, $flags, $userns) = @_;
  my ($empty, $attr) = ("\0", pack("QQQQ", $attributes, 0, 0, $userns));
  return call("mount_setattr", $fd, $empty, $EMPTY_PATH | $flags, $attr, 32) == 0;
}

# A descriptor of a mount point inside; what leads to it is made, where the place is ours to make it in.
sub open_target {
  my ($target, $type) = @_;
  my $relative = $target eq "/" ? "." : substr($target, 1);
  my $fd = open_path($root_fd, $relative, 0, $BENEATH | $NO_SYMLINKS);
  return $fd if $fd >= 0;
  fail("cannot mount at $target: $!") if $! != 2;    # ENOENT
  for (my $at = $target; $at ne ""; $at =~ s{/[^/]*$}{}) { fail("cannot mount at $target: it does not exist in $at") if $sealed{$at} }
  make_parents($target);
  if ($type eq "dir") { mkdir("$root$target", 0755) or fail("cannot make $target: $!") }
  else { sysopen(my $f, "$root$target", 1 | 0100, 0644) or fail("cannot make $target: $!") }
  own_below_home($target);
  $fd = open_path($root_fd, $relative, 0, $BENEATH | $NO_SYMLINKS);
  return $fd >= 0 ? $fd : fail("cannot mount at $target: $!");
}

sub make_parents {
  my ($target) = @_;
  my $at = "";
  for my $part (split m{/}, substr($target, 1)) {
    last if "$at/$part" eq $target;
    $at .= "/$part";
    own_below_home($at) if mkdir("$root$at", 0755);
  }
}

# What is made in the task's home belongs to the task.
sub own_below_home {
  my ($path) = @_;
  chown($setting{task_uid}, $setting{task_gid}, "$root$path") if index("$path/", "$setting{home}/") == 0;
}

sub do_dir { my ($path) = @_; make_parents($path); mkdir("$root$path", 0755) or -d "$root$path" or fail("cannot make $path: $!") }
sub do_link { my ($path, $to) = @_; make_parents($path); symlink($to, "$root$path") or fail("cannot make the link $path: $!") }

sub do_file {
  my ($path, $text) = @_;
  make_parents($path);
  write_file("$root$path", $text) && chmod(0644, "$root$path") or fail("cannot make $path: $!");
}

# A small file of the host that anyone may read, by content: no inode of the host is in reach. What is not there is left out.
sub do_copy {
  my ($path) = @_;
  if (-l $path) { my $to = readlink($path); return do_link($path, $to) if $to =~ m{^(\.\./|/)usr/} }
  sysopen(my $f, $path, $O_NONBLOCK) or return;    # a FIFO must not hold us
  my @st = stat($f);
  return if !-f _ || !($st[2] & 4) || $st[7] > 1 << 20;
  sysread($f, my $text, $st[7]);
  do_file($path, $text);
}

# For what the task can write, where the spec says that it cannot execute it.
sub noexec { return $setting{noexec} ? $MS_NOEXEC : 0 }

sub do_tmpfs {
  my ($target, $mode, $uid, $gid, $options) = @_;
  my $fd = open_target($target, "dir");
  mount_at("tmpfs", via($fd), "tmpfs", $MS_NOSUID | $MS_NODEV | noexec(), "mode=$mode,uid=$uid,gid=$gid,$options") or fail("cannot mount a tmpfs on $target: $!");
  close_fds($fd);
}

# A directory through an overlay without an upper directory: sockets and FIFOs that live in it are not reached that way.
sub do_readonly {
  my ($target, $source) = @_;
  my $fd = open_path($AT_FDCWD, $source, 0);
  fail("cannot open $source: $!") if $fd < 0;
  my $path = via($fd);
  if (-f $path) { bind_file($fd, $target, $source) }
  elsif (!-d _) { fail("$source is neither a directory nor a file") }
  elsif (grep { index($_, "$source/") == 0 } @mount_points) { more("readonly_children", $source, $target, 0) }
  else { readonly_dir($fd, $target, $source) }
  close_fds($fd);
}

sub readonly_dir {
  my ($fd, $target, $source) = @_;
  my $at = open_target($target, "dir");
  my $options = "lowerdir=" . via($fd) . ":" . via($empty_fd) . ",redirect_dir=nofollow,metacopy=off,index=off,xino=off";
  mount_at("overlay", via($at), "overlay", $MS_RDONLY | $MS_NOSUID | $MS_NODEV, $options) or fail("cannot mount $source read-only: $!");
  close_fds($at);
  $sealed{$target} = 1;
}

sub bind_file {
  my ($fd, $target, $source) = @_;
  my $tree = clone_tree($fd, $source);
  my $at = open_target($target, "file");
  set_attributes($tree, $READ_ONLY, $RECURSIVE, 0) or fail("cannot protect $source: $!");
  attach($tree, $at, $source);
  close_fds($tree, $at);
}

sub clone_tree {
  my ($fd, $source) = @_;
  my $empty = "\0";
  my $tree = call("open_tree", $fd, $empty, 1 | $O_CLOEXEC | $EMPTY_PATH);    # OPEN_TREE_CLONE
  return $tree >= 0 ? $tree : fail("cannot clone $source: $!");
}

sub attach {
  my ($tree, $at, $source) = @_;
  my ($from, $to) = ("\0", "\0");
  call("move_mount", $tree, $from, $at, $to, 4 | 0x40) == 0 or fail("cannot mount $source: $!");    # both by descriptor
}

sub do_overlay {
  my ($target, $lower, $upper, $work, $idmap) = @_;
  my @fds = map { my $fd = open_path($AT_FDCWD, $_, $O_DIRECTORY); $fd >= 0 ? $fd : fail("cannot open $_: $!") } $lower, $upper, $work;
  $fds[0] = more("swap_root", $fds[0], $lower) if $idmap eq "swap-root";
  my $at = open_target($target, "dir");
  my $options = "lowerdir=" . via($fds[0]) . ",upperdir=" . via($fds[1]) . ",workdir=" . via($fds[2]);
  mount_at("overlay", via($at), "overlay", $MS_NOSUID | $MS_NODEV | noexec(), "$options,userxattr,redirect_dir=nofollow,metacopy=off,index=off,xino=off,volatile")
    or fail("cannot mount the overlay of $lower: $!", -e "$work/work/incompat/volatile" ? " (its layers were not sealed after the last run)" : "");
  mark_mounted(via($fds[2]) . "/mounted");
  close_fds(@fds, $at);
  $sealed{$target} = 1;
}

# Its ctime is later than what the first mount itself writes to the upper directory (overlay/is-untouched.ts). The time of a
# file that was looked at is exact where the kernel can (6.13).
sub mark_mounted {
  my ($file) = @_;
  return if -e $file;
  open(my $f, ">", $file) or return;
  stat $f;
  utime(undef, undef, $f);
}

sub do_hidden {
  my ($target, $type) = @_;
  if ($type eq "dir") {
    my $at = open_target($target, "dir");
    mount_at("tmpfs", via($at), "tmpfs", $MS_RDONLY | $MS_NOSUID | $MS_NODEV, "mode=000,size=4k,nr_inodes=2") or fail("cannot hide $target: $!");
    return close_fds($at);
  }
  my $nothing = "$scratch/nothing";
  -e $nothing or sysopen(my $f, $nothing, 1 | 0100, 0) or fail("cannot make an empty file: $!");
  my $fd = open_path($AT_FDCWD, $nothing, 0, 0);
  bind_file($fd, $target, $target);
  close_fds($fd);
}

# --- becoming the runtime ------------------------------------------------------------------------------------
sub become_runtime {
  my ($master, $slave) = @_;
  my $problem = program_problem();
  if (defined $problem) { tell_node("missing", @$problem); exit 0 }
  write_file("$scratch/config.json", $_->[1]) or fail("cannot write the bundle: $!") for ops("config");
  my @argv = map { my $a = $_; $a =~ s{^\@/}{$scratch/}; $a } map { @$_[1 .. $#$_] } ops("runtime");
  chdir($scratch) or fail("cannot enter $scratch: $!");
  more("compile_filter", @argv) if $setting{purpose} eq "compile";
  more("enter_namespace_around", \@argv) if $setting{uid_map};
  skip_copying(\@argv) if !$setting{uid_map};
  if (defined $slave) { more("take_terminal", $slave) }
  my %place = (i => 0, o => 1, e => 2);
  for my $letter (grep { !/node/ } keys %pipe_end) { call("dup3", fileno($pipe_end{$letter}), $place{$letter}, 0) }
  my $none = pack("Q", 0);
  call("rt_sigprocmask", 2, $none, 0, 8);
  call("close_range", 4, 0xffffffff, 4);    # CLOSE_RANGE_CLOEXEC: nothing of ours reaches the task
  exec { $argv[0] } @argv or fail("cannot start $argv[0]: $!");
}

# crun and runc start by running a copy of themselves, lest a task write to their program through /proc/self/exe. They leave it
# out when told that they are such a copy and see it true: their program lies on a read-only mount. That is what this makes.
sub skip_copying {
  my ($argv) = @_;
  my $fd = open_path($AT_FDCWD, $argv->[0], 0, 0);
  my $empty = "\0";
  my $tree = call("open_tree", $fd, $empty, 1 | $O_CLOEXEC | $EMPTY_PATH);
  return if $tree < 0 || !set_attributes($tree, 1 | 2, $RECURSIVE, 0);
  (my $name = $argv->[0]) =~ s{.*/}{};
  sysopen(my $f, "$scratch/$name", 1 | 0100, 0755) or return;
  my $at = open_path($AT_FDCWD, "$scratch/$name", 0, 0);
  attach($tree, $at, $argv->[0]);
  $argv->[0] = "$scratch/$name";
  $ENV{_LIBCONTAINER_CLONED_BINARY} = "1";
}

# Why the command cannot be run (126) or is not there (127), by looking where the task will look; undef where it can.
sub program_problem {
  my ($name, $cwd) = @setting{"program", "cwd"};
  my $fd = open_path($root_fd, $cwd, $O_DIRECTORY, $IN_ROOT);
  fail("the working directory $cwd is not in the sandbox: $!") if $fd < 0;
  close_fds($fd);
  my @places = $name =~ m{^/} ? $name : $name =~ m{/} ? "$cwd/$name" : map { ($_ eq "" ? $cwd : $_) . "/$name" } split(/:/, $setting{path}, -1);
  my $seen;
  for my $place (@places) {
    my $problem = place_problem($place);
    return if !defined $problem;
    $seen ||= $problem if $problem ne "";
  }
  return $seen ? [126, $seen] : [127, "$name: command not found in the sandbox"];
}

# undef: can be run; "": not there; else why it cannot.
sub place_problem {
  my ($place) = @_;
  my $fd = open_path($root_fd, $place, 0, $IN_ROOT);
  return "" if $fd < 0;
  my $path = via($fd);
  my @st = stat($path);
  my $problem = -d _ ? "is a directory" : !-f _ || !($st[2] & 0111) ? "permission denied" : undef;
  if (!defined $problem && sysopen(my $f, $path, 0)) {
    sysread($f, my $head, 256);
    if ($head =~ /^#![ \t]*([^ \t\n]+)/) {
      my $interpreter = open_path($root_fd, $1, 0, $IN_ROOT);
      $problem = "its interpreter $1 is not in the sandbox" if $interpreter < 0;
      close_fds($interpreter) if $interpreter >= 0;
    }
    elsif ($head !~ /^\x7fELF/) { $problem = "not a program the kernel can run (no #! line)" }
  }
  close_fds($fd);
  return defined $problem ? "$place: $problem" : undef;
}

# --- waiting -------------------------------------------------------------------------------------------------
sub supervise {
  my ($pid, $signal_fd, @pty) = @_;
  tell_node("pid", $pid);
  return more("relay_terminal", $pid, $signal_fd, @pty) if @pty;
  while (1) { wait_for_event($pid, $signal_fd, "", "") }
}

# Waits, and does what node, the kernel or the runtime say. Returns the readable and writable descriptors.
our $looks_again;    # seconds, while all of it is at rest
sub wait_for_event {
  my ($pid, $signal_fd, $more_read, $more_write) = @_;
  my ($read, $write) = ($more_read, $more_write);
  vec($read, $_, 1) = 1 for 3, $signal_fd, $inotify;
  my $ready = select($read, $write, undef, $looks_again);
  if ($looks_again && more("has_moved")) { undef $looks_again; tell_node("moved") }
  return ("", "") if $ready < 0;
  if (vec($read, 3, 1)) {
    fill_inbox() or kill_all($pid);
    while (my $frame = next_frame()) { obey($pid, @$frame) }
  }
  if (vec($read, $inotify, 1)) { drain($inotify); tell_node("begun") }
  # A read gives all that are pending, a signalfd_siginfo each (signalfd(2)): the end of the runtime may be behind another.
  if (vec($read, $signal_fd, 1)) { heed($pid, $_) for unpack("(L x124)*", drain($signal_fd)) }
  return ($read, $write);
}

sub heed {
  my ($pid, $signal) = @_;
  return pass_signal($pid, $signal) if $signal != $CHILD;
  # Whoever told gVisor of a signal must be reaped too: while it is a zombie, pid 1 cannot go.
  while ((my $gone = waitpid(-1, 1)) > 0) {
    next if $gone != $pid;
    our $status = $?;
    more("finish_terminal") if $setting{terminal};
    report($status);
    exit 0;
  }
}

# What runsc itself gets it does not hand on.
sub pass_signal {
  my ($pid, $signal) = @_;
  $setting{uid_map} ? more("signal_gvisor", $pid, $signal) : kill($signal, $pid);
}

sub drain { my ($fd) = @_; open(my $f, "<&", $fd); sysread($f, my $data, 4096); return $data }

sub obey {
  my ($pid, $verb, @args) = @_;
  if ($verb eq "signal") { pass_signal($pid, $args[0]) }
  elsif ($verb eq "kill") { kill($KILL, $pid) }
  elsif ($verb eq "resize" && $setting{terminal}) { more("resize_terminal", $pid, @args) }
  elsif ($verb eq "pause" || $verb eq "resume") { tell_node("held", more($verb, $pid)) }
}

# Node is gone: pid 1 dies, and with it its namespace. The wait proves it.
sub kill_all { my ($pid) = @_; kill($KILL, $pid); waitpid($pid, 0); exit 1 }

sub report {
  my ($status) = @_;
  my $log = "";
  if (sysopen(my $f, "$scratch/log", 0)) { sysread($f, $log, 4096) }
  my $begun = -s "$scratch/started/pid" && !($setting{uid_map} && $status == 128 << 8 && $log ne "");    # runsc writes it a little too early
  tell_node("exit", $status & 127, $status >> 8, $begun ? 1 : 0, $log);
}

main();
