#!/usr/bin/perl
# Pid 1 of a container of the docker engine: what oci/init.pl is for the other engine, and it says first whether the task can
# begin, since Docker tells a missing program from a broken container only in words. It has no more rights than the task.
#
# Arguments: "terminal" or "pipes", columns and rows as COLUMNSxROWS, the working directory, the program, its arguments. The
# task's environment is in variables of ours, percent-encoded: perl and the loader obey nothing of it.
#
# With a gateway it makes the gateway's sockets, and waits until node has them (oci/listen.pl): SANDBOX_LISTENERS names them, a line each.
#
# One line goes before all output, on stderr or the terminal: "sandbox-init begun", or "sandbox-init CODE REASON".
our ($prlimit, $kind, $size, $cwd);
($kind, $size, $cwd) = splice(@ARGV, 0, 3);
my $encoded = join("", map { $ENV{"SANDBOX_ENVIRONMENT_$_"} } 0 .. $ENV{SANDBOX_ENVIRONMENT_PARTS} - 1);
my $listeners = $ENV{SANDBOX_LISTENERS};
my %environment;
for my $line (split /\n/, $encoded) {
  $line =~ s/%([0-9a-f]{2})/chr hex $1/ge;
  my ($name, $value) = split(/=/, $line, 2);
  $environment{$name} = $value;
}
%ENV = %environment;
$SIG{PIPE} = "IGNORE";

sub announce { my $line = "sandbox-init @_"; $line =~ s/\n/ /g; syswrite(STDERR, "$line\n") }
sub refuse { announce(@_); leave($_[0]) }

# What is written to a terminal just before the end is lost on the way out of Docker.
sub leave { select(undef, undef, undef, 0.1) if $kind eq "terminal"; exit $_[0] }

sub window {
  my ($columns, $rows) = split(/x/, $size);
  my $packed = pack("S4", $rows, $columns, 0, 0);
  ioctl(STDIN, 0x5414, $packed);    # TIOCSWINSZ
}

# Open files: enough for large builds, few enough that programs which close all of them stay fast. Cores: 1 means "never"
# (see oci/plan-limits.ts). No daemon's own limits are raised, which the daemon could not do either.
sub limit {
  my ($resource, $soft, $hard) = @_;
  my ($new, $old) = (pack("QQ", 0, 0), pack("QQ", 0, 0));
  my $none = 0;
  syscall($prlimit, 0, $resource, $none, $old);
  my $most = (unpack("QQ", $old))[1];
  $hard = $most if $hard > $most;
  $soft = $hard if $soft > $hard;
  $new = pack("QQ", $soft, $hard);
  syscall($prlimit, 0, $resource, $new, $none);
}

# Why the command cannot be run (126) or is not there (127), by looking where the task will look.
sub problem {
  my ($name) = @_;
  my @places = $name =~ m{/} ? $name : map { ($_ eq "" ? "." : $_) . "/$name" } split(/:/, $environment{PATH}, -1);
  my $seen;
  for my $place (@places) {
    my $why = place_problem($place);
    return if !defined $why;
    $seen ||= $why if $why ne "";
  }
  return $seen ? (126, $seen) : (127, "$name: command not found in the sandbox");
}

# undef: can be run; "": not there; else why it cannot.
sub place_problem {
  my ($place) = @_;
  return "" if !-e $place;
  return "$place: is a directory" if -d _;
  return "$place: permission denied" if !-f _ || !-x _;
  open(my $f, "<", $place) or return;
  sysread($f, my $head, 256);
  if ($head =~ /^#![ \t]*([^ \t\n]+)/) { return -e $1 ? undef : "$place: its interpreter $1 is not in the sandbox" }
  return $head =~ /^\x7fELF/ ? undef : "$place: not a program the kernel can run (no #! line)";
}

open(my $loader, "<", "/.sandbox/ld.so") or refuse(125, "no loader: $!");
sysread($loader, my $header, 20);
close($loader);
my $is_arm = unpack("x18 S", $header) == 0xb7;    # aarch64, else x86-64
$prlimit = $is_arm ? 261 : 302;
limit(7, 16384, 65536);    # RLIMIT_NOFILE
limit(4, 1, 1);    # RLIMIT_CORE
window() if $kind eq "terminal" && $size ne "";
chdir($cwd) or refuse(125, "the working directory $cwd is not in the sandbox: $!");
my @problem = problem($ARGV[0]);
refuse(@problem) if @problem;
if (defined $listeners) {
  require "/.sandbox/listen.pl";
  my $problem = hand_over_listeners("/.sandbox/listeners", $is_arm ? 211 : 46, 1, split(/\n/, $listeners));
  refuse(125, $problem) if defined $problem;
  chdir($cwd) or refuse(125, "cannot return to $cwd: $!");
}
require "/.sandbox/run-task.pl";
announce("begun");
my $in_child = sub { $SIG{PIPE} = "DEFAULT" };
my $begun = sub {
  $SIG{PIPE} = sub { kill("PIPE", -1) };    # the reader of the output has gone: all who could write to it learn of it
};
leave(run_task($kind, $in_child, $begun, @ARGV));
