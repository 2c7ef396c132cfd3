# Starts a command again and again and kills it with SIGKILL, each time a little later.
# Becomes the reaper of everything below it: whatever outlives the killed command comes
# here, and when nothing is left, waitpid says so. Fails when that takes longer than 5 s
# after the last kill.
# Usage: kill_runs.pl ROUNDS STEP_MILLISECONDS COMMAND...
use strict;
use warnings;
use POSIX qw(WNOHANG uname);
use Time::HiRes qw(sleep time);

my ($rounds, $step, @command) = @ARGV;
my %prctl = (x86_64 => 157, aarch64 => 167);
my $call = $prctl{(uname)[4]} or exit 77;
syscall($call, 36, 1, 0, 0, 0) == 0 or die "no reaper: $!\n"; # SET_CHILD_SUBREAPER

my $ended = 0;
for my $round (1 .. $rounds) {
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        exec @command or die "exec: $!\n";
    }
    sleep($round * $step / 1000);
    kill 'KILL', $pid;
    $ended++ if waitpid($pid, 0) == $pid && $? == 0;
}
my $end = time + 5;
while ((my $pid = waitpid(-1, WNOHANG)) >= 0) {
    if (time > $end) {
        system('ps', '--ppid', $$, '-o', 'pid,args');
        die "processes are left\n";
    }
    sleep 0.02 if $pid == 0;
}
printf "%d of %d ended before they were killed\n", $ended, $rounds;
