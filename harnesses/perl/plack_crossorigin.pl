#!/usr/bin/env perl

# Plack::Middleware::CrossOrigin, https://metacpan.org/pod/Plack::Middleware::CrossOrigin, as its synopsis shows.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Harness;
use Plack::Middleware::CrossOrigin;

sub configuration {
    my ($policy) = @_;
    Harness::cannot(diagnostics => 'the middleware does not explain its decisions') if $policy->{diagnostics};
    Harness::cannot(rules => 'one configuration covers the whole application') if @{ $policy->{rules} };
    Harness::cannot(guard => 'the middleware rejects every other origin, and has no exceptions') if $policy->{guard};
    Harness::cannot(preflight_status => 'the middleware always answers 200')
        unless $policy->{preflight_status} == 200 || $policy->{preflight_status} == 204;

    my @methods = @{ $policy->{allow_methods} };
    my @headers = @{ $policy->{allow_headers} };
    my %all = map { $_ => 1 } @headers;
    Harness::cannot(allow_headers => '`*` allows Authorization, too') if $all{'*'} && !$all{authorization};
    my %simple = map { $_ => 1 } qw(GET HEAD POST);
    my @options = (
        origins => list(map { origins($_) } @{ $policy->{allow_origins} }),
        methods => (grep { $_ eq '*' } @methods) ? "'*'" : list(qw(GET HEAD POST), grep { !$simple{$_} } @methods),
        headers => $all{'*'} ? "'*'" : list(@headers),
    );
    my @exposed = @{ $policy->{expose_headers} };
    push @options, expose_headers => list(@exposed) if @exposed;
    push @options, credentials => 1 if $policy->{allow_credentials};
    push @options, max_age => $policy->{max_age} if defined $policy->{max_age};
    return enable(@options);
}

# Patterns are written with `*`, which stands for any part of a host name, dots included, and for any port.
sub origins {
    my ($entry) = @_;
    return '*' if $entry->{kind} eq 'any';
    return $entry->{origin} if $entry->{kind} eq 'exact';
    Harness::cannot(allow_origins => '`*` stands for dots, too, and for nothing') if $entry->{kind} eq 'partial-label';
    # Without a port is the default port, which is one of any.
    my ($without) = $entry->{pattern} =~ /\A(.*):\*\z/;
    return grep { defined } $without, $entry->{pattern};
}

sub list {
    return '[' . join(', ', map { "'$_'" } @_) . ']';
}

sub enable {
    my @options = @_;
    my @pairs;
    while (my ($name, $value) = splice @options, 0, 2) {
        push @pairs, "$name => $value";
    }
    return join ",\n    ", "enable 'CrossOrigin'", @pairs;
}

Harness::run(
    hello => {
        name       => 'plack-crossorigin',
        title      => 'Plack CrossOrigin',
        middleware => 'Plack::Middleware::CrossOrigin ' . Plack::Middleware::CrossOrigin->VERSION,
        homepage   => 'https://metacpan.org/pod/Plack::Middleware::CrossOrigin',
    },
    configuration => \&configuration,
    # It has no regular expressions, and no other option for every origin than `*`.
    unsafe => {
        'any-origin-with-credentials' => enable(origins => "'*'", credentials => 1),
        'null-origin'                 => enable(origins => "'null'", credentials => 1),
        'prefix'                      => enable(origins => "'https://app.example*'", credentials => 1),
    },
);
