//! The subjects that the suite comes with, and how to pick some of them by name.

use std::sync::Arc;

use super::actix::CorsActix;
use super::actix_cors::ActixCors;
use super::axum::CorsAxum;
use super::poem::CorsPoem;
use super::poem_cors::PoemCors;
use super::rocket::CorsRocket;
use super::rocket_cors::RocketCors;
use super::tower_http::TowerHttp;
use super::warp::CorsWarp;
use super::warp_cors::WarpCors;
use super::{Subject, SubjectKind};
use crate::pattern::Pattern;

/// Every subject that the suite comes with, adapters first.
pub fn subjects() -> Vec<Box<dyn Subject>> {
    vec![
        Box::new(CorsActix),
        Box::new(CorsAxum),
        Box::new(CorsPoem),
        Box::new(CorsRocket),
        Box::new(CorsWarp),
        Box::new(ActixCors),
        Box::new(PoemCors),
        Box::new(RocketCors),
        Box::new(TowerHttp),
        Box::new(WarpCors),
    ]
}

/// The subject of this name.
pub fn subject(name: &str) -> Option<Box<dyn Subject>> {
    subjects().into_iter().find(|subject| subject.name() == name)
}

/// No subject has a name that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no subject is called `{wanted}`; there are {known}")]
pub struct UnknownSubject {
    wanted: String,
    known: String,
}

impl UnknownSubject {
    /// Nothing fits `wanted`.
    pub fn new(wanted: &str) -> Self {
        let known: Vec<_> = subjects().iter().map(|subject| subject.name().to_owned()).collect();
        Self { wanted: wanted.to_owned(), known: known.join(", ") }
    }
}

/// The subjects whose names fit any of `patterns`; without patterns, this project's adapters.
pub fn select(patterns: &[Pattern]) -> Result<Vec<Arc<dyn Subject>>, UnknownSubject> {
    let all = subjects();
    for pattern in patterns {
        if !all.iter().any(|subject| pattern.matches(subject.name())) {
            return Err(UnknownSubject::new(pattern.as_str()));
        }
    }
    let is_wanted = |subject: &dyn Subject| match patterns {
        [] => subject.kind() == SubjectKind::Adapter,
        patterns => patterns.iter().any(|pattern| pattern.matches(subject.name())),
    };
    Ok(all.into_iter().filter(|subject| is_wanted(&**subject)).map(Arc::from).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(patterns: &[&str]) -> Result<Vec<String>, UnknownSubject> {
        let patterns: Vec<_> = patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        Ok(select(&patterns)?.iter().map(|subject| subject.name().to_owned()).collect())
    }

    #[test]
    fn names_are_unique() {
        let names: Vec<_> = subjects().iter().map(|subject| subject.name().to_owned()).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }

    #[test]
    fn the_adapters_are_chosen_unless_told() {
        let chosen = select(&[]).unwrap();
        assert!(!chosen.is_empty());
        assert!(chosen.iter().all(|subject| subject.kind() == SubjectKind::Adapter));
    }

    #[test]
    fn a_name_or_a_glob_chooses() {
        assert_eq!(names(&["cors-axum"]).unwrap(), ["cors-axum"]);
        assert!(names(&["cors-*"]).unwrap().contains(&"cors-axum".to_owned()));
        assert_eq!(names(&["cors-axum", "cors-a?um"]).unwrap(), ["cors-axum"]);
    }

    #[test]
    fn a_pattern_that_fits_nothing_is_an_error_with_the_names_that_there_are() {
        let error = names(&["cors-axum", "cors-axxum"]).unwrap_err().to_string();
        assert!(
            error.contains("`cors-axxum`") && error.contains("cors-axum,") || error.ends_with("cors-axum"),
            "{error}"
        );
    }

    #[test]
    fn a_subject_is_found_by_its_name() {
        assert_eq!(
            subject("cors-axum").map(|subject| subject.name().to_owned()),
            Some("cors-axum".to_owned())
        );
        assert!(subject("cors-*").is_none());
    }
}
