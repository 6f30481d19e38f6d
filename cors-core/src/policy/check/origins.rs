//! The checks of `allow_origins`.

use super::Report;
use crate::origin::{Added, FILE, HostPattern, OriginMap, OriginPattern, OriginSet, Owner, intended_scheme};
use crate::policy::builder::{Names, RuleBuilder, Table};
use crate::policy::problem::Note;
use crate::policy::{Danger, Origins, ProblemCode, Unlisted, WarningCode};

const FIELD: &str = "allow_origins";

/// The origins of a policy and of its rules.
pub(super) enum CheckedOrigins {
    /// There are no rules.
    One(Origins),
    ByRule {
        /// The owners are the numbers of the rules. The policy itself comes after the last rule.
        map: OriginMap<u32>,
        /// The first owner that allows any origin.
        any: Option<u32>,
    },
}

/// Checks the origins of a policy's own table and of its rules.
pub(super) fn origins(
    own: &Table,
    rules: &[Option<RuleBuilder>],
    unlisted: &Unlisted,
    report: &mut Report,
) -> CheckedOrigins {
    let with_list;
    let mut own = own;
    // Without a list, only the program decides. An empty list then switches nothing off.
    if unlisted.methods().next().is_some() {
        let entries = own.allow_origins.as_ref().map_or(&[][..], Names::as_slice);
        if !entries.is_empty() && entries.iter().all(|entry| entry == "*") {
            for method in unlisted.methods() {
                let what = "is never asked, because `allow_origins` allows any origin";
                let note = Note::new(method, "", what, "Leave out one of them.");
                report.warn(WarningCode::CoveredOrigin, note);
            }
        }
        if own.allow_origins.is_none() {
            with_list = Table { allow_origins: Some(Names::default()), ..own.clone() };
            own = &with_list;
        }
    }
    let is_switched_off = unlisted.methods().next().is_none();
    if rules.is_empty() {
        let mut set = OriginSet::default();
        if add(own, (), &mut set, is_switched_off, report) {
            return CheckedOrigins::One(Origins::Any);
        }
        if set.has_patterns() {
            covered_origins(own, (), &set, report);
        }
        set.shrink();
        return CheckedOrigins::One(Origins::Listed(set));
    }
    let tables = rules.iter().map(|rule| rule.as_ref().map(|rule| &rule.table)).chain([Some(own)]);
    // Entries of a file that are not rules were refused when it was read.
    let tables: Vec<_> = (0_u32..).zip(tables).filter_map(|(owner, table)| Some((owner, table?))).collect();
    let number = |owner: u32| Some(owner as usize).filter(|number| *number < rules.len());
    let mut map = OriginMap::default();
    let mut any = None;
    for &(owner, table) in &tables {
        report.enter(number(owner));
        if add(table, owner, &mut map, is_switched_off || report.is_in_rule(), report) && any.is_none() {
            any = Some(owner);
        }
    }
    for &(owner, table) in &tables {
        report.enter(number(owner));
        match any {
            Some(any) if any < owner => unreachable_table(table, any, report),
            _ if map.has_patterns() => covered_origins(table, owner, &map, report),
            _ => {}
        }
    }
    report.enter(None);
    map.shrink();
    CheckedOrigins::ByRule { map, any }
}

/// Checks the origins of one table and adds them to `map`. Returns whether the table allows any origin. `needs_entries` says
/// whether an empty list gets a warning.
fn add<O: TableOwner>(
    table: &Table,
    owner: O,
    map: &mut OriginMap<O>,
    needs_entries: bool,
    report: &mut Report,
) -> bool {
    let Some(names) = &table.allow_origins else {
        let help = match report.is_in_rule() {
            true => {
                "Write the origins to which the rule applies, such as `[\"https://partner.example.com\"]`."
            }
            false => {
                "Write the origins whose pages may read responses, such as `[\"https://app.example.com\"]`, or `\"*\"` for all."
            }
        };
        report.refuse(ProblemCode::NoOrigins, Note::new(FIELD, "", "no origin is listed", help));
        return true;
    };
    let entries = names.as_slice();
    if entries.is_empty() && needs_entries {
        let (what, help) = match report.is_in_rule() {
            true => (
                "the list is empty, so the rule never applies",
                "List the origins to which it applies, or leave out the rule.",
            ),
            false => (
                "the list is empty, so no page may read responses",
                "List the origins whose pages may read them, or keep it to switch CORS off.",
            ),
        };
        report.warn(WarningCode::NoOrigins, Note::new(FIELD, "", what, help));
    }
    let any = entries.iter().position(|name| name == "*");
    if let Some(position) = any.filter(|_| table.allow_credentials) {
        // Fetch, "CORS protocol and credentials": browsers reject `*` with credentials, and echoing every origin instead
        // would give every site access to every user's data.
        let what = "allows any origin, which cannot be combined with `allow_credentials`";
        let help = "List the origins that may use the user's credentials, or leave out `allow_credentials`: an `Authorization` header that a script sets itself does not need it.";
        let note = Note::new(names.place(FIELD, position), "*", what, help);
        report.refuse(ProblemCode::AnyOriginWithCredentials, note);
    }
    if report.is_wildcard_alone(FIELD, names) {
        return true;
    }
    for (position, text) in entries.iter().enumerate().filter(|(_, text)| *text != "*") {
        let place = || names.place(FIELD, position);
        let added = if text == "null" {
            opaque_origin(table, place(), text, report);
            Ok(map.add_null(owner))
        } else if text == FILE {
            opaque_origin(table, place(), text, report);
            map.add_file(owner)
        } else {
            match OriginPattern::parse(text) {
                Ok(pattern) => {
                    check(&pattern, table, &place, text, report);
                    map.add(&pattern, text, owner)
                }
                Err(fault) => {
                    report.refuse(fault.code, Note::new(place(), text, fault.what, fault.help));
                    continue;
                }
            }
        };
        match added {
            Ok(Added::New) => {}
            Ok(Added::Twice(first)) => {
                let what = first.rule_before(owner).map_or("is listed twice".to_owned(), |rule| {
                    format!("is listed in `rules[{rule}]` already, and the first rule decides")
                });
                report.warn(WarningCode::CoveredOrigin, Note::new(place(), text, what, "Leave it out."));
            }
            Err(_) => {
                let what = "does not fit: a policy holds at most 4 GiB of origins";
                let note = Note::new(place(), text, what, "Split the policy, or use patterns.");
                report.refuse(ProblemCode::TooManyOrigins, note);
                break;
            }
        }
    }
    false
}

/// The owner of an entry, as messages name it.
trait TableOwner: Owner {
    /// The number of this rule, if it comes before the table `later`.
    fn rule_before(self, later: Self) -> Option<u32>;
}

impl TableOwner for () {
    fn rule_before(self, (): ()) -> Option<u32> {
        None
    }
}

impl TableOwner for u32 {
    fn rule_before(self, later: Self) -> Option<u32> {
        (self < later).then_some(self)
    }
}

/// Checks `null`, or `file://`.
fn opaque_origin(table: &Table, place: String, text: &str, report: &mut Report) {
    let is_null = text == "null";
    if table.allow_credentials {
        let what = match is_null {
            true => {
                "cannot be combined with `allow_credentials`: any site can create a page whose origin is `null`"
            }
            false => "cannot be combined with `allow_credentials`: any local file can have it",
        };
        let help = "Leave it out, and serve the page from its own origin.";
        report.refuse(ProblemCode::NullOriginWithCredentials, Note::new(place, text, what, help));
    } else if !table.dangerously_allow.contains(&Danger::NullOrigin) {
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
    table: &Table,
    place: &dyn Fn() -> String,
    text: &str,
    report: &mut Report,
) {
    let Table { allow_credentials: credentials, dangerously_allow: dangers, .. } = table;
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
        public_suffix(suffix, table, place(), text, report);
    }
}

/// Checks a pattern for names below a public suffix.
fn public_suffix(suffix: &str, table: &Table, place: String, text: &str, report: &mut Report) {
    if !table.allow_credentials {
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
    } else if !table.dangerously_allow.contains(&Danger::PublicSuffixWildcards) {
        let what = format!("would get credentials, but anyone can register a name below `{suffix}`");
        let help = "List your own names. If it is intended, add `dangerously_allow = [\"public-suffix-wildcards\"]`.";
        let note = Note::new(place, text, what, help);
        report.refuse(ProblemCode::PublicSuffixWildcardWithCredentials, note);
    }
}

fn covered_origins<O: TableOwner>(table: &Table, owner: O, map: &OriginMap<O>, report: &mut Report) {
    let Some(names) = &table.allow_origins else { return };
    for (position, text) in names.as_slice().iter().enumerate() {
        let covering = OriginPattern::parse(text).ok().and_then(|pattern| map.covering(&pattern));
        // A later table has no effect on what this one contains.
        let Some(first) = covering.filter(|first| *first <= owner) else { continue };
        let what = first.rule_before(owner).map_or("is covered by another pattern".to_owned(), |rule| {
            format!("is covered by a pattern in `rules[{rule}]`, and the first rule decides")
        });
        let note = Note::new(names.place(FIELD, position), text, what, "Leave it out.");
        report.warn(WarningCode::CoveredOrigin, note);
    }
}

/// Warns about a table after a rule that allows any origin.
fn unreachable_table(table: &Table, any: u32, report: &mut Report) {
    if table.allow_origins.as_ref().is_none_or(|names: &Names| names.as_slice().is_empty()) {
        return;
    }
    let what = format!("no request gets here, because `rules[{any}]` allows any origin");
    let help = "Write the rule for any origin as the policy's own fields, or last.";
    report.warn(WarningCode::CoveredOrigin, Note::new(FIELD, "", what, help));
}
