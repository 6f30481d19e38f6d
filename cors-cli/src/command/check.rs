//! `cors check`: does what a browser would do with a fetch to a live server, and explains the result.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use cors_browser::{Credentials, FailureKind, FetchRequest, Mode, Origin, Page, Profile, Redirect};
use url::Url;

use super::CommandResult;
use super::fix::fix;
use super::values::{CREDENTIALS, MODES, REDIRECTS, browsers, one_of};
use crate::check::{
    Check, CheckReport, LiveNetwork, SetupError, arguments, curl, failure_message, run as play, to_json,
    to_text,
};
use crate::export::Stack;
use crate::output::{Format, print};

/// The first line of the help.
pub const ABOUT: &str = "Do what a browser would do with a fetch to a live server, and explain the result";

/// The help.
pub const LONG_ABOUT: &str = "\
Do what a browser would do with a fetch to a live server, and explain the result

The server is reached directly, without a proxy. The report shows the preflight and the request as a browser sends them, the \
responses, and what the page gets. If the browser blocks the fetch, the report says why, which rule of the Fetch standard applies, \
what the browser's console prints, and which response header to change. `cors explain CODE` says more about a reason.

Exits with 0 if the fetch succeeds (readable, or opaque in mode `no-cors`), with 1 if the browser blocks it, and with 2 if no \
response arrived (connection, TLS, timeout, invalid HTTP, a head or body without an end) or an argument is wrong.

In JSON every field is always present. These are null: `reason`, `console`, `help`, `detail`, `rule` and `faq` unless the fetch is \
blocked; `change` unless another value of one response header would help; `failure` unless no response arrived; `status` and \
`response_type` if the fetch is blocked; `audit` unless `--audit` is given and a response arrived; in an exchange, `response` if \
none arrived, and `error` if one arrived; the `body` of a request without a body; the `reason` of an origin in the audit that can \
read the response with cookies.";

/// The arguments of `cors check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The URL that the page fetches, such as `https://api.example.com/users`
    #[arg(value_parser = arguments::url)]
    url: Url,
    /// The origin of the page, such as `https://app.example.com`, or `null`
    #[arg(long, value_name = "ORIGIN", value_parser = arguments::origin)]
    origin: Origin,
    /// The method, as the script writes it
    #[arg(long, short = 'X', value_name = "METHOD", default_value = "GET")]
    method: String,
    /// A request header that the script sets; repeat the option for more
    #[arg(long, short = 'H', value_name = "NAME: VALUE", value_parser = arguments::header)]
    header: Vec<(String, String)>,
    /// The body of the request
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// The credentials mode of the fetch
    #[arg(long, value_name = "MODE", default_value = "same-origin", value_parser = one_of(CREDENTIALS))]
    credentials: Credentials,
    /// The redirect mode of the fetch
    #[arg(long, value_name = "MODE", default_value = "follow", value_parser = one_of(REDIRECTS))]
    redirect: Redirect,
    /// The mode of the fetch
    #[arg(long, value_name = "MODE", default_value = "cors", value_parser = one_of(MODES))]
    mode: Mode,
    /// The browser whose behavior to follow
    #[arg(long, value_name = "NAME", default_value = "chromium", value_parser = one_of(browsers()))]
    browser: Profile,
    /// A PEM file with certificates to trust in addition to the system's
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// The time limit of each exchange, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = arguments::seconds)]
    timeout: Duration,
    /// Also try hostile origins, with at most nine more GET requests
    #[arg(long)]
    audit: bool,
    /// If the fetch is blocked, also print a configuration that allows it; without STACK for what the server's headers tell of
    #[arg(long, value_enum, value_name = "STACK", num_args = 0..=1, conflicts_with_all = ["curl", "format"])]
    fix: Option<Option<Stack>>,
    /// Print the preflight as a curl command, and send nothing
    #[arg(long, conflicts_with_all = ["audit", "format"])]
    curl: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
///
/// The certificates cannot be read, or standard output cannot be written to.
pub fn run(arguments: Arguments) -> CommandResult {
    block_on(check(&arguments))?
}

/// Runs a future to its end without waiting for other work of the runtime.
///
/// A name lookup that hangs blocks a thread that cannot be stopped. Waiting for that thread would break the time limit.
fn block_on<T>(future: impl Future<Output = T>) -> io::Result<T> {
    let runtime = tokio::runtime::Runtime::new()?;
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(result)
}

async fn check(arguments: &Arguments) -> CommandResult {
    if arguments.curl {
        return Ok(match curl(&arguments.check(), arguments.cacert.as_deref()).await {
            Ok(command) => {
                print(&command)?;
                ExitCode::SUCCESS
            }
            Err(blocked) => {
                eprintln!("the browser sends nothing: {blocked}");
                ExitCode::FAILURE
            }
        });
    }
    let network = LiveNetwork::new(arguments.cacert.as_deref(), arguments.timeout).map_err(setup_message)?;
    let report: CheckReport = play(arguments.check(), Arc::new(network)).await;
    match arguments.format {
        Format::Text => print(&to_text(&report))?,
        Format::Json => print(&to_json(&report)?)?,
    }
    if let Some(stack) = arguments.fix {
        match fix(&report, &arguments.origin, arguments.credentials, stack) {
            Ok(text) => print(&text)?,
            Err(why) => eprintln!("--fix: {why}"),
        }
    }
    if let Some(failure) = report.failure() {
        eprintln!("error: {}: {}{}", arguments.url, failure_message(failure), option_hint(failure.kind));
    }
    Ok(ExitCode::from(report.exit_code()))
}

fn setup_message(error: SetupError) -> String {
    match error {
        SetupError::Certificates { .. } => format!("--cacert {error}"),
        SetupError::Tls(_) => error.to_string(),
    }
}

/// The option that can help with a failure, as a sentence to append to its message.
fn option_hint(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Certificate => " For a development certificate, pass the CA with `--cacert FILE`.",
        FailureKind::Timeout => " `--timeout SECONDS` sets another time limit.",
        _ => "",
    }
}

impl Arguments {
    fn check(&self) -> Check {
        let mut request = FetchRequest::new(self.url.clone())
            .with_method(self.method.clone())
            .with_headers(self.header.clone())
            .with_mode(self.mode)
            .with_credentials(self.credentials)
            .with_redirect(self.redirect);
        if let Some(body) = &self.body {
            request = request.with_body(body.as_bytes());
        }
        let page = Page::new(self.origin.clone());
        Check { page, request, profile: self.browser.clone(), audit: self.audit }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_thread_that_hangs_does_not_delay_the_result() {
        let (begin, begun) = tokio::sync::oneshot::channel();
        let (end, ended) = mpsc::channel::<()>();
        let hang = move || {
            let _ = begin.send(());
            ended.recv_timeout(Duration::from_secs(10))
        };
        let result = block_on(async {
            // The resolver of the HTTP client does the same.
            tokio::task::spawn_blocking(hang);
            begun.await
        });
        assert!(matches!(result, Ok(Ok(()))));
        assert!(end.send(()).is_ok(), "the result waited for the thread");
    }
}
