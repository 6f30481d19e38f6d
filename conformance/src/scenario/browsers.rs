//! Scenarios that hold for some browsers only.

/// The browsers that a scenario holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browsers {
    /// Their names, such as `chromium`.
    pub only: Vec<String>,
    /// How the others differ.
    pub reason: String,
}

impl Browsers {
    /// All names: the standard itself, and the browsers that deviate from it.
    pub const KNOWN: [&'static str; 4] = ["standard", "chromium", "firefox", "webkit"];

    /// Whether `browser` is among them.
    pub fn include(&self, browser: &str) -> bool {
        self.only.iter().any(|name| name == browser)
    }
}
