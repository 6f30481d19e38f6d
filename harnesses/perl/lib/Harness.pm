package Harness;

# The harness protocol, version 1, for Plack middlewares on Twiggy. Every server runs in this process.

use strict;
use warnings;

use AnyEvent;
use JSON::PP;
use Plack;
use Plack::Builder;
use Specimen;
use Twiggy;
use Twiggy::Server;

my $json = JSON::PP->new->utf8->canonical;

# Speaks the protocol until standard input ends. `subject` has `hello` (a hash), `configuration` (a function from a policy to text)
# and `unsafe` (a hash from names to texts). A text is the line `enable …` of a `builder`; what is shown is what runs.
sub run {
    my (%subject) = @_;
    my %servers;

    # Nothing but answers may go to standard output.
    open my $output, '>&', \*STDOUT or die "no standard output: $!";
    open STDOUT, '>&', \*STDERR or die "no standard error: $!";
    $output->autoflush(1);
    my $answer = sub {
        my ($kind, %values) = @_;
        print {$output} $json->encode({ $kind => \%values }), "\n";
    };

    my %commands = (
        hello => sub {
            $answer->(
                hello     => protocol => 1,
                language  => 'Perl',
                framework => 'Plack ' . Plack->VERSION . ' on Twiggy ' . Twiggy->VERSION,
                level     => 2,
                http2     => JSON::PP::false,
                unsafe    => [ sort keys %{ $subject{unsafe} } ],
                %{ $subject{hello} },
            );
        },
        serve => sub {
            my ($request) = @_;
            my $id = $request->{id};
            my $text = eval {
                defined $request->{unsafe}
                    ? $subject{unsafe}{ $request->{unsafe} } // cannot($request->{unsafe}, 'there is no such option')
                    : $subject{configuration}->($request->{policy});
            };
            if (ref $@ eq 'HASH') {
                $answer->(cannot => id => $id, %{$@});
                return;
            }
            my $failure = $@;
            my $port = $text && eval {
                ($servers{$id}, my $port) = start($text);
                $port;
            };
            $failure ||= $@;
            $port
                ? $answer->(ready => id => $id, port => $port, configuration => $text)
                : $answer->(($request->{unsafe} ? 'refused' : 'failed') => id => $id, reason => $failure);
        },
        stop => sub {
            my $id = $_[0]{id};
            # Connections refer to the server, so that it would listen on.
            my $server = delete $servers{$id};
            delete $server->{listen_guards} if $server;
            $answer->(stopped => id => $id);
        },
    );

    my $end = AE::cv;
    my $lines = '';
    my $input = AE::io \*STDIN, 0, sub {
        sysread(STDIN, $lines, 65536, length $lines) or return $end->send;
        while ($lines =~ s/\A([^\n]*)\n//) {
            my $request = $json->decode($1);
            $commands{ $request->{cmd} }->($request);
        }
    };
    my $signal = AE::signal TERM => sub { $end->send };
    $end->recv;
}

# Ends `configuration`: the middleware has no way to say a field of the policy.
sub cannot {
    my ($field, $reason) = @_;
    die { field => $field, reason => $reason };
}

sub start {
    my ($text) = @_;
    my $specimen = Specimen::app();
    my $app = eval "builder { $text; enable 'ContentLength'; enable 'Head'; \$specimen }" or die $@;
    my $port;
    my $server = Twiggy::Server->new(host => '127.0.0.1', port => 0, server_ready => sub { $port = $_[0]{port} });
    $server->register_service($app);
    return $server, $port;
}

1;
