//! A policy with its header values ready to be sent, and the writing of decisions.

use std::sync::Arc;

use super::{Decision, Pass, Preflight};
use crate::policy::{NameList, Origins, Policy};
use crate::{RequestHead, RequestHeader, ResponseHead, ResponseHeader, token};

/// A policy together with all header values that its decisions write, made once in a framework's own type `V`.
///
/// A clone is a reference count. An adapter keeps one, asks it to [`decide`](Self::decide) about each request, and lets it
/// write the decision into the response:
///
/// ```
/// use cors_core::{Decision, Policy, PreparedPolicy};
/// use http::{HeaderValue, Request, Response};
///
/// let policy = Policy::builder().allow_origins("https://app.example").build()?;
/// let prepared = PreparedPolicy::<HeaderValue>::new(policy);
///
/// let request = Request::get("/").header("origin", "https://app.example").body(()).unwrap();
/// let mut response = Response::new("hello");
/// match prepared.decide(&request) {
///     Decision::Preflight(_) => unreachable!("it is a GET"),
///     Decision::Pass(pass) => prepared.write(pass, response.headers_mut()),
/// }
/// assert_eq!(response.headers()["access-control-allow-origin"], "https://app.example");
/// assert_eq!(response.headers()["vary"], "Origin");
/// # Ok::<(), cors_core::PolicyError>(())
/// ```
pub struct PreparedPolicy<V>(Arc<Prepared<V>>);

struct Prepared<V> {
    policy: Policy,
    /// `*`, for the policy that allows any origin.
    any_origin: Option<V>,
    credentials: Option<V>,
    expose_headers: Option<V>,
    methods: Answer<V>,
    headers: Answer<V>,
    max_age: Option<V>,
    private_network: Option<V>,
    vary: Option<V>,
    /// All names of [`vary_of_preflights`](Self::vary_of_preflights) in one line.
    vary_preflight: V,
    /// What the answer to a preflight depends on, one name each.
    vary_of_preflights: Vec<(&'static str, V)>,
}

/// What a granted preflight says about methods or headers.
enum Answer<V> {
    Nothing,
    List(V),
    /// What the request asked for. `partly` says what is allowed where that is not all.
    Echo {
        partly: Option<V>,
    },
}

impl<V: Clone + for<'a> TryFrom<&'a str>> PreparedPolicy<V> {
    /// Prepares a policy.
    ///
    /// # Panics
    ///
    /// Where `V` refuses visible ASCII characters and spaces, which are a header value in every framework (RFC 9110, section 5.5).
    pub fn new(policy: Policy) -> Self {
        let rules = policy.rules();
        let is_any_origin = matches!(rules.origins, Origins::Any);
        let answer = |list: &NameList, partly: Option<V>| {
            if list.is_empty() {
                Answer::Nothing
            } else if list.is_any() && rules.credentials {
                // Fetch, "CORS protocol and credentials": with credentials `*` is no wildcard to the browser.
                Answer::Echo { partly }
            } else {
                Answer::List(value(&list.to_header()))
            }
        };
        let mut vary = vec!["Access-Control-Request-Method", "Access-Control-Request-Headers"];
        if !is_any_origin {
            vary.insert(0, "Origin");
        }
        if rules.private_network {
            vary.push("Access-Control-Request-Private-Network");
        }
        Self(Arc::new(Prepared {
            any_origin: is_any_origin.then(|| value("*")),
            credentials: rules.credentials.then(|| value("true")),
            expose_headers: (!rules.expose.is_empty()).then(|| value(&rules.expose.to_header())),
            // A method is never what `*` does not cover.
            methods: answer(&rules.methods, None),
            // `authorization` is, and in a request without credentials `*` tells a browser just that.
            headers: answer(&rules.headers, Some(value("*"))),
            max_age: rules.max_age.map(|seconds| value(&seconds.to_string())),
            private_network: rules.private_network.then(|| value("true")),
            vary: (!is_any_origin).then(|| value("Origin")),
            vary_preflight: value(&vary.join(", ")),
            vary_of_preflights: vary.iter().map(|&name| (name, value(name))).collect(),
            policy,
        }))
    }
}

fn value<V: Clone + for<'a> TryFrom<&'a str>>(text: &str) -> V {
    match V::try_from(text) {
        // Buffers that count references may start to do so, with an allocation, when they are first cloned: that is now, and
        // not during a request.
        Ok(value) => value.clone(),
        Err(_) => panic!("`{text}` is a header value, for it is visible ASCII"),
    }
}

impl<V> PreparedPolicy<V> {
    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Decides about a request; see [`Policy::decide`].
    pub fn decide<R: RequestHead>(&self, request: &R) -> Decision<R::Value> {
        self.0.policy.decide(request)
    }

    /// Writes a decision into the application's response, whoever made it: the policy is the only authority, so every
    /// `Access-Control-*` that is there is removed; `Vary` keeps what it has.
    pub fn write<'p, R>(&'p self, pass: Pass<R::Value>, response: &mut R)
    where
        R: ResponseHead,
        R::Value: From<&'p V>,
    {
        let prepared = &*self.0;
        // What follows appends: nothing is left to be replaced, and not to look for it is faster.
        response.remove_with_prefix(token::ACCESS_CONTROL);
        match pass {
            Pass::AnyOrigin => {
                append(response, ResponseHeader::AccessControlAllowOrigin, prepared.any_origin.as_ref());
                append(
                    response,
                    ResponseHeader::AccessControlExposeHeaders,
                    prepared.expose_headers.as_ref(),
                );
            }
            Pass::Allowed(origin) => {
                response.append(ResponseHeader::AccessControlAllowOrigin, origin);
                append(
                    response,
                    ResponseHeader::AccessControlAllowCredentials,
                    prepared.credentials.as_ref(),
                );
                append(
                    response,
                    ResponseHeader::AccessControlExposeHeaders,
                    prepared.expose_headers.as_ref(),
                );
            }
            Pass::Plain | Pass::NotAllowed => {}
        }
        // Fetch, "CORS protocol and HTTP caches": a response that depends on the origin says so even where there is none.
        if let Some(vary) = &prepared.vary {
            response.add_vary(vary.into(), |line| varies_on(line, "Origin"));
        }
    }

    /// Writes the headers of the answer to a preflight; its status is [`Preflight::status`], and it has no content.
    pub fn write_preflight<'p, Q, R>(&'p self, preflight: Preflight, request: &Q, response: &mut R)
    where
        Q: RequestHead<Value = R::Value>,
        R: ResponseHead,
        R::Value: From<&'p V>,
    {
        let prepared = &*self.0;
        // Some frameworks hand over a response that something else has written into.
        response.remove_with_prefix(token::ACCESS_CONTROL);
        if preflight.tells_policy {
            match &prepared.any_origin {
                Some(any) => response.append(ResponseHeader::AccessControlAllowOrigin, any.into()),
                None => {
                    echo(request, RequestHeader::Origin, response, ResponseHeader::AccessControlAllowOrigin);
                }
            }
            append(response, ResponseHeader::AccessControlAllowCredentials, prepared.credentials.as_ref());
            prepared.methods.write(
                preflight,
                (request, RequestHeader::AccessControlRequestMethod),
                (response, ResponseHeader::AccessControlAllowMethods),
            );
            prepared.headers.write(
                preflight,
                (request, RequestHeader::AccessControlRequestHeaders),
                (response, ResponseHeader::AccessControlAllowHeaders),
            );
            append(response, ResponseHeader::AccessControlMaxAge, prepared.max_age.as_ref());
            if preflight.private_network {
                let private_network = prepared.private_network.as_ref();
                append(response, ResponseHeader::AccessControlAllowPrivateNetwork, private_network);
            }
        }
        if response.vary().next().is_none() {
            response.set(ResponseHeader::Vary, (&prepared.vary_preflight).into());
            return;
        }
        // Something else has written `Vary` already: it stays, and only the missing names are added.
        for (name, value) in &prepared.vary_of_preflights {
            response.add_vary(value.into(), |line| varies_on(line, name));
        }
    }
}

impl<V> Answer<V> {
    fn write<'p, Q, R>(
        &'p self,
        preflight: Preflight,
        (request, asked): (&Q, RequestHeader),
        (response, name): (&mut R, ResponseHeader),
    ) where
        Q: RequestHead<Value = R::Value>,
        R: ResponseHead,
        R::Value: From<&'p V>,
    {
        match self {
            Self::Nothing => {}
            Self::List(list) => response.append(name, list.into()),
            Self::Echo { partly: Some(partly) } if preflight.reason.is_some() => {
                response.append(name, partly.into());
            }
            Self::Echo { .. } => echo(request, asked, response, name),
        }
    }
}

impl<V> Clone for PreparedPolicy<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V> std::fmt::Debug for PreparedPolicy<V> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("PreparedPolicy").field(&self.0.policy).finish()
    }
}

fn append<'p, V, R>(response: &mut R, name: ResponseHeader, value: Option<&'p V>)
where
    R: ResponseHead,
    R::Value: From<&'p V>,
{
    if let Some(value) = value {
        response.append(name, value.into());
    }
}

/// Sends back the lines of a request header, as they came.
fn echo<Q, R>(request: &Q, asked: RequestHeader, response: &mut R, name: ResponseHeader)
where
    Q: RequestHead<Value = R::Value>,
    R: ResponseHead,
{
    for value in request.values(asked) {
        response.append(name, value);
    }
}

/// Whether a line of `Vary` (RFC 9110, section 12.5.5) contains `name`, or `*`.
fn varies_on(line: &[u8], name: &str) -> bool {
    line.split(|&byte| byte == b',')
        .map(token::trim_white_space)
        .any(|varying| varying == b"*" || varying.eq_ignore_ascii_case(name.as_bytes()))
}

#[cfg(all(test, feature = "http"))]
mod tests {
    use http::{HeaderMap, HeaderValue, Request};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::absent(&[], &["Origin, Access-Control-Request-Method, Access-Control-Request-Headers"])]
    #[case::another_name(
        &["Accept-Encoding"],
        &["Accept-Encoding", "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]
    )]
    #[case::some_names_in_another_case(
        &["accept, ORIGIN", "access-control-request-headers"],
        &["accept, ORIGIN", "access-control-request-headers", "Access-Control-Request-Method"]
    )]
    #[case::star(&["*"], &["*"])]
    fn the_vary_of_a_preflight_is_merged_into_what_is_there(#[case] before: &[&str], #[case] after: &[&str]) {
        let policy = Policy::builder().allow_origins("https://app.example").build().expect("a valid policy");
        let prepared = PreparedPolicy::<HeaderValue>::new(policy);
        let request = Request::options("/")
            .header("origin", "https://app.example")
            .header("access-control-request-method", "PUT")
            .body(())
            .expect("a valid request");
        let Decision::Preflight(preflight) = prepared.decide(&request) else { panic!("not a preflight") };

        let mut response = HeaderMap::new();
        for line in before {
            response.append("vary", line.parse().expect("a valid header value"));
        }
        prepared.write_preflight(preflight, &request, &mut response);
        let lines: Vec<_> = response.get_all("vary").iter().collect();
        assert_eq!(lines, after);
    }
}
