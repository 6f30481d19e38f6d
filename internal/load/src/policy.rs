//! The policies of the server, one after another, written down twice: as the checks read them, and as the server gets them.

use std::time::Duration;

use cors_core::{Lookup, LookupOptions, Origin, Policy, PolicyError, Rule};

/// The host of the API that has a list of origins.
pub const HOST: &str = "api.example";

/// The host of the API that every page may read. Its policy is chosen by request.
pub const PUBLIC_HOST: &str = "public.example";

/// An origin that every policy allows.
pub const ALWAYS: &str = "https://always.example";

/// An origin that has a rule of its own in every policy.
pub const PARTNER: &str = "https://partner.example";

/// All its subdomains are allowed.
pub const WILD: &str = "wild.example";

/// Each policy lists one of this many origins.
pub const ADMINISTRATORS: u64 = 8;

/// A header that every policy with a list allows.
pub const HEADER: &str = "x-a";

/// How long the server waits for an answer of the lookup.
const DEADLINE: Duration = Duration::from_millis(50);

/// What a policy allows to the origins of one list. It holds plain data, and none of the core's types, because the expected responses
/// are made of it.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Whether all origins are allowed. Then the list is empty.
    pub any_origin: bool,
    /// Origins, byte for byte.
    pub origins: Vec<String>,
    /// Whether the subdomains of [`WILD`] are allowed too.
    pub wild: bool,
    /// Whether the lookup is asked about other origins.
    pub lookup: bool,
    /// Whether credentials are allowed.
    pub credentials: bool,
    /// The methods, or `*`.
    pub methods: Vec<&'static str>,
    /// The request headers, or `*` and others.
    pub headers: Vec<String>,
    /// The header that pages may read. It tells the number of the policy.
    pub exposed: String,
    /// How long a preflight is cached, in seconds. It tells the number of the policy too.
    pub max_age: u64,
}

impl Terms {
    /// The terms of policy `number` of [`HOST`], in the order in which they are asked.
    pub fn listed(number: u64) -> [Self; 2] {
        let partner = Self {
            any_origin: false,
            origins: vec![PARTNER.to_owned()],
            wild: false,
            lookup: false,
            credentials: number.is_multiple_of(3),
            methods: vec!["PATCH"],
            headers: vec![HEADER.to_owned(), "x-partner".to_owned()],
            exposed: format!("x-partner-{number}"),
            max_age: max_age(number),
        };
        let own = Self {
            any_origin: false,
            origins: vec![ALWAYS.to_owned(), administrator(number)],
            wild: true,
            lookup: true,
            credentials: number.is_multiple_of(2),
            methods: if number.is_multiple_of(3) { vec!["PUT", "DELETE"] } else { vec!["PUT"] },
            headers: vec![HEADER.to_owned(), format!("x-b-{}", number % 5), "content-type".to_owned()],
            exposed: format!("x-policy-{number}"),
            max_age: max_age(number),
        };
        [partner, own]
    }

    /// The terms of policy `number` of [`PUBLIC_HOST`].
    pub fn public(number: u64) -> Self {
        Self {
            any_origin: true,
            origins: Vec::new(),
            wild: false,
            lookup: false,
            credentials: false,
            methods: vec!["*"],
            headers: vec!["*".to_owned(), "authorization".to_owned()],
            exposed: format!("x-public-{number}"),
            max_age: max_age(number),
        }
    }
}

fn max_age(number: u64) -> u64 {
    number % 7200
}

/// The origin that only every eighth policy lists.
pub fn administrator(number: u64) -> String {
    format!("https://admin-{}.example", number % ADMINISTRATORS)
}

/// Builds policy `number` of [`HOST`].
///
/// # Errors
///
/// The policy is refused.
pub fn listed(number: u64, lookup: &Lookup) -> Result<Policy, PolicyError> {
    let [partner, own] = Terms::listed(number);
    let rule = Rule::builder()
        .allow_origins(&partner.origins)
        .allow_credentials(partner.credentials)
        .allow_methods(partner.methods)
        .allow_headers(&partner.headers)
        .expose_headers(&partner.exposed)
        .max_age(Duration::from_secs(partner.max_age));
    Policy::builder()
        .rule(rule)
        .allow_origins(&own.origins)
        .allow_origins(format!("https://*.{WILD}"))
        .lookup(lookup)
        .allow_credentials(own.credentials)
        .allow_methods(own.methods)
        .allow_headers(&own.headers)
        .expose_headers(&own.exposed)
        .max_age(Duration::from_secs(own.max_age))
        .build()
}

/// Builds policy `number` of [`PUBLIC_HOST`].
///
/// # Errors
///
/// The policy is refused.
pub fn public(number: u64) -> Result<Policy, PolicyError> {
    let terms = Terms::public(number);
    Policy::builder()
        .allow_origins("*")
        .allow_methods(terms.methods)
        .allow_headers(&terms.headers)
        .expose_headers(&terms.exposed)
        .max_age(Duration::from_secs(terms.max_age))
        .build()
}

/// What the lookup does with an origin. The name of the origin says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupOutcome {
    /// It allows the origin.
    Allows,
    /// It denies the origin.
    Denies,
    /// It returns an error, which denies.
    Fails,
    /// It panics, which denies.
    Panics,
    /// Its answer does not come before the deadline, which denies.
    IsLate,
    /// It allows, fails or panics at random.
    IsRandom,
}

impl LookupOutcome {
    /// Every outcome, with the name that origins have.
    pub const ALL: [(&'static str, Self); 6] = [
        ("tenant", Self::Allows),
        ("unknown", Self::Denies),
        ("failing", Self::Fails),
        ("panicking", Self::Panics),
        ("late", Self::IsLate),
        ("random", Self::IsRandom),
    ];

    /// The outcome for a host such as `tenant-7.lookup.example`.
    pub fn of(host: &str) -> Self {
        let Some((name, number)) =
            host.strip_suffix(".lookup.example").and_then(|label| label.split_once('-'))
        else {
            return Self::Denies;
        };
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let found = Self::ALL.into_iter().find(|(known, _)| is_number && *known == name);
        found.map_or(Self::Denies, |(_, outcome)| outcome)
    }

    /// Whether an origin with this outcome is allowed. `None` if it can be either.
    pub fn allows(self) -> Option<bool> {
        match self {
            Self::Allows => Some(true),
            Self::IsRandom => None,
            Self::Denies | Self::Fails | Self::Panics | Self::IsLate => Some(false),
        }
    }
}

/// The lookup of the server. It caches little, and only for a short time, so that it is asked often.
pub fn lookup() -> Lookup {
    let options = LookupOptions::default().deadline(DEADLINE).max_age(Duration::from_millis(20)).capacity(64);
    Lookup::with_options(options, async |origin: Origin<'static>| {
        let is_default = origin.scheme() == "https" && origin.port().is_none();
        let outcome = if is_default { LookupOutcome::of(origin.host()) } else { LookupOutcome::Denies };
        match outcome {
            LookupOutcome::Allows => Ok(true),
            LookupOutcome::Denies => Ok(false),
            LookupOutcome::Fails => Err("the database is away"),
            LookupOutcome::Panics => panic_unseen(),
            // Not a long sleep: on a busy machine both can be over when the server looks.
            LookupOutcome::IsLate => std::future::pending().await,
            LookupOutcome::IsRandom => match fastrand::u8(..4) {
                0 | 1 => Ok(true),
                2 => Err("the database is away at times"),
                _ => panic_unseen(),
            },
        }
    })
}

/// Panics without a call of the panic hook, which counts the panics that the test does not make itself.
fn panic_unseen() -> ! {
    std::panic::resume_unwind(Box::new("the lookup panics on purpose"))
}
