//! A policy as the configuration of other stacks: web frameworks, web servers, clouds.
//!
//! [`export`] writes what the stack's own documentation recommends, with every value escaped for its language. What a stack cannot
//! say is a [`Limit`]: it stands in the text as a comment, and is never dropped silently.

mod apache;
mod aspnet;
mod aws;
mod caddy;
mod differences;
mod fix;
mod haproxy;
mod javascript;
mod limits;
mod model;
mod nginx;
mod python;
mod quote;
mod rails;
mod report;
mod rust;
mod spring;
mod stack;
#[cfg(test)]
mod tests;
mod tower_http;

use cors_core::Policy;

pub use self::differences::{Difference, differences};
pub use self::fix::{Asked, guess, minimal_policy};
pub use self::limits::{Limit, LimitKind};
pub use self::report::{to_json, to_markdown};
pub use self::stack::Stack;

use self::limits::Limits;
use self::model::Model;

/// A policy as the configuration of a stack.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Export {
    /// The stack.
    pub stack: Stack,
    /// The configuration or code. It begins with comments that say what the stack cannot say.
    pub text: String,
    /// A usual name for a file with this text.
    pub file_name: &'static str,
    /// What the stack cannot say.
    pub limits: Vec<Limit>,
}

/// Writes a policy as the configuration of `stack`.
///
/// ```
/// use cors_cli::export::{Stack, export};
/// use cors_core::Policy;
///
/// let policy = Policy::builder().allow_origins("https://*.example.org").build()?;
/// let exported = export(&policy, Stack::Django);
/// assert!(exported.text.contains(r#"CORS_ALLOWED_ORIGIN_REGEXES = ["^https://([a-z0-9_-]+\\.)*[a-z0-9_-]+\\.example\\.org$"]"#));
/// assert!(exported.limits.is_empty());
/// # Ok::<(), cors_core::PolicyError>(())
/// ```
pub fn export(policy: &Policy, stack: Stack) -> Export {
    let model = Model::of(policy);
    let mut limits = Limits::new(stack);
    limits.check_functions(policy);
    if !stack.is_adapter() {
        limits.check_extensions(policy);
    }
    let body = match stack {
        Stack::Axum | Stack::Actix | Stack::Rocket | Stack::Warp | Stack::Poem => rust::write(policy, stack),
        Stack::TowerHttp => tower_http::write(&model, &mut limits),
        Stack::Express => javascript::express(&model, &mut limits),
        Stack::Fastify => javascript::fastify(&model, &mut limits),
        Stack::Hono => javascript::hono(&model, &mut limits),
        Stack::Koa => javascript::koa(&model, &mut limits),
        Stack::Starlette => python::starlette(&model, &mut limits),
        Stack::Flask => python::flask(&model, &mut limits),
        Stack::Django => python::django(&model, &mut limits),
        Stack::Spring => spring::write(&model, &mut limits),
        Stack::AspNet => aspnet::write(&model, &mut limits),
        Stack::Rails => rails::write(&model, &mut limits),
        Stack::Nginx => nginx::write(&model, &mut limits),
        Stack::Apache => apache::write(&model, &mut limits),
        Stack::Caddy => caddy::write(&model, &mut limits),
        Stack::HAProxy => haproxy::write(&model, &mut limits),
        Stack::S3 => aws::s3(&model, &mut limits),
        Stack::CloudFront => aws::cloudfront(&model, &mut limits),
        Stack::ApiGateway => aws::api_gateway(&model, &mut limits),
    };
    let limits = limits.into_list();
    let text = format!("{}\n{}\n", head(stack, &limits), body.trim_end());
    Export { stack, text, file_name: stack.file_name(), limits }
}

/// The comments at the start of a text.
fn head(stack: Stack, limits: &[Limit]) -> String {
    let mut lines = vec![
        format!("CORS for {}, written by `cors policy export`.", stack.title()),
        stack.documentation().to_owned(),
    ];
    if !limits.is_empty() {
        lines.push(String::new());
        lines.push(format!("{} cannot say all of the policy:", stack.title()));
        lines.extend(limits.iter().map(|limit| format!("- {limit}")));
    }
    let comment = |line: String| format!("{} {line}", stack.comment()).trim_end().to_owned();
    lines.into_iter().map(comment).collect::<Vec<_>>().join("\n") + "\n"
}
