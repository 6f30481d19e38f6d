# frozen_string_literal: true

# The harness protocol, version 1, for Rack middlewares on Puma. Every server runs in this process.

require 'json'
require 'puma'
require 'puma/server'
require 'rack'
require_relative 'specimen'

# The middleware has no way to say a field of the policy.
class Cannot < StandardError
  attr_reader :field

  def initialize(field, reason)
    super(reason)
    @field = field
  end
end

# The middleware refuses an unsafe configuration itself.
class Refused < StandardError; end

# One server per policy, and the answers on standard output.
class Harness
  # `subject` has `hello` (a hash), `configuration(policy)` and `unsafe` (a hash from names to configurations). A configuration is
  # the text of `use …` in a `config.ru`; what is shown is what runs.
  def initialize(subject)
    @subject = subject
    @servers = {}
    # Nothing but answers may go to standard output.
    @output = $stdout.dup
    @output.sync = true
    $stdout.reopen($stderr)
  end

  def run
    # An ensure block stops the servers.
    Signal.trap('TERM') { exit(0) }
    $stdin.each_line do |line|
      request = JSON.parse(line, symbolize_names: true)
      case request[:cmd]
      when 'hello' then hello
      when 'serve' then serve(request)
      when 'stop' then stop(request[:id])
      end
    end
  ensure
    @servers.each_value { |server| server.stop(false) }
  end

  private

  def answer(kind, values)
    @output.puts(JSON.generate(kind => values))
  end

  def hello
    answer(:hello, {
      protocol: 1, language: 'Ruby', framework: "Rack #{Rack.release} on Puma #{Puma::Const::VERSION}", level: 2, http2: false,
      unsafe: @subject.unsafe.keys
    }.merge(@subject.hello))
  end

  def serve(request)
    id = request[:id]
    configuration = request[:unsafe] ? @subject.unsafe.fetch(request[:unsafe]) : @subject.configuration(request[:policy])
    @servers[id], port = start(configuration)
    answer(:ready, id: id, port: port, configuration: configuration)
  rescue KeyError
    answer(:cannot, id: id, field: request[:unsafe], reason: 'there is no such option')
  rescue Cannot => e
    answer(:cannot, id: id, field: e.field, reason: e.message)
  rescue StandardError => e
    answer(request[:unsafe] ? :refused : :failed, id: id, reason: "#{e.class}: #{e.message}")
  end

  def start(configuration)
    application = Specimen.new
    builder = Rack::Builder.new
    builder.instance_eval(configuration)
    # Rack's own servers leave `HEAD` to this middleware.
    builder.use(Rack::Head)
    builder.run(application)
    server = Puma::Server.new(builder.to_app, Puma::Events.new($stderr, $stderr), max_threads: 8, environment: 'production')
    server.add_tcp_listener('127.0.0.1', 0)
    server.run
    [server, server.connected_ports.first]
  end

  def stop(id)
    @servers.delete(id)&.stop(true)
    answer(:stopped, id: id)
  end
end
