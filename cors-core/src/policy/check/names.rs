//! The checks of the lists of methods and headers.

use super::Report;
use crate::policy::builder::{Names, Table};
use crate::policy::problem::Note;
use crate::policy::{NameList, ProblemCode, WarningCode};
use crate::token;

const LEAVE_IT_OUT: &str = "Leave it out.";

pub(super) fn methods(names: &Names, report: &mut Report) -> NameList {
    const FIELD: &str = "allow_methods";
    if report.is_wildcard_alone(FIELD, names) {
        return NameList::new(vec!["*".to_owned()]);
    }
    let mut methods = Vec::new();
    for (position, method) in names.as_slice().iter().enumerate().filter(|(_, method)| *method != "*") {
        let note = |what: &str, help: &str| Note::new(names.place(FIELD, position), method, what, help);
        if token::FORBIDDEN_METHODS.iter().any(|name| name.eq_ignore_ascii_case(method)) {
            // Fetch, "forbidden method".
            let what = "is a method that browsers forbid pages to use, so it is not sent";
            report.warn(WarningCode::ForbiddenMethod, note(what, LEAVE_IT_OUT));
        } else if let Some((code, what, help)) = method_fault(method) {
            report.refuse(code, note(what, &help));
        } else if methods.contains(method) {
            report.warn(WarningCode::RepeatedName, note("is listed twice", LEAVE_IT_OUT));
        } else {
            methods.push(method.clone());
        }
    }
    NameList::new(methods)
}

/// Why a text is not a method, what is wrong, and what to write instead.
pub(super) fn method_fault(method: &str) -> Option<(ProblemCode, &'static str, String)> {
    if !token::is_token(method.as_bytes()) {
        let what = match method.is_empty() {
            true => "a method is empty",
            false => "is not a method: it contains characters that a method cannot have",
        };
        let help = repair(method, |name| standard_method(name).unwrap_or(name).to_owned());
        let help = help.unwrap_or_else(|| "Write a method name such as `PUT`.".to_owned());
        return Some((ProblemCode::MethodSyntax, what, help));
    }
    // Methods are case-sensitive, and Fetch's "normalize" does not change `patch`.
    let standard = standard_method(method).filter(|name| *name != method)?;
    let what = "is not the standard method: methods are case-sensitive";
    Some((ProblemCode::MethodCase, what, format!("Write `{standard}`.")))
}

/// The standard method that differs from `name` in case only, or not at all.
fn standard_method(name: &str) -> Option<&'static str> {
    token::STANDARD_METHODS.into_iter().find(|standard| standard.eq_ignore_ascii_case(name))
}

pub(super) fn request_headers(names: &Names, report: &mut Report) -> NameList {
    const FIELD: &str = "allow_headers";
    let entries = names.as_slice();
    let has_wildcard = entries.iter().any(|name| name == "*");
    let is_authorization = |name: &String| name.eq_ignore_ascii_case(token::AUTHORIZATION);
    if has_wildcard && entries.iter().all(|name| name == "*" || is_authorization(name)) {
        let mut allowed = vec!["*".to_owned()];
        if entries.iter().any(is_authorization) {
            allowed.push(token::AUTHORIZATION.to_owned());
        } else {
            let what = "does not cover `authorization`";
            let help = "Write `[\"*\", \"authorization\"]` if pages may send it.";
            let note = Note::new(names.place(FIELD, 0), "*", what, help);
            report.warn(WarningCode::AuthorizationNotCovered, note);
        }
        return NameList::new(allowed);
    }
    if has_wildcard {
        report.is_wildcard_alone(FIELD, names);
    }
    header_names(FIELD, names, report, |name| {
        // Fetch, "forbidden request-header".
        let what = "is a request header that browsers forbid pages to set, so it is not sent";
        token::is_forbidden_request_header(name).then_some((WarningCode::ForbiddenRequestHeader, what))
    })
}

pub(super) fn exposed_headers(table: &Table, report: &mut Report) -> NameList {
    const FIELD: &str = "expose_headers";
    let names = &table.expose_headers;
    if report.is_wildcard_alone(FIELD, names) {
        if table.allow_credentials {
            // Fetch, "CORS protocol and credentials": with credentials `*` is the name of a header.
            let what = "is not a wildcard to browsers together with `allow_credentials`";
            let note = Note::new(names.place(FIELD, 0), "*", what, "List the headers that pages may read.");
            report.refuse(ProblemCode::AnyExposedHeaderWithCredentials, note);
        }
        return NameList::new(vec!["*".to_owned()]);
    }
    header_names(FIELD, names, report, |name| {
        // Fetch, "forbidden response-header name".
        let what = "is a response header that browsers forbid pages to read, so it is not sent";
        let is_forbidden = token::FORBIDDEN_RESPONSE_HEADERS.contains(&name);
        is_forbidden.then_some((WarningCode::ForbiddenResponseHeader, what))
    })
}

/// Makes the checks of a list of header names. `forbidden` says which names, in lower case, browsers do not let pages use.
fn header_names(
    field: &str,
    names: &Names,
    report: &mut Report,
    forbidden: impl Fn(&str) -> Option<(WarningCode, &'static str)>,
) -> NameList {
    let mut headers: Vec<String> = Vec::new();
    for (position, written) in names.as_slice().iter().enumerate().filter(|(_, name)| *name != "*") {
        let note = |what: &str, help: &str| Note::new(names.place(field, position), written, what, help);
        let name = written.to_ascii_lowercase();
        if !token::is_token(written.as_bytes()) {
            let what = match written.is_empty() {
                true => "a header name is empty",
                false => "is not a header name: it contains characters that a header name cannot have",
            };
            let help = repair(written, str::to_owned)
                .unwrap_or_else(|| "Write one header name such as `x-request-id` per entry.".to_owned());
            report.refuse(ProblemCode::HeaderSyntax, note(what, &help));
        } else if token::is_cors_header(&name) {
            let what =
                "belongs to the CORS protocol, which browsers and this policy handle, so it is not sent";
            report.warn(WarningCode::CorsHeader, note(what, LEAVE_IT_OUT));
        } else if let Some((code, what)) = forbidden(&name) {
            report.warn(code, note(what, LEAVE_IT_OUT));
        } else if headers.contains(&name) {
            report.warn(WarningCode::RepeatedName, note("is listed twice", LEAVE_IT_OUT));
        } else {
            headers.push(name);
        }
    }
    NameList::new(headers)
}

/// What to write instead of names that are quoted or joined by commas, as a sentence.
fn repair(written: &str, correct: impl Fn(&str) -> String) -> Option<String> {
    let is_between = |letter: char| matches!(letter, ',' | ';' | '|') || letter.is_whitespace();
    let is_around = |letter: char| matches!(letter, '"' | '\'' | '`' | '[' | ']' | '\\');
    let pieces = written.split(is_between).map(|piece| piece.trim_matches(is_around));
    let names: Vec<_> = pieces.filter(|piece| !piece.is_empty()).map(correct).collect();
    if !names.iter().all(|name| token::is_token(name.as_bytes())) {
        return None;
    }
    match names.as_slice() {
        [] => None,
        [name] => Some(format!("Write `{name}`.")),
        names => Some(format!("Write one name per entry: `{names:?}`.")),
    }
}
