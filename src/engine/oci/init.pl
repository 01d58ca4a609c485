#!/usr/bin/perl
# Pid 1 of a sandbox. A program that is pid 1 itself ignores every signal it has no handler for, also the ones it sends
# itself (pid_namespaces(7)): SIGTERM and Ctrl-C would do nothing, and orphans would stay zombies. So the task is a child;
# this passes on what the runtime passes to it, and reaps. It has no more rights than the task.
#
# Arguments: "terminal" or "pipes", the program, its arguments. The task's environment is in /run/environment, NUL after
# each NAME=VALUE: this program's own must be empty, since perl obeys variables, and arguments can be seen on the host.
my $kind = shift @ARGV;
umask 022;    # not every runtime does
my %environment;
if (open(my $f, "<", "/run/environment")) {
  local $/ = "\0";
  while (my $line = <$f>) { chomp $line; my ($name, $value) = split(/=/, $line, 2); $environment{$name} = $value }
}
else { die "sandbox: the environment cannot be read: $!\n" }
# The task may have said that it is ready, and be sent a signal, before this runs again: pid 1 loses what it has no handler for.
my ($child, @early);
my @passed = qw(HUP INT QUIT USR1 USR2 TERM);
# What a terminal sends it sends to all of the foreground: a shell that waits for a program does not end the program.
my %to_group = (INT => 1, QUIT => 1);
sub pass { my ($name) = @_; kill($name, $to_group{$name} ? -$child : $child) }
for my $name (@passed) { $SIG{$name} = sub { $child ? pass($name) : push(@early, $name) } }
$SIG{WINCH} = sub {
  open(my $f, "<", "/run/size") or return;
  my ($rows, $columns) = split(" ", scalar(<$f>));
  my $size = pack("S4", $rows, $columns, 0, 0);
  ioctl(STDIN, 0x5414, $size);    # TIOCSWINSZ
} if $kind eq "terminal";
$child = fork();
defined $child or die "sandbox: cannot fork: $!\n";
if ($child == 0) {
  $SIG{$_} = "DEFAULT" for @passed;
  kill($_, $$) for @early;
  setpgrp(0, 0);
  if ($kind eq "terminal") {
    local $SIG{TTOU} = "IGNORE";
    my $group = pack("i", $$);
    ioctl(STDIN, 0x5410, $group);    # TIOCSPGRP
    $SIG{TTOU} = "DEFAULT";
  }
  %ENV = %environment;
  exec { $ARGV[0] } @ARGV;
  print STDERR "sandbox: $ARGV[0]: $!\n";
  exit($! == 2 ? 127 : 126);
}
setpgrp($child, $child);    # whoever comes first; it fails where the task has begun, which has done it
pass($_) for @early;
while (1) {
  my $pid = waitpid(-1, 2);    # WUNTRACED
  next if $pid != $child;
  # Stopped, which $? does not tell from a good end: it is still there. Nobody here could start it again.
  if (kill(0, $child)) { kill("CONT", $child); next }
  exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
}
