# What pid 1 of a sandbox does with its task, for every engine: a part of oci/init.pl, and read by docker/announce.pl.

# Begins the program in @argv, passes on the signals it gets itself, reaps, and returns the task's exit code: 128 and the number where a signal
# ended it. `$in_child` is called just before the program is run, `$begun` here when there is a child.
sub run_task {
  my ($kind, $in_child, $begun, @argv) = @_;
  # The task may have said that it is ready, and be sent a signal, before this runs again: pid 1 loses what it has no handler for.
  my ($child, @early);
  my @passed = qw(HUP INT QUIT USR1 USR2 TERM);
  # What a terminal sends it sends to all of the foreground: a shell that waits for a program does not end the program.
  my %to_group = (INT => 1, QUIT => 1);
  my $pass = sub { my ($name) = @_; kill($name, $to_group{$name} ? -$child : $child) };
  for my $name (@passed) { $SIG{$name} = sub { $child ? $pass->($name) : push(@early, $name) } }
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
    $in_child->();
    exec { $argv[0] } @argv;
    print STDERR "sandbox: $argv[0]: $!\n";
    exit($! == 2 ? 127 : 126);
  }
  setpgrp($child, $child);    # whoever comes first; it fails where the task has begun, which has done it
  $pass->($_) for @early;
  $begun->();
  while (1) {
    my $pid = waitpid(-1, 2);    # WUNTRACED
    next if $pid != $child;
    # Stopped, which $? does not tell from a good end: it is still there. Nobody here could start it again.
    if (kill(0, $child)) { kill("CONT", $child); next }
    return $? & 127 ? 128 + ($? & 127) : $? >> 8;
  }
}

1;
