//! Audits in the Static Analysis Results Interchange Format (SARIF) 2.1.0.

use serde_json::{Value, json};

use super::{Audit, CACHE, Finding, Kind, PUBLIC, Severity};

/// Where the URL of an audit is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The path of the file.
    pub file: String,
    /// The line, counted from one.
    pub line: usize,
}

/// Returns the findings of audits as a SARIF log. An audit has a location if its URL is from a file; otherwise the URL itself is the
/// location of its findings.
pub fn to_sarif(audits: &[(Audit, Option<Location>)]) -> Value {
    let results: Vec<_> = audits
        .iter()
        .flat_map(|(audit, location)| audit.findings.iter().map(move |finding| (audit, location, finding)))
        .map(|(audit, location, finding)| result(audit, location.as_ref(), finding))
        .collect();
    let notifications: Vec<_> = audits
        .iter()
        .filter_map(|(audit, location)| Some((audit, location.as_ref(), audit.failure.as_ref()?)))
        .map(|(audit, location, failure)| {
            json!({
                "level": "error",
                "message": { "text": format!("{}: {failure}", audit.url) },
                "locations": [place(&audit.url, location)],
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "cors check --audit",
                    "version": env!("CARGO_PKG_VERSION"),
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "rules": rules(),
                },
            },
            "invocations": [{
                "executionSuccessful": notifications.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    })
}

/// Every rule, with its severity.
fn rules() -> Vec<Value> {
    let kinds = Kind::ALL.map(|kind| (kind.as_str(), kind.mistake(), kind.severity()));
    let others = [
        (CACHE, "A cache can give the response for one origin to a page of another.", Severity::Medium),
        (PUBLIC, "Every page can read the response without cookies.", Severity::Info),
    ];
    kinds
        .into_iter()
        .chain(others)
        .map(|(id, text, severity)| {
            json!({
                "id": id,
                "shortDescription": { "text": text },
                "defaultConfiguration": { "level": level(severity) },
                "properties": { "tags": ["security", "cors"], "security-severity": score(severity) },
            })
        })
        .collect()
}

fn result(audit: &Audit, location: Option<&Location>, finding: &Finding) -> Value {
    json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": { "text": format!("{}: {}", audit.url, finding.message) },
        "locations": [place(&audit.url, location)],
        // The origin that shows a finding has a random part, so it does not identify the finding.
        "partialFingerprints": { "urlAndRule/v1": format!("{} {}", audit.url, finding.rule) },
        "properties": { "origin": finding.origin, "severity": finding.severity },
    })
}

fn place(url: &str, location: Option<&Location>) -> Value {
    let physical = match location {
        Some(Location { file, line }) => {
            // The path has to be a relative reference of a URI.
            let file = file.replace('%', "%25").replace(' ', "%20").replace('\\', "/");
            json!({ "artifactLocation": { "uri": file }, "region": { "startLine": line } })
        }
        None => json!({ "artifactLocation": { "uri": url } }),
    };
    json!({ "physicalLocation": physical, "logicalLocations": [{ "fullyQualifiedName": url }] })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Low | Severity::Medium => "warning",
        Severity::High => "error",
    }
}

/// The score by which GitHub sorts findings: its limits are 4.0 for medium, 7.0 for high and 9.0 for critical.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "0.0",
        Severity::Low => "3.0",
        Severity::Medium => "5.0",
        Severity::High => "8.0",
    }
}
