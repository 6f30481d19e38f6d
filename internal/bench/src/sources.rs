//! The policy of our adapters, in the header value type of each framework.

use cors_core::{Policy, PolicyHandle, PolicySource};

use crate::request::policy;

/// One policy for all threads, which is fixed or can be replaced.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    /// For axum, warp and Poem.
    pub(crate) http: PolicySource<http::HeaderValue>,
    /// For actix-web.
    pub(crate) actix: PolicySource<actix_web::http::header::HeaderValue>,
    /// For Rocket.
    pub(crate) rocket: PolicySource<String>,
}

impl Sources {
    /// A policy that is never replaced.
    pub(crate) fn fixed() -> Self {
        let policy: Policy = policy();
        Self { http: (&policy).into(), actix: (&policy).into(), rocket: policy.into() }
    }

    /// A policy that a handle could replace.
    pub(crate) fn handle() -> Self {
        let policy = policy();
        Self {
            http: PolicyHandle::new(policy.clone()).into(),
            actix: PolicyHandle::new(policy.clone()).into(),
            rocket: PolicyHandle::new(policy).into(),
        }
    }
}
