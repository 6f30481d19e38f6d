//! The checks of `allow_origins`.

use super::Report;
use crate::origin::{Added, OriginPattern, OriginSet};
use crate::policy::problem::Note;
use crate::policy::{Danger, Names, Origins, PolicyBuilder, ProblemCode, WarningCode};

const FIELD: &str = "allow_origins";

pub(super) fn origins(builder: &PolicyBuilder, report: &mut Report) -> Origins {
    let names = &builder.allow_origins;
    let entries = names.as_slice();
    if entries.is_empty() {
        // A field with a value of the wrong type is not missing.
        if !report.problems.iter().any(|problem| problem.field().starts_with(FIELD)) {
            let help = "Write the origins whose pages may read responses, such as `[\"https://app.example.com\"]`, or `\"*\"` for all.";
            report.refuse(ProblemCode::NoOrigins, Note::new(FIELD, "", "no origin is listed", help));
        }
        return Origins::Any;
    }
    let any = entries.iter().position(|name| name == "*");
    if let Some(position) = any.filter(|_| builder.allow_credentials) {
        // Fetch, "CORS protocol and credentials": browsers reject `*` with credentials, and echoing every origin instead
        // would give every site access to every user's data.
        let what = "allows any origin, which cannot be combined with `allow_credentials`";
        let help = "List the origins that may use the user's credentials, or leave out `allow_credentials`.";
        let note = Note::new(names.place(FIELD, position), "*", what, help);
        report.refuse(ProblemCode::AnyOriginWithCredentials, note);
    }
    if report.is_wildcard_alone(FIELD, names) {
        return Origins::Any;
    }
    let mut set = OriginSet::default();
    for (position, text) in entries.iter().enumerate().filter(|(_, text)| *text != "*") {
        let place = || names.place(FIELD, position);
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
                report.refuse(fault.code, Note::new(place(), text, fault.what, fault.help));
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
                let what = "does not fit: a policy holds at most 4 GiB of origins";
                let note = Note::new(place(), text, what, "Split the policy, or use patterns.");
                report.refuse(ProblemCode::TooManyOrigins, note);
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
            "cannot be combined with `allow_credentials`: any site can create a page whose origin is `null`";
        let help = "Leave it out, and serve the page from its own origin.";
        report.refuse(ProblemCode::NullOriginWithCredentials, Note::new(place, "null", what, help));
    } else if !builder.dangerously_allow.contains(&Danger::NullOrigin) {
        let what =
            "is the origin of every sandboxed frame, `data:` page and local file, so any site can have it";
        let help = "Leave it out. If the responses are public, write `allow_origins = \"*\"`. If it is intended, add `dangerously_allow = [\"null-origin\"]`.";
        report.refuse(ProblemCode::NullOrigin, Note::new(place, "null", what, help));
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
        let what = "would get credentials over plain http, where an attacker on the user's network can impersonate it";
        let secure = text.replacen("http:", "https:", 1);
        let help =
            format!("Write `{secure}`. If it is intended, add `dangerously_allow = [\"insecure-origins\"]`.");
        report.refuse(ProblemCode::InsecureOriginWithCredentials, Note::new(place(), text, what, help));
    }
    if pattern.covers_public_suffix() && !dangers.contains(&Danger::PublicSuffixWildcards) {
        let what = format!("would get credentials, but anyone can register a name below `{}`", pattern.host);
        let help = "List your own subdomains. If it is intended, add `dangerously_allow = [\"public-suffix-wildcards\"]`.";
        let note = Note::new(place(), text, what, help);
        report.refuse(ProblemCode::PublicSuffixWildcardWithCredentials, note);
    }
}

fn covered_origins(names: &Names, set: &OriginSet, report: &mut Report) {
    for (position, text) in names.as_slice().iter().enumerate() {
        if OriginPattern::parse(text).is_ok_and(|pattern| set.covers(&pattern)) {
            let note = Note::new(
                names.place(FIELD, position),
                text,
                "is covered by another pattern",
                "Leave it out.",
            );
            report.warn(WarningCode::CoveredOrigin, note);
        }
    }
}

fn listed_twice(place: String, text: &str, report: &mut Report) {
    report.warn(WarningCode::CoveredOrigin, Note::new(place, text, "is listed twice", "Leave it out."));
}
