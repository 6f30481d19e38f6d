//! The checks between a builder and a policy: what is refused, and what gets a warning.

mod names;
mod origins;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use self::names::{exposed_headers, methods, request_headers};
use self::origins::origins;
use super::builder::Names;
use super::problem::Note;
use super::{FIELDS, Policy, PolicyBuilder, PolicyError, Problem, ProblemCode, Rules, Warning, WarningCode};

/// The longest max-age that a browser uses: Firefox's cap, a day.
const LONGEST_MAX_AGE: Duration = Duration::from_secs(86_400);

/// The longest max-age that Chromium uses.
const CHROMIUM_MAX_AGE: Duration = Duration::from_secs(7_200);

/// The default status of a granted preflight (RFC 9110, section 15.3.5).
const NO_CONTENT: u16 = 204;

pub(super) fn build(builder: PolicyBuilder) -> Result<Policy, PolicyError> {
    let mut report = Report { problems: builder.problems.clone(), warnings: Vec::new() };
    let origins = origins(&builder, &mut report);
    let methods = methods(&builder.allow_methods, &mut report);
    let headers = request_headers(&builder.allow_headers, &mut report);
    let expose = exposed_headers(&builder, &mut report);
    let max_age = max_age(builder.max_age, &mut report);
    let preflight_status = preflight_status(builder.preflight_status, &mut report);
    report.problems.sort_by_cached_key(|problem| order(problem.field()));
    report.warnings.sort_by_cached_key(|warning| order(warning.field()));
    report.problems.iter_mut().for_each(|problem| problem.respell(&builder.spelling));
    report.warnings.iter_mut().for_each(|warning| warning.respell(&builder.spelling));
    if !report.problems.is_empty() {
        return Err(PolicyError { problems: report.problems });
    }
    let mut dangers = builder.dangerously_allow;
    dangers.sort_unstable();
    dangers.dedup();
    Ok(Policy(Arc::new(Rules {
        origins,
        methods,
        headers,
        expose,
        credentials: builder.allow_credentials,
        max_age,
        preflight_status,
        diagnostics: builder.diagnostics,
        dangers,
        warnings: report.warnings,
        are_warnings_logged: AtomicBool::new(false),
    })))
}

/// The sort key of a problem or warning: its field, then the position in the field's list. Unknown fields come last.
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
    fn refuse(&mut self, code: ProblemCode, note: Note) {
        self.problems.push(Problem::new(code, note));
    }

    fn warn(&mut self, code: WarningCode, note: Note) {
        self.warnings.push(Warning::new(code, note));
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
