// @fastify/cors with Fastify.

import { Readable } from 'node:stream';
import Fastify from 'fastify';
import cors from '@fastify/cors';
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
  name: 'fastify-cors',
  stack: 'fastify',
  title: '@fastify/cors',
  framework: ['fastify'],
  middleware: ['@fastify/cors'],
  homepage: 'https://github.com/fastify/fastify-cors',
  shown: options => `fastify.register(cors, ${options})`,

  // The options may come from a function, the `delegator`.
  configure: policy => policy.rules.length > 0 ? { delegator: specimen.chooseByOrigin(policy, options) } : options(policy),

  unsafe: {
    'any-origin-with-credentials': { origin: '*', credentials: true },
    'reflected-origin': { origin: true, credentials: true },
    'null-origin': { origin: ['null'], credentials: true },
    'prefix': { origin: /^https:\/\/app\.example/, credentials: true },
    'unescaped-dot': { origin: /^https:\/\/.*.example.org$/, credentials: true },
  },

  limits: [
    ...['space-in-a-media-type', 'safe-value-on-two-lines'].map(name => ({
      scenario: `request-headers/${name}`,
      reason: 'Fastify answers 415 to an invalid Content-Type before it selects a parser',
      link: 'https://fastify.dev/docs/latest/Reference/ContentTypeParser/',
    })),
    ...['application-vary-kept', 'application-vary-lines-kept'].map(name => ({
      scenario: `caching/${name}`,
      reason: 'reply.header of Fastify replaces a header, and Fastify has no way to add to one',
      link: 'https://fastify.dev/docs/latest/Reference/Reply/#headerkey-value',
    })),
  ],

  async create(options) {
    const fastify = Fastify();
    await fastify.register(cors, options);
    return fastify;
  },

  async application(fastify, hits) {
    // Fastify routes only the methods that it knows, and adds `HEAD` to every `GET`.
    fastify.addHttpMethod('PURGE', { hasBody: true });
    const ANY_METHOD = specimen.ANY_METHOD.filter(method => method !== 'HEAD');
    // Fastify answers 404 to a known path with another method, unless the application says otherwise.
    const notAllowed = (request, reply) => reply.code(405).send();
    const route = (app, url, handlers) => {
      for (const [method, handler] of Object.entries(handlers)) {
        app.route({
          method,
          url,
          handler(request, reply) {
            hits.count(url.replace(/:(\w+)/, '{$1}'));
            return handler(request, reply);
          },
        });
      }
      const others = ANY_METHOD.filter(method => !(method in handlers));
      if (others.length > 0) app.route({ method: others, url, handler: notAllowed });
    };
    const handlersOfAny = handler => Object.fromEntries(ANY_METHOD.map(method => [method, handler]));

    // All handlers but that of `/json` take bodies of every media type.
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser('*', { parseAs: 'buffer' }, async (request, body) => body);

    route(fastify, '/echo', handlersOfAny((request, reply) => {
      const answer = specimen.echo(request.raw, request.body?.length ?? 0);
      reply.headers(specimen.ECHO_HEADERS).type(specimen.JSON_TYPE).send(answer);
    }));
    route(fastify, '/redirect', handlersOfAny((request, reply) => {
      const redirect = specimen.redirect(request.raw);
      if (redirect) reply.redirect(redirect[1], redirect[0]);
      else reply.code(400).send();
    }));
    route(fastify, '/status/:code', {
      GET(request, reply) {
        const [code, body] = specimen.status(request.params.code);
        reply.code(code).type(specimen.TEXT).send(body);
      },
    });
    route(fastify, '/cookie/set', {
      GET: (request, reply) => reply.header('set-cookie', specimen.parameters(request.raw, 'c')).send(),
    });
    route(fastify, '/cookie/read', { GET: (request, reply) => reply.send(specimen.cookies(request.raw)) });
    fastify.register(async app => {
      app.addHook('onRequest', async (request, reply) => {
        if (request.headers.authorization === undefined) return reply.code(401).headers(specimen.CHALLENGE).send();
      });
      const answerPrivate = (request, reply) => reply.type(specimen.TEXT).send('private');
      route(app, '/private', { GET: answerPrivate, PUT: answerPrivate });
    });
    const answerOptions = (request, reply) => reply.headers(specimen.OPTIONS_HEADERS).send();
    route(fastify, '/options', { GET: answerOptions, OPTIONS: answerOptions });
    // `reply.header` replaces the lines that are there, also those of the middleware.
    route(fastify, '/vary', { GET: (request, reply) => reply.header('vary', specimen.parameters(request.raw, 'v')).send() });
    route(fastify, '/own-cors', { GET: (request, reply) => reply.headers(specimen.OWN_CORS_HEADERS).send() });
    route(fastify, '/error', {
      async GET() {
        throw specimen.failure();
      },
    });
    route(fastify, '/panic', {
      GET() {
        throw specimen.failure();
      },
    });
    fastify.register(async app => {
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('application/json', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'));
      const schema = { body: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } } };
      app.post('/json', { bodyLimit: specimen.JSON_LIMIT, schema }, (request, reply) => {
        hits.count('/json');
        reply.send(request.body);
      });
    });
    fastify.route({ method: ANY_METHOD.filter(method => method !== 'POST'), url: '/json', handler: notAllowed });
    route(fastify, '/stream', { GET: (request, reply) => reply.type(specimen.TEXT).send(Readable.from(specimen.chunks())) });
    fastify.get('/slash', (request, reply) => reply.redirect('/slash/', 308));
    route(fastify, '/slash/', { GET: (request, reply) => reply.type(specimen.TEXT).send('slash') });
    const item = (request, reply) => reply.type(specimen.TEXT).send(`${request.method} ${request.params.id}`);
    route(fastify, '/item/:id', { PUT: item, DELETE: item });
    fastify.get('/hits', (request, reply) => reply.send(hits.counts));

    await fastify.ready();
    return fastify.server;
  },
});
