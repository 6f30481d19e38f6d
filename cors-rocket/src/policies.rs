//! The policies of an application, and which one applies to a path.

use std::cmp::Reverse;

use cors_core::{PolicySource, PreparedPolicy};
use rocket::http::uri::{Origin, Path};

/// All policies of an application: one for all paths, and overrides for single paths.
pub(crate) struct Policies {
    default: PolicySource<String>,
    paths: PathPolicies,
    had_guard: bool,
    is_simple: bool,
}

/// The policies for single paths, longest path first.
#[derive(Default)]
pub(crate) struct PathPolicies(Vec<PathPolicy>);

struct PathPolicy {
    /// The decoded segments of the path, as Rocket's router compares them.
    prefix: Vec<String>,
    policy: PolicySource<String>,
}

impl PathPolicies {
    /// Adds a policy for `path` and everything below it, or appends an error about the path to `problems`.
    ///
    /// Without a policy, because it was refused, it only checks the path.
    pub(crate) fn insert(
        &mut self,
        path: &str,
        policy: Option<PolicySource<String>>,
        problems: &mut Vec<String>,
    ) {
        match self.check(path) {
            Ok(prefix) => {
                self.0.extend(policy.map(|policy| PathPolicy { prefix, policy }));
                self.0.sort_by_key(|path| Reverse(path.prefix.len()));
            }
            Err(error) => problems.push(error.message(path)),
        }
    }

    /// Returns the segments of a valid path that has no policy yet.
    fn check(&self, path: &str) -> Result<Vec<String>, PathError> {
        let origin = match Origin::parse(path) {
            Ok(origin) if origin.query().is_none() => origin,
            _ => return Err(PathError::Malformed),
        };
        let prefix: Vec<String> = origin.path().segments().map(str::to_owned).collect();
        if self.0.iter().any(|path| path.prefix == prefix) {
            return Err(PathError::Duplicate);
        }
        Ok(prefix)
    }
}

impl Policies {
    pub(crate) fn new(default: PolicySource<String>, paths: PathPolicies) -> Self {
        let has_guard = |source: &PolicySource<String>| source.current().policy().guard().is_some();
        let had_guard = has_guard(&default) || paths.0.iter().any(|path| has_guard(&path.policy));
        let has_lookup = || default.current().policy().has_lookup();
        let is_simple = paths.0.is_empty() && !had_guard && default.fixed().is_some() && !has_lookup();
        Self { default, paths, had_guard, is_simple }
    }

    /// Returns the policy for a path: the one with the longest matching prefix of whole segments.
    ///
    /// The comparison uses the router's own segments, decoded and without empty ones. So no other spelling of a path can
    /// reach a route under a different policy.
    pub(crate) fn select(&self, path: Path<'_>) -> &PolicySource<String> {
        if self.paths.0.is_empty() {
            return &self.default;
        }
        let segments = path.segments();
        let covers = |policy: &&PathPolicy| {
            policy.prefix.len() <= segments.len()
                && policy.prefix.iter().zip(segments.clone()).all(|(a, b)| a == b)
        };
        self.paths.0.iter().find(covers).map_or(&self.default, |path| &path.policy)
    }

    /// Whether a policy had a guard when the application started, so that there is a route for each method.
    pub(crate) fn had_guard(&self) -> bool {
        self.had_guard
    }

    /// Returns the policy if the application has a single one that cannot be replaced, without a lookup and a guard.
    pub(crate) fn simple(&self) -> Option<&PreparedPolicy<String>> {
        self.default.fixed().filter(|_| self.is_simple)
    }
}

/// Why a path cannot have its own policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PathError {
    Malformed,
    Duplicate,
}

impl PathError {
    /// Says what is wrong and what to write instead.
    fn message(self, path: &str) -> String {
        match self {
            Self::Malformed => format!(
                "{path:?} is not a valid path. Write it as it appears in a URL, starting with `/` and without a query, \
                 for example \"/admin\"."
            ),
            Self::Duplicate => format!("the path {path:?} already has a policy. Keep one policy per path."),
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

    fn paths() -> PathPolicies {
        let mut paths = PathPolicies::default();
        let mut problems = Vec::new();
        for path in ["/admin", "/admin/reports/", "/caf%C3%A9"] {
            let policy = policy(&format!("https://{}.example", path.len()));
            paths.insert(path, Some(policy), &mut problems);
        }
        assert!(problems.is_empty(), "{problems:?}");
        paths
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
    fn longest_prefix_of_whole_segments_wins(#[case] path: &str, #[case] origin: &str) {
        let uri = Origin::path_only(path);
        let policies = Policies::new(policy("https://default.example"), paths());
        let policy = policies.select(uri.path()).current();
        assert_eq!(policy.policy().allow_origins().collect::<Vec<_>>(), [origin]);
    }

    #[rstest]
    #[case("admin", PathError::Malformed)]
    #[case("", PathError::Malformed)]
    #[case("/a b", PathError::Malformed)]
    #[case("/a?b", PathError::Malformed)]
    #[case("https://api.example/a", PathError::Malformed)]
    #[case("/admin/", PathError::Duplicate)]
    fn invalid_and_repeated_paths_are_refused(#[case] path: &str, #[case] error: PathError) {
        assert_eq!(paths().check(path), Err(error));
    }
}
