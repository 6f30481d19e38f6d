# frozen_string_literal: true

require 'json'
require 'rack'

# The specimen application without any CORS, on plain Rack.
class Specimen
  READ = %w[GET HEAD].freeze
  TEXT = { 'Content-Type' => 'text/plain; charset=utf-8' }.freeze
  FAILURE = 'the specimen fails on purpose'
  JSON_LIMIT = 1024

  # A regular expression of paths, the methods (none for all of them), the name to count under, and the method that answers.
  ROUTES = [
    [%r{\A/echo\z}, %w[GET HEAD POST PUT PATCH DELETE PURGE], '/echo', :echo],
    [%r{\A/status/([^/]+)\z}, READ, '/status/{code}', :status],
    [%r{\A/hits\z}, READ, nil, :hits],
    [%r{\A/redirect\z}, [], '/redirect', :redirect],
    [%r{\A/cookie/set\z}, READ, '/cookie/set', :set_cookies],
    [%r{\A/cookie/read\z}, READ, '/cookie/read', :read_cookies],
    [%r{\A/private\z}, %w[GET HEAD PUT], '/private', :private_answer],
    [%r{\A/options\z}, %w[OPTIONS GET HEAD], '/options', :options],
    [%r{\A/vary\z}, READ, '/vary', :vary],
    [%r{\A/own-cors\z}, READ, '/own-cors', :own_cors],
    [%r{\A/error\z}, READ, '/error', :error],
    [%r{\A/json\z}, %w[POST], nil, :number],
    [%r{\A/panic\z}, READ, '/panic', :fail_on_purpose],
    [%r{\A/stream\z}, READ, '/stream', :stream],
    [%r{\A/slash/\z}, READ, '/slash/', :slash],
    [%r{\A/slash\z}, READ, nil, :to_slash],
    [%r{\A/item/([^/]+)\z}, %w[PUT DELETE], '/item/{id}', :item]
  ].freeze

  # Three chunks a little apart.
  class Chunks
    def each
      ['one ', 'two ', 'three'].each do |chunk|
        yield chunk
        sleep(0.005)
      end
    end
  end

  def initialize
    @hits = Hash.new(0)
    @lock = Mutex.new
  end

  def call(env)
    request = Rack::Request.new(env)
    ROUTES.each do |pattern, methods, name, handler|
      match = pattern.match(request.path) or next
      return unauthorized if name == '/private' && !env['HTTP_AUTHORIZATION']
      unless methods.empty? || methods.include?(request.request_method)
        return text(405, 'method not allowed', 'Allow' => methods.join(', '))
      end

      count(name) if name
      return send(handler, request, *match.captures)
    end
    text(404, 'not found')
  rescue StandardError
    # Frameworks on Rack make an answer of an exception inside of the application, as Rails and Sinatra do.
    text(500, FAILURE)
  end

  private

  def count(name)
    @lock.synchronize { @hits[name] += 1 }
  end

  def text(status, body, headers = {})
    type = body.empty? ? {} : TEXT
    [status, type.merge(headers), [body]]
  end

  def json(value, headers = {})
    [200, { 'Content-Type' => 'application/json' }.merge(headers), [JSON.generate(value)]]
  end

  def parameters(request, name)
    URI.decode_www_form(request.query_string).filter_map { |key, value| value if key == name }
  end

  def echo(request)
    env = request.env
    lines = env.filter_map { |name, value| [name[5..].downcase.tr('_', '-'), [value]] if name.start_with?('HTTP_') }.to_h
    # Rack keeps these two apart. Puma adds HTTP_VERSION, which is not a header.
    lines.delete('version')
    %w[CONTENT_TYPE CONTENT_LENGTH].each { |name| lines[name.downcase.tr('_', '-')] = [env[name]] if env[name] }
    seen = { method: request.request_method, path: request.path, query: request.query_string, headers: lines }
    json(seen.merge(body_length: request.body.read.bytesize), 'X-Request-Id' => 'specimen', 'X-Secret' => 'specimen')
  end

  def status(_request, code)
    return text(400, '') unless code.match?(/\A[2-5][0-9][0-9]\z/)

    %w[204 205 304].include?(code) ? [code.to_i, {}, []] : text(code.to_i, "status #{code}")
  end

  def redirect(request)
    code = parameters(request, 'code').first || '307'
    to = parameters(request, 'to').first
    return text(400, '') unless to && code.match?(/\A3[0-9][0-9]\z/)

    text(code.to_i, '', 'Location' => to)
  end

  # Rack 2 separates the lines of one name by line feeds.
  def set_cookies(request)
    text(200, 'set', 'Set-Cookie' => parameters(request, 'c').join("\n"))
  end

  def read_cookies(request)
    json((request.get_header('HTTP_COOKIE') || '').split(/[;,]/).map(&:strip).reject(&:empty?))
  end

  def unauthorized
    text(401, '', 'WWW-Authenticate' => 'Basic realm="specimen"')
  end

  def private_answer(_request)
    text(200, 'private')
  end

  def options(_request)
    text(200, 'options', 'X-Handler' => 'options')
  end

  def vary(request)
    text(200, 'vary', 'Vary' => parameters(request, 'v').join("\n"))
  end

  def own_cors(_request)
    text(200, 'own', 'Access-Control-Allow-Origin' => 'https://handler.example', 'Access-Control-Allow-Credentials' => 'true')
  end

  def error(_request)
    text(500, FAILURE)
  end

  def number(request)
    return text(415, 'not JSON') unless request.media_type == 'application/json'

    body = request.body.read
    return text(413, 'too long') if body.bytesize > JSON_LIMIT

    value = JSON.parse(body)
    return text(422, 'not a number') unless value.is_a?(Hash) && value.keys == ['n'] && value['n'].is_a?(Integer)

    count('/json')
    json(value)
  rescue JSON::ParserError
    text(400, 'not JSON')
  end

  def fail_on_purpose(_request)
    raise FAILURE
  end

  def stream(_request)
    [200, TEXT.dup, Chunks.new]
  end

  def slash(_request)
    text(200, 'slash')
  end

  def to_slash(_request)
    text(308, '', 'Location' => '/slash/')
  end

  def item(request, id)
    text(200, "#{request.request_method} #{URI.decode_www_form_component(id)}")
  end

  def hits(_request)
    json(@hits)
  end
end
