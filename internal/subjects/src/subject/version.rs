//! The versions of the middleware under test, from the lockfile of this build.

const LOCKED: &str = include_str!(concat!(env!("OUT_DIR"), "/versions.txt"));

/// The version of a direct dependency, or `unknown` if the build had no lockfile.
pub fn locked_version(package: &str) -> &'static str {
    LOCKED
        .lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(name, _)| *name == package)
        .map_or("unknown", |(_, version)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_has_its_locked_version() {
        assert!(locked_version("tower-http").starts_with("0.7."), "{}", locked_version("tower-http"));
        assert_eq!(locked_version("cors-axum"), env!("CARGO_PKG_VERSION"));
        assert_eq!(locked_version("no-such-package"), "unknown");
    }
}
