//! Why a policy is refused, gets a warning or denies a preflight, each with an example that a test checks.

use cors_core::{Decision, LookupAnswer, Policy, ProblemCode, Reason, WarningCode};
use http::Request;

use crate::policy_file::{PolicyFile, Refusal};

/// A policy file that leads to a code.
#[derive(Clone, Copy, Debug)]
pub(super) struct PolicyExample {
    pub(super) cause: &'static str,
    /// The file in TOML or JSON; empty if it would be too long to print.
    pub(super) file: &'static str,
}

const fn shown(cause: &'static str, file: &'static str) -> PolicyExample {
    PolicyExample { cause, file }
}

/// Returns what leads to a problem. The enum is non-exhaustive, so a code may be missing here; a test finds that.
pub(super) fn problem(code: ProblemCode) -> Option<PolicyExample> {
    use ProblemCode as C;
    Some(match code {
        C::NoOrigins => shown("`allow_origins` is missing.", "allow_methods = [\"PUT\"]"),
        C::OriginList => shown(
            "An entry contains several origins, so it would never match.",
            "allow_origins = \"https://app.example, https://www.app.example\"",
        ),
        C::OriginWithoutScheme => shown("An origin has no scheme.", "allow_origins = [\"app.example\"]"),
        C::OriginScheme => shown(
            "The scheme of an origin is not valid, or its pages have an opaque origin.",
            "allow_origins = [\"file://app.example\"]",
        ),
        C::OriginHost => {
            shown("The host of an origin is missing or not valid.", "allow_origins = [\"https://\"]")
        }
        C::OriginPort => {
            shown("The port of an origin is not valid.", "allow_origins = [\"https://app.example:99999\"]")
        }
        C::OriginWithDefaultPort => shown(
            "An origin contains the default port of its scheme, which browsers leave out.",
            "allow_origins = [\"https://app.example:443\"]",
        ),
        C::OriginWithPath => shown(
            "An origin ends in a path, even if only a slash, so it would never match.",
            "allow_origins = [\"https://app.example/\"]",
        ),
        C::OriginWithQuery => {
            shown("An origin ends in a query.", "allow_origins = [\"https://app.example?x\"]")
        }
        C::OriginWithFragment => {
            shown("An origin ends in a fragment.", "allow_origins = [\"https://app.example#x\"]")
        }
        C::OriginWithUserInfo => shown(
            "An origin contains a user name or password.",
            "allow_origins = [\"https://user@app.example\"]",
        ),
        C::OriginInUpperCase => shown(
            "An origin contains upper-case letters. Browsers send lower case.",
            "allow_origins = [\"https://App.example\"]",
        ),
        C::OriginWithUnicode => shown(
            "The host of an origin contains characters that are not ASCII. Browsers send Punycode.",
            "allow_origins = [\"https://bücher.example\"]",
        ),
        C::OriginWithWhiteSpace => shown(
            "An origin contains white space or a control character.",
            "allow_origins = [\"https://app.example \"]",
        ),
        C::OriginInQuotes => shown(
            "An origin is written in quotes of its own, so it would never match.",
            "allow_origins = [\"'https://app.example'\"]",
        ),
        C::OriginRegex => shown(
            "An origin is a regular expression. Patterns have a `*` instead.",
            "allow_origins = [\"^https://.*\\\\.app\\\\.example$\"]",
        ),
        C::OriginPlaceholder => shown(
            "An origin contains a variable that was not replaced.",
            "allow_origins = [\"https://${HOST}\"]",
        ),
        C::MisplacedWildcard => shown(
            "A `*` is neither the leftmost label, nor a part of it, nor the whole port.",
            "allow_origins = [\"https://app.*.example\"]",
        ),
        C::AnyAppOrigin => shown(
            "All hosts of an application's scheme are listed without the opt-in. Every extension or application with the scheme \
             could read the responses.",
            "allow_origins = [\"moz-extension://*\"]",
        ),
        C::WildcardAmongNames => shown(
            "`*` is listed together with names, which then have no effect.",
            "allow_origins = [\"*\", \"https://app.example\"]",
        ),
        C::TooManyOrigins => shown("The origins are longer than the 4 GiB that one policy can hold.", ""),
        C::AnyOriginWithCredentials => shown(
            "Any origin is allowed together with credentials, so every site could read the user's data.",
            "allow_origins = \"*\"\nallow_credentials = true",
        ),
        C::NullOrigin => shown(
            "`null` or `file://` is listed without the opt-in. Every site can create a frame with the origin `null`.",
            "allow_origins = [\"null\"]",
        ),
        C::NullOriginWithCredentials => shown(
            "`null` or `file://` is listed together with credentials, so every site could read the user's data. There is no \
             opt-in.",
            "allow_origins = [\"null\"]\nallow_credentials = true\ndangerously_allow = [\"null-origin\"]",
        ),
        C::InsecureOriginWithCredentials => shown(
            "An `http:` origin is listed together with credentials, without the opt-in. Anyone on the user's network could read \
             the user's data.",
            "allow_origins = [\"http://app.example\"]\nallow_credentials = true",
        ),
        C::PublicSuffixWildcardWithCredentials => shown(
            "A pattern for names below a public suffix is listed together with credentials, without the opt-in. Anyone can \
             register such a name.",
            "allow_origins = [\"https://*.github.io\"]\nallow_credentials = true",
        ),
        C::MethodSyntax => {
            shown("A method is not a token.", "allow_origins = \"*\"\nallow_methods = [\"PUT, DELETE\"]")
        }
        C::MethodCase => shown(
            "A standard method is not in upper case. Methods are case-sensitive, so it would never match.",
            "allow_origins = \"*\"\nallow_methods = [\"patch\"]",
        ),
        C::HeaderSyntax => {
            shown("A header name is not a token.", "allow_origins = \"*\"\nallow_headers = [\"x-a, x-b\"]")
        }
        C::AnyExposedHeaderWithCredentials => shown(
            "All response headers are exposed together with credentials. With credentials, `*` only means a header called `*`.",
            "allow_origins = [\"https://app.example\"]\nallow_credentials = true\nexpose_headers = \"*\"",
        ),
        // The fraction that a `Duration` can have is a wrong type in a file.
        C::MaxAge => shown(
            "The max-age is not a whole number of seconds that the header can express.",
            "allow_origins = \"*\"\nmax_age = -1",
        ),
        C::PreflightStatus => shown(
            "The preflight status is not between 200 and 299, so browsers would block every fetch.",
            "allow_origins = \"*\"\npreflight_status = 403",
        ),
        C::Host => shown(
            "An entry of the guard's `allow_hosts` is not a host.",
            "allow_origins = [\"https://app.example\"]\n[guard]\nallow_hosts = [\"https://api.example\"]",
        ),
        C::OwnOrigin => shown(
            "An entry of the guard's `own_origins` is not an exact `http` or `https` origin.",
            "allow_origins = [\"https://app.example\"]\n[guard]\nown_origins = [\"https://*.api.example\"]",
        ),
        C::ExemptPath => shown(
            "The path of an exemption is not an absolute path, or it has a query.",
            "allow_origins = [\"https://app.example\"]\n[guard]\nexempt = [{ method = \"POST\", path = \"login/saml\" }]",
        ),
        C::IncompleteExemption => shown(
            "An exemption has no method or no path.",
            "allow_origins = [\"https://app.example\"]\n[guard]\nexempt = [{ path = \"/login/saml\" }]",
        ),
        C::GuardAction => shown(
            "What a guard does is neither `allow` nor `deny`.",
            "allow_origins = [\"https://app.example\"]\n[guard]\nwebsockets = \"block\"",
        ),
        C::UnknownField => shown("A field is unknown.", "allow_origins = \"*\"\nmax_ages = 600"),
        C::RepeatedField => shown(
            "A field is there twice.",
            "{ \"allow_origins\": \"*\", \"max_age\": 60, \"max_age\": 600 }",
        ),
        C::WrongType => {
            shown("The value of a field has the wrong type.", "allow_origins = \"*\"\nmax_age = \"1 hour\"")
        }
        C::UnknownDanger => shown(
            "An entry of `dangerously_allow` is unknown.",
            "allow_origins = \"*\"\ndangerously_allow = [\"everything\"]",
        ),
        _ => return None,
    })
}

/// Returns what leads to a warning.
pub(super) fn warning(code: WarningCode) -> Option<PolicyExample> {
    use WarningCode as C;
    Some(match code {
        C::NoOrigins => {
            shown("`allow_origins` is an empty list, so no page may read responses.", "allow_origins = []")
        }
        C::ForbiddenMethod => shown(
            "Browsers forbid pages to use a method, so it is left out.",
            "allow_origins = \"*\"\nallow_methods = [\"TRACE\"]",
        ),
        C::ForbiddenRequestHeader => shown(
            "Browsers do not let pages set a request header, so it is left out.",
            "allow_origins = \"*\"\nallow_headers = [\"cookie\"]",
        ),
        C::ForbiddenResponseHeader => shown(
            "Browsers do not let pages read a response header, so it is left out.",
            "allow_origins = \"*\"\nexpose_headers = [\"set-cookie\"]",
        ),
        C::CorsHeader => shown(
            "A header belongs to the CORS protocol itself and needs no permission, so it is left out.",
            "allow_origins = \"*\"\nallow_headers = [\"access-control-allow-origin\"]",
        ),
        C::MaxAgeOverADay => shown(
            "The max-age is longer than a day, the longest time that a browser uses. A day is sent.",
            "allow_origins = \"*\"\nmax_age = 604800",
        ),
        C::MaxAgeOverBrowserCap => shown(
            "The max-age is longer than 7200 s, the longest time that Chromium uses.",
            "allow_origins = \"*\"\nmax_age = 86400",
        ),
        C::CoveredOrigin => shown(
            "An origin is listed twice, or another pattern covers it.",
            "allow_origins = [\"https://*.app.example\", \"https://www.app.example\"]",
        ),
        C::PublicSuffixPattern => shown(
            "A pattern covers names below a public suffix, where anyone can register one.",
            "allow_origins = [\"https://*-team.vercel.app\"]",
        ),
        C::UnusualScheme => shown(
            "The scheme of an origin differs from a known one by one letter, or pages do not have it.",
            "allow_origins = [\"ttp://app.example\"]",
        ),
        C::RepeatedName => shown(
            "A method or header is listed twice.",
            "allow_origins = \"*\"\nallow_methods = [\"PUT\", \"PUT\"]",
        ),
        C::AuthorizationNotCovered => shown(
            "`authorization` is not listed, and `*` does not cover it.",
            "allow_origins = \"*\"\nallow_headers = \"*\"",
        ),
        C::AnyOriginNotTrusted => shown(
            "Any origin may read responses, but the guard trusts none of them: `*` lists nobody.",
            "allow_origins = \"*\"\n[guard]",
        ),
        C::NoHosts => shown(
            "The guard's `allow_hosts` is an empty list, so every request is answered with 421.",
            "allow_origins = [\"https://app.example\"]\n[guard]\nallow_hosts = []",
        ),
        C::ExemptionWithoutEffect => shown(
            "The guard denies no request to which the exemption applies.",
            "allow_origins = [\"https://app.example\"]\n[guard]\nwebsockets = \"allow\"\nexempt = [{ method = \"GET\", path = \"/feed\" }]",
        ),
        C::ExemptPathPattern => shown(
            "The path of an exemption contains a `*`, which is not a pattern there.",
            "allow_origins = [\"https://app.example\"]\n[guard]\nexempt = [{ method = \"POST\", path = \"/hooks/*\" }]",
        ),
        C::GuardWithoutEffect => shown(
            "The guard denies nothing.",
            "allow_origins = [\"https://app.example\"]\n[guard]\ncross_site_writes = \"allow\"\nwebsockets = \"allow\"",
        ),
        _ => return None,
    })
}

/// Returns the messages of a policy file's problems and warnings, each with its code.
pub(super) fn messages(file: &str) -> Vec<(&'static str, String)> {
    match PolicyFile::parse("policy", file).outcome {
        Ok(policy) => policy.warnings().iter().map(|it| (it.code().as_str(), it.to_string())).collect(),
        Err(Refusal::Problems(problems)) => {
            problems.iter().map(|it| (it.code().as_str(), it.to_string())).collect()
        }
        Err(_) => Vec::new(),
    }
}

/// A request that a policy denies.
#[derive(Clone, Copy, Debug)]
pub(super) struct DenialExample {
    pub(super) cause: &'static str,
    pub(super) method: &'static str,
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// What the policy's lookup said.
    answer: LookupAnswer,
}

/// The policy of all examples of denials.
pub(super) const DENYING_POLICY: &str =
    "allow_origins = [\"https://app.example\"]\nallow_methods = [\"PUT\"]";

/// What is added to the policy for the denials of a guard.
pub(super) const GUARD: &str = "\n\n[guard]\nforeign_origins = \"deny\"\nallow_hosts = [\"api.example\"]";

/// Returns what leads to a denial.
pub(super) fn denial(reason: Reason) -> Option<DenialExample> {
    const OWN: (&str, &str) = ("Origin", "https://app.example");
    const METHOD: &str = "Access-Control-Request-Method";
    const HOST: (&str, &str) = ("Host", "api.example");
    const EVIL: (&str, &str) = ("Origin", "https://evil.example");
    let example = |method, cause, headers| {
        let answer = LookupAnswer::NotAsked;
        DenialExample { cause, method, headers, answer }
    };
    let denied = |cause, headers| example("OPTIONS", cause, headers);
    Some(match reason {
        Reason::MalformedOrigin => denied(
            "`Origin` is not exactly one ASCII-serialized origin: there are several, or it has a path, upper-case letters or bytes \
             that are not ASCII.",
            &[("Origin", "https://app.example/"), (METHOD, "PUT")],
        ),
        Reason::OriginNotAllowed => denied(
            "The policy does not allow the origin.",
            &[("Origin", "https://www.app.example"), (METHOD, "PUT")],
        ),
        Reason::LookupFailed => DenialExample {
            method: "OPTIONS",
            cause: "The program's lookup of the origin failed, its answer was late, or too many other questions were \
                    waiting.",
            headers: &[("Origin", "https://tenant.example"), (METHOD, "PUT")],
            answer: LookupAnswer::Failed,
        },
        Reason::MalformedRequestMethod => denied(
            "`Access-Control-Request-Method` is not exactly one method, or it is too long.",
            &[OWN, (METHOD, "PUT, DELETE")],
        ),
        Reason::MethodNotAllowed => {
            denied("The policy does not list the method.", &[OWN, (METHOD, "DELETE")])
        }
        Reason::MalformedRequestHeaders => denied(
            "`Access-Control-Request-Headers` is not a list of header names, or it is longer than any browser sends.",
            &[OWN, (METHOD, "PUT"), ("Access-Control-Request-Headers", "x a")],
        ),
        Reason::HeaderNotAllowed => denied(
            "The policy does not list one of the headers.",
            &[OWN, (METHOD, "PUT"), ("Access-Control-Request-Headers", "x-api-key")],
        ),
        Reason::CrossSiteWrite => example(
            "POST",
            "A page of another site sent a form, or a script did what a form can do. The guard denies such writes.",
            &[HOST, EVIL, ("Sec-Fetch-Site", "cross-site")],
        ),
        Reason::ForeignOrigin => example(
            "GET",
            "The origin is neither listed nor the server's own, and the guard denies all requests of such pages.",
            &[HOST, EVIL],
        ),
        Reason::ForeignWebsocket => example(
            "GET",
            "A page whose origin is neither listed nor the server's own tried to open a WebSocket. CORS does not apply to WebSockets; the guard does.",
            &[HOST, EVIL, ("Upgrade", "websocket")],
        ),
        Reason::HostNotAllowed => example(
            "GET",
            "The request is for a host that the guard does not allow, as after DNS rebinding, or it does not have exactly one host.",
            &[("Host", "evil.example")],
        ),
        _ => return None,
    })
}

impl DenialExample {
    /// Whether the example needs a guard: the request has a host.
    pub(super) fn has_guard(&self) -> bool {
        self.headers.iter().any(|(name, _)| *name == "Host")
    }

    /// The policy that denies the request.
    pub(super) fn policy(&self) -> String {
        let guard = if self.has_guard() { GUARD } else { "" };
        format!("{DENYING_POLICY}{guard}")
    }

    /// Asks the policy.
    pub(super) fn decide(&self) -> Option<Reason> {
        let policy: Policy = PolicyFile::parse("policy", self.policy()).outcome.ok()?;
        let mut request = Request::builder().method(self.method).uri("/item");
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).ok()?;
        match policy.decide_with(&request, self.answer) {
            Decision::Preflight(preflight) => preflight.reason(),
            Decision::Denied(denied) => Some(denied.reason()),
            Decision::Actual(_) => policy.origin_reason(&request),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_and_warning_has_an_example_with_that_code_only() {
        let problems = ProblemCode::ALL.iter().map(|&code| (code.as_str(), problem(code)));
        let warnings = WarningCode::ALL.iter().map(|&code| (code.as_str(), warning(code)));
        for (code, example) in problems.chain(warnings) {
            let example = example.unwrap_or_else(|| panic!("{code} is not in the catalogue"));
            if example.file.is_empty() {
                assert_eq!(code, ProblemCode::TooManyOrigins.as_str());
                continue;
            }
            let codes: Vec<_> = messages(example.file).into_iter().map(|(code, _)| code).collect();
            assert_eq!(codes, [code], "{}", example.file);
        }
    }

    #[test]
    fn every_denial_has_an_example_with_that_reason() {
        for &reason in Reason::ALL {
            let example = denial(reason).unwrap_or_else(|| panic!("{reason} is not in the catalogue"));
            assert_eq!(example.decide(), Some(reason));
        }
    }
}
