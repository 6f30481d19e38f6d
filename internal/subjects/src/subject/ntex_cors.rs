//! The middleware `ntex-cors`, configured as its documentation recommends.

use std::io;
use std::net::TcpListener;
use std::thread;

use cors_core::Policy;
use futures_util::future::{BoxFuture, FutureExt};
use ntex::rt::{DefaultRuntime, System};
use ntex::web::{App, HttpServer};
use ntex_cors::Cors;
use tokio::sync::oneshot;

use super::guard::with_own_origins;
use super::translate::{common_lack, inexpressible, texts};
use super::unsafe_start::{ANY_ORIGIN, NULL, REFLECTED, no_option};
use super::written::{Written, written};
use super::{Server, StartError, Subject, SubjectKind, UnsafeStart, locked_version};
use crate::specimen::{Hits, ntex::application};

/// `ntex-cors`'s `Cors` around the ntex specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct NtexCors;

impl Subject for NtexCors {
    fn name(&self) -> &str {
        "ntex-cors"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Middleware
    }

    fn framework(&self) -> &str {
        "ntex"
    }

    fn version(&self) -> &str {
        locked_version("ntex-cors")
    }

    /// ntex speaks HTTP/2 only over TLS, where the client asks for it with ALPN.
    fn speaks_http2(&self) -> bool {
        false
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        start(policy).boxed()
    }

    fn start_unsafe<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<UnsafeStart, StartError>> {
        start_unsafe(name).boxed()
    }
}

async fn start(policy: &Policy) -> Result<Server, StartError> {
    let policy = with_own_origins(policy).map_err(inexpressible)?.into_owned();
    if let Some(lack) = lack(&policy) {
        return Err(inexpressible(lack));
    }
    serve_with(move || configure(&policy)).await
}

async fn start_unsafe(configuration: &str) -> Result<UnsafeStart, StartError> {
    let make: fn(Written<Cors>) -> Written<Cors> = match configuration {
        // "Defaults to `All`."
        ANY_ORIGIN => |cors| cors,
        NULL => |cors| written!(cors.allowed_origin("null")),
        REFLECTED => return no_option("any origin with credentials is reflected"),
        _ => return no_option("it has exact origins only"),
    };
    let cors = move || {
        let cors = make(written!(Cors::new()));
        written!(cors.supports_credentials())
    };
    Ok(serve_with(cors).await?.into())
}

fn configure(policy: &Policy) -> Written<Cors> {
    let mut cors = written!(Cors::new());
    if policy.allows_any_origin() {
        // All origins are allowed by default. Without this, the request's origin is sent back.
        cors = written!(cors.send_wildcard());
    } else {
        for origin in policy.allow_origins() {
            cors = written!(cors.allowed_origin(&*origin));
        }
    }
    // It denies a method that is not listed even if it is CORS-safelisted.
    cors = written!(cors.allowed_methods(["GET", "HEAD", "POST"]));
    if !policy.allow_methods().is_empty() {
        cors = written!(cors.allowed_methods(texts(policy.allow_methods())));
    }
    if !policy.allow_headers().iter().any(|name| name == "*") {
        // An empty list allows any header, so a name that is always allowed is listed.
        cors = written!(cors.allowed_header("accept"));
        if !policy.allow_headers().is_empty() {
            cors = written!(cors.allowed_headers(texts(policy.allow_headers())));
        }
    }
    if !policy.expose_headers().is_empty() {
        cors = written!(cors.expose_headers(texts(policy.expose_headers())));
    }
    if policy.allow_credentials() {
        cors = written!(cors.supports_credentials());
    }
    if let Some(max_age) = policy.max_age() {
        cors = written!(cors.max_age(usize::try_from(max_age.as_secs()).unwrap_or(usize::MAX)));
    }
    cors
}

/// Something in the policy for which `ntex-cors` has no option.
fn lack(policy: &Policy) -> Option<&'static str> {
    if let Some(lack) = common_lack(policy) {
        return Some(lack);
    }
    if policy.diagnostics() {
        return Some("it has no diagnostic mode");
    }
    if !policy.allows_any_origin() && policy.allow_origins().any(|origin| origin.contains('*')) {
        return Some("it has exact origins only");
    }
    if policy.allow_origins().any(|origin| origin == "file://") {
        return Some("it takes only origins with a host");
    }
    if policy.allow_origins().next().is_none() {
        return Some("an empty list of origins allows every origin");
    }
    if policy.allow_methods() == ["*"] {
        return Some("it cannot allow any method");
    }
    if policy.allow_headers() == ["*"] {
        return Some("all headers cannot be allowed without `Authorization`");
    }
    // To a browser 200 and the default 204 are the same.
    if !matches!(policy.preflight_status(), 200 | 204) {
        return Some("preflights are always answered with 200");
    }
    None
}

/// Serves the specimen, over HTTP/1.1, with the middleware that `cors` makes for each worker.
async fn serve_with(cors: impl Fn() -> Written<Cors> + Clone + Send + 'static) -> Result<Server, StartError> {
    let failed = |error: io::Error| StartError::Failed(error.to_string());
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let code = cors().code();

    let hits = Hits::default();
    let application = async move || {
        let hits = hits.clone();
        App::new().middleware(cors().value.finish()).configure(|app| application(hits, app))
    };
    // ntex runs in a thread and a system of its own.
    let (started, starting) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let (ended, end) = oneshot::channel();
    let system = thread::Builder::new().name("ntex-specimen".to_owned()).spawn(move || {
        let system = System::build().name("ntex-specimen").disable_signals().build(DefaultRuntime);
        system.block_on(async move {
            let server = HttpServer::new(application).workers(1).disable_signals();
            let server = match server.listen(listener).map(HttpServer::run) {
                Ok(server) => server,
                Err(error) => {
                    let _ = started.send(Err(error));
                    return;
                }
            };
            // The receiver is gone if the future that waits for the server was dropped, and so is the sender of `stopped`.
            let _ = started.send(Ok(()));
            // A sender that is dropped stops the server, too.
            let _ = stopped.await;
            server.stop(false).await;
        });
        // The receiver is gone if the server was dropped.
        let _ = ended.send(());
    });
    system.map_err(failed)?;
    match starting.await {
        Ok(outcome) => outcome.map_err(failed)?,
        Err(_) => return Err(StartError::Failed("ntex ended before it listened".to_owned())),
    }

    let server = Server::new(address, move || {
        // An error says that the server has ended already.
        let _ = stop.send(());
        end.map(drop).boxed()
    });
    Ok(server.configured_as(code))
}

#[cfg(test)]
mod tests {
    use cors_core::{Danger, PolicyBuilder, Rule};
    use ntex::web::DefaultError;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain(|policy: PolicyBuilder| policy, None)]
    #[case::pattern(|policy: PolicyBuilder| policy.allow_origins("https://*.app.example"), Some("it has exact origins only"))]
    #[case::file(|policy: PolicyBuilder| policy.allow_origins("file://").dangerously_allow([Danger::NullOrigin]), Some("it takes only origins with a host"))]
    #[case::any_method(|policy: PolicyBuilder| policy.allow_methods("*"), Some("it cannot allow any method"))]
    #[case::any_header(
        |policy: PolicyBuilder| policy.allow_headers("*"),
        Some("all headers cannot be allowed without `Authorization`")
    )]
    #[case::any_header_indeed(|policy: PolicyBuilder| policy.allow_headers(["*", "authorization"]), None)]
    #[case::status(|policy: PolicyBuilder| policy.preflight_status(201), Some("preflights are always answered with 200"))]
    #[case::diagnostics(|policy: PolicyBuilder| policy.diagnostics(true), Some("it has no diagnostic mode"))]
    #[case::rules(
        |policy: PolicyBuilder| policy.rule(Rule::builder().allow_origins("https://partner.example")),
        Some("it has one set of methods, headers and credentials for all origins")
    )]
    fn some_policies_cannot_be_expressed(
        #[case] extend: fn(PolicyBuilder) -> PolicyBuilder,
        #[case] expected: Option<&str>,
    ) {
        let policy = extend(Policy::builder().allow_origins("https://app.example"));
        assert_eq!(lack(&policy.build().expect("a safe policy")), expected);
    }

    #[rstest]
    #[case::everything(Policy::builder().allow_origins("*").allow_headers(["*", "authorization"]).expose_headers("*"))]
    #[case::lists(
        Policy::builder()
            .allow_origins(["https://app.example", "http://[::1]:8080", "chrome-extension://abc"])
            .allow_methods(["PUT", "PURGE"])
            .allow_headers(["x-a", "authorization"])
            .expose_headers("x-b")
            .allow_credentials(true)
            .max_age(std::time::Duration::from_secs(60))
    )]
    #[case::null(Policy::builder().allow_origins("null").dangerously_allow([Danger::NullOrigin]))]
    fn a_configuration_is_accepted(#[case] policy: PolicyBuilder) {
        let policy = policy.build().expect("a safe policy");
        assert_eq!(lack(&policy), None);
        // It panics with what it does not accept.
        configure(&policy).value.finish::<DefaultError>();
    }
}
