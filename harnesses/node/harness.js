// What the harnesses of this folder share: the protocol, readings of a policy, and the specimen's answers that need no framework.
//
// A harness calls `run` with what is its own. See ../check.py for a program that checks one.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import http from 'node:http';
import { fileURLToPath, pathToFileURL } from 'node:url';

// --- The protocol ----------------------------------------------------------------------------------------------------------------

/** The middleware has no option that says what `field` of the policy says. */
export class Cannot extends Error {
  constructor(field, reason) {
    super(reason);
    this.field = field;
  }
}

/**
 * Runs a harness until the end of input.
 *
 * - `framework`, `middleware`: the npm packages of both, for their versions.
 * - `configure(policy)`: the middleware's options for a policy, or a function that chooses them; throws `Cannot`.
 * - `unsafe`: options by the name of each unsafe configuration.
 * - `create(options)`: the middleware; throws if it refuses the options.
 * - `shown(options)`: what users write to create it, given the text of the options.
 * - `stack`: the name for `cors policy export`.
 * - `limits`: scenarios that fail because of the framework.
 * - `application(middleware, hits)`: a new `http.Server` that serves the specimen behind the middleware.
 */
export function run(harness) {
  const { title, framework, middleware, homepage, limits = [], configure, create, application, stack } = harness;
  const name = EXPORT === undefined ? harness.name : `exported-${stack}`;
  const unsafe = EXPORT === undefined ? harness.unsafe : {};
  const { shown = options => `cors(${options})` } = harness;

  // Only protocol lines go to standard output.
  const answer = (kind, value) => process.stdout.write(JSON.stringify({ [kind]: value }) + '\n');
  console.log = console.info = console.debug = console.error;

  const servers = new Map();

  async function serve({ id, policy, unsafe: kind }) {
    try {
      if (kind !== undefined && !(kind in unsafe)) throw new Cannot('unsafe', `there is no configuration ${kind}`);
      if (policy !== undefined && EXPORT !== undefined) return await listen(id, ...await exported(stack, policy, create));
      if (policy !== undefined) refuseExtensions(policy);
      const options = policy === undefined ? unsafe[kind] : configure(policy);
      let created;
      try {
        created = await create(options);
      } catch (error) {
        return answer(kind === undefined ? 'failed' : 'refused', { id, reason: error.message });
      }
      await listen(id, created, shown(show(options)));
    } catch (error) {
      if (error instanceof Cannot) answer('cannot', { id, field: error.field, reason: error.message });
      else answer('failed', { id, reason: String(error.message ?? error) });
    }
  }

  async function listen(id, created, configuration) {
    const server = await application(created, new Hits());
    await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    servers.set(id, server);
    answer('ready', { id, port: server.address().port, configuration });
  }

  async function stop(id) {
    const server = servers.get(id);
    servers.delete(id);
    if (!server) return;
    const closed = new Promise(resolve => server.close(resolve));
    // Clients may hold idle connections.
    server.closeAllConnections();
    await closed;
  }

  async function exit() {
    await Promise.all([...servers.keys()].map(stop));
    process.exit(0);
  }

  createInterface({ input: process.stdin })
    .on('line', async line => {
      const { cmd, ...request } = JSON.parse(line);
      if (cmd === 'hello') {
        const versions = names => names.map(name => `${name} ${version(name)}`).join(', ');
        answer('hello', {
          protocol: 1,
          name,
          title,
          language: 'JavaScript',
          framework: versions(framework),
          middleware: versions(middleware),
          homepage,
          level: 2,
          http2: false,
          unsafe: Object.keys(unsafe),
          limits,
        });
      } else if (cmd === 'serve') {
        await serve(request);
      } else if (cmd === 'stop') {
        await stop(request.id);
        answer('stopped', { id: request.id });
      }
    })
    .on('close', exit);
  process.on('SIGTERM', exit);
}

// --- Policies as `cors policy export` writes them ---------------------------------------------------------------------------------

/** The program `cors`, if exported policies are to be served. */
const EXPORT = process.env.CORS_EXPORT;

/** The middleware of an exported policy, and its text. */
async function exported(stack, policy, create) {
  const table = fields => ({
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)),
    allow_origins: fields.allow_origins.map(entry => entry.pattern),
  });
  const file = JSON.stringify({ ...table(policy), rules: policy.rules.map(table) });
  const output = await new Promise((resolve, reject) => {
    const command = execFile(EXPORT, ['policy', 'export', '--to', stack, '--format', 'json', '-'], (error, stdout, stderr) => {
      if (error) reject(new Error(stderr || error.message));
      else resolve(stdout);
    });
    command.stdin.end(file);
  });
  const { text, limits } = JSON.parse(output);
  // A stack that allows more is played nevertheless, but for the guard: it has nothing like it.
  const missing = limits.find(({ kind, field }) => kind === 'left-out' || field === 'guard');
  if (missing) throw new Cannot(missing.field, missing.text);
  const { corsPolicy, corsOptions } = await load(text);
  return [corsPolicy ?? await create(corsOptions), text];
}

/** Loads the text of a module, which imports packages of this folder. */
async function load(text) {
  const cache = new URL('node_modules/.cache/', import.meta.url);
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(fileURLToPath(new URL('exported-', cache)));
  try {
    const file = `${folder}/cors.mjs`;
    writeFileSync(file, text);
    return await import(pathToFileURL(file));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Options without those that are `undefined`, which would replace a default. */
export const withoutUndefined = options => Object.fromEntries(
  Object.entries(options).filter(([, value]) => value !== undefined),
);

/** The version of an installed package. */
function version(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;
}

/** A value as one writes it in a program. */
function show(value) {
  if (value === http.METHODS) return 'http.METHODS';
  if (typeof value === 'string') return `'${value.replace(/['\\]/g, '\\$&')}'`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (value?.constructor !== Object) return String(value);
  return `{ ${Object.entries(value).map(([name, field]) => `${name}: ${show(field)}`).join(', ')} }`;
}

/** The function of this text, which is shown as it is written here. */
export const functionOf = text => new Function('http', `return ${text}`)(http);

// --- Readings of a policy --------------------------------------------------------------------------------------------------------

/** None of these middlewares can do this. */
function refuseExtensions({ diagnostics, guard }) {
  if (diagnostics) throw new Cannot('diagnostics', 'the middleware does not explain its decisions');
  if (guard !== null) throw new Cannot('guard', 'the middleware does not reject requests');
}

export const allowsAny = policy => policy.allow_origins.some(entry => entry.kind === 'any');

/** Exact origins as strings, patterns as regular expressions. */
export const origins = policy => policy.allow_origins.map(entry => entry.kind === 'exact' ? entry.origin : new RegExp(entry.regex));

/** The text of an expression that is true if `origin`, an expression too, is allowed. */
export function isAllowed(policy, origin) {
  const exact = policy.allow_origins.every(entry => entry.kind === 'exact');
  if (exact) return `${show(origins(policy))}.includes(${origin})`;
  const patterns = policy.allow_origins.map(entry => new RegExp(entry.regex));
  return patterns.length === 1 ? `${patterns[0]}.test(${origin})` : `${show(patterns)}.some(pattern => pattern.test(${origin}))`;
}

/** Fails if the policy has other terms for some origins. */
export function requireOneForAll({ rules }, reason) {
  if (rules.length > 0) throw new Cannot('rules', reason);
}

/**
 * The function that chooses the options for a request: those of the first rule that contains its origin, or else the policy's own.
 * `optionsOf` makes options of terms.
 */
export function chooseByOrigin(policy, optionsOf) {
  const optionsText = terms => show(withoutUndefined(optionsOf({ ...terms, preflight_status: policy.preflight_status })));
  const any = policy.rules.findIndex(allowsAny);
  const last = any < 0 ? policy : policy.rules[any];
  const first = any < 0 ? policy.rules : policy.rules.slice(0, any);
  const lines = [
    '(req, callback) => {',
    'const origin = req.headers.origin;',
    ...first.map(rule => `if (${isAllowed(rule, 'origin')}) return callback(null, ${optionsText(rule)});`),
    `callback(null, ${optionsText(last)});`,
  ];
  return functionOf(lines.join('\n  ') + '\n}');
}

/** A list of methods. Where credentials are allowed, `*` is the name of a method: all that Node.js knows are listed instead. */
export function methods({ allow_methods: listed, allow_credentials: credentials }) {
  if (listed.includes('*')) return credentials ? http.METHODS : ['*'];
  return [...new Set(['GET', 'HEAD', 'POST', ...listed])];
}

/** A list of request headers. `none` is how the middleware allows no header, `all` how it allows every header that is asked for. */
export function requestHeaders({ allow_headers: listed, allow_credentials: credentials }, none, all) {
  if (listed.length === 0) return none;
  if (!listed.includes('*')) return listed;
  if (listed.includes('authorization')) return all;
  if (credentials) throw new Cannot('allow_headers', 'with credentials, all are allowed only together with Authorization');
  return ['*'];
}

/** A list of response headers, or `undefined` for none. */
export function exposedHeaders({ expose_headers: listed, allow_credentials: credentials }) {
  if (listed.includes('*') && credentials) {
    throw new Cannot('expose_headers', 'with credentials, `*` is the name of a header, and there is no other way to expose all');
  }
  return listed.length > 0 ? listed : undefined;
}

// --- The specimen's answers ------------------------------------------------------------------------------------------------------

/** How often each handler ran. */
export class Hits {
  counts = {};
  count(route) {
    this.counts[route] = (this.counts[route] ?? 0) + 1;
  }
}

/** The methods of `/echo` and `/redirect`. `OPTIONS` is left to the framework and the middleware. */
export const ANY_METHOD = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'PURGE'];
export const ECHO_HEADERS = { 'x-request-id': 'specimen', 'x-secret': 'specimen' };
export const OWN_CORS_HEADERS = {
  'access-control-allow-origin': 'https://handler.example',
  'access-control-allow-credentials': 'true',
};
export const OPTIONS_HEADERS = { 'x-handler': 'options' };
export const CHALLENGE = { 'www-authenticate': 'Basic realm="specimen"' };
export const JSON_LIMIT = 1024;
export const JSON_TYPE = 'application/json';
export const TEXT = 'text/plain; charset=utf-8';

/** The values of the header lines of a request, by lower-case name. `request` is Node's. */
export function headerLines({ rawHeaders }) {
  const lines = {};
  for (let at = 0; at < rawHeaders.length; at += 2) (lines[rawHeaders[at].toLowerCase()] ??= []).push(rawHeaders[at + 1]);
  return lines;
}

const queryOf = ({ url }) => url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';

/** The values of a parameter of the query, decoded, in order. */
export const parameters = (request, name) => new URLSearchParams(queryOf(request)).getAll(name);

/** The body of `/echo`. `request` is Node's. Frameworks add a `charset` to the type of objects and texts, so it is bytes. */
export function echo(request, bodyLength) {
  const { method, url } = request;
  const path = url.split('?')[0];
  const seen = { method, path, query: queryOf(request), headers: headerLines(request), body_length: bodyLength };
  return Buffer.from(JSON.stringify(seen));
}

/** Reads the body of Node's request. */
export async function lengthOfBody(request) {
  let length = 0;
  for await (const chunk of request) length += chunk.length;
  return length;
}

/** The status and body of `/status/{code}`. */
export function status(code) {
  if (!/^[2-5][0-9][0-9]$/.test(code)) return [400, ''];
  return [Number(code), ['204', '205', '304'].includes(code) ? '' : `status ${code}`];
}

/** The status and target of `/redirect`, or nothing if the query is wrong. */
export function redirect(request) {
  const [code = '307'] = parameters(request, 'code');
  const [to] = parameters(request, 'to');
  return /^3[0-9][0-9]$/.test(code) && to !== undefined ? [Number(code), to] : undefined;
}

/** The body of `/cookie/read`. */
export function cookies(request) {
  return (headerLines(request).cookie ?? []).flatMap(line => line.split(';').map(cookie => cookie.trim()).filter(Boolean));
}

export const isNumber = body => Number.isInteger(body?.n);

/** The error of `/error` and `/panic`. Frameworks log it, so its stack is left out. */
export function failure() {
  const error = new Error('the specimen fails on purpose');
  error.stack = String(error);
  return error;
}

/** The chunks of `/stream`. */
export async function* chunks() {
  yield 'one ';
  for (const chunk of ['two ', 'three']) {
    await new Promise(resolve => setTimeout(resolve, 5));
    yield chunk;
  }
}
