//! Files of expected results: which page may do what with which URL.
//!
//! [`Expectations::parse`] reads a file, [`verify`] tries everything in it, and [`render`] writes the report.

mod file;
mod report;
mod run;
#[cfg(test)]
mod tests;

use cors_browser::{BlockReason, FetchRequest, Page, Profile};
use url::Url;

use crate::check::PageResult;

pub use self::report::{Format, RenderError, render};
pub use self::run::{CaseResult, Outcome, StepResult, Verified, verify};

/// A file of expected results.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Expectations {
    /// What to try. Each case has a browser of its own, without cookies.
    pub cases: Vec<Case>,
}

/// A page in a browser, and what it does.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Case {
    /// The name of the check in the file.
    pub name: String,
    /// The line of the check in the file.
    pub line: usize,
    /// The page.
    pub page: Page,
    /// The browser.
    pub browser: Profile,
    /// What happens, in order. Cookies and cached preflights stay from one step to the next.
    pub steps: Vec<Step>,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The page fetches.
    Fetch {
        /// What it fetches.
        request: Box<FetchRequest>,
        /// What it has to get.
        expected: Expected,
    },
    /// A visit of the user leaves a cookie.
    Cookie {
        /// The URL of the visit.
        url: Url,
        /// The value of `Set-Cookie`.
        cookie: String,
    },
}

/// What a page has to get.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expected {
    /// Whether it can read the response.
    pub result: PageResult,
    /// Why the fetch has to be blocked, if that matters.
    pub reason: Option<BlockReason>,
    /// The status that it has to read, if that matters.
    pub status: Option<u16>,
    /// The response headers that it has to be able to read.
    pub readable_headers: Vec<String>,
}

/// Something that is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
#[non_exhaustive]
pub struct Problem {
    /// The line, counted from one.
    pub line: usize,
    /// What is wrong, and what to write instead.
    pub message: String,
}
