#!/usr/bin/perl
# Pid 1 of a sandbox. A program that is pid 1 itself ignores every signal it has no handler for, also the ones it sends
# itself (pid_namespaces(7)): SIGTERM and Ctrl-C would do nothing, and orphans would stay zombies. So the task is a child;
# this passes on what the runtime passes to it, and reaps (run-task.pl, which is a part of the file inside). It has no more rights than the task.
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
$SIG{WINCH} = sub {
  open(my $f, "<", "/run/size") or return;
  my ($rows, $columns) = split(" ", scalar(<$f>));
  my $size = pack("S4", $rows, $columns, 0, 0);
  ioctl(STDIN, 0x5414, $size);    # TIOCSWINSZ
} if $kind eq "terminal";
exit(run_task($kind, sub { %ENV = %environment }, sub { }, @ARGV));
