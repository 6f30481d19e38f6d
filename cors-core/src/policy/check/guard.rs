//! The checks of a guard.

use super::Report;
use super::names::method_fault;
use crate::origin::{Added, FILE, HostPattern, HostSet, OriginFault, OriginPattern, OriginSet, PatternPort};
use crate::policy::builder::{GuardBuilder, Names};
use crate::policy::fields::GUARD;
use crate::policy::guard::{Exemption, Guard, GuardAction, GuardFields};
use crate::policy::problem::Note;
use crate::policy::{ProblemCode, WarningCode};

/// Checks a guard. `any_origin` says whether the policy's own fields allow any origin.
pub(super) fn guard(builder: GuardBuilder, any_origin: bool, report: &mut Report) -> Guard {
    let (allow_hosts, hosts) = match builder.allow_hosts.as_ref().map(|names| hosts(names, report)) {
        Some((entries, hosts)) => (Some(entries), Some(hosts)),
        None => (None, None),
    };
    let (own_origins, own) = own_origins(&builder.own_origins, report);
    let guard = Guard {
        fields: GuardFields {
            cross_site_writes: builder.cross_site_writes,
            foreign_origins: builder.foreign_origins,
            websockets: builder.websockets,
            allow_hosts,
            own_origins,
            exempt: exemptions(builder.exempt, report),
            report_only: builder.report_only,
        },
        hosts,
        own,
    };
    effects(&guard, any_origin, report);
    guard
}

fn place(field: &str) -> String {
    format!("{GUARD}.{field}")
}

/// Warns about what has no effect.
fn effects(guard: &Guard, any_origin: bool, report: &mut Report) {
    let denies = |action| action == GuardAction::Deny;
    let (foreign, websockets) = (denies(guard.foreign_origins()), denies(guard.websockets()));
    let looks_at_origins = denies(guard.cross_site_writes()) || foreign || websockets;
    if !looks_at_origins && guard.allow_hosts().is_none() {
        let what = "nothing is denied, so the guard has no effect";
        let help = "Leave it out, or write `cross_site_writes = \"deny\"` in it.";
        report.warn(WarningCode::GuardWithoutEffect, Note::new(GUARD, "", what, help));
    }
    if any_origin && looks_at_origins {
        let what = "`allow_origins = \"*\"` trusts nobody here: pages of other origins may read, but the guard denies them";
        let help = "List the origins that may also write, as a rule, or keep it if only your own pages do.";
        report.warn(WarningCode::AnyOriginNotTrusted, Note::new(GUARD, "", what, help));
    }
    for (position, (method, path)) in guard.exempt().enumerate() {
        let is_write = !matches!(method, "GET" | "HEAD" | "OPTIONS");
        let is_concerned = foreign || websockets || (is_write && denies(guard.cross_site_writes()));
        if !is_concerned {
            let what = "has no effect, because the guard denies no such request";
            let field = place(&format!("exempt[{position}]"));
            let note = Note::new(field, format!("{method} {path}"), what, "Leave it out.");
            report.warn(WarningCode::ExemptionWithoutEffect, note);
        }
    }
}

fn hosts(names: &Names, report: &mut Report) -> (Vec<String>, HostSet) {
    let field = place("allow_hosts");
    let (mut entries, mut set) = (Vec::new(), HostSet::default());
    if names.as_slice().is_empty() {
        let what = "the list is empty, so every request is answered with 421";
        let help = "List the hosts that requests name, or leave it out to answer to all.";
        report.warn(WarningCode::NoHosts, Note::new(&*field, "", what, help));
    }
    for (position, text) in names.as_slice().iter().enumerate() {
        let place = names.place(&field, position);
        let origin = HostSet::origin_of(text);
        match HostSet::parse(&origin) {
            Ok(pattern) => {
                if let Some(suffix) = pattern.public_suffix() {
                    let what = format!("covers names of strangers: anyone can register one below `{suffix}`");
                    let note = Note::new(&*place, text, what, "List your own names.");
                    report.warn(WarningCode::PublicSuffixPattern, note);
                }
                match set.add(&pattern, &origin) {
                    Ok(Added::New) => entries.push(text.clone()),
                    Ok(Added::Twice(())) => covered(place, text, "is listed twice", report),
                    Err(_) => {
                        too_many(place, text, report);
                        break;
                    }
                }
            }
            Err(fault) => report.refuse(ProblemCode::Host, host_note(place, text, &fault)),
        }
    }
    set.shrink();
    (entries, set)
}

fn host_note(place: String, text: &str, fault: &OriginFault) -> Note {
    const HELP: &str =
        "Write a host such as `api.example.com`, `localhost:8080`, `localhost:*` or `*.example.com`.";
    if text == "*" {
        let help = "Leave out `allow_hosts` to answer to every host.";
        return Note::new(place, text, "covers every host, so it stops nothing", help);
    }
    let intended = match text.split_once("://") {
        Some((_, rest)) => rest.split(['/', '?', '#']).next().map(str::to_owned),
        None => fault.suggestion.as_deref().and_then(HostSet::entry_of).map(str::to_owned),
    };
    let intended = intended.filter(|host| HostSet::parse(&HostSet::origin_of(host)).is_ok());
    let help = intended.map_or_else(|| HELP.to_owned(), |host| format!("Write `{host}`."));
    Note::new(place, text, "is not a host", help)
}

fn own_origins(names: &Names, report: &mut Report) -> (Vec<String>, OriginSet) {
    let field = place("own_origins");
    let (mut entries, mut set) = (Vec::new(), OriginSet::default());
    for (position, text) in names.as_slice().iter().enumerate() {
        let place = names.place(&field, position);
        let refused = |code, what: &str, help: &str| (code, Note::new(&*place, text, what, help));
        const HELP: &str = "Write an origin of the server, such as `https://api.example.com`.";
        let found = match OriginPattern::parse(text) {
            _ if matches!(text.as_str(), "*" | "null" | FILE) => {
                Err(refused(ProblemCode::OwnOrigin, "is not the origin of a server", HELP))
            }
            Err(fault) => Err(refused(fault.code, &fault.what, &fault.help)),
            Ok(pattern) if !matches!(pattern.scheme, "http" | "https") => Err(refused(
                ProblemCode::OwnOrigin,
                "is not the origin of a server, because its scheme is neither `http` nor `https`",
                HELP,
            )),
            Ok(OriginPattern { host: HostPattern::Exact(_), port: PatternPort::Any, .. }) => Err(refused(
                ProblemCode::OwnOrigin,
                "is a pattern, and only exact origins can be own",
                "Write each port of the server, or leave out `own_origins`: an origin is own then if its host and port are those of the request.",
            )),
            Ok(pattern @ OriginPattern { host: HostPattern::Exact(_), .. }) => Ok(pattern),
            Ok(_) => Err(refused(
                ProblemCode::OwnOrigin,
                "is a pattern, and only exact origins can be own",
                "Write each origin of the server, or list the pattern in `allow_origins` if its pages are trusted.",
            )),
        };
        match found.map(|pattern| set.add(&pattern, text, ())) {
            Ok(Ok(Added::New)) => entries.push(text.clone()),
            Ok(Ok(Added::Twice(()))) => covered(place, text, "is listed twice", report),
            Ok(Err(_)) => {
                too_many(place, text, report);
                break;
            }
            Err((code, note)) => report.refuse(code, note),
        }
    }
    set.shrink();
    (entries, set)
}

fn covered(place: String, text: &str, what: &str, report: &mut Report) {
    report.warn(WarningCode::CoveredOrigin, Note::new(place, text, what, "Leave it out."));
}

fn too_many(place: String, text: &str, report: &mut Report) {
    let what = "does not fit: a policy holds at most 4 GiB of origins";
    report.refuse(ProblemCode::TooManyOrigins, Note::new(place, text, what, "Use patterns."));
}

fn exemptions(entries: Vec<Option<Exemption>>, report: &mut Report) -> Vec<Exemption> {
    let mut exemptions: Vec<Exemption> = Vec::new();
    // Entries of a file that are not exemptions were refused when it was read.
    let entries = entries.into_iter().enumerate().filter_map(|(position, entry)| Some((position, entry?)));
    for (position, exemption) in entries {
        let field = place(&format!("exempt[{position}]"));
        let Exemption { method, path } = &exemption;
        let fault = match method.as_str() {
            "*" => Some((
                ProblemCode::MethodSyntax,
                "stands for no method here",
                "Write an exemption for each method.".to_owned(),
            )),
            method => method_fault(method),
        };
        if let Some((code, what, help)) = fault {
            report.refuse(code, Note::new(format!("{field}.method"), method, what, help));
        }
        if let Some((what, help)) = path_fault(path) {
            report.refuse(ProblemCode::ExemptPath, Note::new(format!("{field}.path"), path, what, help));
        } else if path.contains('*') {
            let what = "contains a `*`, which stands for itself";
            let help = "Write each path that is exempt.";
            report.warn(WarningCode::ExemptPathPattern, Note::new(format!("{field}.path"), path, what, help));
        }
        if exemptions.contains(&exemption) {
            covered(field, &format!("{method} {path}"), "is listed twice", report);
        } else {
            exemptions.push(exemption);
        }
    }
    exemptions
}

/// What is wrong with a path, and what to write instead.
fn path_fault(path: &str) -> Option<(&'static str, String)> {
    const EXAMPLE: &str = "Write it as a browser sends it, such as `/login/saml`.";
    let help = EXAMPLE.to_owned();
    if let Some((before, _)) = path.split_once(['?', '#']) {
        let help = if before.starts_with('/') { format!("Write `{before}`.") } else { help };
        return Some(("is not a path: it has a query or a fragment, which are not compared", help));
    }
    if path.contains("://") {
        return Some(("is a URL, and only paths can be exempt", help));
    }
    if !path.starts_with('/') {
        let is_simple = !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_graphic());
        let help = if is_simple { format!("Write `/{path}`.") } else { help };
        return Some(("is not an absolute path", help));
    }
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        let what = "has characters that a browser escapes, so no request has this path";
        return Some((what, "Write them as a browser sends them, such as `%20` for a space.".to_owned()));
    }
    None
}
