//! What a stack does otherwise than this project's adapters, whatever the policy says.

use super::Stack;

/// A difference between a stack with an exported policy and [the semantics](https://github.com/cors-policy/cors/blob/main/docs/semantics.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// What the stack does, as a sentence.
    pub text: &'static str,
    /// The scenarios of the conformance suite that fail because of it, as globs. Empty for a stack that the suite does not run.
    pub scenarios: &'static [&'static str],
}

const fn difference(text: &'static str, scenarios: &'static [&'static str]) -> Difference {
    Difference { text, scenarios }
}

const OWN_OPTIONS: Difference = difference(
    "Every `OPTIONS` request is answered as if it were a preflight, so that handlers of the application for `OPTIONS` never run.",
    &["interference/options-without-origin", "interference/own-options-handler"],
);
const OWN_CREDENTIALS: Difference = difference(
    "`Access-Control-Allow-Credentials` that a handler sends itself stays: pages of allowed origins can then read with the user's \
     cookies, although the policy does not say so.",
    &["interference/own-allow-credentials-opens-nothing"],
);
const VARY: Difference = difference(
    "`Vary: Origin` is also sent if any origin is allowed, which makes caches keep more copies than needed.",
    &["caching/no-vary-for-any-origin"],
);

/// The differences of a stack.
pub fn differences(stack: Stack) -> &'static [Difference] {
    match stack {
        Stack::Express => const { &[OWN_OPTIONS] },
        Stack::Fastify => {
            const {
                &[
                    difference(
                        "`OPTIONS` requests that are not preflights are answered with 400.",
                        &["interference/options-without-origin", "interference/own-options-handler"],
                    ),
                    difference(
                        "A handler that sets `Vary` with `reply.header` replaces `Origin` in it. Use `reply.raw` or repeat `Origin`.",
                        &["caching/application-vary-kept", "caching/application-vary-lines-kept"],
                    ),
                    difference(
                        "Fastify itself answers 415 to an invalid `Content-Type`, before the handler runs.",
                        &["request-headers/safe-value-on-two-lines", "request-headers/space-in-a-media-type"],
                    ),
                ]
            }
        }
        Stack::Hono => const { &[OWN_OPTIONS, OWN_CREDENTIALS] },
        Stack::Koa => {
            const {
                &[
                    VARY,
                    difference(
                        "A preflight of another origin goes on to the application, whose handlers for `OPTIONS` run.",
                        &["interference/denied-preflight-runs-nothing"],
                    ),
                    difference(
                        "Responses to `OPTIONS` requests that are not preflights have no CORS headers.",
                        &["interference/own-options-handler"],
                    ),
                ]
            }
        }
        Stack::Starlette => {
            const {
                &[
                    VARY,
                    OWN_CREDENTIALS,
                    difference(
                        "The 500 for an exception that nothing handles has no CORS headers (https://github.com/Kludex/starlette/issues/1175).",
                        &["errors/panic", "any-origin/errors"],
                    ),
                    difference(
                        "`Accept`, `Accept-Language`, `Content-Language` and `Content-Type` are always allowed, with any value.",
                        &["request-headers/long-safelisted-value", "request-headers/none-listed"],
                    ),
                ]
            }
        }
        Stack::Flask => {
            const {
                &[
                    difference(
                        "Preflights pass through Flask's routes: one for an unknown path gets 404, and one for a path without its slash \
                     gets a redirect, both of which browsers reject.",
                        &["preflight/path-not-found", "preflight/trailing-slash-redirect"],
                    ),
                    difference(
                        "Handlers of the application for `OPTIONS` run for preflights too.",
                        &["interference/denied-preflight-runs-nothing", "interference/own-options-handler*"],
                    ),
                    difference(
                        "`Access-Control-Allow-Headers` has the requested names only, so that browsers send more preflights.",
                        &["caching/one-preflight-for-all-headers"],
                    ),
                    difference(
                        "Origins are compared without regard to upper and lower case. Browsers send lower case only.",
                        &["patterns/part-of-a-label-with-odd-characters"],
                    ),
                    difference(
                        "Werkzeug answers 400 to the handshake of a WebSocket on a route for HTTP.",
                        &["websocket/handshake-names-the-origin", "websocket/handshake-sets-cookies"],
                    ),
                ]
            }
        }
        Stack::Django => {
            const {
                &[
                    VARY,
                    OWN_CREDENTIALS,
                    difference(
                        "An allowed `file://` allows `file:///…` with a path too. Browsers do not send it.",
                        &["patterns/file-origin"],
                    ),
                ]
            }
        }
        Stack::Apache => {
            const {
                &[difference(
                    "Apache answers requests with `Range` itself, also where the application does not.",
                    &["request-headers/range-without-a-coding"],
                )]
            }
        }
        Stack::Spring => {
            const {
                &[difference(
                    "Not run by the suite. By its documentation, every request of another origin is answered with 403, not only preflights.",
                    &[],
                )]
            }
        }
        Stack::S3 => {
            const {
                &[difference(
                    "Not run by the suite. S3 sends no `Vary: Origin` to requests without `Origin`.",
                    &[],
                )]
            }
        }
        Stack::CloudFront => {
            const {
                &[difference(
                    "Not run by the suite. Include `Origin` in the cache key, or the origin server's `Vary: Origin` decides what is cached.",
                    &[],
                )]
            }
        }
        Stack::AspNet | Stack::Rails | Stack::ApiGateway => {
            const { &[difference("Not run by the suite.", &[])] }
        }
        _ => &[],
    }
}
