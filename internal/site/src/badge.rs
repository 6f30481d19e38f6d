//! Badges: a picture, and the endpoint of shields.io.

use cors_conformance::run::SubjectRun;
use serde::Serialize;

use crate::page::is_unplayed;
use crate::score::Score;

const LABEL: &str = "CORS conformance";

/// The endpoint that shields.io reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'a> {
    schema_version: u8,
    label: &'a str,
    message: String,
    color: &'a str,
}

/// The badge as JSON for `https://img.shields.io/endpoint`.
pub(crate) fn endpoint(subject: &SubjectRun) -> String {
    let color = match colour(subject) {
        Colour::Green => "brightgreen",
        Colour::Yellow => "yellow",
        Colour::Orange => "orange",
        Colour::Grey => "lightgrey",
    };
    let endpoint = Endpoint { schema_version: 1, label: LABEL, message: message(subject), color };
    // Only maps with other keys than text cannot be written.
    serde_json::to_string_pretty(&endpoint).unwrap_or_default() + "\n"
}

/// The badge as a picture.
pub(crate) fn svg(subject: &SubjectRun) -> String {
    // The message has digits, a slash and ASCII words only, so that nothing needs to be escaped.
    let message = message(subject);
    let colour = match colour(subject) {
        Colour::Green => "#1a7f37",
        Colour::Yellow => "#8a6100",
        Colour::Orange => "#b3440b",
        Colour::Grey => "#5f6670",
    };
    let width_of = |text: &str| 12 + 7 * text.len();
    let (left, right) = (width_of(LABEL), width_of(&message));
    let (width, label_at, message_at) = (left + right, left / 2, left + right / 2);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{LABEL}: {message}">
<title>{LABEL}: {message}</title>
<clipPath id="r"><rect width="{width}" height="20" rx="4"/></clipPath>
<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3d444d"/><rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11"><text x="{label_at}" y="14">{LABEL}</text><text x="{message_at}" y="14">{message}</text></g>
</svg>
"##
    )
}

fn message(subject: &SubjectRun) -> String {
    if is_unplayed(subject) {
        "not tested".to_owned()
    } else {
        Score::of(&subject.results).to_string().replace('–', "-")
    }
}

enum Colour {
    Green,
    Yellow,
    Orange,
    Grey,
}

fn colour(subject: &SubjectRun) -> Colour {
    let Score { passed, judged } = Score::of(&subject.results);
    match judged {
        0 => Colour::Grey,
        _ if subject.failed == 0 => Colour::Green,
        _ if passed * 100 >= judged * 95 => Colour::Yellow,
        _ => Colour::Orange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_badge_says_how_many_scenarios_hold() {
        let run = fixture::run();
        let json: serde_json::Value = serde_json::from_str(&endpoint(&run.subjects[0])).unwrap();
        assert_eq!(json["schemaVersion"], 1);
        assert_eq!(json["message"], Score::of(&run.subjects[0].results).to_string());
        assert!(svg(&run.subjects[0]).contains(&Score::of(&run.subjects[0].results).to_string()));
    }

    #[test]
    fn a_subject_that_was_not_tested_has_a_badge_that_says_so() {
        let mut run = fixture::run();
        run.subjects[0].results.clear();
        assert!(endpoint(&run.subjects[0]).contains("not tested"));
    }
}
