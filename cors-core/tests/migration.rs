//! Configurations that applications bring from other libraries, servers and environments: one example of each kind, and how it
//! becomes a policy.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use std::net::Ipv4Addr;
use std::time::Duration;

use cors_core::{Danger, Lookup, Origin, Policy, PolicyBuilder, ProblemCode, Rule, WarningCode};
use http::{HeaderValue, Method, header};

/// How a configuration becomes a policy.
enum Move {
    /// The policy is built, and none of its entries is left out.
    Exactly(PolicyBuilder),
    /// The policy is built, and a warning says what has no effect.
    WithWarning(PolicyBuilder, WarningCode),
    /// The policy is refused, and the message says what to write instead. The second policy follows it.
    AfterAdvice(Box<[PolicyBuilder; 2]>, &'static str),
    /// The policy is refused, and the message names another way.
    Refused(PolicyBuilder, ProblemCode, &'static str),
}

use Move::{AfterAdvice, Exactly, Refused, WithWarning};

fn after_advice(refused: PolicyBuilder, advice: &'static str, followed: PolicyBuilder) -> Move {
    AfterAdvice(Box::new([refused, followed]), advice)
}

struct Kind {
    name: &'static str,
    /// It is safe for the users of the application.
    is_secure: bool,
    how: Move,
}

fn secure(name: &'static str, how: Move) -> Kind {
    Kind { name, is_secure: true, how }
}

fn insecure(name: &'static str, how: Move) -> Kind {
    Kind { name, is_secure: false, how }
}

fn policy() -> PolicyBuilder {
    Policy::builder()
}

fn file(text: &str) -> PolicyBuilder {
    toml::from_str(text).unwrap()
}

const APP: &str = "https://app.example";

fn kinds() -> Vec<Kind> {
    let mut kinds = origins();
    kinds.extend(terms());
    kinds.extend(unlisted());
    kinds.extend(unsafe_ones());
    kinds
}

fn origins() -> Vec<Kind> {
    vec![
        secure("one origin", Exactly(policy().allow_origins(APP))),
        secure("a list of origins", Exactly(policy().allow_origins([APP, "https://b.example"]))),
        secure("a single string in a file", Exactly(file("allow_origins = \"https://app.example\""))),
        secure("any origin", Exactly(policy().allow_origins("*").allow_methods("*").allow_headers("*"))),
        secure(
            "everything, with bearer tokens",
            Exactly(policy().allow_origins("*").allow_methods("*").allow_headers(["*", "authorization"])),
        ),
        secure("subdomains", Exactly(policy().allow_origins("https://*.example.org"))),
        secure("a development server on any port", Exactly(policy().allow_origins("http://localhost:*"))),
        secure(
            "preview hosts",
            WithWarning(
                policy().allow_origins("https://*-myteam.vercel.app"),
                WarningCode::PublicSuffixPattern,
            ),
        ),
        secure(
            "preview hosts of one's own domain",
            Exactly(policy().allow_origins("https://pr-*.preview.example.org").allow_credentials(true)),
        ),
        secure(
            "every extension of one browser",
            after_advice(
                policy().allow_origins("moz-extension://*"),
                "dangerously_allow = [\"any-app-origin\"]",
                policy().allow_origins("moz-extension://*").dangerously_allow([Danger::AnyAppOrigin]),
            ),
        ),
        secure("one extension", Exactly(policy().allow_origins("chrome-extension://abcdefghijklmnop"))),
        secure("an application's shell", Exactly(policy().allow_origins(["tauri://localhost", "app://."]))),
        secure(
            "pages from files",
            after_advice(
                policy().allow_origins("file://"),
                "dangerously_allow = [\"null-origin\"]",
                policy().allow_origins("file://").dangerously_allow([Danger::NullOrigin]),
            ),
        ),
        secure(
            "a regular expression for subdomains",
            after_advice(
                policy().allow_origins(r"^https://.*\.example\.com$"),
                "Write `https://*.example.com`.",
                policy().allow_origins("https://*.example.com"),
            ),
        ),
        secure(
            "a trailing slash",
            after_advice(
                policy().allow_origins("https://app.example/"),
                "Write `https://app.example`.",
                policy().allow_origins(APP),
            ),
        ),
        secure(
            "the default port",
            after_advice(
                policy().allow_origins("https://app.example:443"),
                "Write `https://app.example`.",
                policy().allow_origins(APP),
            ),
        ),
        secure(
            "upper case",
            after_advice(
                policy().allow_origins("https://App.Example"),
                "Write `https://app.example`.",
                policy().allow_origins(APP),
            ),
        ),
        secure(
            "the address of a page",
            Exactly(policy().allow_origin_of_url("https://app.example/login?from=mail")),
        ),
        secure(
            "a comma-separated environment variable",
            Exactly(PolicyBuilder::from_variables(
                "CORS_",
                [("CORS_ALLOW_ORIGINS", "https://a.example, https://b.example,\n")],
            )),
        ),
        secure(
            "no origin in this deployment",
            WithWarning(policy().allow_origins(Vec::<String>::new()), WarningCode::NoOrigins),
        ),
        secure(
            "an origin that is listed twice",
            WithWarning(policy().allow_origins([APP, APP]), WarningCode::CoveredOrigin),
        ),
    ]
}

fn terms() -> Vec<Kind> {
    let app = || policy().allow_origins(APP);
    vec![
        secure(
            "the types of the http crate",
            Exactly(
                policy()
                    .allow_origins(HeaderValue::from_static(APP))
                    .allow_methods([Method::PUT, Method::DELETE])
                    .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE]),
            ),
        ),
        secure(
            "a loop that adds origins",
            Exactly(
                ["a", "b"]
                    .iter()
                    .fold(policy(), |policy, name| policy.allow_origins(format!("https://{name}.example"))),
            ),
        ),
        secure("an hour as a duration", Exactly(app().max_age(Duration::from_secs(3600)))),
        secure("cookies", Exactly(app().allow_credentials(true))),
        secure(
            "safelisted methods in the list",
            Exactly(app().allow_methods(["GET", "POST", "PUT", "OPTIONS"])),
        ),
        secure(
            "forbidden header names",
            WithWarning(
                app().allow_headers(["origin", "cookie", "content-length", "x-token"]),
                WarningCode::ForbiddenRequestHeader,
            ),
        ),
        secure(
            "forbidden methods",
            WithWarning(app().allow_methods(["TRACE", "CONNECT", "PUT"]), WarningCode::ForbiddenMethod),
        ),
        secure(
            "headers of the protocol",
            WithWarning(
                app().allow_headers(["access-control-request-method", "x-token"]),
                WarningCode::CorsHeader,
            ),
        ),
        secure(
            "a week",
            WithWarning(app().max_age(Duration::from_secs(604_800)), WarningCode::MaxAgeOverADay),
        ),
        secure(
            "a name of another library",
            after_advice(
                file("allow_origins = \"https://app.example\"\nsupports_credentials = true"),
                "allow_credentials",
                app().allow_credentials(true),
            ),
        ),
        secure(
            "a method in lower case",
            after_advice(app().allow_methods("put"), "Write `PUT`", app().allow_methods("PUT")),
        ),
        secure(
            "other terms for one partner",
            Exactly(
                policy().allow_origins("*").rule(
                    Rule::builder()
                        .allow_origins("https://partner.example")
                        .allow_credentials(true)
                        .allow_methods("PUT"),
                ),
            ),
        ),
        secure(
            "all response headers with cookies",
            Refused(
                app().allow_credentials(true).expose_headers("*"),
                ProblemCode::AnyExposedHeaderWithCredentials,
                "expose_headers",
            ),
        ),
    ]
}

/// Origins that are not known when the policy is built.
fn unlisted() -> Vec<Kind> {
    let is_local = |origin: &Origin<'_>| {
        origin.scheme() == "http" && origin.host().parse::<Ipv4Addr>().is_ok_and(|host| host.is_private())
    };
    vec![
        secure(
            "addresses of a local network",
            after_advice(
                policy().allow_origins("http://192.168.*"),
                "decide in code with `allow_origin_if`",
                policy().allow_origins(APP).allow_origin_if(is_local),
            ),
        ),
        secure(
            "a range of ports",
            Exactly(policy().allow_origins(APP).allow_origin_if(|origin| {
                origin.host() == "localhost" && origin.port().is_some_and(|port| (3000..3010).contains(&port))
            })),
        ),
        secure(
            "a domain per tenant",
            Exactly(
                policy()
                    .allow_origins(APP)
                    .allow_credentials(true)
                    .lookup(Lookup::new(|_| async { Ok::<_, std::io::Error>(false) })),
            ),
        ),
    ]
}

fn unsafe_ones() -> Vec<Kind> {
    let any_origin_with_credentials = ProblemCode::AnyOriginWithCredentials;
    vec![
        insecure(
            "any origin with cookies",
            Refused(
                policy().allow_origins("*").allow_credentials(true),
                any_origin_with_credentials,
                "an `Authorization` header that a script sets itself does not need it",
            ),
        ),
        insecure(
            "`null` with cookies",
            Refused(
                policy().allow_origins("null").allow_credentials(true),
                ProblemCode::NullOriginWithCredentials,
                "serve the page from its own origin",
            ),
        ),
        insecure(
            "preview hosts of strangers with cookies",
            Refused(
                policy().allow_origins("https://*.vercel.app").allow_credentials(true),
                ProblemCode::PublicSuffixWildcardWithCredentials,
                "List your own names",
            ),
        ),
        insecure(
            "plain http with cookies",
            Refused(
                policy().allow_origins("http://app.example").allow_credentials(true),
                ProblemCode::InsecureOriginWithCredentials,
                "Write `https://app.example`",
            ),
        ),
        insecure(
            "a pattern without a boundary",
            Refused(
                policy().allow_origins("https://*example.com").allow_credentials(true),
                ProblemCode::PublicSuffixWildcardWithCredentials,
                "List your own names",
            ),
        ),
    ]
}

/// Whether it moves; panics if it does not do so in the way that is expected.
fn check(kind: Kind) -> bool {
    let name = kind.name;
    let build = |builder: PolicyBuilder| builder.build().unwrap_or_else(|error| panic!("{name}: {error}"));
    let refused = |builder: PolicyBuilder| {
        builder.build().err().unwrap_or_else(|| panic!("{name}: the policy is not refused"))
    };
    match kind.how {
        Exactly(builder) => {
            let policy = build(builder);
            assert!(policy.warnings().iter().all(|warning| !leaves_out(warning.code())), "{name}");
            true
        }
        WithWarning(builder, code) => {
            let policy = build(builder);
            assert!(
                policy.warnings().iter().any(|warning| warning.code() == code),
                "{name}: {:?}",
                policy.warnings()
            );
            true
        }
        AfterAdvice(builders, advice) => {
            let [builder, followed] = *builders;
            let error = refused(builder);
            assert!(error.to_string().contains(advice), "{name}: {error}");
            build(followed);
            true
        }
        Refused(builder, code, advice) => {
            let error = refused(builder);
            assert!(error.problems().iter().any(|problem| problem.code() == code), "{name}: {error}");
            assert!(error.to_string().contains(advice), "{name}: {error}");
            false
        }
    }
}

/// Whether something was left out of a policy with this warning.
fn leaves_out(code: WarningCode) -> bool {
    matches!(
        code,
        WarningCode::ForbiddenMethod
            | WarningCode::ForbiddenRequestHeader
            | WarningCode::ForbiddenResponseHeader
            | WarningCode::CorsHeader
    )
}

#[test]
fn secure_configurations_move_over_and_insecure_ones_do_not() {
    let (secure, insecure): (Vec<_>, Vec<_>) = kinds().into_iter().partition(|kind| kind.is_secure);
    let all = secure.len();
    let moved = secure.into_iter().map(check).filter(|&moves| moves).count();
    assert!(moved * 100 >= all * 95, "{moved} of {all} secure configurations move over");
    for kind in insecure {
        let name = kind.name;
        assert!(!check(kind), "{name} moves over");
    }
}
