//! Third-party cookies, and cookies with the attribute `Partitioned` (CHIPS).

use crate::Origin;
use crate::code::codes;
use crate::profile::Profile;
use crate::site::site;
use crate::steps::Steps;

codes! {
    /// Whether servers of other sites can use cookies: a setting of the browser's user.
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    ThirdPartyCookies {
        /// They can use their cookies in the pages of every site.
        Allowed = "allowed",
        /// They can use only cookies with the attribute `Partitioned`. Some browsers block these as well.
        Blocked = "blocked",
        /// They have other cookies for each site that the user visits.
        Partitioned = "partitioned",
    }
}

/// The names of the jars for the cookies of one request or script; `None` for a jar that it may not use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Jars {
    /// The jar for cookies without `Partitioned`. Its name is empty if all top-level sites share it.
    pub(crate) common: Option<String>,
    /// The jar for cookies with `Partitioned`.
    pub(crate) partitioned: Option<String>,
}

impl Jars {
    /// The jars for a page below `top_level`. `is_third_party` says whether the page or the server is of another site.
    pub(crate) fn new(
        setting: ThirdPartyCookies,
        top_level: &Origin,
        is_third_party: bool,
        profile: &Profile,
        steps: &(impl Steps + ?Sized),
    ) -> Self {
        let partition = steps.cookie_partition(top_level, is_third_party);
        let common = match setting {
            _ if !is_third_party => Some(String::new()),
            ThirdPartyCookies::Allowed => Some(String::new()),
            ThirdPartyCookies::Blocked => None,
            ThirdPartyCookies::Partitioned => Some(partition.clone()),
        };
        let is_blocked = common.is_none() && !steps.exempts_partitioned_cookies(profile);
        Self { common, partitioned: (!is_blocked).then_some(partition) }
    }

    /// The jar for a cookie with or without `Partitioned`.
    pub(crate) fn of(&self, is_partitioned: bool) -> Option<&str> {
        if is_partitioned { self.partitioned.as_deref() } else { self.common.as_deref() }
    }

    /// Whether cookies in the jar of this name can be used.
    pub(crate) fn include(&self, jar: &str) -> bool {
        [&self.common, &self.partitioned].into_iter().any(|name| name.as_deref() == Some(jar))
    }
}

/// CHIPS, "Partitioned cookies": the cookie partition key, which is the top-level site and whether the page or the server is of another site.
pub(crate) fn cookie_partition(top_level: &Origin, is_third_party: bool) -> String {
    let marker = if is_third_party { " (third party)" } else { "" };
    format!("{}{marker}", site(top_level))
}
