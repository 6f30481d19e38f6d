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

    /// The browser's name, in lower case.
    pub fn name(&self) -> &'static str {
        self.name
    }
}
