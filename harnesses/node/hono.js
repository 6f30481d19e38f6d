// hono/cors with Hono on Node.js.

import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { stream } from 'hono/streaming';
import { validator } from 'hono/validator';
import { createAdaptorServer } from '@hono/node-server';
import * as specimen from './harness.js';

/** A list if all origins are exact. Patterns are documented to need a function. */
function origin(policy) {
  if (specimen.allowsAny(policy)) return '*';
  if (policy.allow_origins.every(entry => entry.kind === 'exact')) return specimen.origins(policy);
  return specimen.functionOf(`origin => ${specimen.isAllowed(policy, 'origin')} ? origin : null`);
}

specimen.run({
  name: 'hono-cors',
  stack: 'hono',
  title: 'hono/cors',
  framework: ['hono', '@hono/node-server'],
  middleware: ['hono'],
  homepage: 'https://hono.dev/docs/middleware/builtin/cors',
  create: cors,

  configure(policy) {
    specimen.requireOneForAll(policy, 'only the allowed origin and the methods can depend on the request');
    if (policy.preflight_status !== 204) {
      throw new specimen.Cannot('preflight_status', 'preflights are always answered with 204');
    }
    return specimen.withoutUndefined({
      origin: origin(policy),
      allowMethods: specimen.methods(policy),
      // An empty list, the documented default, allows what a preflight asks for.
      allowHeaders: specimen.requestHeaders(policy, [], []),
      exposeHeaders: specimen.exposedHeaders(policy),
      credentials: policy.allow_credentials || undefined,
      maxAge: policy.max_age ?? undefined,
    });
  },

  unsafe: {
    'any-origin-with-credentials': { origin: '*', credentials: true },
    'reflected-origin': { origin: specimen.functionOf('origin => origin'), credentials: true },
    'null-origin': { origin: ['null'], credentials: true },
    'prefix': {
      origin: specimen.functionOf("origin => origin.startsWith('https://app.example') ? origin : null"),
      credentials: true,
    },
    'unescaped-dot': {
      origin: specimen.functionOf('origin => /^https:\\/\\/.*.example.org$/.test(origin) ? origin : null'),
      credentials: true,
    },
  },

  application(middleware, hits) {
    const app = new Hono();
    app.use('*', middleware);

    const incoming = c => c.env.incoming;
    const route = (path, handlers) => {
      for (const [method, handler] of Object.entries(handlers)) {
        app.on(method, path, c => {
          hits.count(path.replace(/:(\w+)/, '{$1}'));
          return handler(c);
        });
      }
      // Hono answers 404 to a known path with another method, unless the application says otherwise.
      app.on(specimen.ANY_METHOD, path, c => c.text('Method Not Allowed', 405));
    };
    const handlersOfAny = handler => Object.fromEntries(specimen.ANY_METHOD.map(method => [method, handler]));

    route('/echo', handlersOfAny(async c => {
      const body = await c.req.arrayBuffer();
      const answer = specimen.echo(incoming(c), body.byteLength);
      return c.body(answer, 200, { ...specimen.ECHO_HEADERS, 'content-type': specimen.JSON_TYPE });
    }));
    route('/status/:code', {
      GET(c) {
        const [code, body] = specimen.status(c.req.param('code'));
        return body === '' ? c.body(null, code) : c.text(body, code);
      },
    });
    route('/redirect', handlersOfAny(c => {
      const redirect = specimen.redirect(incoming(c));
      return redirect ? c.redirect(redirect[1], redirect[0]) : c.body(null, 400);
    }));
    const appending = (name, parameter) => c => {
      for (const value of specimen.parameters(incoming(c), parameter)) c.header(name, value, { append: true });
      return c.body(null);
    };
    route('/cookie/set', { GET: appending('Set-Cookie', 'c') });
    route('/cookie/read', { GET: c => c.json(specimen.cookies(incoming(c))) });
    app.use('/private', async (c, next) => {
      if (c.req.header('Authorization') === undefined) return c.body(null, 401, specimen.CHALLENGE);
      await next();
    });
    const answerPrivate = c => c.text('private');
    route('/private', { GET: answerPrivate, PUT: answerPrivate });
    const answerOptions = c => c.text('options', 200, specimen.OPTIONS_HEADERS);
    route('/options', { GET: answerOptions, OPTIONS: answerOptions });
    route('/vary', { GET: appending('Vary', 'v') });
    route('/own-cors', { GET: c => c.body(null, 200, specimen.OWN_CORS_HEADERS) });
    route('/error', {
      GET() {
        throw new HTTPException(500, { message: specimen.failure().message });
      },
    });
    route('/panic', {
      GET() {
        throw specimen.failure();
      },
    });
    const json = validator('json', (body, c) => specimen.isNumber(body) ? body : c.body(null, 422));
    app.post('/json', bodyLimit({ maxSize: specimen.JSON_LIMIT }), json, c => {
      hits.count('/json');
      return c.json(c.req.valid('json'));
    });
    route('/json', {});
    route('/stream', {
      GET: c => stream(c, async output => {
        for await (const chunk of specimen.chunks()) await output.write(chunk);
      }),
    });
    app.get('/slash', c => c.redirect('/slash/', 308));
    route('/slash/', { GET: c => c.text('slash') });
    const item = c => c.text(`${c.req.method} ${c.req.param('id')}`);
    route('/item/:id', { PUT: item, DELETE: item });
    app.get('/hits', c => c.json(hits.counts));

    return createAdaptorServer({ fetch: app.fetch });
  },
});
