# The sockets of a sandbox's gateway: made in the sandbox's own network namespace, and handed to node, which alone keeps them. Used
# by the stage, and by the init of a container (docker/announce.pl). Every function returns what went wrong, or undef.

# There is nothing in a new namespace but this, and it is down (network_namespaces(7), netdevice(7)).
sub raise_loopback {
  socket(my $any, 2, 2, 0) or return "cannot make a socket: $!";    # AF_INET, SOCK_DGRAM
  my $request = pack("a16 s x22", "lo", 1 | 0x40);    # IFF_UP | IFF_RUNNING
  return ioctl($any, 0x8914, $request) ? undef : "cannot raise the loopback interface: $!";    # SIOCSIFFLAGS
}

# Listeners are "PROTOCOL ADDRESS PORT", or "unix PATH". None says that others may bind to its address. `sendmsg` is that call's number. With a reason to
# wait, it is for node to say that it has them.
sub hand_over_listeners {
  my ($path, $sendmsg, $waits, @listeners) = @_;
  my @sockets;
  for my $listener (@listeners) {
    my ($protocol, $address, $port) = split / /, $listener, 3;
    if ($protocol eq "unix") {
      socket(my $socket, 1, 1, 0) or return "cannot make a socket: $!";
      my ($dir, $name) = $address =~ m{^(.*)/([^/]+)\z}s;
      chdir($dir) && bind($socket, pack("S a108", 1, $name)) && chmod(0666, $name) && listen($socket, 64) or return "nothing can listen at $address in the sandbox: $!";
      push @sockets, $socket;
      next;
    }
    my $is_tcp = $protocol eq "tcp";
    socket(my $socket, 2, $is_tcp ? 1 : 2, 0) or return "cannot make a socket: $!";
    my $name = pack("S n C4 x8", 2, $port, split(/\./, $address));
    bind($socket, $name) && (!$is_tcp || listen($socket, 4096)) or return "nothing can listen on $protocol $address:$port in the sandbox: $!";
    push @sockets, $socket;
  }
  my ($dir, $name) = $path =~ m{^(.*)/([^/]+)\z}s;
  my $address = pack("S a108", 1, $name);    # of any length is only the path
  socket(my $to, 1, 1, 0) or return "cannot make a socket: $!";    # AF_UNIX, SOCK_STREAM
  chdir($dir) && connect($to, $address) && chdir("/") or return "cannot reach node at $path: $!";
  my ($byte, $rights) = ("x", pack("Q l l l*", 16 + 4 * @sockets, 1, 1, map { fileno $_ } @sockets));    # SOL_SOCKET, SCM_RIGHTS
  my $part = pack("P Q", $byte, 1);
  my $message = pack("Q Q P Q P Q Q", 0, 0, $part, 1, $rights, length $rights, 0);
  syscall($sendmsg, fileno $to, $message, 0) == 1 or return "cannot hand the sockets over: $!";
  return $waits && !sysread($to, $byte, 1) ? "node has not taken the sockets" : undef;
}

1;
