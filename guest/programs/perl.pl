# Processes, pipes, sockets, files and sorting by Perl. Prints no numbers that differ between runs.
use strict;
use warnings;
use Fcntl qw(:flock SEEK_SET);
use IPC::Open3;
use POSIX qw(:sys_wait_h);
use Socket;
use Time::HiRes qw(sleep);

$| = 1;
my @lines = map { my $n = $_; join '-', map { chr(97 + ($n * $_) % 26) } 1 .. 5 } 1 .. 200;
printf "%s %s %d\n", (sort @lines)[0, -1], scalar @lines;

my $pid = open(my $child, '-|') // die "fork: $!";
if (!$pid) { print "from the child: $_\n" for 1 .. 3; exit 5 }
print while <$child>;
close $child;
printf "the child's status is %d\n", $? >> 8;

socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
if (!fork) { close $ours; while (my $line = <$theirs>) { syswrite $theirs, uc $line; last if $line =~ /end/ } POSIX::_exit(0) }
close $theirs;
for my $word (qw(one two end)) { syswrite $ours, "$word\n"; print scalar <$ours> }
wait;

local $SIG{ALRM} = sub { die "alarm\n" };
eval { alarm 1; 1 while waitpid(-1, WNOHANG) < 0 and select(undef, undef, undef, 5) };
print "interrupted by: $@";

my $name = "/tmp/perl-$$";
open(my $file, '+>', $name) or die "$name: $!";
flock $file, LOCK_EX or die "flock: $!";
print $file "$_\n" for 1 .. 1000;
seek $file, 0, SEEK_SET;
my $sum = 0;
$sum += $_ while <$file>;
print "sum $sum, size ", -s $name, "\n";
truncate $file, 10;
print "truncated to ", -s $file, ", ", (-x $name ? '' : 'not '), "executable\n";
unlink $name;

my $tool = open3(my $in, my $out, undef, 'tr', 'a-z', 'b-za');
print $in "hal\n";
close $in;
print "open3: ", <$out>;
waitpid $tool, 0;
print "backticks: ", `echo \$((6 * 7)); exit 3`, "status ", $? >> 8, "\n";
my %children = map { my $n = $_; my $pid = fork; exit $n unless $pid; $pid => $n } 1 .. 8;
my $right = 0;
while ((my $pid = wait) > 0) { $right++ if $? >> 8 == $children{$pid} }
print "$right children waited for\n";
kill 'TERM', $$ if 0;
print join(',', (localtime 86400 * 365)[5, 4, 3]), "\n";
