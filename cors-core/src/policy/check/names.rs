//! The checks of the lists of methods and headers.

use super::Report;
use crate::policy::problem::Note;
use crate::policy::{NameList, Names, PolicyBuilder, ProblemCode, WarningCode};
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
        let standard = token::STANDARD_METHODS.iter().find(|name| name.eq_ignore_ascii_case(method));
        if !token::is_token(method.as_bytes()) {
            let what = match method.is_empty() {
                true => "a method is empty",
                false => "is not a method: it contains characters that a method cannot have",
            };
            report.refuse(ProblemCode::MethodSyntax, note(what, "Write a method name such as `PUT`."));
        } else if token::FORBIDDEN_METHODS.iter().any(|name| name.eq_ignore_ascii_case(method)) {
            // Fetch, "forbidden method".
            let what = "is a method that browsers forbid pages to use";
            report.refuse(ProblemCode::ForbiddenMethod, note(what, LEAVE_IT_OUT));
        } else if let Some(standard) = standard.filter(|name| *name != method) {
            // Methods are case-sensitive, and Fetch's "normalize" does not change `patch`.
            let what = "is not the standard method: methods are case-sensitive";
            report.refuse(ProblemCode::MethodCase, note(what, &format!("Write `{standard}`.")));
        } else if methods.contains(method) {
            report.warn(WarningCode::RepeatedName, note("is listed twice", LEAVE_IT_OUT));
        } else {
            if token::SAFELISTED_METHODS.contains(&method.as_str()) {
                // Fetch, "CORS-safelisted method".
                let what = "is always allowed and need not be listed";
                report.warn(WarningCode::SafelistedMethod, note(what, LEAVE_IT_OUT));
            }
            methods.push(method.clone());
        }
    }
    NameList::new(methods)
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
    header_names(FIELD, names, report, |name, place, report| {
        // Fetch, "forbidden request-header".
        if token::is_forbidden_request_header(name) {
            let what = "is a request header that browsers forbid pages to set";
            let note = Note::new(place, name, what, LEAVE_IT_OUT);
            report.refuse(ProblemCode::ForbiddenRequestHeader, note);
        } else if token::SAFELISTED_REQUEST_HEADERS.contains(&name) {
            let what = "is always allowed with ordinary values and need not be listed";
            report.warn(WarningCode::SafelistedHeader, Note::new(place, name, what, LEAVE_IT_OUT));
        }
    })
}

pub(super) fn exposed_headers(builder: &PolicyBuilder, report: &mut Report) -> NameList {
    const FIELD: &str = "expose_headers";
    let names = &builder.expose_headers;
    if report.is_wildcard_alone(FIELD, names) {
        if builder.allow_credentials {
            // Fetch, "CORS protocol and credentials": with credentials `*` is the name of a header.
            let what = "is not a wildcard to browsers together with `allow_credentials`";
            let note = Note::new(names.place(FIELD, 0), "*", what, "List the headers that pages may read.");
            report.refuse(ProblemCode::AnyExposedHeaderWithCredentials, note);
        }
        return NameList::new(vec!["*".to_owned()]);
    }
    header_names(FIELD, names, report, |name, place, report| {
        // Fetch, "forbidden response-header name".
        if token::FORBIDDEN_RESPONSE_HEADERS.contains(&name) {
            let what = "is a response header that browsers forbid pages to read";
            let note = Note::new(place, name, what, LEAVE_IT_OUT);
            report.refuse(ProblemCode::ForbiddenResponseHeader, note);
        } else if token::SAFELISTED_RESPONSE_HEADERS.contains(&name) {
            // Fetch, "CORS-safelisted response-header name".
            let what = "can always be read and need not be listed";
            report.warn(WarningCode::SafelistedHeader, Note::new(place, name, what, LEAVE_IT_OUT));
        }
    })
}

/// Makes the checks that all lists of header names share. `check` makes the others, for a name in lower case.
fn header_names(
    field: &str,
    names: &Names,
    report: &mut Report,
    check: impl Fn(&str, String, &mut Report),
) -> NameList {
    let mut headers: Vec<String> = Vec::new();
    for (position, written) in names.as_slice().iter().enumerate().filter(|(_, name)| *name != "*") {
        let place = names.place(field, position);
        let name = written.to_ascii_lowercase();
        if !token::is_token(written.as_bytes()) {
            let what = match written.is_empty() {
                true => "a header name is empty",
                false => "is not a header name: it contains characters that a header name cannot have",
            };
            let help = "Write one header name such as `x-request-id` per entry.";
            report.refuse(ProblemCode::HeaderSyntax, Note::new(place, written, what, help));
        } else if token::is_cors_header(&name) {
            let what = "belongs to the CORS protocol, which browsers and this policy handle";
            report.refuse(ProblemCode::CorsHeader, Note::new(place, written, what, LEAVE_IT_OUT));
        } else if headers.contains(&name) {
            report
                .warn(WarningCode::RepeatedName, Note::new(place, written, "is listed twice", LEAVE_IT_OUT));
        } else {
            check(&name, place, report);
            headers.push(name);
        }
    }
    NameList::new(headers)
}
