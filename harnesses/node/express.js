// The npm package `cors` with Express.

import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import express from 'express';
import cors from 'cors';
import * as specimen from './harness.js';

function options(policy) {
  return specimen.withoutUndefined({
    // `false` is documented to disable CORS.
    origin: specimen.allowsAny(policy) ? '*' : policy.allow_origins.length > 0 && specimen.origins(policy),
    methods: specimen.methods(policy),
    // Without the option, the headers that a preflight asks for are allowed.
    allowedHeaders: specimen.requestHeaders(policy, [], undefined),
    exposedHeaders: specimen.exposedHeaders(policy),
    credentials: policy.allow_credentials || undefined,
    maxAge: policy.max_age ?? undefined,
    optionsSuccessStatus: policy.preflight_status === 204 ? undefined : policy.preflight_status,
  });
}

specimen.run({
  name: 'express-cors',
  stack: 'express',
  title: 'Express cors',
  framework: ['express'],
  middleware: ['cors'],
  homepage: 'https://github.com/expressjs/cors',
  create: cors,

  // The options may be a function that generates them for a request.
  configure: policy => policy.rules.length > 0 ? specimen.chooseByOrigin(policy, options) : options(policy),

  unsafe: {
    'any-origin-with-credentials': { origin: '*', credentials: true },
    'reflected-origin': { origin: true, credentials: true },
    'null-origin': { origin: ['null'], credentials: true },
    'prefix': { origin: /^https:\/\/app\.example/, credentials: true },
    'unescaped-dot': { origin: /^https:\/\/.*.example.org$/, credentials: true },
  },

  application(middleware, hits) {
    const app = express();
    app.set('env', 'production');
    app.enable('strict routing');
    app.use(middleware);

    const count = route => (request, response, next) => {
      hits.count(route);
      next();
    };
    // Express answers 404 to a known path with another method, unless the application says otherwise.
    const notAllowed = (request, response, next) => request.method === 'OPTIONS' ? next() : response.sendStatus(405);
    const route = (path, handlers, ...before) => {
      const route = app.route(path).all(...before, (request, response, next) => next());
      for (const [method, handler] of Object.entries(handlers)) {
        route[method]((request, response, next) => {
          hits.count(path.replace(/:(\w+)/, '{$1}'));
          return handler(request, response, next);
        });
      }
      route.all(notAllowed);
    };
    const handlersOfAny = handler => Object.fromEntries(specimen.ANY_METHOD.map(method => [method.toLowerCase(), handler]));

    route('/echo', handlersOfAny(async (request, response) => {
      const length = await specimen.lengthOfBody(request);
      response.set(specimen.ECHO_HEADERS).setHeader('content-type', specimen.JSON_TYPE).send(specimen.echo(request, length));
    }));
    route('/status/:code', {
      get(request, response) {
        const [code, body] = specimen.status(request.params.code);
        response.status(code).type('text').send(body);
      },
    });
    route('/redirect', handlersOfAny((request, response) => {
      const redirect = specimen.redirect(request);
      if (!redirect) return response.sendStatus(400);
      response.status(redirect[0]).set('Location', redirect[1]).end();
    }));
    route('/cookie/set', { get: (request, response) => response.append('Set-Cookie', specimen.parameters(request, 'c')).end() });
    route('/cookie/read', { get: (request, response) => response.json(specimen.cookies(request)) });
    const answerPrivate = (request, response) => response.type('text').send('private');
    route('/private', { get: answerPrivate, put: answerPrivate }, (request, response, next) => {
      if (request.get('Authorization') === undefined) response.set(specimen.CHALLENGE).sendStatus(401);
      else next();
    });
    const options_ = (request, response) => response.set(specimen.OPTIONS_HEADERS).send('options');
    route('/options', { get: options_, options: options_ });
    route('/vary', { get: (request, response) => response.append('Vary', specimen.parameters(request, 'v')).end() });
    route('/own-cors', { get: (request, response) => response.set(specimen.OWN_CORS_HEADERS).end() });
    route('/error', { get: (request, response, next) => next(specimen.failure()) });
    route('/panic', {
      get() {
        throw specimen.failure();
      },
    });
    app.route('/json')
      .post(express.json({ limit: specimen.JSON_LIMIT }), count('/json'), (request, response) => {
        if (specimen.isNumber(request.body)) response.json(request.body);
        else response.sendStatus(422);
      })
      .all(notAllowed);
    route('/stream', { get: (request, response) => void Readable.from(specimen.chunks()).pipe(response.type('text')) });
    app.get('/slash', (request, response) => response.redirect(308, '/slash/'));
    route('/slash/', { get: (request, response) => response.type('text').send('slash') });
    const item = (request, response) => response.type('text').send(`${request.method} ${request.params.id}`);
    route('/item/:id', { put: item, delete: item });
    app.get('/hits', (request, response) => response.json(hits.counts));

    return createServer(app);
  },
});
