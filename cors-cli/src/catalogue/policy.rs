//! Why policies are refused or warned about, and why they deny: each with an example that is built or decided.

use cors_core::{Decision, Policy, ProblemCode, Reason, WarningCode};
use http::Request;

use crate::policy_file::{PolicyFile, Refusal};

/// A policy that shows a code, with what it leads to.
#[derive(Clone, Copy, Debug)]
pub(super) struct PolicyExample {
    pub(super) cause: &'static str,
    /// The file, TOML or JSON; empty where it would be too long to print.
    pub(super) file: &'static str,
}

const fn shown(cause: &'static str, file: &'static str) -> PolicyExample {
    PolicyExample { cause, file }
}

/// What leads to a problem. The codes are open-ended for other crates, so one may be missing here; a test tells.
pub(super) fn problem(code: ProblemCode) -> Option<PolicyExample> {
    use ProblemCode as C;
    Some(match code {
        C::NoOrigins => shown("`allow_origins` is missing or empty.", "allow_methods = [\"PUT\"]"),
        C::OriginList => shown(
            "An entry holds several origins; it would never match.",
            "allow_origins = \"https://app.example, https://www.app.example\"",
        ),
        C::OriginWithoutScheme => shown("An origin lacks its scheme.", "allow_origins = [\"app.example\"]"),
        C::OriginScheme => shown(
            "An origin's scheme is none, or one whose pages have no origin.",
            "allow_origins = [\"file://app.example\"]",
        ),
        C::OriginHost => {
            shown("An origin's host is missing or is no host.", "allow_origins = [\"https://\"]")
        }
        C::OriginPort => {
            shown("An origin's port is none.", "allow_origins = [\"https://app.example:99999\"]")
        }
        C::OriginWithDefaultPort => shown(
            "An origin writes out the default port of its scheme, which browsers leave out.",
            "allow_origins = [\"https://app.example:443\"]",
        ),
        C::OriginWithPath => shown(
            "An origin ends in a path, if only a slash; it would never match.",
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
            "An origin contains upper-case letters; browsers send lower case.",
            "allow_origins = [\"https://App.example\"]",
        ),
        C::OriginWithUnicode => shown(
            "An origin's host is not in ASCII; browsers send its Punycode.",
            "allow_origins = [\"https://bücher.example\"]",
        ),
        C::OriginWithWhiteSpace => shown(
            "An origin contains white space or a control character.",
            "allow_origins = [\"https://app.example \"]",
        ),
        C::MisplacedWildcard => shown(
            "A `*` stands elsewhere than for the whole leftmost label or the whole port.",
            "allow_origins = [\"https://app-*.example\"]",
        ),
        C::WildcardAmongNames => shown(
            "`*` stands in a list together with names, which then mean nothing.",
            "allow_origins = [\"*\", \"https://app.example\"]",
        ),
        C::TooManyOrigins => shown("The origins of one policy are more than the 4 GiB that it can hold.", ""),
        C::AnyOriginWithCredentials => shown(
            "Any origin together with credentials: every site could read what the user may read.",
            "allow_origins = \"*\"\nallow_credentials = true",
        ),
        C::NullOrigin => shown(
            "`null` without the opt-in: every site can make a frame with that origin.",
            "allow_origins = [\"null\"]",
        ),
        C::NullOriginWithCredentials => shown(
            "`null` together with credentials: every site could read what the user may read. There is no opt-in.",
            "allow_origins = [\"null\"]\nallow_credentials = true\ndangerously_allow = [\"null-origin\"]",
        ),
        C::InsecureOriginWithCredentials => shown(
            "An origin of scheme `http` together with credentials, without the opt-in: whoever is on the user's network \
             could read what the user may read.",
            "allow_origins = [\"http://app.example\"]\nallow_credentials = true",
        ),
        C::PublicSuffixWildcardWithCredentials => shown(
            "All subdomains of a public suffix together with credentials, without the opt-in: anybody can register one.",
            "allow_origins = [\"https://*.github.io\"]\nallow_credentials = true",
        ),
        C::MethodSyntax => {
            shown("A method that is no token.", "allow_origins = \"*\"\nallow_methods = [\"PUT, DELETE\"]")
        }
        C::ForbiddenMethod => {
            shown("A method that no page can use.", "allow_origins = \"*\"\nallow_methods = [\"TRACE\"]")
        }
        C::MethodCase => shown(
            "A standard method in another case; methods are case-sensitive, so it would never match.",
            "allow_origins = \"*\"\nallow_methods = [\"patch\"]",
        ),
        C::HeaderSyntax => {
            shown("A header name that is no token.", "allow_origins = \"*\"\nallow_headers = [\"x-a, x-b\"]")
        }
        C::ForbiddenRequestHeader => shown(
            "A request header that no page can set.",
            "allow_origins = \"*\"\nallow_headers = [\"cookie\"]",
        ),
        C::ForbiddenResponseHeader => shown(
            "A response header that no page can read.",
            "allow_origins = \"*\"\nexpose_headers = [\"set-cookie\"]",
        ),
        C::CorsHeader => shown(
            "A header of the CORS protocol itself, which needs no permission.",
            "allow_origins = \"*\"\nallow_headers = [\"access-control-allow-origin\"]",
        ),
        C::AnyExposedHeaderWithCredentials => shown(
            "All response headers exposed together with credentials: with them, `*` is a header called `*`.",
            "allow_origins = [\"https://app.example\"]\nallow_credentials = true\nexpose_headers = \"*\"",
        ),
        C::MaxAge => shown("A max-age over a day.", "allow_origins = \"*\"\nmax_age = 604800"),
        C::PreflightStatus => shown(
            "A preflight status that is no success, so that browsers would block every fetch.",
            "allow_origins = \"*\"\npreflight_status = 403",
        ),
        C::UnknownField => shown("A field that no policy has.", "allow_origins = \"*\"\nmax_ages = 600"),
        C::RepeatedField => shown(
            "A field that is there twice.",
            "{ \"allow_origins\": \"*\", \"max_age\": 60, \"max_age\": 600 }",
        ),
        C::WrongType => {
            shown("A value of another type than the field's.", "allow_origins = \"*\"\nmax_age = \"1 hour\"")
        }
        C::UnknownDanger => shown(
            "An entry of `dangerously_allow` that is none.",
            "allow_origins = \"*\"\ndangerously_allow = [\"everything\"]",
        ),
        _ => return None,
    })
}

/// What leads to a warning.
pub(super) fn warning(code: WarningCode) -> Option<PolicyExample> {
    use WarningCode as C;
    Some(match code {
        C::MaxAgeOverBrowserCap => shown(
            "A max-age over the 7200 s to which Chromium shortens it.",
            "allow_origins = \"*\"\nmax_age = 86400",
        ),
        C::SafelistedMethod => shown(
            "A method that never needs a preflight is listed.",
            "allow_origins = \"*\"\nallow_methods = [\"GET\"]",
        ),
        C::SafelistedHeader => shown(
            "A header that is safelisted anyway is listed.",
            "allow_origins = \"*\"\nallow_headers = [\"accept\"]",
        ),
        C::CoveredOrigin => shown(
            "An origin is listed twice, or another pattern covers it.",
            "allow_origins = [\"https://*.app.example\", \"https://www.app.example\"]",
        ),
        C::RepeatedName => shown(
            "A method or header is listed twice.",
            "allow_origins = \"*\"\nallow_methods = [\"PUT\", \"PUT\"]",
        ),
        C::AuthorizationNotCovered => shown(
            "`Authorization` is missing beside `*`, which does not cover it.",
            "allow_origins = \"*\"\nallow_headers = \"*\"",
        ),
        _ => return None,
    })
}

/// What a policy file's problems and warnings say, each with its code.
pub(super) fn remarks(file: &str) -> Vec<(&'static str, String)> {
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
    pub(super) headers: &'static [(&'static str, &'static str)],
}

/// The policy that all of the denials' examples meet.
pub(super) const DENYING_POLICY: &str =
    "allow_origins = [\"https://app.example\"]\nallow_methods = [\"PUT\"]";

/// What leads to a denial.
pub(super) fn denial(reason: Reason) -> Option<DenialExample> {
    const OWN: (&str, &str) = ("Origin", "https://app.example");
    const METHOD: &str = "Access-Control-Request-Method";
    let denied = |cause, headers| DenialExample { cause, headers };
    Some(match reason {
        Reason::MalformedOrigin => denied(
            "`Origin` is not one ASCII-serialized origin: there are several, or it has a path, upper case or odd bytes.",
            &[("Origin", "https://app.example/"), (METHOD, "PUT")],
        ),
        Reason::OriginNotAllowed => denied(
            "The policy does not contain the origin.",
            &[("Origin", "https://www.app.example"), (METHOD, "PUT")],
        ),
        Reason::MalformedRequestMethod => denied(
            "`Access-Control-Request-Method` is not one method, or longer than any.",
            &[OWN, (METHOD, "PUT, DELETE")],
        ),
        Reason::MethodNotAllowed => {
            denied("The policy does not list the method.", &[OWN, (METHOD, "DELETE")])
        }
        Reason::MalformedRequestHeaders => denied(
            "`Access-Control-Request-Headers` is no list of header names, or longer than any browser's.",
            &[OWN, (METHOD, "PUT"), ("Access-Control-Request-Headers", "x a")],
        ),
        Reason::HeaderNotAllowed => denied(
            "The policy does not list one of the headers.",
            &[OWN, (METHOD, "PUT"), ("Access-Control-Request-Headers", "x-api-key")],
        ),
        _ => return None,
    })
}

impl DenialExample {
    /// What the policy says to it.
    pub(super) fn decide(&self) -> Option<Reason> {
        let policy: Policy = PolicyFile::parse("policy", DENYING_POLICY).outcome.ok()?;
        let mut request = Request::options("/item");
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).ok()?;
        match policy.decide(&request) {
            Decision::Preflight(preflight) => preflight.reason(),
            Decision::Actual(_) => policy.origin_reason(&request),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_and_warning_has_an_example_that_shows_it_alone() {
        let problems = ProblemCode::ALL.iter().map(|&code| (code.as_str(), problem(code)));
        let warnings = WarningCode::ALL.iter().map(|&code| (code.as_str(), warning(code)));
        for (code, example) in problems.chain(warnings) {
            let example = example.unwrap_or_else(|| panic!("{code} is not in the catalogue"));
            if example.file.is_empty() {
                assert_eq!(code, ProblemCode::TooManyOrigins.as_str());
                continue;
            }
            let codes: Vec<_> = remarks(example.file).into_iter().map(|(code, _)| code).collect();
            assert_eq!(codes, [code], "{}", example.file);
        }
    }

    #[test]
    fn every_denial_has_an_example_that_is_denied_for_it() {
        for &reason in Reason::ALL {
            let example = denial(reason).unwrap_or_else(|| panic!("{reason} is not in the catalogue"));
            assert_eq!(example.decide(), Some(reason));
        }
    }
}
