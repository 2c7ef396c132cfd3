#!/usr/bin/perl
# What SARIF 2.1.0 (OASIS) and code scanning ask of a log: required members, their
# types, and that results point at rules and places that there are.
# Usage: check_sarif.pl FILE; prints what is wrong and ends with 1.
use strict;
use warnings;
use JSON::PP;

my $bad = 0;

sub wrong {
    print "$_[0]\n";
    $bad = 1;
}

# is(VALUE, KIND, WHERE): 1 when VALUE is of the kind.
sub is {
    my ($value, $kind, $where) = @_;
    my $found = !defined $value ? 'nothing'
        : ref $value eq 'HASH'  ? 'object'
        : ref $value eq 'ARRAY' ? 'array'
        : JSON::PP::is_bool($value) ? 'boolean'
        : encode($value) =~ /^-?\d+$/ ? 'integer'
        :                               'string';
    return 1 if $found eq $kind;
    wrong("$where: expected $kind, found $found");
    return 0;
}

sub encode { JSON::PP->new->allow_nonref->encode($_[0]) }

# only(OBJECT, WHERE, NAME...): nothing but these members.
sub only {
    my ($object, $where, %known) = (shift, shift, map { $_ => 1 } @_);
    $known{$_} or wrong("$where: unknown member '$_'") for keys %$object;
}

sub message {
    my ($object, $where) = @_;
    is($object, 'object', $where) or return;
    is($object->{text}, 'string', "$where.text");
    $object->{text} ne '' or wrong("$where.text is empty");
}

sub level {
    my ($value, $where) = @_;
    is($value, 'string', $where) or return;
    $value =~ /^(none|note|warning|error)$/ or wrong("$where: '$value'");
}

sub rule {
    my ($rule, $where) = @_;
    is($rule, 'object', $where) or return;
    only($rule, $where, qw(id shortDescription fullDescription help
        defaultConfiguration properties));
    is($rule->{id}, 'string', "$where.id");
    message($rule->{$_}, "$where.$_")
        for qw(shortDescription fullDescription help);
    is($rule->{help}{markdown}, 'string', "$where.help.markdown");
    level($rule->{defaultConfiguration}{level}, "$where.level");
    is($rule->{properties}{tags}, 'array', "$where.properties.tags");
}

sub region {
    my ($region, $where) = @_;
    is($region, 'object', $where) or return;
    only($region, $where, qw(startLine startColumn endLine endColumn));
    is($region->{startLine}, 'integer', "$where.startLine");
    for (sort keys %$region) {
        is($region->{$_}, 'integer', "$where.$_");
        $region->{$_} > 0 or wrong("$where.$_ is not above 0");
    }
    !defined $region->{endColumn}
        or $region->{endColumn} >= $region->{startColumn}
        or wrong("$where ends before it begins");
}

sub location {
    my ($location, $where) = @_;
    is($location, 'object', $where) or return;
    my $place = $location->{physicalLocation};
    is($place, 'object', "$where.physicalLocation") or return;
    my $artifact = $place->{artifactLocation};
    is($artifact, 'object', "$where.artifactLocation") or return;
    only($artifact, $where, qw(uri uriBaseId));
    is($artifact->{uri}, 'string', "$where.uri") or return;
    $artifact->{uri} =~ m{^(file://)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$}
        or wrong("$where.uri: not a URI: $artifact->{uri}");
    $artifact->{uri} !~ m{^(/|\./|\.\./)}
        or wrong("$where.uri: not relative: $artifact->{uri}");
    region($place->{region}, "$where.region");
}

sub result {
    my ($result, $where, $rules) = @_;
    is($result, 'object', $where) or return;
    only($result, $where, qw(ruleId ruleIndex level message locations
        partialFingerprints));
    is($result->{ruleIndex}, 'integer', "$where.ruleIndex") or return;
    my $rule = $rules->[$result->{ruleIndex}];
    defined $rule && $rule->{id} eq $result->{ruleId}
        or wrong("$where: ruleIndex is not that of $result->{ruleId}");
    level($result->{level}, "$where.level");
    message($result->{message}, "$where.message");
    is($result->{locations}, 'array', "$where.locations") or return;
    @{$result->{locations}} == 1 or wrong("$where: expected one location");
    location($_, "$where.location") for @{$result->{locations}};
    is($result->{partialFingerprints}, 'object', "$where.fingerprints");
    is($_, 'string', "$where.fingerprint")
        for values %{$result->{partialFingerprints}};
}

sub run {
    my ($run) = @_;
    my $driver = $run->{tool}{driver};
    is($driver, 'object', 'driver') or return;
    is($driver->{$_}, 'string', "driver.$_") for qw(name semanticVersion);
    is($driver->{rules}, 'array', 'rules') or return;
    my %seen;
    for (@{$driver->{rules}}) {
        rule($_, "rule $_->{id}");
        !$seen{$_->{id}}++ or wrong("rule $_->{id} stands twice");
    }
    $run->{columnKind} eq 'unicodeCodePoints' or wrong('columnKind');
    is($run->{invocations}, 'array', 'invocations') or return;
    for (@{$run->{invocations}}) {
        is($_->{executionSuccessful}, 'boolean', 'executionSuccessful');
        for (@{$_->{toolExecutionNotifications} || []}) {
            level($_->{level}, 'notification.level');
            message($_->{message}, 'notification.message');
        }
    }
    is($run->{results}, 'array', 'results') or return;
    my $number = 0;
    result($_, 'result ' . $number++, $driver->{rules})
        for @{$run->{results}};
}

open my $file, '<:raw', $ARGV[0] or die "$ARGV[0]: $!\n";
my $log = JSON::PP->new->utf8->decode(do { local $/; <$file> });
is($log, 'object', 'log') or exit 1;
only($log, 'log', qw($schema version runs));
$log->{version} eq '2.1.0' or wrong('version is not 2.1.0');
is($log->{runs}, 'array', 'runs') or exit 1;
run($_) for @{$log->{runs}};
exit $bad;
