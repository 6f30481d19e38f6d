//! `cargo xtask check`: acts as a browser towards a live server, and explains.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crate::check::{Check, LiveNetwork, Report, arguments, curl, run as play, to_json, to_text};
use clap::ValueEnum;
use cors_browser::{FetchRequest, Origin, Page, Profile};
use url::Url;

use crate::output::print;

#[derive(Debug, clap::Args)]
/// What to check, and how to report it.
pub struct Arguments {
    /// What the page fetches, such as `https://api.example.com/users`.
    #[arg(value_parser = arguments::url)]
    url: Url,
    /// The page's origin, such as `https://app.example.com`, or `null`.
    #[arg(long, value_name = "O", value_parser = arguments::origin)]
    origin: Origin,
    /// The method, as the script writes it.
    #[arg(long, short = 'X', value_name = "M", default_value = "GET")]
    method: String,
    /// A request header, as the script sets it; may be given several times.
    #[arg(long, short = 'H', value_name = "NAME: VALUE", value_parser = arguments::header)]
    header: Vec<(String, String)>,
    /// The request's body.
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// The credentials mode.
    #[arg(long, value_enum, default_value_t)]
    credentials: Credentials,
    /// The redirect mode.
    #[arg(long, value_enum, default_value_t)]
    redirect: Redirect,
    /// The mode.
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// Whose behaviour to follow.
    #[arg(long, value_enum, default_value_t)]
    browser: BrowserName,
    /// A PEM file with certificates to trust beside the system's.
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// How many seconds each exchange may take.
    #[arg(long, value_name = "S", default_value = "10", value_parser = arguments::seconds)]
    timeout: Duration,
    /// Also try hostile origins, with at most nine more requests, all of them GET.
    #[arg(long)]
    audit: bool,
    /// Print the preflight as a curl command, and send nothing.
    #[arg(long, conflicts_with_all = ["audit", "format"])]
    curl: bool,
    /// How to say it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Credentials {
    /// Never any.
    Omit,
    /// To the page's own origin only.
    #[default]
    SameOrigin,
    /// Always.
    Include,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Redirect {
    /// Redirects are followed.
    #[default]
    Follow,
    /// A redirect is an error.
    Error,
    /// A redirect is handed back, opaque.
    Manual,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Mode {
    /// The CORS protocol.
    #[default]
    Cors,
    /// A simple request, an opaque response.
    NoCors,
    /// The page's own origin only.
    SameOrigin,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum BrowserName {
    #[default]
    Chromium,
    Firefox,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// One object for programs.
    Json,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    in_time(check(&arguments))?
}

/// Runs a future to its end, and waits for nothing else.
///
/// A resolver that hangs blocks a thread that nobody can stop: to wait for it would be to forget the time limit.
fn in_time<T>(future: impl Future<Output = T>) -> io::Result<T> {
    let runtime = tokio::runtime::Runtime::new()?;
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(result)
}

async fn check(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let Arguments { cacert, timeout, format, .. } = arguments;
    if arguments.curl {
        return Ok(match curl(&arguments.check(), cacert.as_deref()).await {
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
    let network = LiveNetwork::new(cacert.as_deref(), *timeout)?;
    let report: Report = play(arguments.check(), Arc::new(network)).await;
    match format {
        Format::Text => print(&to_text(&report))?,
        Format::Json => print(&to_json(&report)?)?,
    }
    if let Some(failure) = report.failure() {
        eprintln!("error: {}: {}", arguments.url, failure.message());
    }
    Ok(ExitCode::from(report.exit_code()))
}

impl Arguments {
    fn check(&self) -> Check {
        let mut request = FetchRequest::new(self.url.clone())
            .with_method(self.method.clone())
            .with_headers(self.header.clone())
            .with_mode(match self.mode {
                Mode::Cors => cors_browser::Mode::Cors,
                Mode::NoCors => cors_browser::Mode::NoCors,
                Mode::SameOrigin => cors_browser::Mode::SameOrigin,
            })
            .with_credentials(match self.credentials {
                Credentials::Omit => cors_browser::Credentials::Omit,
                Credentials::SameOrigin => cors_browser::Credentials::SameOrigin,
                Credentials::Include => cors_browser::Credentials::Include,
            })
            .with_redirect(match self.redirect {
                Redirect::Follow => cors_browser::Redirect::Follow,
                Redirect::Error => cors_browser::Redirect::Error,
                Redirect::Manual => cors_browser::Redirect::Manual,
            });
        request.body = self.body.clone().map(String::into_bytes);
        let profile = match self.browser {
            BrowserName::Chromium => Profile::chromium(),
            BrowserName::Firefox => Profile::firefox(),
        };
        Check { page: Page::new(self.origin.clone()), request, profile, audit: self.audit }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn nobody_waits_for_a_thread_that_hangs() {
        let (begin, begun) = tokio::sync::oneshot::channel();
        let (end, ended) = mpsc::channel::<()>();
        let hang = move || {
            let _ = begin.send(());
            ended.recv_timeout(Duration::from_secs(10))
        };
        let hung = in_time(async {
            // As the resolver of an HTTP client does it.
            tokio::task::spawn_blocking(hang);
            begun.await
        });
        assert!(matches!(hung, Ok(Ok(()))));
        assert!(end.send(()).is_ok(), "the thread had to end first");
    }
}
