# A registry of one image in the file that it is given: what is asked for of it needs
# a token. Usage: perl registry.pl FOLDER; writes its port to FOLDER/port, and the
# requests to FOLDER/requests. Objects are FOLDER/manifests/NAME and
# FOLDER/blobs/NAME. A blob is found behind a redirect.
use strict;
use warnings;
use IO::Socket::INET;

my ($folder) = @ARGV;
my $listener = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1') or die;
my $port = $listener->sockport;
open my $log, '>', "$folder/requests" or die;
$log->autoflush;
open my $out, '>', "$folder/port.new" or die;
print {$out} "$port\n";
close $out;
rename "$folder/port.new", "$folder/port";

sub answer {
    my ($client, $line, $headers, $body) = @_;
    my $length = length $body;
    print {$client} "HTTP/1.1 $line\r\n$headers"
        . "Content-Length: $length\r\nConnection: close\r\n\r\n$body";
}

sub object {
    my ($kind, $name) = @_;
    open my $file, '<:raw', "$folder/$kind/$name" or return;
    local $/;
    return scalar <$file>;
}

while (my $client = $listener->accept) {
    my $request = <$client> // '';
    my $authorization = '';
    while (my $header = <$client>) {
        last if $header eq "\r\n";
        $authorization = $1 if $header =~ /^authorization: (.*?)\r\n/i;
    }
    my (undef, $path) = split ' ', $request;
    $path //= '';
    print {$log} "$path [$authorization]\n";
    if ($path =~ m{^/token\?service=tests&scope=repository:team/load:pull$}) {
        answer($client, '200 OK', '', '{"token": "abc.def"}');
    } elsif ($path =~ m{^/store/(sha256:[0-9a-f]+)$} && defined object('blobs', $1)) {
        answer($client, '200 OK', '', object('blobs', $1));
    } elsif ($authorization ne 'Bearer abc.def') {
        answer($client, '401 Unauthorized',
            "WWW-Authenticate: Bearer realm=\"http://127.0.0.1:$port/token\","
            . "service=\"tests\",scope=\"repository:team/load:pull\"\r\n", '{}');
    } elsif ($path =~ m{^/v2/team/load/manifests/([a-z0-9:.]+)$} && defined object('manifests', $1)) {
        answer($client, '200 OK', '', object('manifests', $1));
    } elsif ($path =~ m{^/v2/team/load/blobs/(sha256:[0-9a-f]+)$}) {
        answer($client, '307 Temporary Redirect', "Location: http://localhost:$port/store/$1\r\n", '');
    } else {
        answer($client, '404 Not Found', '', '{}');
    }
    close $client;
}
