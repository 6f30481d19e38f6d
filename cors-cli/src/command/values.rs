//! Parsers for options whose value is one of a few names.
//!
//! The libraries know nothing of clap, and their enums have no help texts. A table here gives each value its name and its help.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use cors_browser::{
    Credentials, CrossOrigin, Element, Mode, Origin, Page, Profile, Redirect, ReferrerPolicy,
};
use cors_conformance::report::Format;

use crate::check::{HttpVersion, Via};

/// A value of an option: its name, what `--help` says about it, and the value itself.
pub type Choice<T> = (&'static str, &'static str, T);

/// Returns a parser that accepts the names of `choices` and returns the value of the name that it read.
pub fn one_of<T>(choices: impl IntoIterator<Item = Choice<T>>) -> impl TypedValueParser<Value = T>
where
    T: Clone + Send + Sync + 'static,
{
    let choices: Vec<_> = choices.into_iter().collect();
    let names = choices.iter().map(|&(name, help, _)| PossibleValue::new(name).help(help));
    PossibleValuesParser::new(names).try_map(move |text| {
        let choice = choices.iter().find(|(name, ..)| *name == text);
        choice.map(|(.., value)| value.clone()).ok_or_else(|| format!("`{text}` is not one of the values"))
    })
}

/// The modes of a fetch.
pub const MODES: [Choice<Mode>; 3] = [
    ("cors", "The CORS protocol", Mode::Cors),
    ("no-cors", "Only requests that need no CORS, with an opaque response", Mode::NoCors),
    ("same-origin", "Only URLs of the page's own origin", Mode::SameOrigin),
];

/// The credentials modes of a fetch.
pub const CREDENTIALS: [Choice<Credentials>; 3] = [
    ("omit", "Send no credentials", Credentials::Omit),
    ("same-origin", "Send credentials to the page's own origin only", Credentials::SameOrigin),
    ("include", "Send credentials to every origin", Credentials::Include),
];

/// The redirect modes of a fetch.
pub const REDIRECTS: [Choice<Redirect>; 3] = [
    ("follow", "Follow redirects", Redirect::Follow),
    ("error", "Treat a redirect as an error", Redirect::Error),
    ("manual", "Return the redirect to the page as an opaque response", Redirect::Manual),
];

/// What makes a request.
pub const ACTIONS: [Choice<Via>; 10] = [
    ("fetch", "A script that calls `fetch()`", Via::Fetch),
    ("xhr", "A script that uses `XMLHttpRequest`", Via::Xhr),
    ("form", "A form that the user submits", Via::Form),
    ("link", "A link that the user follows", Via::Link),
    ("websocket", "A script that opens a WebSocket", Via::WebSocket),
    ("eventsource", "A script that opens an `EventSource`", Via::EventSource),
    ("img", "`<img>`", Via::Element(Element::Image)),
    ("script", "`<script>`", Via::Element(Element::Script)),
    ("stylesheet", "`<link rel=\"stylesheet\">`", Via::Element(Element::Stylesheet)),
    ("font", "`@font-face`", Via::Element(Element::Font)),
];

/// The values of the `crossorigin` attribute.
pub const CROSS_ORIGINS: [Choice<CrossOrigin>; 2] = [
    ("anonymous", "CORS, with credentials for the page's own origin only", CrossOrigin::Anonymous),
    ("use-credentials", "CORS, with credentials", CrossOrigin::UseCredentials),
];

/// A kind of frame whose origin is `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A frame with the attribute `sandbox`.
    Sandboxed,
    /// A frame with a `data:` URL.
    Data,
}

/// The kinds of frames whose origin is `null`.
pub const FRAMES: [Choice<Frame>; 2] = [
    ("sandboxed", "A frame with `sandbox` and without `allow-same-origin`", Frame::Sandboxed),
    ("data", "A frame with a `data:` URL", Frame::Data),
];

/// The page of an origin, possibly in a frame. If the frame makes its origin `null`, `origin` is that of the page around it.
pub fn page(
    origin: &Origin,
    frame: Option<Frame>,
    top_level: Option<&Origin>,
    referrer_policy: Option<ReferrerPolicy>,
) -> Page {
    let around = || top_level.unwrap_or(origin).clone();
    let page = match (frame, top_level) {
        (Some(Frame::Sandboxed), _) => Page::sandboxed(around()),
        (Some(Frame::Data), _) => Page::data(around()),
        (None, Some(top_level)) => Page::new(origin.clone()).framed_by(top_level.clone()),
        (None, None) => Page::new(origin.clone()),
    };
    match referrer_policy {
        Some(policy) => page.with_referrer_policy(policy),
        None => page,
    }
}

/// The versions of HTTP.
pub const HTTP_VERSIONS: [Choice<HttpVersion>; 2] = [
    ("1.1", "HTTP/1.1", HttpVersion::Http1),
    ("2", "HTTP/2, over TLS only, as in browsers", HttpVersion::Http2),
];

/// The referrer policies.
pub fn referrer_policies() -> Vec<Choice<ReferrerPolicy>> {
    ReferrerPolicy::ALL.iter().map(|&policy| (policy.as_str(), "", policy)).collect()
}

/// The formats of a conformance report.
pub const REPORT_FORMATS: [Choice<Format>; 4] = [
    ("table", "Text for a terminal", Format::Table),
    ("json", "Everything, for programs", Format::Json),
    ("markdown", "Text for a pull request", Format::Markdown),
    ("junit", "XML for continuous integration", Format::Junit),
];

/// The profiles of real browsers.
pub fn browsers() -> Vec<Choice<Profile>> {
    vec![
        ("chromium", "Chromium, Chrome and Edge", Profile::chromium()),
        ("firefox", "Firefox", Profile::firefox()),
        ("webkit", "WebKit, the engine of Safari", Profile::webkit()),
    ]
}

/// Browsers to follow.
#[derive(Clone, Debug)]
pub struct Browsers(pub Vec<Profile>);

/// The browsers of a check: all, or one.
pub fn browser_sets() -> Vec<Choice<Browsers>> {
    let mut all: Vec<_> = browsers().into_iter().map(|(.., profile)| profile).collect();
    all.push(Profile::standard());
    let mut sets = vec![("all", "Chromium, Firefox, WebKit and the standards", Browsers(all))];
    sets.extend(profiles().into_iter().map(|(name, help, profile)| (name, help, Browsers(vec![profile]))));
    sets
}

/// The profiles of the browser model: the standards, and real browsers where they differ from them.
pub fn profiles() -> Vec<Choice<Profile>> {
    let mut profiles = vec![("standard", "Exactly what the standards say", Profile::standard())];
    profiles.extend(browsers());
    profiles
}

/// The name of `value` among `choices`.
pub fn name_of<T: PartialEq>(choices: &[Choice<T>], value: &T) -> Option<&'static str> {
    choices.iter().find(|(.., other)| other == value).map(|(name, ..)| *name)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde::de::IntoDeserializer;
    use serde::de::value::Error;

    use super::*;

    /// Compares the names with those that the library reads in scenario files.
    fn assert_library_names<T>(choices: &[Choice<T>])
    where
        T: for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug,
    {
        for (name, _, value) in choices {
            let read = T::deserialize(IntoDeserializer::<Error>::into_deserializer(*name)).unwrap();
            assert_eq!(read, *value);
        }
    }

    #[test]
    fn names_are_those_of_the_library() {
        assert_library_names(&MODES);
        assert_library_names(&CREDENTIALS);
        assert_library_names(&REDIRECTS);
        for (name, _, profile) in profiles() {
            assert_eq!(profile.name(), name);
        }
    }
}
