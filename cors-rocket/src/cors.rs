use cors_core::PolicySource;
use rocket::figment::Figment;

use crate::config::Configured;
use crate::policies::{Policies, Scopes};

/// CORS as a fairing: `rocket::build().attach(Cors::new(policy))`.
///
/// See the [crate's documentation](crate) for what it does and where to attach it.
pub struct Cors {
    source: Source,
    paths: Vec<(String, PolicySource<String>)>,
}

enum Source {
    Given(PolicySource<String>),
    Configuration,
}

impl Cors {
    /// Answers all paths by one policy: a [`Policy`](crate::Policy), or a [`PolicyHandle`](crate::PolicyHandle) that
    /// can replace it while the application runs.
    ///
    /// ```
    /// use cors_rocket::{Cors, Policy};
    ///
    /// # fn main() -> Result<(), cors_rocket::PolicyError> {
    /// let policy = Policy::builder().allow_origins(["https://app.example.com"]).build()?;
    /// let rocket = rocket::build().attach(Cors::new(policy));
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(policy: impl Into<PolicySource<String>>) -> Self {
        Self { source: Source::Given(policy.into()), paths: Vec::new() }
    }

    /// Reads the policy from Rocket's configuration when the application ignites.
    ///
    /// The table is `cors`, with the fields of the policy as a file, and policies of single paths below `paths`. A
    /// policy that is refused, or missing, stops the ignition; the log has all that is wrong with it.
    ///
    /// ```toml
    /// [default.cors]
    /// allow_origins = ["https://app.example.com"]
    /// allow_methods = ["PUT", "DELETE"]
    ///
    /// [default.cors.paths."/admin"]
    /// allow_origins = ["https://admin.example.com"]
    /// allow_credentials = true
    /// ```
    ///
    /// Like all of Rocket's configuration it can come from the environment, where it goes over the file's field by
    /// field: `ROCKET_CORS='{allow_origins=["https://app.example.com"]}'`.
    pub fn from_config() -> Self {
        Self { source: Source::Configuration, paths: Vec::new() }
    }

    /// Answers everything at and below `path` by a policy of its own.
    ///
    /// Prefixes are compared by whole segments, so that `/admin` covers `/admin/users` and not `/administrator`, and
    /// the longest one wins. A preflight is answered by the policy of the path that it asks about. The policies are not
    /// merged: what this one does not allow is not allowed.
    ///
    /// A path that is none, or one that has a policy already, stops the ignition.
    ///
    /// ```
    /// use cors_rocket::{Cors, Policy};
    ///
    /// # fn main() -> Result<(), cors_rocket::PolicyError> {
    /// let public = Policy::builder().allow_origins("*").build()?;
    /// let admin = Policy::builder()
    ///     .allow_origins(["https://admin.example.com"])
    ///     .allow_credentials(true)
    ///     .build()?;
    /// let rocket = rocket::build().attach(Cors::new(public).with_path("/admin", admin));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>, policy: impl Into<PolicySource<String>>) -> Self {
        self.paths.push((path.into(), policy.into()));
        self
    }

    /// The policies as they are when the application ignites, or everything that is wrong with them.
    pub(crate) fn policies(&self, figment: &Figment) -> Result<Policies, Vec<String>> {
        let mut problems = Vec::new();
        let (default, configured) = match &self.source {
            Source::Given(policy) => (Some(policy.clone()), Vec::new()),
            Source::Configuration => {
                let configured = Configured::read(figment, &mut problems);
                (configured.default.map(PolicySource::from), configured.paths)
            }
        };

        let mut scopes = Scopes::default();
        let configured = configured.into_iter().map(|(path, policy)| (path, policy.map(PolicySource::from)));
        let given = self.paths.iter().map(|(path, policy)| (path.clone(), Some(policy.clone())));
        for (path, policy) in configured.chain(given) {
            if let Err(error) = scopes.insert(&path, policy) {
                problems.push(format!("the path {path:?} {}", error.help()));
            }
        }
        match default {
            Some(default) if problems.is_empty() => Ok(Policies::new(default, scopes)),
            _ => Err(problems),
        }
    }
}
