//! Fetch, "Authentication entries": what a browser remembers of a user's logins.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cookie::partition;
use crate::request::{Request, Tainting};
use crate::{Browser, Origin, Page, Profile, User, WireResponse};

/// The authentication entries: an `Authorization` value for each origin.
#[derive(Debug, Default)]
pub(crate) struct AuthenticationEntries(Vec<(Key, String)>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    origin: Origin,
    /// The top-level site, if the profile partitions logins.
    partition: String,
}

impl Key {
    fn of(page: &Page, request: &Request, profile: &Profile) -> Self {
        let origin = Origin::of(request.current_url());
        let top_level = request.top_level_origin(page);
        let partition =
            if profile.partitions_logins { partition(&top_level, &origin, profile) } else { String::new() };
        Self { origin, partition }
    }
}

impl Browser {
    /// Fetch, "HTTP-network-or-cache fetch", step 8.20.2: the `Authorization` of a request that includes credentials.
    pub(crate) fn authorization(&self, page: &Page, request: &Request) -> Option<String> {
        let key = Key::of(page, request, &self.profile);
        let state = self.state();
        let entry = state.authentication.0.iter().find(|(other, _)| *other == key);
        entry.map(|(_, value)| value.clone())
    }

    /// Fetch, "HTTP-network-or-cache fetch", step 14, for a request that includes credentials.
    ///
    /// Returns whether the user answered the challenge, so that the request must be sent again.
    pub(crate) fn answer_challenge(&self, page: &Page, request: &Request, response: &WireResponse) -> bool {
        let Some(user) = &page.user else { return false };
        let asks_user = request.tainting != Tainting::Cors || self.profile.answers_foreign_challenges;
        // A request that had an answer, from the script or an earlier prompt, does not lead to another prompt.
        let has_answer =
            request.headers.contains("Authorization") || self.authorization(page, request).is_some();
        let is_challenge = response.status == 401 && response.lines("www-authenticate").any(is_basic);
        if !is_challenge || !asks_user || has_answer {
            return false;
        }
        let key = Key::of(page, request, &self.profile);
        self.state().authentication.0.push((key, basic(user)));
        true
    }
}

/// RFC 7617, section 2: whether a challenge has the scheme `Basic`.
fn is_basic(challenge: &[u8]) -> bool {
    let scheme = challenge.split(|byte| matches!(byte, b' ' | b',')).next().unwrap_or_default();
    scheme.eq_ignore_ascii_case(b"basic")
}

/// RFC 7617, section 2: the credentials of a user.
fn basic(user: &User) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", user.name, user.password)))
}
