//! The frameworks with an adapter of this project: everything can be said.

use std::fmt::Write;
use std::time::Duration;

use cors_core::{Danger, Guard, GuardAction, Policy};

use super::Stack;
use super::quote::list;

/// A module with a function that builds the policy, and one that builds the middleware.
pub(super) fn write(policy: &Policy, stack: Stack) -> String {
    let name = match stack {
        Stack::Actix => "cors_actix",
        Stack::Rocket => "cors_rocket",
        Stack::Warp => "cors_warp",
        Stack::Poem => "cors_poem",
        _ => "cors_axum",
    };
    let (middleware, usage) = match stack {
        Stack::Actix => ("Cors", "`App::new().wrap(cors.clone())`, after all other `wrap` calls"),
        Stack::Rocket => ("Cors", "`rocket::build().attach(cors()?)`"),
        Stack::Warp => ("Cors", "`cors()?.wrap(routes)`"),
        Stack::Poem => ("Cors", "`route.with(cors()?)`, after all other `with` calls but those of logs"),
        _ => ("CorsLayer", "`ServiceBuilder::new().layer(cors()?).service(router)`, around the whole router"),
    };
    let policy = builder(policy);
    let mut uses = vec![middleware, "Policy", "PolicyError"];
    for (word, name) in
        [("Danger::", "Danger"), ("Guard::", "Guard"), ("GuardAction::", "GuardAction"), ("Rule::", "Rule")]
    {
        if policy.contains(word) {
            uses.push(name);
        }
    }
    uses.sort_unstable();
    let uses = uses.join(", ");
    let time = if policy.contains("Duration::") { "use std::time::Duration;\n\n" } else { "" };
    format!(
        "{time}use {name}::{{{uses}}};\n\n\
         /// Builds the CORS policy.\n\
         pub fn cors_policy() -> Result<Policy, PolicyError> {{\n    {policy}\n        .build()\n}}\n\n\
         /// Builds the middleware: {usage}.\n\
         pub fn cors() -> Result<{middleware}, PolicyError> {{\n    Ok({middleware}::new(cors_policy()?))\n}}"
    )
}

/// The expression that creates the builder of a policy.
fn builder(policy: &Policy) -> String {
    let mut text = "Policy::builder()".to_owned();
    let fields = Fields {
        origins: policy.allow_origins().map(Into::into).collect(),
        methods: policy.allow_methods(),
        headers: policy.allow_headers(),
        expose: policy.expose_headers(),
        credentials: policy.allow_credentials(),
        max_age: policy.max_age(),
        dangers: policy.dangerously_allow(),
    };
    fields.write(&mut text, "\n        ");
    for rule in policy.rules() {
        text.push_str("\n        .rule(\n            Rule::builder()");
        let fields = Fields {
            origins: rule.allow_origins().map(Into::into).collect(),
            methods: rule.allow_methods(),
            headers: rule.allow_headers(),
            expose: rule.expose_headers(),
            credentials: rule.allow_credentials(),
            max_age: rule.max_age(),
            dangers: rule.dangerously_allow(),
        };
        fields.write(&mut text, "\n                ");
        text.push_str(",\n        )");
    }
    if policy.preflight_status() != 204 {
        // Writing into a string cannot fail, here and below.
        let _ = write!(text, "\n        .preflight_status({})", policy.preflight_status());
    }
    if policy.diagnostics() {
        text.push_str("\n        .diagnostics(true)");
    }
    if let Some(guard) = policy.guard() {
        let _ = write!(text, "\n        .guard(\n            {},\n        )", guard_builder(guard));
    }
    text
}

fn guard_builder(guard: &Guard) -> String {
    let mut text = "Guard::builder()".to_owned();
    let mut call = |call: String| text.push_str(&format!("\n                .{call}"));
    let action = |action| match action {
        GuardAction::Allow => "GuardAction::Allow",
        _ => "GuardAction::Deny",
    };
    // What is left out has its default value.
    if guard.cross_site_writes() != GuardAction::Deny {
        call(format!("cross_site_writes({})", action(guard.cross_site_writes())));
    }
    if guard.foreign_origins() != GuardAction::Allow {
        call(format!("foreign_origins({})", action(guard.foreign_origins())));
    }
    if guard.websockets() != GuardAction::Deny {
        call(format!("websockets({})", action(guard.websockets())));
    }
    if let Some(hosts) = guard.allow_hosts() {
        call(format!("allow_hosts({})", strings(hosts)));
    }
    if !guard.own_origins().is_empty() {
        call(format!("own_origins({})", strings(guard.own_origins())));
    }
    for (method, path) in guard.exempt() {
        call(format!("exempt({method:?}, {path:?})"));
    }
    if guard.report_only() {
        call("report_only(true)".to_owned());
    }
    text
}

/// The fields that a policy and a rule both have.
struct Fields<'a> {
    origins: Vec<String>,
    methods: &'a [String],
    headers: &'a [String],
    expose: &'a [String],
    credentials: bool,
    max_age: Option<Duration>,
    dangers: &'a [Danger],
}

impl Fields<'_> {
    fn write(&self, text: &mut String, indent: &str) {
        let mut call = |call: String| text.push_str(&format!("{indent}.{call}"));
        call(format!("allow_origins({})", strings(&self.origins)));
        for (name, names) in [
            ("allow_methods", self.methods),
            ("allow_headers", self.headers),
            ("expose_headers", self.expose),
        ] {
            if !names.is_empty() {
                call(format!("{name}({})", strings(names)));
            }
        }
        if self.credentials {
            call("allow_credentials(true)".to_owned());
        }
        if let Some(age) = self.max_age {
            call(format!("max_age(Duration::from_secs({}))", age.as_secs()));
        }
        if !self.dangers.is_empty() {
            let dangers = self.dangers.iter().map(|danger| format!("Danger::{danger:?}"));
            call(format!("dangerously_allow({})", list(dangers, str::to_owned)));
        }
    }
}

/// An array of string literals.
fn strings(texts: &[String]) -> String {
    if texts.is_empty() {
        return "[] as [&str; 0]".to_owned();
    }
    list(texts, |text| format!("{text:?}"))
}
