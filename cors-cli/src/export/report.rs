//! An export for programs, and the table of all stacks for people.

use std::fmt::Write;

use cors_core::{Guard, Policy, PolicyBuilder, Rule};
use serde_json::{Value, json};

use super::{Export, LimitKind, Stack, differences, export};

/// Returns one JSON object: `{"stack","file_name","text","limits":[{"field","kind","text"}],"differences":["…"]}`.
pub fn to_json(export: &Export) -> Value {
    let differences: Vec<_> = differences(export.stack).iter().map(|difference| difference.text).collect();
    json!({
        "stack": export.stack,
        "file_name": export.file_name,
        "text": export.text,
        "limits": export.limits,
        "differences": differences,
    })
}

/// What a policy can say besides exact origins, methods and headers: a title, and a policy that says it.
fn probes() -> [(&'static str, PolicyBuilder); 13] {
    // What all stacks can say, so that each policy says one thing more.
    let public = || Policy::builder().allow_origins("https://app.example").allow_headers("content-type");
    let listed = || public().allow_credentials(true);
    let with_origin = |origin| listed().allow_origins(origin);
    let rule = Rule::builder().allow_origins("https://partner.example").allow_headers("content-type");
    [
        ("any origin", Policy::builder().allow_origins("*").allow_headers("content-type")),
        ("subdomains", with_origin("https://*.example.org")),
        ("any port", with_origin("http://localhost:*")),
        ("part of a label", with_origin("https://*-team.example.org")),
        ("credentials", listed()),
        ("no credentials", public()),
        (
            "all methods",
            Policy::builder().allow_origins("*").allow_methods("*").allow_headers("content-type"),
        ),
        ("all headers", Policy::builder().allow_origins("*").allow_headers(["*", "authorization"])),
        ("all headers but `authorization`", Policy::builder().allow_origins("*").allow_headers("*")),
        ("no headers", Policy::builder().allow_origins("https://app.example").allow_credentials(true)),
        ("`max_age = 0`", listed().max_age(std::time::Duration::ZERO)),
        ("rules", listed().rule(rule.allow_credentials(true))),
        ("guard", listed().guard(Guard::builder())),
    ]
}

/// Returns the table of all stacks, and what each does otherwise than the semantics.
pub fn to_markdown() -> String {
    let probes = probes().map(|(title, builder)| (title, builder.build()));
    let mut page = String::from("| stack |");
    for (title, _) in &probes {
        // Writing into a string cannot fail, here and below.
        let _ = write!(page, " {title} |");
    }
    page.push_str("\n|---|");
    page.push_str(&":-:|".repeat(probes.len()));
    page.push('\n');
    let mut notes = String::new();
    for &stack in Stack::ALL {
        let _ = write!(page, "| [{}]({}) |", stack.as_str(), stack.documentation());
        let mut texts = Vec::new();
        for (_, policy) in &probes {
            let Ok(policy) = policy else { continue };
            let limits = export(policy, stack).limits;
            let cell = match limits.iter().map(|limit| limit.kind).next() {
                None => "yes",
                Some(LimitKind::LeftOut) => "no",
                Some(LimitKind::Wider) => "allows more",
            };
            let _ = write!(page, " {cell} |");
            texts.extend(limits.iter().map(ToString::to_string));
        }
        page.push('\n');
        let known = differences(stack);
        if stack.is_adapter() || texts.is_empty() && known.is_empty() {
            continue;
        }
        let mut seen: Vec<&String> = Vec::new();
        let _ = write!(notes, "\n### {}\n\n", stack.as_str());
        for text in &texts {
            if !seen.contains(&text) {
                seen.push(text);
                let _ = writeln!(notes, "- {text}");
            }
        }
        for difference in known {
            let _ = writeln!(notes, "- {}", difference.text);
        }
    }
    page + &notes
}
