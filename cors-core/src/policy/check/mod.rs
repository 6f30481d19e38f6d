//! The checks between a builder and a policy: what is refused, and what gets a warning.

mod guard;
mod names;
mod origins;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use self::guard::guard;
use self::names::{exposed_headers, methods, request_headers};
use self::origins::{CheckedOrigins, origins};
use super::builder::{Names, Table};
use super::fields::{FIELDS, GUARD, GUARD_FIELDS, RULES, Spelling, split_rule};
use super::problem::Note;
use super::{
    Checked, Origins, Policy, PolicyBuilder, PolicyError, Problem, ProblemCode, Rules, Terms, Unlisted,
    Warning, WarningCode,
};

/// The longest max-age that a browser uses: Firefox's cap, a day.
const LONGEST_MAX_AGE: Duration = Duration::from_secs(86_400);

/// The longest max-age that Chromium uses.
const CHROMIUM_MAX_AGE: Duration = Duration::from_secs(7_200);

/// The default status of a granted preflight (RFC 9110, section 15.3.5).
const NO_CONTENT: u16 = 204;

pub(super) fn build(builder: PolicyBuilder) -> Result<Policy, PolicyError> {
    let mut report = Report::new(builder.problems);
    let origins = origins(&builder.table, &builder.rules, &builder.unlisted, &mut report);
    let own = terms(builder.table, &mut report);
    let rules: Vec<_> = builder
        .rules
        .into_iter()
        .enumerate()
        .filter_map(|(number, rule)| {
            report.enter(Some(number));
            rule.map(|rule| terms(rule.table, &mut report))
        })
        .collect();
    report.enter(None);
    let preflight_status = preflight_status(builder.preflight_status, &mut report);
    let guard = builder.guard.map(|builder| Box::new(guard(builder, own.any_origin, &mut report)));
    let warnings = report.finish(&builder.spelling)?;
    let origins = match origins {
        CheckedOrigins::One(origins) => origins,
        CheckedOrigins::ByRule { map, any } => Origins::ByRule(Box::new(Rules { map, any, terms: rules })),
    };
    Ok(Policy(Arc::new(Checked {
        origins,
        own,
        unlisted: (builder.unlisted != Unlisted::default()).then(|| Box::new(builder.unlisted)),
        preflight_status,
        diagnostics: builder.diagnostics,
        guard,
        warnings,
        are_warnings_logged: AtomicBool::new(false),
    })))
}

/// Checks everything in a table but its origins.
fn terms(table: Table, report: &mut Report) -> Terms {
    let origins = table.allow_origins.as_ref().map_or(&[][..], Names::as_slice);
    let any_origin = !origins.is_empty() && origins.iter().all(|entry| entry == "*");
    let methods = methods(&table.allow_methods, report);
    let headers = request_headers(&table.allow_headers, report);
    let expose = exposed_headers(&table, report);
    let max_age = max_age(table.max_age, report);
    let mut dangers = table.dangerously_allow;
    dangers.sort_unstable();
    dangers.dedup();
    Terms { any_origin, methods, headers, expose, credentials: table.allow_credentials, max_age, dangers }
}

/// The sort key of a problem or warning: its table, its field, then the position in the field's list. The policy's own fields
/// come first, then the rules, the guard, and unknown fields.
fn order(field: &str) -> (usize, usize, usize) {
    const AFTER_RULES: usize = usize::MAX - 1;
    let guard = field.strip_prefix(GUARD).and_then(|place| place.strip_prefix('.'));
    if let Some(place) = guard {
        let (name, position) = place.split_once('[').unwrap_or((place, ""));
        let position = position.split(']').next().unwrap_or_default().parse().unwrap_or_default();
        let known = GUARD_FIELDS.iter().position(|known| *known == name);
        return (AFTER_RULES, known.unwrap_or(GUARD_FIELDS.len()), position);
    }
    let (rule, place) = match split_rule(field) {
        Some((rule, place)) => (rule + 1, place),
        None => (0, field),
    };
    let (name, position) = place.split_once('[').unwrap_or((place, ""));
    let position = position.trim_end_matches(']').parse().unwrap_or_default();
    match FIELDS.iter().position(|known| *known == name) {
        Some(number) => (rule, number, position),
        None if rule > 0 => (rule, FIELDS.len(), position),
        None => (usize::MAX, 0, position),
    }
}

/// What the checks found so far.
struct Report {
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
    /// What comes before the names of the fields: the rule that is being checked.
    table: String,
}

impl Report {
    fn new(problems: Vec<Problem>) -> Self {
        Self { problems, warnings: Vec::new(), table: String::new() }
    }

    /// Goes on with the rule of this number, or with the policy's own fields.
    fn enter(&mut self, rule: Option<usize>) {
        self.table = rule.map(|number| format!("{RULES}[{number}].")).unwrap_or_default();
    }

    fn is_in_rule(&self) -> bool {
        !self.table.is_empty()
    }

    fn refuse(&mut self, code: ProblemCode, note: Note) {
        self.problems.push(Problem::new(code, note.in_table(&self.table)));
    }

    fn warn(&mut self, code: WarningCode, note: Note) {
        self.warnings.push(Warning::new(code, note.in_table(&self.table)));
    }

    /// The warnings, or the error if there are problems.
    fn finish(mut self, spelling: &Spelling) -> Result<Vec<Warning>, PolicyError> {
        self.problems.sort_by_cached_key(|problem| order(problem.field()));
        self.warnings.sort_by_cached_key(|warning| order(warning.field()));
        self.problems.iter_mut().for_each(|problem| problem.respell(spelling));
        self.warnings.iter_mut().for_each(|warning| warning.respell(spelling));
        if self.problems.is_empty() {
            Ok(self.warnings)
        } else {
            Err(PolicyError { problems: self.problems })
        }
    }

    /// Returns whether `*` is the only entry. Refuses a `*` beside other entries.
    fn is_wildcard_alone(&mut self, field: &str, names: &Names) -> bool {
        let entries = names.as_slice();
        let Some(position) = entries.iter().position(|name| name == "*") else {
            return false;
        };
        if entries.iter().all(|name| name == "*") {
            return true;
        }
        let what = "covers everything, so the other entries have no effect";
        let help = format!("Write `{field} = \"*\"`, or the other entries without `*`.");
        self.refuse(
            ProblemCode::WildcardAmongNames,
            Note::new(names.place(field, position), "*", what, help),
        );
        false
    }
}

fn max_age(max_age: Option<Duration>, report: &mut Report) -> Option<u32> {
    const FIELD: &str = "max_age";
    let max_age = max_age?;
    let seconds = max_age.as_secs();
    let note = |value: String, what, help| Note::new(FIELD, value, what, help);
    if max_age.subsec_nanos() != 0 {
        let what = "is not a whole number of seconds, and the response header has no fractions";
        let note = note(format!("{max_age:?}"), what, "Write whole seconds, such as `7200`.");
        report.refuse(ProblemCode::MaxAge, note);
    } else if max_age > LONGEST_MAX_AGE {
        let what = "is longer than a day, the longest time that a browser uses, so `86400` is sent";
        let help = "Write `86400`, or `7200`, the longest time that Chromium uses.";
        report.warn(WarningCode::MaxAgeOverADay, note(seconds.to_string(), what, help));
    } else if max_age > CHROMIUM_MAX_AGE {
        let what = "is longer than 7200 s, and Chromium uses 7200 s at most";
        let help = "Write `7200`, or keep it for the browsers that use more.";
        report.warn(WarningCode::MaxAgeOverBrowserCap, note(seconds.to_string(), what, help));
    }
    u32::try_from(max_age.min(LONGEST_MAX_AGE).as_secs()).ok()
}

fn preflight_status(status: Option<u16>, report: &mut Report) -> u16 {
    let status = status.unwrap_or(NO_CONTENT);
    // Fetch, "ok status".
    if !(200..=299).contains(&status) {
        let what = "is not a success status, so browsers would treat every preflight as failed";
        let help = "Write a status from 200 to 299, such as `204`.";
        report.refuse(
            ProblemCode::PreflightStatus,
            Note::new("preflight_status", status.to_string(), what, help),
        );
    }
    status
}
