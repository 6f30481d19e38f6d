package Specimen;

# The specimen application without any CORS, on plain PSGI.

use strict;
use warnings;

use AnyEvent;
use JSON::PP;

my $json = JSON::PP->new->utf8->canonical;
my $failure = 'the specimen fails on purpose';
my $json_limit = 1024;
my @text = ('Content-Type' => 'text/plain; charset=utf-8');
my @read = qw(GET HEAD);

# A regular expression of paths, the methods (none for all of them), the name to count under, and the handler.
my @routes = (
    [ qr{/echo}, [qw(GET HEAD POST PUT PATCH DELETE PURGE)], '/echo', \&echo ],
    [ qr{/status/([^/]+)}, \@read, '/status/{code}', \&status ],
    [ qr{/redirect}, [], '/redirect', \&redirect ],
    [ qr{/cookie/set}, \@read, '/cookie/set', \&set_cookies ],
    [ qr{/cookie/read}, \@read, '/cookie/read', \&read_cookies ],
    [ qr{/private}, [qw(GET HEAD PUT)], '/private', sub { text(200, 'private') } ],
    [ qr{/options}, [qw(OPTIONS GET HEAD)], '/options', sub { text(200, 'options', 'X-Handler' => 'options') } ],
    [ qr{/vary}, \@read, '/vary', sub { text(200, 'vary', map { (Vary => $_) } parameters($_[0], 'v')) } ],
    [ qr{/own-cors}, \@read, '/own-cors', \&own_cors ],
    [ qr{/error}, \@read, '/error', sub { text(500, $failure) } ],
    [ qr{/json}, ['POST'], undef, \&number ],
    [ qr{/panic}, \@read, '/panic', sub { die "$failure\n" } ],
    [ qr{/stream}, \@read, '/stream', \&stream ],
    [ qr{/slash/}, \@read, '/slash/', sub { text(200, 'slash') } ],
    [ qr{/slash}, \@read, undef, sub { text(308, '', Location => '/slash/') } ],
    [ qr{/item/([^/]+)}, [qw(PUT DELETE)], '/item/{id}', sub { text(200, "$_[0]{REQUEST_METHOD} $_[2]") } ],
    [ qr{/hits}, \@read, undef, sub { answer_json($_[1]) } ],
);

# An application with counts of its own.
sub app {
    my %hits;
    return sub {
        my ($env) = @_;
        my ($path) = $env->{REQUEST_URI} =~ /\A([^?]*)/;
        for my $route (@routes) {
            my ($pattern, $methods, $name, $handler) = @$route;
            my @captures = $path =~ /\A$pattern\z/ or next;
            return text(401, '', 'WWW-Authenticate' => 'Basic realm="specimen"')
                if ($name // '') eq '/private' && !defined $env->{HTTP_AUTHORIZATION};
            return text(405, 'method not allowed', Allow => join ', ', @$methods)
                if @$methods && !grep { $_ eq $env->{REQUEST_METHOD} } @$methods;
            $hits{$name}++ if defined $name;
            # Frameworks on Plack make an answer of an exception inside of the application, as Dancer and Mojolicious do.
            return eval { $handler->($env, \%hits, map { decoded($_) } @captures) } || text(500, $failure);
        }
        return text(404, 'not found');
    };
}

sub text {
    my ($status, $body, @headers) = @_;
    return [ $status, [ length $body ? @text : (), @headers ], [$body] ];
}

sub answer_json {
    my ($value, @headers) = @_;
    return [ 200, [ 'Content-Type' => 'application/json', @headers ], [ $json->encode($value) ] ];
}

sub decoded {
    my ($text) = @_;
    $text =~ tr/+/ /;
    $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return $text;
}

sub parameters {
    my ($env, $name) = @_;
    my @pairs = map { [ map { decoded($_) } split /=/, $_, 2 ] } split /&/, $env->{QUERY_STRING};
    return map { $_->[1] // '' } grep { @$_ && $_->[0] eq $name } @pairs;
}

sub body {
    my ($env) = @_;
    my $body = '';
    my $input = $env->{'psgi.input'};
    1 while $input->read($body, 65536, length $body);
    return $body;
}

sub echo {
    my ($env) = @_;
    # PSGI joins the lines of one name.
    my %lines;
    for my $key (grep { /\A(?:HTTP_|CONTENT_(?:TYPE|LENGTH)\z)/ } keys %$env) {
        my $name = lc $key =~ s/\AHTTP_//r =~ tr/_/-/r;
        $lines{$name} = [ $env->{$key} ] if defined $env->{$key};
    }
    my ($path) = $env->{REQUEST_URI} =~ /\A([^?]*)/;
    my %seen = (method => $env->{REQUEST_METHOD}, path => $path, query => $env->{QUERY_STRING}, headers => \%lines);
    return answer_json({ %seen, body_length => length body($env) }, 'X-Request-Id' => 'specimen', 'X-Secret' => 'specimen');
}

sub status {
    my ($env, $hits, $code) = @_;
    return text(400, '') unless $code =~ /\A[2-5][0-9][0-9]\z/;
    return text($code, $code =~ /\A(?:204|205|304)\z/ ? '' : "status $code");
}

sub redirect {
    my ($env) = @_;
    my ($code, $to) = ((parameters($env, 'code'))[0] // 307, (parameters($env, 'to'))[0]);
    return text(400, '') unless defined $to && $code =~ /\A3[0-9][0-9]\z/;
    return text($code, '', Location => $to);
}

sub set_cookies {
    my ($env) = @_;
    return text(200, 'set', map { ('Set-Cookie' => $_) } parameters($env, 'c'));
}

sub read_cookies {
    my ($env) = @_;
    my @cookies = split /\s*[;,]\s*/, $env->{HTTP_COOKIE} // '';
    return answer_json([ grep { length } @cookies ]);
}

sub own_cors {
    return text(
        200, 'own',
        'Access-Control-Allow-Origin'      => 'https://handler.example',
        'Access-Control-Allow-Credentials' => 'true',
    );
}

sub number {
    my ($env, $hits) = @_;
    my ($media_type) = ($env->{CONTENT_TYPE} // '') =~ m{\A\s*([^;\s]*)};
    return text(415, 'not JSON') unless lc $media_type eq 'application/json';
    my $body = body($env);
    return text(413, 'too long') if length $body > $json_limit;
    my $value = eval { $json->decode($body) } or return text(400, 'not JSON');
    return text(422, 'not a number')
        unless ref $value eq 'HASH' && join(',', keys %$value) eq 'n' && ($value->{n} // '') =~ /\A-?[0-9]+\z/;
    $hits->{'/json'}++;
    return answer_json($value);
}

sub stream {
    return sub {
        my ($respond) = @_;
        my $writer = $respond->([ 200, [@text] ]);
        my @chunks = ('one ', 'two ', 'three');
        my $timer;
        $timer = AE::timer 0, 0.005, sub {
            $writer->write(shift @chunks);
            return if @chunks;
            undef $timer;
            $writer->close;
        };
    };
}

1;
