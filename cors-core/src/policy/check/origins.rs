//! The checks of `allow_origins`.

use super::Report;
use crate::origin::{Added, FILE, HostPattern, OriginPattern, OriginSet, intended_scheme};
use crate::policy::builder::Names;
use crate::policy::problem::Note;
use crate::policy::{Danger, Origins, PolicyBuilder, ProblemCode, WarningCode};

const FIELD: &str = "allow_origins";

pub(super) fn origins(builder: &PolicyBuilder, report: &mut Report) -> Origins {
    let Some(names) = &builder.allow_origins else {
        let help = "Write the origins whose pages may read responses, such as `[\"https://app.example.com\"]`, or `\"*\"` for all.";
        report.refuse(ProblemCode::NoOrigins, Note::new(FIELD, "", "no origin is listed", help));
        return Origins::Any;
    };
    let entries = names.as_slice();
    if entries.is_empty() {
        let help = "List the origins whose pages may read them, or keep it to switch CORS off.";
        let note = Note::new(FIELD, "", "the list is empty, so no page may read responses", help);
        report.warn(WarningCode::NoOrigins, note);
    }
    let any = entries.iter().position(|name| name == "*");
    if let Some(position) = any.filter(|_| builder.allow_credentials) {
        // Fetch, "CORS protocol and credentials": browsers reject `*` with credentials, and echoing every origin instead
        // would give every site access to every user's data.
        let what = "allows any origin, which cannot be combined with `allow_credentials`";
        let help = "List the origins that may use the user's credentials, or leave out `allow_credentials`: an `Authorization` header that a script sets itself does not need it.";
        let note = Note::new(names.place(FIELD, position), "*", what, help);
        report.refuse(ProblemCode::AnyOriginWithCredentials, note);
    }
    if report.is_wildcard_alone(FIELD, names) {
        return Origins::Any;
    }
    let mut set = OriginSet::default();
    for (position, text) in entries.iter().enumerate().filter(|(_, text)| *text != "*") {
        let place = || names.place(FIELD, position);
        let added = if text == "null" {
            opaque_origin(builder, place(), text, report);
            Ok(set.add_null())
        } else if text == FILE {
            opaque_origin(builder, place(), text, report);
            set.add_file()
        } else {
            match OriginPattern::parse(text) {
                Ok(pattern) => {
                    check(&pattern, builder, &place, text, report);
                    set.add(&pattern, text)
                }
                Err(fault) => {
                    report.refuse(fault.code, Note::new(place(), text, fault.what, fault.help));
                    continue;
                }
            }
        };
        match added {
            Ok(Added::New) => {}
            Ok(Added::Twice) => {
                let note = Note::new(place(), text, "is listed twice", "Leave it out.");
                report.warn(WarningCode::CoveredOrigin, note);
            }
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

/// Checks `null`, or `file://`.
fn opaque_origin(builder: &PolicyBuilder, place: String, text: &str, report: &mut Report) {
    let is_null = text == "null";
    if builder.allow_credentials {
        let what = match is_null {
            true => {
                "cannot be combined with `allow_credentials`: any site can create a page whose origin is `null`"
            }
            false => "cannot be combined with `allow_credentials`: any local file can have it",
        };
        let help = "Leave it out, and serve the page from its own origin.";
        report.refuse(ProblemCode::NullOriginWithCredentials, Note::new(place, text, what, help));
    } else if !builder.dangerously_allow.contains(&Danger::NullOrigin) {
        let what = match is_null {
            true => {
                "is the origin of every sandboxed frame, `data:` page and local file, so any site can have it"
            }
            false => "is the origin of every local file in some applications, and no other browser sends it",
        };
        let help = "Leave it out. If the responses are public, write `allow_origins = \"*\"`. If it is intended, add `dangerously_allow = [\"null-origin\"]`.";
        report.refuse(ProblemCode::NullOrigin, Note::new(place, text, what, help));
    }
}

/// Checks what a pattern covers.
fn check(
    pattern: &OriginPattern<'_>,
    builder: &PolicyBuilder,
    place: &dyn Fn() -> String,
    text: &str,
    report: &mut Report,
) {
    let PolicyBuilder { allow_credentials: credentials, dangerously_allow: dangers, .. } = builder;
    let scheme = pattern.scheme;
    if let Some(intended) = intended_scheme(scheme) {
        let what = format!("has the scheme `{scheme}`, which pages do not have");
        let help =
            format!("Write `{}`, or keep it if an application has it.", text.replacen(scheme, intended, 1));
        report.warn(WarningCode::UnusualScheme, Note::new(place(), text, what, help));
    }
    if pattern.host == HostPattern::Any && !dangers.contains(&Danger::AnyAppOrigin) {
        let what = "allows every extension or application with this scheme";
        let help = format!(
            "List those that are yours, such as `{scheme}://id`. If it is intended, add `dangerously_allow = [\"any-app-origin\"]`."
        );
        report.refuse(ProblemCode::AnyAppOrigin, Note::new(place(), text, what, help));
    }
    if *credentials && pattern.is_insecure() && !dangers.contains(&Danger::InsecureOrigins) {
        let what = "would get credentials over plain http, where an attacker on the user's network can impersonate it";
        let secure = text.replacen("http:", "https:", 1);
        let help =
            format!("Write `{secure}`. If it is intended, add `dangerously_allow = [\"insecure-origins\"]`.");
        report.refuse(ProblemCode::InsecureOriginWithCredentials, Note::new(place(), text, what, help));
    }
    if let Some(suffix) = pattern.public_suffix() {
        public_suffix(suffix, builder, place(), text, report);
    }
}

/// Checks a pattern for names below a public suffix.
fn public_suffix(suffix: &str, builder: &PolicyBuilder, place: String, text: &str, report: &mut Report) {
    if !builder.allow_credentials {
        let what = format!("covers names of strangers: anyone can register one below `{suffix}`");
        let is_name = |rest: &str| rest.starts_with(|first: char| first.is_ascii_alphanumeric());
        let help = match text.split_once("://*") {
            // It is meant for subdomains, but it also matches `evilexample.com`.
            Some((scheme, rest)) if is_name(rest) && !suffix.contains('.') => {
                format!("Write `{scheme}://*.{rest}`, which covers subdomains only.")
            }
            _ => "List your own names, unless every site may read the responses.".to_owned(),
        };
        report.warn(WarningCode::PublicSuffixPattern, Note::new(place, text, what, help));
    } else if !builder.dangerously_allow.contains(&Danger::PublicSuffixWildcards) {
        let what = format!("would get credentials, but anyone can register a name below `{suffix}`");
        let help = "List your own names. If it is intended, add `dangerously_allow = [\"public-suffix-wildcards\"]`.";
        let note = Note::new(place, text, what, help);
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
