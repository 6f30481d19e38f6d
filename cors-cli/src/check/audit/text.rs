//! An audit as text, for people.

use std::fmt::{self, Write};

use super::{Access, Audit, Evidence, Probe};
use crate::printable;

/// Returns the audit as text. What the server sent is safe to print on a terminal.
pub fn audit_text(audit: &Audit) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write_all(&mut text, audit);
    text
}

fn write_all(text: &mut String, audit: &Audit) -> fmt::Result {
    let url = printable::text(&audit.url);
    if let Some(failure) = &audit.failure {
        return writeln!(text, "Audit of {url}: no result. {failure}");
    }
    let status = audit.status.map(|status| status.to_string()).unwrap_or_default();
    writeln!(text, "Audit of {url}: {} requests, and the status of a GET is {status}", audit.requests)?;
    match (audit.evidence, audit.trusted, audit.status) {
        (Evidence::Preflights, ..) => writeln!(
            text,
            "  The server denies the GET, without CORS headers, so these are its answers to preflights. Pass a session with \
             `--header` to audit its responses."
        )?,
        (_, Access::None, Some(401 | 403)) => writeln!(
            text,
            "  The server denies the GET, without CORS headers for any page, so the audit says little. Pass a session with \
             `--header`."
        )?,
        _ => {}
    }
    for finding in &audit.findings {
        let origin = finding.origin.as_deref().unwrap_or_default();
        writeln!(
            text,
            "  {:<6} {:<17} {}\n         {}",
            finding.severity.as_str(),
            finding.rule,
            printable::text(origin),
            printable::text(&finding.message)
        )?;
    }
    write_origins(text, audit)?;
    let count = |access| audit.probes.iter().filter(|probe| probe.access == access).count();
    let (readable, unknown) = (count(Access::WithCookies), count(Access::Unknown));
    let answered = audit.probes.len() - unknown;
    let rest = if unknown == 0 { String::new() } else { format!(" {unknown} got no response.") };
    match (readable, answered) {
        (_, 0) => writeln!(text, "None got a response, so the audit says nothing."),
        (0, _) => writeln!(
            text,
            "None of {answered} hostile origins can read the response with the user's cookies.{rest}"
        ),
        _ => writeln!(
            text,
            "{readable} of {answered} hostile origins can read the response with the user's cookies. Unless that is intended, \
             compare the whole `Origin` header with a list of exact origins. A browser sends a cookie to another site only if it has \
             `SameSite=None`.{rest}"
        ),
    }
}

/// Lists the origins that are not findings.
fn write_origins(text: &mut String, audit: &Audit) -> fmt::Result {
    for Probe { name, origin, access, reason, .. } in &audit.probes {
        let reason = reason.unwrap_or_default();
        let (mark, what) = match access {
            Access::WithCookies => continue,
            Access::WithoutCookies => ("-", "readable only without cookies".to_owned()),
            Access::None => ("ok", format!("blocked: {reason}")),
            Access::Unknown => ("?", format!("no response: {reason}")),
        };
        writeln!(text, "  {mark:<6} {:<17} {}: {what}", name.as_str(), printable::text(origin))?;
    }
    if audit.skipped > 0 {
        writeln!(text, "  Not tried, because a finding covers them: {} more.", audit.skipped)?;
    }
    Ok(())
}
