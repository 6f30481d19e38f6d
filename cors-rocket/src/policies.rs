//! The policies of an application, and which of them a request is answered by.

use cors_core::{PolicySource, PreparedPolicy};
use rocket::http::uri::{Origin, Path};

/// The policies in force: one for all paths, and those of single paths.
pub(crate) struct Policies {
    default: PolicySource<String>,
    scopes: Scopes,
}

/// The policies of single paths, longest prefix first.
#[derive(Default)]
pub(crate) struct Scopes(Vec<Scope>);

struct Scope {
    /// The segments of the path, decoded as Rocket's router compares them.
    prefix: Vec<String>,
    policy: PolicySource<String>,
}

impl Scopes {
    /// Puts everything at and below `path` under `policy`; without one, only says whether that could be.
    pub(crate) fn insert(
        &mut self,
        path: &str,
        policy: Option<PolicySource<String>>,
    ) -> Result<(), PathError> {
        let origin = match Origin::parse(path) {
            Ok(origin) if origin.query().is_none() => origin,
            _ => return Err(PathError::Malformed),
        };
        let prefix: Vec<String> = origin.path().segments().map(str::to_owned).collect();
        if self.0.iter().any(|scope| scope.prefix == prefix) {
            return Err(PathError::Duplicate);
        }
        self.0.extend(policy.map(|policy| Scope { prefix, policy }));
        self.0.sort_by_key(|scope| std::cmp::Reverse(scope.prefix.len()));
        Ok(())
    }
}

impl Policies {
    pub(crate) fn new(default: PolicySource<String>, scopes: Scopes) -> Self {
        Self { default, scopes }
    }

    /// The policy for a path: the one with the longest prefix of whole segments.
    ///
    /// The segments are the router's own, decoded and without empty ones, so that no spelling of a path reaches a route
    /// under another policy than the route's.
    pub(crate) fn select(&self, path: Path<'_>) -> &PolicySource<String> {
        if self.scopes.0.is_empty() {
            return &self.default;
        }
        let segments = path.segments();
        let covers = |scope: &&Scope| {
            scope.prefix.len() <= segments.len()
                && scope.prefix.iter().zip(segments.clone()).all(|(a, b)| a == b)
        };
        self.scopes.0.iter().find(covers).map_or(&self.default, |scope| &scope.policy)
    }

    /// The policy of every request, if it is one that neither the path nor the time changes.
    pub(crate) fn only(&self) -> Option<&PreparedPolicy<String>> {
        self.default.fixed().filter(|_| self.scopes.0.is_empty())
    }
}

/// Why a path cannot have a policy of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathError {
    Malformed,
    Duplicate,
}

impl PathError {
    /// What is wrong, and what to write instead.
    pub(crate) fn help(self) -> &'static str {
        match self {
            Self::Malformed => {
                "is no path: write it as it stands in a URL, from the first `/` on, without a query, such as \"/admin\""
            }
            Self::Duplicate => "has a policy already: write one policy for each path",
        }
    }
}

#[cfg(test)]
mod tests {
    use cors_core::Policy;
    use rstest::rstest;

    use super::*;

    fn policy(origin: &str) -> PolicySource<String> {
        Policy::builder().allow_origins([origin]).build().expect("a valid policy").into()
    }

    fn scopes() -> Scopes {
        let mut scopes = Scopes::default();
        for path in ["/admin", "/admin/reports/", "/caf%C3%A9"] {
            let policy = policy(&format!("https://{}.example", path.len()));
            scopes.insert(path, Some(policy)).expect("a valid path");
        }
        scopes
    }

    #[rstest]
    #[case("/", "https://default.example")]
    #[case("/administrator", "https://default.example")]
    #[case("/x/admin", "https://default.example")]
    #[case("/admin", "https://6.example")]
    #[case("/admin/", "https://6.example")]
    #[case("//admin", "https://6.example")]
    #[case("/%61dmin/users", "https://6.example")]
    #[case("/admin/reports", "https://15.example")]
    #[case("/admin//reports/1", "https://15.example")]
    #[case("/admin/reports-old", "https://6.example")]
    #[case("/caf%c3%a9/menu", "https://10.example")]
    fn the_longest_prefix_of_whole_segments_wins(#[case] path: &str, #[case] origin: &str) {
        let uri = Origin::path_only(path);
        let policies = Policies::new(policy("https://default.example"), scopes());
        assert_eq!(
            policies.select(uri.path()).current().policy().allow_origins().collect::<Vec<_>>(),
            [origin]
        );
    }

    #[rstest]
    #[case("admin", PathError::Malformed)]
    #[case("", PathError::Malformed)]
    #[case("/a b", PathError::Malformed)]
    #[case("/a?b", PathError::Malformed)]
    #[case("https://api.example/a", PathError::Malformed)]
    #[case("/admin/", PathError::Duplicate)]
    fn a_path_that_says_nothing_is_refused(#[case] path: &str, #[case] error: PathError) {
        assert_eq!(scopes().insert(path, Some(policy("https://a.example"))), Err(error));
    }
}
