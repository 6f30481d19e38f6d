//! Fetch, "Authentication entries": what a browser remembers of a user's answers to challenges.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::cookie::partition;
use super::request::{Request, Tainting};
use super::{Browser, Origin, Page, Profile, User, WireResponse};

/// The authentication entries: an `Authorization` value for each origin, and for each top-level site where those have their own.
#[derive(Debug, Default)]
pub(super) struct AuthenticationEntries(Vec<(Key, String)>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    origin: Origin,
    partition: String,
}

impl Key {
    fn of(page: &Page, request: &Request, profile: &Profile) -> Self {
        let origin = Origin::of(request.current_url());
        let top_level = page.top_level_origin();
        let partition =
            if profile.partitions_logins { partition(top_level, &origin, profile) } else { String::new() };
        Self { origin, partition }
    }
}

impl Browser {
    /// Fetch, "HTTP-network-or-cache fetch", step 8.20.2: the `Authorization` of a request that includes credentials.
    pub(super) fn authorization(&self, page: &Page, request: &Request) -> Option<String> {
        let key = Key::of(page, request, &self.profile);
        let state = self.state();
        let entry = state.authentication.0.iter().find(|(other, _)| *other == key);
        entry.map(|(_, value)| value.clone())
    }

    /// Fetch, "HTTP-network-or-cache fetch", step 14: whether the user answered a challenge, so that the request is
    /// to be made again.
    pub(super) fn answer_challenge(&self, page: &Page, request: &Request, response: &WireResponse) -> bool {
        let Some(user) = &page.user else { return false };
        let is_asked = request.tainting != Tainting::Cors || self.profile.answers_foreign_challenges;
        // A request that had an answer already, the script's or an earlier one, is not asked about again.
        let has_answer =
            request.headers.contains("Authorization") || self.authorization(page, request).is_some();
        if response.status != 401
            || !request.includes_credentials(self.faults)
            || !is_asked
            || has_answer
            || !response.lines("www-authenticate").any(is_basic)
        {
            return false;
        }
        let key = Key::of(page, request, &self.profile);
        self.state().authentication.0.push((key, basic(user)));
        true
    }
}

/// RFC 7617, section 2: a challenge of scheme `Basic`.
fn is_basic(challenge: &[u8]) -> bool {
    let scheme = challenge.split(|byte| matches!(byte, b' ' | b',')).next().unwrap_or_default();
    scheme.eq_ignore_ascii_case(b"basic")
}

/// RFC 7617, section 2: the credentials of a user.
fn basic(user: &User) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", user.name, user.password)))
}
