# A way to a server that can be shut, as a balancer is whose server starts again:
# what goes through it breaks off, and who comes is sent away after the first bytes.
# Usage: perl gate.pl PORT FILE; the file gets the gate's own port. USR1 shuts the
# gate for three seconds.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($port, $file) = @ARGV;
my $listener = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1') or die;
my (%other, $shut_until);
my $select = IO::Select->new($listener);
my $shut = 0;
$SIG{USR1} = sub { $shut = 1 };
$SIG{PIPE} = 'IGNORE';

sub part {
    for my $socket (grep { defined } @_) {
        my $peer = delete $other{$socket};
        $select->remove($socket);
        close $socket;
        part($peer) if $peer && $other{$peer};
    }
}

open my $out, '>', "$file.new" or die;
print {$out} $listener->sockport, "\n";
close $out;
rename "$file.new", $file;
while (1) {
    if ($shut) {
        $shut = 0;
        $shut_until = time + 3;
        part($_) for grep { $_ != $listener } $select->handles;
    }
    for my $socket ($select->can_read(0.1)) {
        if ($socket == $listener) {
            my $client = $listener->accept or next;
            if ($shut_until && time < $shut_until) {
                sysread $client, my $hello, 16;
                close $client;
                next;
            }
            my $server = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or die;
            @other{$client, $server} = ($server, $client);
            $select->add($client, $server);
            next;
        }
        next unless $other{$socket};
        my $length = sysread $socket, my $bytes, 65536;
        part($socket), next unless $length;
        my $done = 0;
        while ($done < $length) {
            my $count = syswrite $other{$socket}, $bytes, $length - $done, $done;
            last unless $count;
            $done += $count;
        }
    }
}
