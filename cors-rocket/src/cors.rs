use cors_core::PolicySource;
use rocket::figment::Figment;

#[cfg(feature = "serde")]
use crate::config::ConfiguredPolicies;
use crate::policies::{PathPolicies, Policies};

/// CORS as a fairing: `rocket::build().attach(Cors::new(policy))`.
///
/// The [crate's documentation](crate) explains what it does and where to attach it.
pub struct Cors {
    default: DefaultPolicy,
    paths: Vec<(String, PolicySource<String>)>,
}

enum DefaultPolicy {
    Given(PolicySource<String>),
    /// The configuration can contain policies for single paths too.
    #[cfg(feature = "serde")]
    FromConfig,
}

impl Cors {
    /// Applies one policy to all paths.
    ///
    /// `policy` is a [`Policy`](crate::Policy), or a [`PolicyHandle`](crate::PolicyHandle) that can replace it while the
    /// application runs.
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
        Self { default: DefaultPolicy::Given(policy.into()), paths: Vec::new() }
    }

    /// Reads the policy from Rocket's configuration during ignition.
    ///
    /// The policy is the table `cors`. Its fields have the names of the methods of
    /// [`PolicyBuilder`](crate::PolicyBuilder). Policies for single paths are in tables below `paths`:
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
    /// Like all of Rocket's configuration, the table can also come from the environment, which overrides single fields of
    /// the file: `ROCKET_CORS='{allow_origins=["https://app.example.com"]}'`.
    ///
    /// Ignition fails if the table is missing or a policy is refused. The log lists every problem.
    ///
    /// ```
    /// use cors_rocket::Cors;
    ///
    /// let rocket = rocket::build().attach(Cors::from_config());
    /// ```
    #[cfg(feature = "serde")]
    pub fn from_config() -> Self {
        Self { default: DefaultPolicy::FromConfig, paths: Vec::new() }
    }

    /// Applies a different policy to `path` and everything below it.
    ///
    /// Paths are compared by whole segments: `/admin` covers `/admin/users`, but not `/administrator`. The longest
    /// matching path wins. A preflight uses the policy of its own path. Policies are not merged: what this one does not
    /// allow is not allowed, even if the policy for all paths allows it.
    ///
    /// Ignition fails if the path is invalid or already has a policy.
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

    /// Returns the policies to serve with, or every problem that prevents that.
    pub(crate) fn policies(&self, figment: &Figment) -> Result<Policies, Vec<String>> {
        let mut problems = Vec::new();
        let mut paths = PathPolicies::default();
        let default = match &self.default {
            DefaultPolicy::Given(policy) => Some(policy.clone()),
            #[cfg(feature = "serde")]
            DefaultPolicy::FromConfig => {
                let configured = ConfiguredPolicies::read(figment, &mut problems);
                for (path, policy) in configured.paths {
                    paths.insert(&path, policy.map(PolicySource::from), &mut problems);
                }
                configured.default.map(PolicySource::from)
            }
        };
        #[cfg(not(feature = "serde"))]
        let _ = figment;
        for (path, policy) in &self.paths {
            paths.insert(path, Some(policy.clone()), &mut problems);
        }
        // Those from the configuration were logged with their keys.
        let given = self.paths.iter().map(|(_, policy)| policy).chain(&default);
        for policy in given.map(PolicySource::current) {
            policy.policy().unlogged_warnings().iter().for_each(|warning| log::warn!("CORS: {warning}"));
        }
        match default {
            Some(default) if problems.is_empty() => Ok(Policies::new(default, paths)),
            _ => Err(problems),
        }
    }
}
