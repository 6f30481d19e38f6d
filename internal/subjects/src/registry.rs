//! The subjects of this repository, and their selection by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::subject::actix::CorsActix;
use crate::subject::actix_cors::ActixCors;
use crate::subject::axum::CorsAxum;
use crate::subject::ntex_cors::NtexCors;
use crate::subject::poem::CorsPoem;
use crate::subject::poem_cors::PoemCors;
use crate::subject::rocket::CorsRocket;
use crate::subject::rocket_cors::RocketCors;
use crate::subject::salvo::SalvoCors;
use crate::subject::tower_http::TowerHttp;
use crate::subject::warp::CorsWarp;
use crate::subject::warp_cors::WarpCors;
use cors_conformance::pattern::Pattern;
use cors_conformance::subject::{Subject, SubjectKind};

/// Every subject of this repository, adapters first.
pub fn subjects() -> Vec<Box<dyn Subject>> {
    vec![
        Box::new(CorsActix),
        Box::new(CorsAxum),
        Box::new(CorsPoem),
        Box::new(CorsRocket),
        Box::new(CorsWarp),
        Box::new(ActixCors),
        Box::new(NtexCors),
        Box::new(PoemCors),
        Box::new(RocketCors),
        Box::new(SalvoCors),
        Box::new(TowerHttp),
        Box::new(WarpCors),
    ]
}

/// The subject with this name.
///
/// # Errors
///
/// No subject has this name.
pub fn find(name: &str) -> Result<Box<dyn Subject>, SelectError> {
    let own = subjects();
    let names: BTreeSet<String> = own.iter().map(|subject| subject.name().to_owned()).collect();
    own.into_iter().find(|subject| subject.name() == name).ok_or_else(|| SelectError::unknown(name, names))
}

/// A selection of subjects that is not possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// A name or pattern that fits no subject.
    #[error("no subject is called `{wanted}`: write one of {known}")]
    Unknown {
        /// The name or pattern.
        wanted: String,
        /// The names of all subjects.
        known: String,
    },
    /// Two subjects have the same name.
    #[error("two subjects are called `{0}`: give the program another name")]
    Ambiguous(String),
}

impl SelectError {
    fn unknown(wanted: &str, known: BTreeSet<String>) -> Self {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        Self::Unknown { wanted: wanted.to_owned(), known }
    }
}

/// The subjects of this repository whose names match any of `patterns`, and all of `programs`.
///
/// Without patterns, only `programs`; if there are none, this project's adapters.
///
/// # Errors
///
/// A pattern matches no subject, or two subjects have the same name.
pub fn select(
    patterns: &[Pattern],
    programs: Vec<Arc<dyn Subject>>,
) -> Result<Vec<Arc<dyn Subject>>, SelectError> {
    let own = subjects();
    let mut names: BTreeSet<String> = own.iter().map(|subject| subject.name().to_owned()).collect();
    if let Some(twin) = programs.iter().find(|subject| !names.insert(subject.name().to_owned())) {
        return Err(SelectError::Ambiguous(twin.name().to_owned()));
    }
    for pattern in patterns {
        if !names.iter().any(|name| pattern.matches(name)) {
            return Err(SelectError::unknown(pattern.as_str(), names));
        }
    }
    let is_wanted = |subject: &dyn Subject| match patterns {
        [] => programs.is_empty() && subject.kind() == SubjectKind::Adapter,
        patterns => patterns.iter().any(|pattern| pattern.matches(subject.name())),
    };
    let mut chosen: Vec<Arc<dyn Subject>> =
        own.into_iter().filter(|subject| is_wanted(&**subject)).map(Arc::from).collect();
    chosen.extend(programs);
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use cors_conformance::subject::external::External;

    use super::*;

    fn names(patterns: &[&str], external: &[&str]) -> Result<Vec<String>, SelectError> {
        let patterns: Vec<_> = patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        let program = |name: &&str| Arc::new(External::new(*name, "true")) as Arc<dyn Subject>;
        let programs = external.iter().map(program).collect();
        Ok(select(&patterns, programs)?.iter().map(|subject| subject.name().to_owned()).collect())
    }

    #[test]
    fn names_are_unique() {
        let names: Vec<_> = subjects().iter().map(|subject| subject.name().to_owned()).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }

    #[test]
    fn the_adapters_are_selected_by_default() {
        let chosen = select(&[], Vec::new()).unwrap();
        assert!(!chosen.is_empty());
        assert!(chosen.iter().all(|subject| subject.kind() == SubjectKind::Adapter));
    }

    #[test]
    fn subjects_are_selected_by_name_or_glob() {
        assert_eq!(names(&["cors-axum"], &[]).unwrap(), ["cors-axum"]);
        assert!(names(&["cors-*"], &[]).unwrap().contains(&"cors-axum".to_owned()));
        assert_eq!(names(&["cors-axum", "cors-a?um"], &[]).unwrap(), ["cors-axum"]);
    }

    #[test]
    fn external_subjects_are_always_selected() {
        assert_eq!(names(&[], &["mine"]).unwrap(), ["mine"]);
        assert_eq!(names(&["cors-axum"], &["mine"]).unwrap(), ["cors-axum", "mine"]);
        assert_eq!(names(&["mi*"], &["mine"]).unwrap(), ["mine"]);
    }

    #[test]
    fn a_name_is_unique() {
        for external in [["cors-axum"].as_slice(), &["mine", "mine"]] {
            let name = external[0].to_owned();
            assert_eq!(names(&[], external).unwrap_err(), SelectError::Ambiguous(name));
        }
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_an_error_with_all_names() {
        let error = names(&["cors-axum", "cors-axxum"], &["mine"]).unwrap_err().to_string();
        assert!(
            error.contains("`cors-axxum`") && error.contains("cors-axum, ") && error.contains("mine"),
            "{error}"
        );
    }

    #[test]
    fn a_subject_is_found_by_its_whole_name() {
        assert_eq!(find("cors-axum").unwrap().name(), "cors-axum");
        let Err(error) = find("cors-*") else { panic!("found") };
        assert!(error.to_string().contains("`cors-*`"), "{error}");
        assert!(error.to_string().contains(": write one of actix-cors, cors-actix, cors-axum, "), "{error}");
    }
}
