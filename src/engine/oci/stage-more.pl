# Parts of the stage (stage.pl) that only some runs need: id ranges, directories with mounts below them, idmapped mounts, the
# compiler of filters, halts, terminals, the gateway's sockets. Loaded where they are called.
our (%NR, @ops, %setting, $scratch, $root, $root_fd, $empty_fd, @mount_points, $inotify);
our ($MS_RDONLY, $MS_NOSUID, $MS_NODEV, $MS_NOEXEC, $O_DIRECTORY, $O_NONBLOCK, $O_CLOEXEC, $READ_ONLY, $IDMAP, $RECURSIVE, $AT_FDCWD, $NEW_USER, $NEW_NET, $KILL, $outside);

# --- id ranges -----------------------------------------------------------------------------------------------
# A user namespace in which 0 is the user and 1… are its subordinate ids. newuidmap works only from outside of it: a helper
# that was forked before waits until it exists.
sub enter_mapped_namespace {
  my $self = $$;
  pipe(my $ready_r, my $ready_w) or fail("cannot make a pipe: $!");
  my $helper = fork();
  defined $helper or fail("cannot fork: $!");
  if ($helper == 0) {
    close($ready_w);
    sysread($ready_r, my $byte, 1) or exit 1;
    my @pids = map { my (undef, $program, @map) = @$_; run($program, $self, @map) } ops("idmap");
    my $bad = 0;
    for my $pid (@pids) { waitpid($pid, 0); $bad = 1 if $? }
    exit $bad;
  }
  close($ready_r);
  call("unshare", $NEW_USER | namespaces()) == 0 or fail("cannot make a user namespace: $!");
  syswrite($ready_w, "x");
  waitpid($helper, 0);
  fail("newuidmap or newgidmap refused the ranges of /etc/subuid and /etc/subgid") if $?;
  my $none = "";
  call("setgroups", 0, $none) == 0 or fail("cannot drop the supplementary groups: $!");
}

sub run {
  my @argv = @_;
  my $pid = fork();
  defined $pid or fail("cannot fork: $!");
  if ($pid == 0) { exec { $argv[0] } @argv; exit 127 }
  return $pid;
}

# --- the gateway -------------------------------------------------------------------------------------------------
# Node has its sockets before the rest of the plan comes, and nobody here has them any more before there is a child. The task's own
# user namespace is below the one that this network belongs to: whatever it could become there, it has no rights over it.
my $unix_socket;

sub open_gateway {
  (my $file = $0) =~ s{[^/]*$}{listen.pl};
  require $file;
  my $door = $setting{gateway};
  if (grep { $_->[1] eq "unix" } ops("listen")) {
    # On a filesystem of its own, which the one that is mounted over it hides: the task reads no path of the host in its mount table.
    my ($dir, $name) = $door =~ m{^(.*)/([^/]+)\z}s;
    my $fd = open_path($AT_FDCWD, $dir, $O_DIRECTORY, 0);
    $door = via($fd) . "/$name";
    mount_at("tmpfs", $scratch, "tmpfs", $MS_NOSUID | $MS_NODEV | $MS_NOEXEC, "mode=0711,size=64k") or fail("cannot mount a tmpfs on $scratch: $!");
  }
  my @listeners = map { $_->[1] eq "unix" ? "unix $scratch/socket" : "@$_[1 .. 3]" } ops("listen");
  my $problem = raise_loopback() || hand_over_listeners($door, $NR{sendmsg}, 0, @listeners);
  fail($problem) if defined $problem;
  $unix_socket = open_path($AT_FDCWD, "$scratch/socket", 0, 0);
}

# Where the task finds the unix socket: at a mount of that inode alone, which it can neither remove nor replace.
sub do_socket { my ($target) = @_; bind_file($unix_socket, $target, $target) }

# --- images --------------------------------------------------------------------------------------------------------
# The root is an image, and over it what every sandbox has and all places where something will be mounted: two lower directories
# and no upper one, so that nobody can write to either.
my $image_fd;

sub assemble_image {
  my $place = $root;
  $image_fd = open_path($AT_FDCWD, $setting{image}, $O_DIRECTORY);
  fail("cannot open the image $setting{image}: $!") if $image_fd < 0;
  $root = "$scratch/skeleton";
  mkdir($root, 0755) or fail("cannot make $root: $!");
  make_things("dir", "link", "file", "copy", "point");
  my $skeleton = open_path($AT_FDCWD, $root, $O_DIRECTORY, 0);
  $root = $place;
  my $options = "lowerdir=" . via($skeleton) . ":" . via($image_fd) . ",redirect_dir=nofollow,metacopy=off,index=off,xino=off";
  mount_at("overlay", $root, "overlay", $MS_RDONLY | $MS_NOSUID | $MS_NODEV, $options) or fail("cannot mount the image: $!");
  $root_fd = open_path($AT_FDCWD, $root, $O_DIRECTORY, 0);
  fail("cannot open $root: $!") if $root_fd < 0;
  close_fds($skeleton, $image_fd);
  make_things("tmpfs", "readonly", "optional", "socket");
}

# A place for a mount, of this type. The skeleton must not hide anything else that the image has there.
sub do_point {
  my ($path, $type) = @_;
  my $at = "";
  for my $part (split m{/}, substr($path, 1)) {
    $at .= "/$part";
    my $fd = open_path($image_fd, substr($at, 1), 0);
    last if $fd < 0 && $! == 2;    # ENOENT
    fail("cannot mount at $path: the image has a symbolic link at $at") if $fd < 0;
    my $is_dir = -d via($fd);
    close_fds($fd);
    next if $is_dir ? $at ne $path || $type eq "dir" : $at eq $path && $type ne "dir";
    fail("cannot mount at $path: the image has ", $is_dir ? "a directory" : "a file", " at $at");
  }
  make_parents($path);
  if ($type eq "dir") { mkdir("$root$path", 0755) or -d "$root$path" or fail("cannot make $path: $!") }
  elsif (!-e "$root$path") { sysopen(my $f, "$root$path", 1 | 0100, 0644) or fail("cannot make $path: $!") }
}

# --- read-only directories with mounts below -----------------------------------------------------------------------
# Their children one by one. Sockets, devices and FIFOs are left out; so is what cannot be opened.
sub readonly_children {
  my ($source, $target, $depth) = @_;
  fail("$source has mounts nested too deeply") if $depth > 8;
  my $is_image = $setting{image} && $depth == 0;    # nothing can be made in it
  if ($is_image) { do_tmpfs($target, "755", 0, 0, "size=1m") } else { do_dir($target) }
  opendir(my $dir, $source) or fail("cannot read $source: $!");
  my @names = grep { $_ ne "." && $_ ne ".." } readdir($dir);
  fail("$source has mounts in it and too many entries to show one by one") if @names > 4096;
  for my $name (@names) {
    my ($from, $to) = ("$source/$name", "$target/$name");
    if (-l $from) { symlink(readlink($from), "$root$to"); next }
    if (-d _ && grep { index($_, "$from/") == 0 } @mount_points) { readonly_children($from, $to, $depth + 1); next }
    next unless -d _ || -f _;
    my $fd = open_path($AT_FDCWD, $from, 0);
    next if $fd < 0;
    my $path = via($fd);
    if (-d $path) { readonly_dir($fd, $to, $from) } else { bind_file($fd, $to, $from) }
    close_fds($fd);
  }
  return if !$is_image;
  my $made = open_path($root_fd, substr($target, 1), $O_DIRECTORY);
  set_attributes($made, $READ_ONLY, 0, 0) or fail("cannot protect $target: $!");
  close_fds($made);
}

# --- idmapped mounts -----------------------------------------------------------------------------------------------
# The lower directory with host id 0 and the task's id exchanged: root's files are the task's inside (mount_setattr(2)).
my $swapped = 0;

sub swap_root {
  my ($fd, $lower) = @_;
  my $tree = clone_tree($fd, $lower);
  my $ns = exchanged_namespace();
  set_attributes($tree, $IDMAP | $READ_ONLY, $RECURSIVE, $ns) or fail("cannot map the ids of $lower (idmapped mounts): $!");
  my $place = "$scratch/lower-" . ++$swapped;
  mkdir($place, 0700) or fail("cannot make a mount point: $!");
  my $at = open_path($AT_FDCWD, $place, $O_DIRECTORY, 0);
  attach($tree, $at, $lower);
  close_fds($fd, $at);
  return $tree;
}

# A descriptor of a user namespace whose maps exchange 0 and the task's id and keep all others; made once.
my $exchanged;

sub exchanged_namespace { return $exchanged //= make_exchanged_namespace() }

sub make_exchanged_namespace {
  pipe(my $up_r, my $up_w) && pipe(my $down_r, my $down_w) or fail("cannot make a pipe: $!");
  my $pid = fork();
  defined $pid or fail("cannot fork: $!");
  if ($pid == 0) {
    close($down_w);
    call("unshare", $NEW_USER) == 0 or exit 1;
    syswrite($up_w, "x");
    sysread($down_r, my $byte, 1);
    exit 0;
  }
  close($up_w);
  close($down_r);
  sysread($up_r, my $byte, 1) or fail("cannot make a user namespace for an idmapped mount");
  write_file("/proc/$pid/uid_map", swap_map($setting{task_uid})) or fail("cannot write a uid_map: $!");
  write_file("/proc/$pid/gid_map", swap_map($setting{task_gid})) or fail("cannot write a gid_map: $!");
  my ($path, $how) = ("/proc/$pid/ns/user\0", pack("QQQ", $O_CLOEXEC, 0, 0));
  my $ns = call("openat2", $AT_FDCWD, $path, $how, 24);
  fail("cannot open the user namespace: $!") if $ns < 0;
  close($down_w);
  waitpid($pid, 0);
  return $ns;
}

# gVisor runs its own kernel and file server as root of the namespace it is started in: of one whose ids are those the task
# may touch files as, and in which host root is nobody. (The network namespace is for its control socket; a gateway's has that too.) The helper, which was forked before, writes the maps.
sub enter_namespace_around {
  my ($argv) = @_;
  skip_copying($argv);
  pipe(my $up_r, my $up_w) or fail("cannot make a pipe: $!");
  my $self = $$;
  my $pid = fork();
  defined $pid or fail("cannot fork: $!");
  if ($pid == 0) {
    close($up_w);
    sysread($up_r, my $byte, 1) or exit 1;
    exit(write_file("/proc/$self/uid_map", $setting{uid_map}) && write_file("/proc/$self/gid_map", $setting{gid_map}) ? 0 : 1);
  }
  my ($uid, $gid) = map { /^0 (\d+)/m ? $1 : 0 } @setting{"uid_map", "gid_map"};
  for ($scratch, map { "$scratch/$_" } "runtime", "started", "config.json") { chown($uid, $gid, $_) or fail("cannot hand $_ over: $!") }
  call("unshare", $NEW_USER | 0x20000 | ($setting{gateway} ? 0 : $NEW_NET)) == 0 or fail("cannot make a user namespace for gVisor: $!");
  syswrite($up_w, "x");
  waitpid($pid, 0);
  fail("cannot map the ids for gVisor") if $?;
  $( = 0; $) = 0; $< = 0; $> = 0;
  fail("cannot become root of gVisor's namespace: $!") if $< != 0 || $> != 0;
  die_with_parent();    # forgotten when credentials change: the parent's death shows in the pipe from it
  our $from_parent;
  my $set = "";
  vec($set, fileno($from_parent), 1) = 1;
  exit 1 if select($set, undef, undef, 0) > 0;
}

# Another runsc, in the namespaces of the first, tells its kernel. Where there is none yet, or none any more, nothing happens.
sub signal_gvisor {
  my ($pid, $signal) = @_;
  start_teller("kill", $signal) if $signal =~ /^\d+$/;
}

# The arguments of runsc with the id of the sandbox behind the first. Its exit code tells whether that was done.
sub start_teller {
  my ($verb, @more) = @_;
  my $teller = fork();
  return $teller if !defined $teller || $teller;
  my @namespaces = map { my ($path, $how) = ("/proc/1/ns/$_\0", pack("QQQ", $O_CLOEXEC, 0, 0)); call("openat2", $AT_FDCWD, $path, $how, 24) } "pid", "user", $setting{gateway} ? () : "net", "mnt";
  call("setns", $_, 0) == 0 or exit 1 for @namespaces;
  $( = 0; $) = 0; $< = 0; $> = 0;
  waitpid(run("$scratch/runsc", "--root", "$scratch/runtime", $verb, $setting{id}, @more), 0);
  exit($? ? 1 : 0);
}

# --- bringing everything to a halt -----------------------------------------------------------------------------------
# What is forked here is in the PID namespace around the sandbox, where kill(-1) reaches every process but pid 1 in one go: a fork
# comes before it, and the child is reached too, or after it, when its parent is stopped (kill(2), fork restarts on a pending
# signal). Nothing in there can refuse SIGSTOP, and nothing outside can be hit. Pid 1, the runtime, is our own child. A control
# group's freezer would do the same where there is one; what is stopped dies of SIGKILL as anything does, what a version 1 freezer
# holds does not.
our ($STOP, $CONTINUE, $looks_again) = (19, 18);
my (%stopped_before, $is_held, %switches);

# Returns why not all of it is at rest, or "".
sub pause {
  my ($pid) = @_;
  if ($setting{uid_map}) {
    return "" if $is_held;    # runsc refuses what is paused already
    my $problem = tell_gvisor("pause");
    $is_held = 1 if $problem eq "";
    return $problem;
  }
  if (!$is_held) { %stopped_before = map { $_ => 1 } grep { is_stopped($_) } inner_pids() }
  ($is_held, $looks_again) = (1, undef);
  kill($STOP, $pid);
  for my $try (1 .. 100) {
    in_namespace(sub { kill($STOP, -1) }) or return "the namespace of the task cannot be entered";
    # One that waits in the kernel stops before it does anything else; a parent in vfork(2) waits for its stopped child.
    my $at_rest = $try > 5 ? "TtZXD" : "TtZX";
    if (!grep { !is_in_state($_, $at_rest) } inner_pids()) {
      %switches = ();
      $looks_again = 0.1;
      return "";
    }
    select(undef, undef, undef, 0.01);
  }
  return "processes of the task would not stop";
}

# The youngest first: a shell that sees its child stopped takes that for a job that was put aside.
sub resume {
  my ($pid) = @_;
  return "" if !$is_held;
  ($is_held, $looks_again) = (0, undef);
  return tell_gvisor("resume") if $setting{uid_map};
  my @pids = grep { !$stopped_before{$_} } sort { $b <=> $a } inner_pids();
  in_namespace(sub { kill($CONTINUE, $_) for @pids }) or return "the namespace of the task cannot be entered";
  kill($CONTINUE, $pid);
  return "";
}

sub tell_gvisor {
  my ($verb) = @_;
  my $teller = start_teller($verb);
  defined $teller or return "cannot fork: $!";
  waitpid($teller, 0);
  return $? ? "runsc $verb failed" : "";
}

sub in_namespace {
  my ($act) = @_;
  my $helper = fork();
  return 0 if !defined $helper;
  if ($helper == 0) {
    my $here = readlink("/proc/self/ns/pid");
    exit 1 if !defined $here || !$outside || $here eq $outside;    # a signal to all would be one to all of the host
    $act->();
    exit 0;
  }
  waitpid($helper, 0);
  return $? == 0;
}

# As they are numbered in that namespace, whose /proc is mounted here.
sub inner_pids {
  opendir(my $dir, "/proc") or return ();
  return grep { /^\d+$/ && $_ != 1 } readdir($dir);
}

sub is_stopped { my ($pid) = @_; return is_in_state($pid, "T") && -e "/proc/$pid" }

# True where something went on that was at rest. A task can see to that: a timer of its own may send SIGCONT (timer_create(2)), which wakes what
# is stopped, and it may stop itself again before anybody looks. What has run was switched to. One that was in the kernel may still come to its stop.
sub has_moved {
  for my $file (map { glob("/proc/$_/task/*/status") } inner_pids()) {
    open(my $f, "<", $file) or next;
    my $status = join("", <$f>);
    my ($state) = $status =~ /^State:\s+(\w)/m or next;
    next if $state eq "D" || $state eq "X";
    my $count = $state =~ /[TtZ]/ ? join(" ", $status =~ /^\w*voluntary_ctxt_switches:\s+(\d+)/mg) : "runs";
    my $before = $switches{$file};
    return 1 if defined $before && ($before ne $count || $count eq "runs");
    $switches{$file} = $count;
  }
  return 0;
}

# True where every thread of it is in one of these states (proc(5)), and where it is gone.
sub is_in_state {
  my ($pid, $states) = @_;
  for my $file (glob("/proc/$pid/task/*/stat")) {
    open(my $f, "<", $file) or next;
    my ($state) = (<$f> // "") =~ /.*\) (\w)/s;
    return 0 if defined $state && index($states, $state) < 0;
  }
  return 1;
}

sub swap_map {
  my ($id) = @_;
  my $map = "0 $id 1\n$id 0 1\n";
  $map .= "1 1 " . ($id - 1) . "\n" if $id > 1;
  return $map . ($id + 1) . " " . ($id + 1) . " " . (4294967294 - $id) . "\n";
}

# --- filters -------------------------------------------------------------------------------------------------------
# Lets the runtime create a container that is never started, and hands node the filter that it compiled: crun keeps it in
# its state directory. Our end is the end of that container too.
sub compile_filter {
  waitpid(run(@_), 0);
  for my $file (glob("$scratch/runtime/*/seccomp.bpf"), glob("$scratch/runtime/.cache/seccomp/*")) {
    sysopen(my $f, $file, 0) or next;
    my $filter = "";
    while (sysread($f, $filter, 1 << 16, length $filter)) { }
    next if !length $filter;
    tell_node("filter", $filter);
    last;
  }
  exit 0;
}

# --- terminals ---------------------------------------------------------------------------------------------------
# The runtime gets a pseudo-terminal of the host for its own; the task's is another one, which the runtime makes inside and
# relays. Descriptors 0 and 1 are node's: what is typed and what is shown.
our ($pty_master, $to_task, $to_node, $typing);

sub open_pty {
  sysopen(my $master, "/dev/ptmx", 2 | $O_NONBLOCK | 0400) or fail("cannot open /dev/ptmx: $!");
  my ($unlock, $number) = (pack("i", 0), pack("i", 0));
  ioctl($master, 0x40045431, $unlock) && ioctl($master, 0x80045430, $number) or fail("cannot make a pseudo-terminal: $!");    # TIOCSPTLCK, TIOCGPTN
  my $name = "/dev/pts/" . unpack("i", $number);
  sysopen(my $slave, $name, 2 | 0400) or fail("cannot open $name: $!");
  set_size($master, @setting{"columns", "rows"});
  # The task's own terminal turns newlines into CR LF, except under runc, which leaves that to this one.
  my $modes = "\0" x 64;
  if ($setting{runtime} eq "crun" && ioctl($slave, 0x5401, $modes)) {    # TCGETS
    substr($modes, 4, 4) = pack("L", unpack("x4L", $modes) & ~4);    # c_oflag without ONLCR
    ioctl($slave, 0x5402, $modes);    # TCSETS
  }
  return ($master, $slave);
}

sub set_size {
  my ($master, $columns, $rows) = @_;
  my $size = pack("S4", $rows, $columns, 0, 0);
  ioctl($master, 0x5414, $size);    # TIOCSWINSZ
}

# crun only passes SIGWINCH on: init.pl, which gets it, reads here what the size is.
sub show_size {
  my ($columns, $rows) = @_;
  open(my $f, ">", "$scratch/size") or fail("cannot write $scratch/size: $!");
  print $f "$rows $columns\n";
}

sub mount_size {
  show_size(@setting{"columns", "rows"});
  my $fd = open_path($AT_FDCWD, "$scratch/size", 0, 0);
  bind_file($fd, "/run/size", "the size of the terminal");
  close_fds($fd);
}

sub take_terminal {
  my ($slave) = @_;
  call("setsid");
  my $zero = 0;
  ioctl($slave, 0x540e, $zero);    # TIOCSCTTY
  call("dup3", fileno($slave), $_, 0) for 0, 1, 2;
  watch_keys() if $setting{uid_map};
}

# gVisor's kernel is a process beside runsc, in a session of its own: the host's terminal tells it neither of Ctrl-C, Ctrl-\
# and Ctrl-Z nor of a new size, and runsc, which it would tell, ends of the first. So the terminal's foreground is a process
# that hands these on to that kernel, which gives them to the task's own foreground.
sub watch_keys {
  my $watcher = fork();
  defined $watcher or fail("cannot fork: $!");
  if ($watcher == 0) {
    $SIG{$_} = \&tell_foreground for qw(INT QUIT TSTP WINCH);
    my $none = pack("Q", 0);
    call("rt_sigprocmask", 2, $none, 0, 8);
    call("close_range", 0, 0xffffffff, 0);
    sleep(1000) while 1;    # it ends with pid 1
  }
  setpgrp($watcher, $watcher);
  my $group = pack("i", $watcher);
  ioctl(STDIN, 0x5410, $group) or fail("cannot choose the foreground of the terminal: $!");    # TIOCSPGRP
}

# Before it hands signals on, gVisor's kernel would end of most. It then catches also SIGCONT (proc(5), SigCgt).
sub tell_foreground {
  my ($signal) = @_;
  open(my $f, "<", "$scratch/started/pid") or return;
  my $kernel = int(<$f>);
  open(my $status, "<", "/proc/$kernel/status") or return;
  my ($caught) = map { /^SigCgt:\s*(\w+)/ ? $1 : () } <$status>;
  kill($signal, $kernel) if hex(substr($caught, -8)) & 1 << 17;
}

sub resize_terminal {
  my ($pid, $columns, $rows) = @_;
  return if "$columns $rows" !~ /^\d+ \d+$/;
  show_size($columns, $rows);
  set_size($pty_master, $columns, $rows);
  kill(28, $pid);    # SIGWINCH; runc takes the size over from its own terminal
}

# Carries bytes both ways without ever waiting for one side only, so that neither a flood of output nor a task that does not
# read can hold the other direction or node's messages.
sub relay_terminal {
  my ($pid, $signal_fd, $master, $slave) = @_;
  close($slave);
  ($pty_master, $to_task, $to_node, $typing) = ($master, "", "", 1);
  fcntl($_, 4, $O_NONBLOCK) for \*STDIN, \*STDOUT;    # F_SETFL
  my $tty = fileno($master);
  while (1) {
    my ($read, $write) = ("", "");
    vec($read, 0, 1) = 1 if $typing && length($to_task) < 1 << 16;
    vec($read, $tty, 1) = 1 if length($to_node) < 1 << 16;
    vec($write, $tty, 1) = 1 if length $to_task;
    vec($write, 1, 1) = 1 if length $to_node;
    ($read, $write) = wait_for_event($pid, $signal_fd, $read, $write);
    if (vec($read, 0, 1)) { my $n = sysread(STDIN, $to_task, 1 << 14, length $to_task); $typing = 0 if defined $n && $n == 0 }
    if (vec($read, $tty, 1)) { sysread($master, $to_node, 1 << 14, length $to_node) }
    flush_to($master, \$to_task) if vec($write, $tty, 1);
    flush_to(\*STDOUT, \$to_node) if vec($write, 1, 1);
  }
}

sub flush_to {
  my ($handle, $bytes) = @_;
  my $n = syswrite($handle, $$bytes);
  if (defined $n) { substr($$bytes, 0, $n) = "" }
  elsif ($! != 11 && $! != 4) { $$bytes = "" }    # neither EAGAIN nor EINTR: nobody reads it any more
}

# What the task wrote last is still in the terminal when it is gone.
sub finish_terminal {
  my $set = "";
  while (1) {
    my $n = sysread($pty_master, $to_node, 1 << 14, length $to_node);
    last if !$n;
  }
  while (length $to_node) {
    vec($set, 1, 1) = 1;
    select(undef, my $ready = $set, undef, 5) > 0 or last;
    flush_to(\*STDOUT, \$to_node);
  }
}

1;
