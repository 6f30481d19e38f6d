#!/usr/bin/env ruby
# frozen_string_literal: true

# rack-cors, https://github.com/cyu/rack-cors, as its README shows for a `config.ru`.

require_relative 'harness'
require 'rack/cors'
require 'rack/cors/version'

# What rack-cors has for a policy.
module RackCors
  module_function

  def hello
    {
      name: 'rack-cors', title: 'Rack rack-cors', middleware: "rack-cors #{Rack::Cors::VERSION}",
      homepage: 'https://github.com/cyu/rack-cors',
      disputes: %w[none-listed long-safelisted-value].map do |name|
        {
          scenario: "request-headers/#{name}", reason: 'simple headers are always allowed',
          link: 'https://github.com/cyu/rack-cors/pull/150'
        }
      end
    }
  end

  def configuration(policy)
    raise Cannot.new('diagnostics', '`debug` logs, and its X-Rack-CORS header names no rule') if policy[:diagnostics]
    raise Cannot.new('guard', 'rack-cors rejects no request') if policy[:guard]
    unless [200, 204].include?(policy[:preflight_status])
      raise Cannot.new('preflight_status', 'rack-cors always answers 200')
    end

    # The first block that has the origin decides.
    blocks = [*policy[:rules], policy].map { |terms| allow(terms) }
    ['use Rack::Cors do', *blocks, 'end'].join("\n")
  end

  def allow(terms)
    options = ["methods: #{methods(terms)}"]
    headers = headers(terms)
    options << "headers: #{headers}" if headers
    options << "expose: #{expose(terms)}" if terms[:expose_headers].any?
    options << 'credentials: true' if terms[:allow_credentials]
    # A time is always sent. Without one, browsers take five seconds.
    options << "max_age: #{terms[:max_age] || 5}"
    block(terms[:allow_origins].map { |entry| origin(entry) }.join(', '), options)
  end

  def block(origins, options)
    "  allow do\n    origins #{origins}".rstrip + "\n    resource '*', #{options.join(', ')}\n  end"
  end

  # A string is a whole origin only if its scheme is http or https; rack-cors reads others as hosts.
  def origin(entry)
    return "'*'" if entry[:kind] == 'any'
    return "'#{entry[:origin]}'" if entry[:kind] == 'exact' && entry[:origin].match?(%r{\A(https?://|file://\z)})

    # The README recommends \A and \z.
    Regexp.new(entry[:regex].sub(/\A\^/, '\A').sub(/\$\z/, '\z')).inspect
  end

  def methods(terms)
    return ':any' if terms[:allow_methods].include?('*')

    "[#{(%w[GET HEAD POST] | terms[:allow_methods]).map { |name| name.downcase.to_sym.inspect }.join(', ')}]"
  end

  def headers(terms)
    names = terms[:allow_headers]
    if names.include?('*')
      return ':any' if names.include?('authorization')

      raise Cannot.new('allow_headers', '`:any` allows Authorization, too')
    end
    names.inspect if names.any?
  end

  def expose(terms)
    if terms[:expose_headers].include?('*') && terms[:allow_credentials]
      raise Cannot.new('expose_headers', 'with credentials, `*` is the name of a header, and there is no other way to expose all')
    end
    terms[:expose_headers].inspect
  end

  def unsafe
    {
      'any-origin-with-credentials' => "'*'",
      'reflected-origin' => '{ |source, env| true }',
      'null-origin' => "'null'",
      # The expression of the security note in the README.
      'prefix' => '/https:\/\/app\.example/',
      'unescaped-dot' => '/^https:\/\/.*.example.org$/'
    }.transform_values do |origins|
      "use Rack::Cors do\n#{block(origins, ['methods: :any', 'headers: :any', 'credentials: true'])}\nend"
    end
  end
end

Harness.new(RackCors).run
