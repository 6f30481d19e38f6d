//! The checks between a builder and a policy: everything that semantics refuse, and everything worth a warning.

use std::sync::Arc;

use super::problem::Remark;
use super::{
    Danger, FIELDS, NameList, Names, Origins, Policy, PolicyBuilder, PolicyError, Problem, ProblemCode,
    Rules, Warning, WarningCode,
};
use crate::origin::{Added, OriginPattern, OriginSet};
use crate::token;

/// The longest max-age that any browser honours: Firefox's cap, a day.
const LONGEST_MAX_AGE: u32 = 86_400;

/// What Chromium shortens a longer max-age to.
const CHROMIUM_MAX_AGE: u32 = 7_200;

/// The status of a preflight without content (RFC 9110, section 15.3.5).
const NO_CONTENT: u16 = 204;

pub(super) fn build(builder: PolicyBuilder) -> Result<Policy, PolicyError> {
    let mut report = Report { problems: builder.problems.clone(), warnings: Vec::new() };
    let origins = origins(&builder, &mut report);
    let methods = methods(&builder.allow_methods, &mut report);
    let headers = request_headers(&builder.allow_headers, &mut report);
    let expose = exposed_headers(&builder, &mut report);
    max_age(builder.max_age, &mut report);
    let preflight_status = preflight_status(builder.preflight_status, &mut report);
    if !report.problems.is_empty() {
        report.problems.sort_by_cached_key(|problem| order(problem.field()));
        return Err(PolicyError { problems: report.problems });
    }
    report.warnings.sort_by_cached_key(|warning| order(warning.field()));
    let mut dangers = builder.dangerously_allow;
    dangers.sort_unstable();
    dangers.dedup();
    Ok(Policy(Arc::new(Rules {
        origins,
        methods,
        headers,
        expose,
        credentials: builder.allow_credentials,
        max_age: builder.max_age,
        private_network: builder.allow_private_network,
        preflight_status,
        diagnostics: builder.diagnostics,
        dangers,
        warnings: report.warnings,
    })))
}

/// Where a finding stands among the others: by its field, and by its position there. What a file has that no policy has
/// comes last.
fn order(field: &str) -> (usize, usize) {
    let (field, position) = field.split_once('[').unwrap_or((field, ""));
    let position = position.trim_end_matches(']').parse().unwrap_or_default();
    (FIELDS.iter().position(|known| *known == field).unwrap_or(FIELDS.len()), position)
}

struct Report {
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

impl Report {
    fn refuse(&mut self, code: ProblemCode, remark: Remark) {
        self.problems.push(Problem::new(code, remark));
    }

    fn warn(&mut self, code: WarningCode, remark: Remark) {
        self.warnings.push(Warning::new(code, remark));
    }

    /// Refuses a `*` that stands beside other entries; `true` where `*` stands alone.
    fn wildcard_alone(&mut self, field: &str, names: &Names) -> bool {
        let Some(position) = names.names.iter().position(|name| name == "*") else {
            return false;
        };
        if names.names.iter().all(|name| name == "*") {
            return true;
        }
        let what = "stands for all, so the names beside it mean nothing";
        let help = format!("Write `{field} = \"*\"`, or the names without `*`.");
        let remark = Remark::new(names.place(field, position), "*", what, help);
        self.refuse(ProblemCode::WildcardAmongNames, remark);
        false
    }
}

const ORIGINS: &str = "allow_origins";

fn origins(builder: &PolicyBuilder, report: &mut Report) -> Origins {
    let names = &builder.allow_origins;
    if names.names.is_empty() {
        // A field that was refused for its type is not missing.
        if !report.problems.iter().any(|problem| problem.field().starts_with(ORIGINS)) {
            let help = "Write the origins of the pages that may read responses, such as `[\"https://app.example.com\"]`, or `\"*\"` for all.";
            report.refuse(ProblemCode::NoOrigins, Remark::new(ORIGINS, "", "no origin is listed", help));
        }
        return Origins::Any;
    }
    let any = names.names.iter().position(|name| name == "*");
    if let Some(position) = any.filter(|_| builder.allow_credentials) {
        // Fetch, "CORS protocol and credentials": a browser would refuse it, and echoing every origin instead hands every
        // user's data to every site.
        let what = "allows any origin, which cannot go together with `allow_credentials`";
        let help = "List the origins that may use the user's credentials, or leave `allow_credentials` out.";
        let remark = Remark::new(names.place(ORIGINS, position), "*", what, help);
        report.refuse(ProblemCode::AnyOriginWithCredentials, remark);
    }
    if report.wildcard_alone(ORIGINS, names) {
        return Origins::Any;
    }
    let mut set = OriginSet::default();
    for (position, text) in names.names.iter().enumerate().filter(|(_, text)| *text != "*") {
        let place = || names.place(ORIGINS, position);
        if text == "null" {
            null_origin(builder, place(), report);
            if set.add_null() == Added::Twice {
                listed_twice(place(), text, report);
            }
            continue;
        }
        let pattern = match OriginPattern::parse(text) {
            Ok(pattern) => pattern,
            Err(fault) => {
                report.refuse(fault.code, Remark::new(place(), text, fault.what, fault.help));
                continue;
            }
        };
        if builder.allow_credentials {
            credentialed_origin(&pattern, &builder.dangerously_allow, &place, text, report);
        }
        match set.add(&pattern, text) {
            Ok(Added::New) => {}
            Ok(Added::Twice) => listed_twice(place(), text, report),
            Err(_) => {
                let help = "Split the policy, or use patterns.";
                let remark = Remark::new(place(), text, "is more than the 4 GiB of origins that fit", help);
                report.refuse(ProblemCode::TooManyOrigins, remark);
                break;
            }
        }
    }
    if set.has_patterns() {
        covered_origins(names, &set, report);
    }
    set.shrink();
    Origins::Listed(set)
}

fn null_origin(builder: &PolicyBuilder, place: String, report: &mut Report) {
    if builder.allow_credentials {
        let what =
            "cannot go together with `allow_credentials`: any site can make a page whose origin is `null`";
        let help = "Leave it out, and serve the page from an origin of its own.";
        report.refuse(ProblemCode::NullOriginWithCredentials, Remark::new(place, "null", what, help));
    } else if !builder.dangerously_allow.contains(&Danger::NullOrigin) {
        let what = "is the origin of every sandboxed frame, `data:` page and file, so any site can have it";
        let help = "Leave it out; or, if the responses are for everybody, write `allow_origins = \"*\"`; or, if it is meant, add `dangerously_allow = [\"null-origin\"]`.";
        report.refuse(ProblemCode::NullOrigin, Remark::new(place, "null", what, help));
    }
}

fn credentialed_origin(
    pattern: &OriginPattern<'_>,
    dangers: &[Danger],
    place: &dyn Fn() -> String,
    text: &str,
    report: &mut Report,
) {
    if pattern.is_insecure() && !dangers.contains(&Danger::InsecureOrigins) {
        let what =
            "would get credentials over plain http: whoever is on the user's network can speak in its name";
        let secure = text.replacen("http:", "https:", 1);
        let help = format!(
            "Write `{secure}`; or, if it is meant, add `dangerously_allow = [\"insecure-origins\"]`."
        );
        report.refuse(ProblemCode::InsecureOriginWithCredentials, Remark::new(place(), text, what, help));
    }
    if pattern.covers_public_suffix() && !dangers.contains(&Danger::PublicSuffixWildcards) {
        let what = format!("would get credentials, but anybody can register a name below `{}`", pattern.host);
        let help = "List the subdomains that are yours; or, if it is meant, add `dangerously_allow = [\"public-suffix-wildcards\"]`.";
        let remark = Remark::new(place(), text, what, help);
        report.refuse(ProblemCode::PublicSuffixWildcardWithCredentials, remark);
    }
}

fn covered_origins(names: &Names, set: &OriginSet, report: &mut Report) {
    for (position, text) in names.names.iter().enumerate() {
        if OriginPattern::parse(text).is_ok_and(|pattern| set.covers(&pattern)) {
            let place = names.place(ORIGINS, position);
            let remark = Remark::new(place, text, "is covered by another pattern", "Leave it out.");
            report.warn(WarningCode::CoveredOrigin, remark);
        }
    }
}

fn listed_twice(place: String, text: &str, report: &mut Report) {
    report.warn(WarningCode::CoveredOrigin, Remark::new(place, text, "is listed twice", "Leave it out."));
}

fn methods(names: &Names, report: &mut Report) -> NameList {
    const FIELD: &str = "allow_methods";
    if report.wildcard_alone(FIELD, names) {
        return NameList::new(vec!["*".to_owned()]);
    }
    let mut methods = Vec::new();
    for (position, method) in names.names.iter().enumerate().filter(|(_, method)| *method != "*") {
        let place = names.place(FIELD, position);
        let standard = token::STANDARD_METHODS.iter().find(|name| name.eq_ignore_ascii_case(method));
        if !token::is_token(method.as_bytes()) {
            let what =
                if method.is_empty() { "a method is empty" } else { "is not a method: it is no token" };
            let help = "Write a method name such as `PUT`.";
            report.refuse(ProblemCode::MethodSyntax, Remark::new(place, method, what, help));
        } else if token::FORBIDDEN_METHODS.iter().any(|name| name.eq_ignore_ascii_case(method)) {
            // Fetch, "forbidden method".
            let what = "is a method that browsers forbid every page to use";
            report.refuse(ProblemCode::ForbiddenMethod, Remark::new(place, method, what, "Leave it out."));
        } else if let Some(standard) = standard.filter(|name| *name != method) {
            // Methods are case-sensitive, and Fetch's "normalize" leaves `patch` as it is.
            let what = "is not the standard method: methods are case-sensitive";
            let help = format!("Write `{standard}`.");
            report.refuse(ProblemCode::MethodCase, Remark::new(place, method, what, help));
        } else if methods.contains(method) {
            report.warn(
                WarningCode::RepeatedName,
                Remark::new(place, method, "is listed twice", "Leave it out."),
            );
        } else {
            if token::SAFELISTED_METHODS.contains(&method.as_str()) {
                // Fetch, "CORS-safelisted method".
                let remark = Remark::new(place, method, "is allowed without being listed", "Leave it out.");
                report.warn(WarningCode::SafelistedMethod, remark);
            }
            methods.push(method.clone());
        }
    }
    NameList::new(methods)
}

fn request_headers(names: &Names, report: &mut Report) -> NameList {
    const FIELD: &str = "allow_headers";
    let has_wildcard = names.names.iter().any(|name| name == "*");
    let is_authorization = |name: &String| name.eq_ignore_ascii_case(token::AUTHORIZATION);
    let beside_authorization = names.names.iter().all(|name| name == "*" || is_authorization(name));
    if has_wildcard && beside_authorization {
        let mut entries = vec!["*".to_owned()];
        if names.names.iter().any(is_authorization) {
            entries.push(token::AUTHORIZATION.to_owned());
        } else {
            let what = "does not cover `authorization`";
            let help = "Write `[\"*\", \"authorization\"]` if pages may send it.";
            let remark = Remark::new(names.place(FIELD, 0), "*", what, help);
            report.warn(WarningCode::AuthorizationNotCovered, remark);
        }
        return NameList::new(entries);
    }
    if has_wildcard {
        report.wildcard_alone(FIELD, names);
    }
    header_names(FIELD, names, report, |name, place, report| {
        // Fetch, "forbidden request-header".
        if token::is_forbidden_request_header(name) {
            let what = "is a request header that browsers forbid every page to set";
            report
                .refuse(ProblemCode::ForbiddenRequestHeader, Remark::new(place, name, what, "Leave it out."));
        } else if token::SAFELISTED_REQUEST_HEADERS.contains(&name) {
            let what = "is allowed without being listed, with every ordinary value";
            report.warn(WarningCode::SafelistedHeader, Remark::new(place, name, what, "Leave it out."));
        }
    })
}

fn exposed_headers(builder: &PolicyBuilder, report: &mut Report) -> NameList {
    const FIELD: &str = "expose_headers";
    let names = &builder.expose_headers;
    if report.wildcard_alone(FIELD, names) {
        if builder.allow_credentials {
            // Fetch, "CORS protocol and credentials": with credentials `*` is the name of a header.
            let what = "means nothing to a browser together with `allow_credentials`";
            let remark =
                Remark::new(names.place(FIELD, 0), "*", what, "List the headers that pages may read.");
            report.refuse(ProblemCode::AnyExposedHeaderWithCredentials, remark);
        }
        return NameList::new(vec!["*".to_owned()]);
    }
    header_names(FIELD, names, report, |name, place, report| {
        // Fetch, "forbidden response-header name".
        if token::FORBIDDEN_RESPONSE_HEADERS.contains(&name) {
            let what = "is a response header that no page can read";
            report.refuse(
                ProblemCode::ForbiddenResponseHeader,
                Remark::new(place, name, what, "Leave it out."),
            );
        } else if token::SAFELISTED_RESPONSE_HEADERS.contains(&name) {
            // Fetch, "CORS-safelisted response-header name".
            let what = "can be read without being exposed";
            report.warn(WarningCode::SafelistedHeader, Remark::new(place, name, what, "Leave it out."));
        }
    })
}

/// The checks that every list of header names shares; `check` adds its own for a name in lower case.
fn header_names(
    field: &str,
    names: &Names,
    report: &mut Report,
    check: impl Fn(&str, String, &mut Report),
) -> NameList {
    let mut headers: Vec<String> = Vec::new();
    for (position, written) in names.names.iter().enumerate().filter(|(_, name)| *name != "*") {
        let place = names.place(field, position);
        let name = written.to_ascii_lowercase();
        if !token::is_token(written.as_bytes()) {
            let what = if written.is_empty() {
                "a header name is empty"
            } else {
                "is not a header name: it is no token"
            };
            let help = "Write a header name such as `x-request-id`, each in an entry of its own.";
            report.refuse(ProblemCode::HeaderSyntax, Remark::new(place, written, what, help));
        } else if token::is_cors_header(&name) {
            let what = "belongs to the CORS protocol itself, which browsers and this policy take care of";
            report.refuse(ProblemCode::CorsHeader, Remark::new(place, written, what, "Leave it out."));
        } else if headers.contains(&name) {
            report.warn(
                WarningCode::RepeatedName,
                Remark::new(place, written, "is listed twice", "Leave it out."),
            );
        } else {
            check(&name, place, report);
            headers.push(name);
        }
    }
    NameList::new(headers)
}

fn max_age(max_age: Option<u32>, report: &mut Report) {
    const FIELD: &str = "max_age";
    let Some(seconds) = max_age else { return };
    let remark = |what: &str, help: &str| Remark::new(FIELD, seconds.to_string(), what, help);
    if seconds > LONGEST_MAX_AGE {
        let what = "is longer than a day, which no browser honours";
        let help = "Write seconds from 0 to 86400, such as `7200`.";
        report.refuse(ProblemCode::MaxAge, remark(what, help));
    } else if seconds > CHROMIUM_MAX_AGE {
        let what = "is longer than 7200 s, to which Chromium shortens it";
        let help = "Write `7200`, or leave it for the browsers that honour more.";
        report.warn(WarningCode::MaxAgeOverBrowserCap, remark(what, help));
    }
}

fn preflight_status(status: Option<u16>, report: &mut Report) -> u16 {
    let status = status.unwrap_or(NO_CONTENT);
    // Fetch, "ok status".
    if !(200..=299).contains(&status) {
        let what = "is no success, so every browser would take the preflight for failed";
        let help = "Write a status from 200 to 299, such as `204`.";
        report.refuse(
            ProblemCode::PreflightStatus,
            Remark::new("preflight_status", status.to_string(), what, help),
        );
    }
    status
}
