//! The values of options that only these commands have.

use cors_cli::command::values::Choice;
use cors_real_browsers::agreement;
use cors_real_browsers::real::Kind;

/// The real browsers.
pub(crate) const BROWSERS: [Choice<Kind>; 3] = [
    ("chromium", "Chromium, with ChromeDriver", Kind::Chromium),
    ("firefox", "Firefox, with geckodriver", Kind::Firefox),
    ("webkit", "WebKitGTK, with WebKitWebDriver", Kind::WebKit),
];

/// What can play the pages: the model, which is `None`, or a real browser.
pub(crate) fn user_agents() -> Vec<Choice<Option<Kind>>> {
    let mut choices = vec![("model", "The built-in model of a browser", None)];
    choices.extend(BROWSERS.map(|(name, help, kind)| (name, help, Some(kind))));
    choices
}

/// The formats of the report of `agreement`.
pub(crate) const AGREEMENT_FORMATS: [Choice<agreement::Format>; 3] = [
    ("table", "Text for a terminal", agreement::Format::Table),
    ("json", "Everything, for programs", agreement::Format::Json),
    ("markdown", "Text for a page", agreement::Format::Markdown),
];
