// @koa/cors with Koa.

import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { bodyParser } from '@koa/bodyparser';
import cors from '@koa/cors';
import Router from '@koa/router';
import Koa from 'koa';
import * as specimen from './harness.js';

/** One origin is a string. The documentation leaves several, and patterns, to a function. */
function origin(policy) {
  if (specimen.allowsAny(policy)) return '*';
  const [first, ...more] = policy.allow_origins;
  if (first === undefined) return specimen.functionOf("ctx => ''");
  if (first.kind === 'exact' && more.length === 0) return first.origin;
  const asked = "ctx.get('Origin')";
  return specimen.functionOf(`ctx => ${specimen.isAllowed(policy, asked)} && ${asked}`);
}

specimen.run({
  name: 'koa-cors',
  stack: 'koa',
  title: '@koa/cors',
  framework: ['koa'],
  middleware: ['@koa/cors'],
  homepage: 'https://github.com/koajs/cors',
  create: cors,

  configure(policy) {
    specimen.requireOneForAll(policy, 'only the allowed origin and the credentials can depend on the request');
    if (policy.preflight_status !== 204) {
      throw new specimen.Cannot('preflight_status', 'preflights are always answered with 204');
    }
    return specimen.withoutUndefined({
      origin: origin(policy),
      allowMethods: specimen.methods(policy),
      // Without the option, the headers that a preflight asks for are allowed. No value is documented to allow none.
      allowHeaders: specimen.requestHeaders(policy, undefined, undefined),
      exposeHeaders: specimen.exposedHeaders(policy),
      credentials: policy.allow_credentials || undefined,
      // The number 0 is left out; the string is not.
      maxAge: policy.max_age === 0 ? '0' : policy.max_age ?? undefined,
    });
  },

  unsafe: {
    'any-origin-with-credentials': { origin: '*', credentials: true },
    // The function is the README's.
    'reflected-origin': { origin: specimen.functionOf("ctx => ctx.get('Origin') || '*'"), credentials: true },
    'null-origin': { origin: 'null', credentials: true },
    'prefix': {
      origin: specimen.functionOf("ctx => ctx.get('Origin').startsWith('https://app.example') && ctx.get('Origin')"),
      credentials: true,
    },
    'unescaped-dot': {
      origin: specimen.functionOf("ctx => /^https:\\/\\/.*.example.org$/.test(ctx.get('Origin')) && ctx.get('Origin')"),
      credentials: true,
    },
  },

  application(middleware, hits) {
    const app = new Koa();
    app.silent = true;
    app.use(middleware);

    const methods = [...specimen.ANY_METHOD, 'OPTIONS'];
    const router = new Router({ strict: true, methods });
    const route = (path, handlers, ...before) => {
      for (const [method, handler] of Object.entries(handlers)) {
        router.register(path, [method], [...before, async ctx => {
          hits.count(path.replace(/:(\w+)/, '{$1}'));
          await handler(ctx);
        }]);
      }
    };
    const handlersOfAny = handler => Object.fromEntries(specimen.ANY_METHOD.map(method => [method, handler]));

    route('/echo', handlersOfAny(async ctx => {
      ctx.set({ ...specimen.ECHO_HEADERS, 'content-type': specimen.JSON_TYPE });
      ctx.body = specimen.echo(ctx.req, await specimen.lengthOfBody(ctx.req));
    }));
    route('/status/:code', {
      GET(ctx) {
        const [code, body] = specimen.status(ctx.params.code);
        ctx.body = body;
        ctx.status = code;
      },
    });
    route('/redirect', handlersOfAny(ctx => {
      const redirect = specimen.redirect(ctx.req);
      if (!redirect) return ctx.throw(400);
      ctx.status = redirect[0];
      ctx.set('Location', redirect[1]);
      ctx.body = '';
    }));
    const empty = (ctx, headers) => {
      ctx.set(headers);
      ctx.body = '';
    };
    const appending = (name, parameter) => ctx => {
      for (const value of specimen.parameters(ctx.req, parameter)) ctx.append(name, value);
      ctx.body = '';
    };
    route('/cookie/set', { GET: appending('Set-Cookie', 'c') });
    route('/cookie/read', {
      GET(ctx) {
        ctx.body = specimen.cookies(ctx.req);
      },
    });
    router.use('/private', async (ctx, next) => {
      if (ctx.get('Authorization') === '') ctx.throw(401, { headers: specimen.CHALLENGE });
      await next();
    });
    const answerPrivate = ctx => {
      ctx.body = 'private';
    };
    route('/private', { GET: answerPrivate, PUT: answerPrivate });
    const answerOptions = ctx => empty(ctx, specimen.OPTIONS_HEADERS);
    route('/options', { GET: answerOptions, OPTIONS: answerOptions });
    route('/vary', { GET: appending('Vary', 'v') });
    route('/own-cors', { GET: ctx => empty(ctx, specimen.OWN_CORS_HEADERS) });
    const fail = () => {
      throw specimen.failure();
    };
    route('/error', { GET: ctx => ctx.throw(500) });
    route('/panic', { GET: fail });
    router.post('/json', bodyParser({ enableTypes: ['json'], jsonLimit: specimen.JSON_LIMIT }), ctx => {
      if (!specimen.isNumber(ctx.request.body)) ctx.throw(422);
      hits.count('/json');
      ctx.body = ctx.request.body;
    });
    route('/stream', {
      GET(ctx) {
        ctx.type = 'text';
        ctx.body = Readable.from(specimen.chunks());
      },
    });
    router.redirect('/slash', '/slash/', 308);
    route('/slash/', {
      GET(ctx) {
        ctx.body = 'slash';
      },
    });
    const item = ctx => {
      ctx.body = `${ctx.method} ${ctx.params.id}`;
    };
    route('/item/:id', { PUT: item, DELETE: item });
    router.get('/hits', ctx => {
      ctx.body = hits.counts;
    });
    app.use(router.routes()).use(router.allowedMethods());

    return createServer(app.callback());
  },
});
