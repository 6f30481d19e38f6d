//! Scenarios that are not about every browser.

/// The browsers that a scenario is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browsers {
    /// Their names, such as `chromium`.
    pub only: Vec<String>,
    /// In what the others differ.
    pub reason: String,
}

impl Browsers {
    /// The names that there are: the standards to the letter, and whoever departs from them.
    pub const KNOWN: [&'static str; 3] = ["standard", "chromium", "firefox"];

    /// Whether `browser` is among them.
    pub fn include(&self, browser: &str) -> bool {
        self.only.iter().any(|name| name == browser)
    }
}
