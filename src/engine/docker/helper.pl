#!/usr/bin/perl
# What has to be done where a daemon's volumes are: run in a short-lived container of ours, as root, with nothing mounted but
# what it works on. No module is loaded (the container has only perl itself).
#
#   pack DIR        the upperdir DIR as a PAX archive: all that overlayfs says in it, holes not filled
#   seal DIR...     brings the filesystem of each workdir DIR to disk, then empties it: it can be mounted again
#   usage DIR...    bytes and entries that each DIR holds, and what its filesystem has left
#   stat PATH...    which file each PATH is, and the start of its content
#
# Answers are lines on standard output; a reason for a failure is one line on standard error.

# Numbers of x86-64 and, second, of aarch64, as in syscalls(2).
my $machine = 0 + (elf_machine() == 183);    # EM_AARCH64
my %NR = map { my ($name, @n) = split; $name => $n[$machine] } ("lgetxattr 192 9", "llistxattr 195 12", "statx 332 291",
  "syncfs 306 267", "statfs 137 43");
my $O_NOFOLLOW = $machine ? 0100000 : 0400000;
my ($SEEK_DATA, $SEEK_HOLE) = (3, 4);
my ($PIECE, $MOST_EXTENTS) = (1 << 18, 20_000);
my ($BLOCK, $MOST_SIZE) = (512, 8 * (1 << 30) - 1);    # what eleven octal digits can say

# What this perl is made for (elf(5), e_machine).
sub elf_machine {
  my $start = "";
  if (open(my $file, "<", "/proc/self/exe")) { read($file, $start, 20) }
  return length $start == 20 ? unpack("x18 S", $start) : 62;
}

# --- what a file is ------------------------------------------------------------------------------------------
# type (S_IFMT bits), mode, uid, gid, size, mtime in seconds and nanoseconds, ino, nlink, blocks, major, minor, device
sub look {
  my ($path) = @_;
  my $buffer = "\0" x 256;
  return if syscall($NR{statx}, -100, $path, 0x100, 0x7ff, $buffer) < 0;
  my ($nlink, $uid, $gid, $mode, $ino, $size, $blocks) = unpack("x16 L L L S x2 Q Q Q", $buffer);
  my ($seconds, $nanos, @rest) = unpack("x112 q L x4 L L L L", $buffer);
  return {type => $mode & 0170000, mode => $mode & 07777, uid => $uid, gid => $gid, size => $size, ino => $ino,
    nlink => $nlink, blocks => $blocks, seconds => $seconds, nanos => $nanos, major => $rest[0], minor => $rest[1],
    device => "$rest[2]:$rest[3]"};
}

sub is_dir { return $_[0]{type} == 0040000 }

# Calls $visit with name, path and look of everything below the current directory, a directory before what it holds.
# No path grows with the depth. Nothing else writes here: the sandbox is gone.
sub walk {
  my ($visit, $after) = @_;
  my @stack = ([names(), ""]);
  while (@stack) {
    my ($names, $prefix) = @{$stack[-1]};
    my $name = shift @$names;
    if (!defined $name) {
      pop @stack;
      next unless @stack;
      chdir("..") or die "cannot go up: $!\n";
      $after->($prefix) if $after;
      next;
    }
    my $path = $prefix eq "" ? $name : "$prefix/$name";
    my $look = look($name) or die "$path: $!\n";
    $visit->($name, $path, $look);
    next unless is_dir($look);
    chdir($name) or die "$path: $!\n";
    push @stack, [names(), $path];
  }
}

sub names {
  opendir(my $dir, ".") or die "cannot list a directory: $!\n";
  my @names = sort grep { $_ ne "." && $_ ne ".." } readdir($dir);
  return \@names;
}

sub enter { chdir($_[0]) or die "$_[0]: $!\n" }

# --- writing -------------------------------------------------------------------------------------------------
my $out = "";
sub out { $out .= $_[0]; flush_out() if length $out >= $PIECE }

sub flush_out {
  my $at = 0;
  while ($at < length $out) {
    my $n = syswrite(STDOUT, $out, length($out) - $at, $at);
    if (defined $n) { $at += $n }
    elsif ($! != 4) { die "cannot write: $!\n" }    # not EINTR
  }
  $out = "";
}

sub padding { return "\0" x (-$_[0] % $BLOCK) }

# A record of a PAX header; its length counts itself.
sub record {
  my ($key, $value) = @_;
  my $rest = length($key) + length($value) + 3;
  my $length = $rest + length($rest);
  $length = $rest + length($length) if length($length) > length($rest);
  return "$length $key=$value\n";
}

sub header {
  my ($flag, $f) = @_;
  my $block = pack("a100 a8 a8 a8 a12 a12 a8 a1 a100 a8 a32 a32 a8 a8 a155 x12", "entry", sprintf("%07o", $f->{mode}),
    sprintf("%07o", $f->{uid} & 07777777), sprintf("%07o", $f->{gid} & 07777777), sprintf("%011o", $f->{stored}), "0" x 11,
    " " x 8, $flag, "", "ustar\00000", "", "", "0000000", "0000000", "");
  substr($block, 148, 8) = sprintf("%06o\0 ", unpack("%32C*", $block));
  return $block;
}

sub put_records {
  my ($flag, $records) = @_;
  out(header($flag, {mode => 0600, uid => 0, gid => 0, stored => length $records}) . $records . padding(length $records));
}

# --- pack ----------------------------------------------------------------------------------------------------
my %FLAG = (0100000 => "0", 0120000 => "2", 0020000 => "3", 0040000 => "5", 0010000 => "6", 0140000 => "6");

sub pack_tree {
  my ($top) = @_;
  enter($top);
  my ($bytes, $entries) = (0, 1);
  my %seen;
  walk(sub {
    my ($name, $path, $f) = @_;
    $entries++;
    return if $f->{type} != 0100000 || ($f->{nlink} > 1 && $seen{$f->{ino}}++);
    $bytes += stored($name, $path, $f);
  });
  put_records("g", record("SANDBOX.bytes", $bytes) . record("SANDBOX.entries", $entries));
  %seen = ();
  put_entry(".", ".", look("."), \%seen);
  walk(sub { put_entry(@_, \%seen) });
  out("\0" x (2 * $BLOCK));
}

sub put_entry {
  my ($name, $path, $f, $seen) = @_;
  my $flag = $FLAG{$f->{type}};
  die "$path: a device\n" if !defined $flag || ($flag eq "3" && ($f->{major} || $f->{minor}));
  my $records = record("path", $path) . record("mtime", seconds($f));
  $f->{stored} = 0;
  if ($f->{nlink} > 1 && $flag ne "5" && $flag ne "3") {
    my $first = $seen->{$f->{ino}};
    $seen->{$f->{ino}} = $path unless defined $first;
    ($flag, $records) = ("1", $records . record("linkpath", $first)) if defined $first;
  }
  $records .= record("uid", $f->{uid}) if $f->{uid} > 07777777;
  $records .= record("gid", $f->{gid}) if $f->{gid} > 07777777;
  $records .= record("SANDBOX.type", "socket") if $f->{type} == 0140000;
  if ($flag eq "2") {
    my $target = readlink($name);
    die "$path: $!\n" unless defined $target;
    $records .= record("linkpath", $target);
  }
  $records .= attributes($name) if $flag =~ /[0563]/;
  return put_file($name, $path, $f, $records) if $flag eq "0";
  put_records("x", $records);
  out(header($flag, $f));
}

# Nanoseconds below the epoch count up from the second before: the sign of the text is of the whole.
sub seconds {
  my ($f) = @_;
  my ($seconds, $nanos) = ($f->{seconds}, $f->{nanos});
  return sprintf("%d.%09d", $seconds, $nanos) if $seconds >= 0 || $nanos == 0;
  return sprintf("-%d.%09d", -$seconds - 1, 1_000_000_000 - $nanos);
}

sub put_file {
  my ($name, $path, $f, $records) = @_;
  sysopen(my $file, $name, $O_NOFOLLOW) or die "$path: $!\n";
  my $map = $f->{blocks} * 512 < $f->{size} ? extents($file, $f->{size}) : undef;
  my @parts = $map ? @$map : ([0, $f->{size}]);
  $f->{stored} += $_->[1] for @parts;
  $records .= record("GNU.sparse.size", $f->{size}) . record("GNU.sparse.map", join(",", map { @$_ } @parts)) if $map;
  $records .= record("size", $f->{stored}) if $f->{stored} > $MOST_SIZE;
  put_records("x", $records);
  out(header("0", {%$f, stored => $f->{stored} > $MOST_SIZE ? 0 : $f->{stored}}));
  for my $part (@parts) {
    my ($offset, $left) = @$part;
    defined sysseek($file, $offset, 0) or die "$path: $!\n";
    while ($left > 0) {
      my $n = sysread($file, $out, $left < $PIECE ? $left : $PIECE, length $out);
      die "$path: ", defined $n ? "ends too early" : $!, "\n" unless $n;
      $left -= $n;
      flush_out() if length $out >= $PIECE;
    }
  }
  out(padding($f->{stored}));
}

sub stored {
  my ($name, $path, $f) = @_;
  return $f->{size} unless $f->{blocks} * 512 < $f->{size};
  sysopen(my $file, $name, $O_NOFOLLOW) or die "$path: $!\n";
  my $sum = 0;
  $sum += $_->[1] for @{extents($file, $f->{size})};
  return $sum;
}

# Where a file has data; holes that are small against the rest count as data where there are very many.
sub extents {
  my ($file, $size) = @_;
  for (my $least = 1; ; $least *= 16) {
    my $found = find_extents($file, $size, $least);
    return $found if @$found <= $MOST_EXTENTS;
  }
}

sub find_extents {
  my ($file, $size, $least) = @_;
  my @found;
  for (my $at = 0; $at < $size; ) {
    my $start = sysseek($file, $at, $SEEK_DATA);
    last unless defined $start;
    my $end = sysseek($file, $start, $SEEK_HOLE);
    $end = $size if !defined $end || $end > $size;
    last if $end <= $start;
    if (@found && $start - ($found[-1][0] + $found[-1][1]) < $least) { $found[-1][1] = $end - $found[-1][0] }
    else { push @found, [$start + 0, $end - $start] }
    $at = $end;
  }
  return \@found;
}

# A name ends at the first "=" for every reader of PAX records: what is not a plain character is %XX.
sub attributes {
  my ($name) = @_;
  my $records = "";
  for my $key (split(/\0/, sized(sub { syscall($NR{llistxattr}, $name, $_[0], $_[1]) }))) {
    next unless $key =~ /^(user\.|system\.posix_acl_(access|default)$|security\.capability$)/;
    (my $plain = $key) =~ s/([^!-~]|[%=])/sprintf("%%%02x", ord $1)/ge;
    $records .= record("SCHILY.xattr.$plain", sized(sub { syscall($NR{lgetxattr}, $name, $key, $_[0], $_[1]) }));
  }
  return $records;
}

# The bytes that a call gives which wants a buffer and its size.
sub sized {
  my ($ask) = @_;
  for (my $size = 4096; $size <= 1 << 20; $size *= 16) {
    my $buffer = "\0" x $size;
    my $n = $ask->($buffer, $size);
    return substr($buffer, 0, $n) if $n >= 0;
    return "" if $! == 95 || $! == 1 || $! == 61;    # EOPNOTSUPP, EPERM, ENODATA
    die "cannot read an attribute: $!\n" if $! != 34;    # ERANGE
  }
  die "an attribute is too large\n";
}

# --- seal, usage, stat ---------------------------------------------------------------------------------------
sub seal {
  for my $dir (@_) {
    opendir(my $handle, $dir) or die "$dir: $!\n";
    syscall($NR{syncfs}, fileno($handle)) == 0 or die "$dir: cannot be brought to disk: $!\n";
    enter($dir);
    walk(sub {
      my ($name, $path, $f) = @_;
      return chmod(0700, $name) if is_dir($f);
      unlink($name) or die "$path: $!\n";
    }, sub { my $path = $_[0]; (my $name = $path) =~ s/.*\///s; rmdir($name) or die "$path: $!\n" });
    enter("/");
  }
}

sub usage {
  for my $dir (@_) {
    enter($dir);
    my ($bytes, $entries) = (0, 0);
    eval { walk(sub { $entries++; $bytes += 512 + 512 * $_[2]{blocks} }) };    # an inode and its blocks; what vanishes meanwhile ends the count
    my $buffer = "\0" x 256;
    syscall($NR{statfs}, $dir, $buffer) == 0 or die "$dir: $!\n";
    my ($block, @counts) = unpack("x8 q Q Q Q Q Q", $buffer);
    out(join(" ", $bytes, $entries, $block, @counts) . "\n");
  }
}

sub tell {
  for my $path (@_) {
    my $f = look($path);
    my $start = "";
    if ($f && $f->{type} == 0100000 && sysopen(my $file, $path, $O_NOFOLLOW)) { sysread($file, $start, 64) }
    out($f ? join(" ", $f->{device}, $f->{ino}, sprintf("%o", $f->{type}), unpack("H*", $start)) . "\n" : "absent\n");
  }
}

my %verbs = (pack => \&pack_tree, seal => \&seal, usage => \&usage, stat => \&tell);
my ($verb, @paths) = @ARGV;
my $do = $verbs{$verb || ""} or die "unknown verb\n";
binmode(STDOUT);
$do->(@paths);
flush_out();
exit 0;
