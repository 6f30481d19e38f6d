//! The schemes of origins that are in use.

use crate::origin::serialization;

/// The schemes of web pages, and of applications and extensions whose servers are known to allow their origins.
const KNOWN: [&str; 16] = [
    "https",
    "http",
    "app",
    "capacitor",
    "chrome-extension",
    "edge-extension",
    "electron",
    "extension",
    "ionic",
    "moz-extension",
    "ms-appx-web",
    "ms-browser-extension",
    "safari-web-extension",
    "tauri",
    "vscode-webview",
    "webkit-extension",
];

/// The fewest letters of a scheme that another one can be a misspelling of.
const SHORTEST: usize = 4;

/// The scheme that was probably intended: a known one that differs by one letter, or the scheme of the page that opens a
/// WebSocket.
pub(crate) fn intended_scheme(scheme: &str) -> Option<&'static str> {
    if KNOWN.contains(&scheme) {
        return None;
    }
    match scheme {
        "ws" => return Some("http"),
        "wss" => return Some("https"),
        _ => {}
    }
    KNOWN.into_iter().find(|known| known.len() >= SHORTEST && strsim::osa_distance(scheme, known) == 1)
}

/// Splits `https//example.com`, `https:/example.com` or `https:example.com` into a known scheme and what follows it.
pub(super) fn split_broken(text: &str) -> Option<(&'static str, &str)> {
    const SEPARATORS: [char; 4] = [':', ';', '/', '\\'];
    let letters = text.find(|letter: char| !letter.is_ascii_alphabetic() && letter != '-')?;
    let (scheme, rest) = text.split_at(letters);
    let known = KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(scheme))?;
    // `app:3000` is a host and its port.
    let is_unmistakable = serialization::is_web(known) || known.contains('-');
    let name = rest.trim_start_matches(SEPARATORS);
    (is_unmistakable && rest.starts_with(SEPARATORS) && !name.is_empty()).then_some((known, name))
}

/// Whether a scheme is in use.
pub(super) fn is_known(scheme: &str) -> bool {
    KNOWN.contains(&scheme)
}
