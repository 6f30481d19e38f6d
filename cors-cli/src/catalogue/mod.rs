//! The catalogue of all reason codes: what a browser, a policy and its decision can object to.
//!
//! The examples are not written down with their outcome: the browser model plays them, and the policies are built and asked.

mod block_reason;
mod markdown;
mod policy;
mod rule;

use std::sync::LazyLock;

use serde::Deserialize;

pub use self::block_reason::{Explanation, explanation};
pub use self::markdown::markdown;
pub use self::rule::Rule;

/// A question of the CORS FAQ.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Question {
    /// Its short name.
    pub slug: String,
    /// The question.
    #[serde(rename = "question")]
    pub title: String,
}

/// The FAQ's question with this slug.
pub fn question(slug: &str) -> Option<&'static Question> {
    static QUESTIONS: LazyLock<Vec<Question>> = LazyLock::new(|| {
        #[derive(Deserialize)]
        struct Faq {
            question: Vec<Question>,
        }
        // The file is part of this crate, and a test reads it.
        toml::from_str::<Faq>(cors_conformance::FAQ).map(|faq| faq.question).unwrap_or_default()
    });
    QUESTIONS.iter().find(|question| question.slug == slug)
}

/// The headers that a browser adds to every request, whatever CORS says; what follows is easier to read without them.
pub(crate) fn is_ambient(name: &str) -> bool {
    const AMBIENT: &[&str] = &["accept", "accept-encoding", "accept-language", "referer", "user-agent"];
    let name = name.to_ascii_lowercase();
    AMBIENT.contains(&name.as_str()) || name.starts_with("sec-fetch-")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use cors_browser::BlockReason;

    #[test]
    fn every_explanation_names_a_question_of_the_faq() {
        for &reason in BlockReason::ALL {
            let slug = explanation(reason).faq;
            assert!(question(slug).is_some(), "{reason}: there is no question {slug}");
        }
    }

    #[test]
    fn no_two_reasons_are_explained_alike() {
        let causes: BTreeSet<_> = BlockReason::ALL.iter().map(|&reason| explanation(reason).cause).collect();
        assert_eq!(causes.len(), BlockReason::ALL.len());
        assert!(!causes.contains(block_reason::UNEXPLAINED));
    }
}
