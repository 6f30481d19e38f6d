//! Whose behaviour a browser follows.

/// What a browser does where browsers differ, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    name: &'static str,
}

impl Profile {
    /// The Fetch standard to the letter.
    pub fn standard() -> Self {
        Self { name: "standard" }
    }

    /// Chromium.
    pub fn chromium() -> Self {
        Self { name: "chromium" }
    }

    /// Firefox.
    pub fn firefox() -> Self {
        Self { name: "firefox" }
    }

    /// Its `User-Agent`.
    pub(super) fn user_agent(&self) -> &'static str {
        match self.name {
            "chromium" => {
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
            }
            "firefox" => "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            _ => "Mozilla/5.0 (compatible; Fetch standard)",
        }
    }

    /// The browser's name, in lower case.
    pub fn name(&self) -> &'static str {
        self.name
    }
}
