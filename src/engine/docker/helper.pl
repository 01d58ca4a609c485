#!/usr/bin/perl
# The program of helper containers. Verbs come with the carried layers.
print "hello @ARGV\n";
