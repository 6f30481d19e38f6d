//! The catalogue of all reason codes: why a browser blocks a fetch, and why a policy denies a preflight or is refused.
//!
//! The examples are not written by hand: the browser model plays the fetches, and the policies are built and asked.

mod block_reason;
mod citation;
mod console;
mod markdown;
mod policy;
mod text;

use std::sync::LazyLock;

use cors_browser::examples::{self, Via};
use cors_browser::{BlockReason, Element, EmbedderPolicy, Exchange, Outcome, Profile};
use cors_core::{ProblemCode, Reason, WarningCode};
use serde::Deserialize;

pub use self::block_reason::{Explanation, explanation};
pub use self::citation::Citation;
pub use self::console::{Recognized, named_urls, recognize};
pub use self::markdown::markdown;
use self::policy::PolicyExample;
pub use self::text::to_text;
use crate::command::values::{CREDENTIALS, MODES, REDIRECTS, name_of};

/// A question of the CORS FAQ.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Question {
    /// Its short name.
    pub slug: String,
    /// The question.
    #[serde(rename = "question")]
    pub title: String,
}

/// Where a code comes from. Two families can have the same code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// A browser blocks a fetch.
    Blocked,
    /// A policy denies a preflight.
    Denied,
    /// A policy is refused.
    Refused,
    /// A policy is built with a warning.
    Warning,
}

impl Family {
    /// Every family, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Blocked, Self::Denied, Self::Refused, Self::Warning];

    /// The word before the code, in a heading.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Blocked => "Blocked",
            Self::Denied => "Denied",
            Self::Refused => "Refused",
            Self::Warning => "Warning",
        }
    }

    /// The heading of the family.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Blocked => "Why a browser blocks a fetch",
            Self::Denied => "Why a policy denies a preflight",
            Self::Refused => "Why a policy is refused",
            Self::Warning => "Warnings about a policy",
        }
    }

    /// The part of an anchor on the page that precedes the code.
    const fn anchor(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Warning => "warning",
        }
    }
}

/// What the catalogue says about one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The code.
    pub code: &'static str,
    /// Where the code comes from.
    pub family: Family,
    /// What causes it.
    pub cause: &'static str,
    /// What to do about it. `None` if the message in `outcomes` says so.
    pub fix: Option<&'static str>,
    /// The rule of a standard behind it.
    pub citation: Option<Citation>,
    /// The question of the CORS FAQ about it.
    pub question: Option<&'static Question>,
    /// An example. `None` if it would be too long to print.
    pub example: Option<Example>,
}

/// An example that leads to a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Where it happens.
    pub setting: String,
    /// The language of `listing`, such as `toml`.
    pub language: &'static str,
    /// The exchanges, or the policy.
    pub listing: String,
    /// Who says what about it: a browser's console, or the message about a policy.
    pub outcomes: Vec<(&'static str, String)>,
}

impl Entry {
    /// The address of the entry on the web.
    pub fn url(&self) -> String {
        address(self.family, self.code)
    }
}

/// Returns all entries, in the order of the page.
pub fn entries() -> Vec<Entry> {
    let mut entries: Vec<_> = BlockReason::ALL.iter().map(|&reason| blocked(reason)).collect();
    entries.extend(Reason::ALL.iter().filter_map(|&reason| denied(reason)));
    entries.extend(
        ProblemCode::ALL
            .iter()
            .filter_map(|&code| Some(about_policy(Family::Refused, code.as_str(), policy::problem(code)?))),
    );
    entries.extend(
        WarningCode::ALL
            .iter()
            .filter_map(|&code| Some(about_policy(Family::Warning, code.as_str(), policy::warning(code)?))),
    );
    entries
}

/// The address of the entry about a reason for which a browser blocks a fetch.
pub fn url(code: &str) -> String {
    address(Family::Blocked, code)
}

fn address(family: Family, code: &str) -> String {
    let repository = env!("CARGO_PKG_REPOSITORY");
    format!("{repository}/blob/main/docs/errors.md#{}-{code}", family.anchor())
}

/// Returns the question of the CORS FAQ with this slug.
pub fn question(slug: &str) -> Option<&'static Question> {
    static QUESTIONS: LazyLock<Vec<Question>> = LazyLock::new(|| {
        #[derive(Deserialize)]
        struct Faq {
            question: Vec<Question>,
        }
        // The file is compiled in, and a test parses it.
        toml::from_str::<Faq>(cors_conformance::FAQ).map(|faq| faq.question).unwrap_or_default()
    });
    QUESTIONS.iter().find(|question| question.slug == slug)
}

/// Whether a browser adds this header to every request. Exchanges are easier to read without such headers.
pub(crate) fn is_ambient(name: &str) -> bool {
    const AMBIENT: &[&str] = &["accept", "accept-encoding", "accept-language", "referer", "user-agent"];
    let name = name.to_ascii_lowercase();
    AMBIENT.contains(&name.as_str()) || name.starts_with("sec-fetch-")
}

fn blocked(reason: BlockReason) -> Entry {
    let about = explanation(reason);
    Entry {
        code: reason.as_str(),
        family: Family::Blocked,
        cause: about.cause,
        fix: Some(about.fix),
        citation: Some(about.citation),
        question: question(about.faq),
        example: blocked_example(reason),
    }
}

/// Plays the example of a reason. `None` if the model does not play it, which a test excludes.
fn blocked_example(reason: BlockReason) -> Option<Example> {
    let example = examples::example(reason);
    let mut listing = request_of(&example);
    let exchanges = example.play(example.profile())?.exchanges;
    listing.extend(exchanges.iter().take(2).map(exchange));
    if exchanges.len() > 2 {
        listing += &format!("\n\n… and {} more exchanges like these", exchanges.len() - 2);
    }
    let mut outcomes = Vec::new();
    let profiles =
        [("Chromium", Profile::chromium()), ("Firefox", Profile::firefox()), ("WebKit", Profile::webkit())];
    for (name, profile) in profiles {
        let console = match example.play(profile.clone())?.outcome {
            Outcome::Blocked(blocked) => blocked.console(&profile),
            _ => "does not block this request".to_owned(),
        };
        let console = if console.is_empty() { "blocks it without a line".to_owned() } else { console };
        outcomes.push((name, console));
    }
    let mut setting = format!("on a page of `{}`", example.page);
    if example.embedder_policy != EmbedderPolicy::UnsafeNone {
        setting += &format!(" with `Cross-Origin-Embedder-Policy: {}`", example.embedder_policy);
    }
    Some(Example { setting, language: "text", listing, outcomes })
}

/// What a page writes to make the request of an example.
fn request_of(example: &examples::Example) -> String {
    let (element, cross_origin) = match example.via {
        Via::Link => return format!("<a href={:?}>", example.url),
        Via::WebSocket => return format!("new WebSocket({:?})", example.url),
        Via::EventSource => return format!("new EventSource({:?})", example.url),
        Via::Element(element, cross_origin) => (element, cross_origin),
        _ => return fetch_of(example),
    };
    let attribute =
        cross_origin.map_or_else(String::new, |value| format!(" crossorigin={:?}", value.as_str()));
    match element {
        Element::Image => format!("<img src={:?}{attribute}>", example.url),
        Element::Script => format!("<script src={:?}{attribute}></script>", example.url),
        Element::Stylesheet => format!("<link rel=\"stylesheet\" href={:?}{attribute}>", example.url),
        _ => format!("@font-face {{ font-family: x; src: url({:?}) }}", example.url),
    }
}

/// The call of `fetch()` of an example.
fn fetch_of(example: &examples::Example) -> String {
    let mut listing = format!("fetch({:?}", example.url);
    let mut options = Vec::new();
    if example.method != "GET" {
        options.push(format!("method: {:?}", example.method));
    }
    for (name, value) in example.headers {
        options.push(format!("headers: {{ {name:?}: {value:?} }}"));
    }
    // The first two have a default of their own; a page writes the others.
    let written = |name: Option<&'static str>, default: &str| name.filter(|&name| name != default);
    options.extend(written(name_of(&MODES, &example.mode), "cors").map(|mode| format!("mode: {mode:?}")));
    options.extend(
        written(name_of(&CREDENTIALS, &example.credentials), "same-origin")
            .map(|credentials| format!("credentials: {credentials:?}")),
    );
    options.extend(
        written(name_of(&REDIRECTS, &example.redirect), "follow")
            .map(|redirect| format!("redirect: {redirect:?}")),
    );
    options.extend(
        example.target_address_space.map(|space| format!("targetAddressSpace: {:?}", space.as_str())),
    );
    if !options.is_empty() {
        listing += &format!(", {{ {} }}", options.join(", "));
    }
    listing + ")"
}

fn exchange(exchange: &Exchange) -> String {
    let mut text = format!("\n\n{} {}", exchange.request.method, exchange.request.url);
    for (name, value) in exchange.request.headers.iter().filter(|(name, _)| !is_ambient(name)) {
        text += &format!("\n{name}: {}", String::from_utf8_lossy(value));
    }
    match &exchange.response {
        Ok(response) => {
            text += &format!("\n\n{}", response.status);
            for (name, value) in &response.headers {
                text += &format!("\n{name}: {}", String::from_utf8_lossy(value));
            }
        }
        Err(error) => text += &format!("\n\n({error})"),
    }
    text
}

fn denied(reason: Reason) -> Option<Entry> {
    let denial = policy::denial(reason)?;
    let mut listing = format!("{}\n\n{} /item", denial.policy(), denial.method);
    for (name, value) in denial.headers {
        listing += &format!("\n{name}: {value}");
    }
    let status = if reason == Reason::HostNotAllowed { 421 } else { 403 };
    listing += &format!("\n\n{status} ({})", denial.decide().map_or("granted", Reason::as_str));
    let kind = if denial.method == "OPTIONS" { "preflight" } else { "request" };
    Some(Entry {
        code: reason.as_str(),
        family: Family::Denied,
        cause: denial.cause,
        fix: Some(reason.help()),
        citation: None,
        question: None,
        example: Some(Example {
            setting: format!("a policy, and a {kind} that it denies"),
            language: "text",
            listing,
            outcomes: Vec::new(),
        }),
    })
}

fn about_policy(family: Family, code: &'static str, PolicyExample { cause, file }: PolicyExample) -> Entry {
    let example = (!file.is_empty()).then(|| Example {
        setting: "a policy file".to_owned(),
        language: if file.starts_with('{') { "json" } else { "toml" },
        listing: file.to_owned(),
        outcomes: policy::messages(file)
            .into_iter()
            .map(|(_, message)| ("Message and fix", message))
            .collect(),
    });
    let fix = example.is_none().then_some("Split the policy, or use patterns instead of single origins.");
    Entry { code, family, cause, fix, citation: None, question: None, example }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_explanation_names_a_question_of_the_faq() {
        for &reason in BlockReason::ALL {
            let slug = explanation(reason).faq;
            assert!(question(slug).is_some(), "{reason}: there is no question {slug}");
        }
    }

    #[test]
    fn every_reason_has_an_explanation_of_its_own() {
        let causes: BTreeSet<_> = BlockReason::ALL.iter().map(|&reason| explanation(reason).cause).collect();
        assert_eq!(causes.len(), BlockReason::ALL.len());
        assert!(!causes.contains(block_reason::UNEXPLAINED));
    }

    #[test]
    fn every_code_has_an_entry_with_an_example() {
        let entries = entries();
        let count =
            BlockReason::ALL.len() + Reason::ALL.len() + ProblemCode::ALL.len() + WarningCode::ALL.len();
        assert_eq!(entries.len(), count);
        for entry in entries.iter().filter(|entry| entry.example.is_none()) {
            assert_eq!(entry.code, ProblemCode::TooManyOrigins.as_str());
        }
    }
}
