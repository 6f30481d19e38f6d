//! `cors check`: does what a browser would do with a fetch to a live server, and explains the result.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use cors_browser::{
    Blocked, Credentials, CrossOrigin, FailureKind, FetchRequest, Mode, Network, NetworkPermissions, Origin,
    Page, Permission, Profile, Redirect, ReferrerPolicy,
};
use url::Url;

use self::audit::{AuditOptions, Target, audit_all, read_urls};
use self::expectations::{ExpectationsOptions, check_expectations};
use self::offline::{OfflineOptions, check_har, check_responses};
use super::CommandResult;
use super::fix::fix;
use super::values::{
    ACTIONS, Browsers, CREDENTIALS, CROSS_ORIGINS, FRAMES, Frame, HTTP_VERSIONS, MODES, REDIRECTS,
    browser_sets, one_of, page, referrer_policies,
};
use crate::check::{
    Check, CheckReport, Connecting, HttpVersion, LiveNetwork, Resolve, Setup, Via, arguments, curl,
    failure_message, har, look_up, postman, run_all_in, run_in, snippet, to_json, to_json_of_all, to_text,
    to_text_of_all,
};
use crate::export::Stack;
use crate::output::print;
use crate::tls::TlsError;

mod audit;
mod expectations;
mod offline;

/// The first line of the help.
pub const ABOUT: &str = "Do what a browser would do with a fetch to a live server, and explain the result";

/// The help.
pub const LONG_ABOUT: &str = "\
Do what a browser would do with a fetch to a live server, and explain the result

The server is reached directly, without a proxy. The report shows the preflight and the request as a browser sends them, the \
responses, and what the page gets. If a browser blocks the fetch, the report says why, which rule of the Fetch standard applies, \
what the browsers' consoles print, and which response header to change. `cors explain CODE` says more about a reason.

A request that Chromium, Firefox and WebKit send alike is sent once, and sent again only for a browser that sends it differently. The \
verdict does not wait for bodies: at most 64 KiB of one are read, within a second.

If the server refuses a preflight without a reason, simpler preflights of the same URL follow (at most six OPTIONS and one GET), to \
find out what it refuses. If a GET or HEAD is answered with the page's origin, it is repeated once without `Origin` and once with \
another one, to find out what a cache would do. If its response has no CORS headers and an error status, it is repeated once without \
`Origin`. A WebSocket handshake is repeated with another origin. `--only` sends none of these.

`--then` makes more fetches in the same browser, which keeps its cookies and its preflights. In JSON, the field `fetches` of one object \
then has a report for each, and the exit code is the highest one.

Without a server, it judges responses that you paste (`--response`, `--preflight-response`) or a session that a browser recorded \
(`--har`). `--audit` also tries what pages of hostile origins can read, and says how bad that is. `--file` compares with the results that \
a file expects; https://github.com/cors-policy/cors/blob/main/docs/check-in-ci.md describes it.

Exits with 0 if the fetch succeeds (readable, or opaque in mode `no-cors`), with 1 if a browser blocks it, an audit has a finding of \
medium or high severity, or a result differs from the expected one, and with 2 if no response arrived (connection, TLS, timeout, invalid \
HTTP, a head without an end) or an argument is wrong. Notes and warnings do not change the exit code.

In JSON every field is always present. These are null: `reason`, `console`, `help`, `detail`, `rule` and `faq` unless the fetch is \
blocked; `change` unless another value of one response header would help; `failure` unless no response arrived; `status` and \
`response_type` unless the page gets a response; `audit` unless `--audit` is given and a response arrived; in an exchange, `response` \
if none arrived, and `error` if one arrived; the `body` of a request without a body; the `body_error` of a response whose body was \
read to its end; the `reason` of an origin in the audit that can read the response with cookies.";

/// The output format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Text for people
    #[default]
    #[value(alias = "table")]
    Text,
    /// JSON for programs
    Json,
    /// With `--audit`: the findings in SARIF 2.1.0, for code scanning
    Sarif,
    /// With `--file`: XML for continuous integration
    Junit,
    /// With `--file`: text for a summary or a pull request
    Markdown,
}

/// The arguments of `cors check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The URL that the page requests, such as `https://api.example.com/users` or `wss://api.example.com/live`
    #[arg(value_parser = arguments::url, required_unless_present_any = ["urls", "har", "file"])]
    url: Option<Url>,
    /// The origin of the page, such as `https://app.example.com`, `capacitor://localhost` or `null`
    #[arg(
        long,
        value_name = "ORIGIN",
        value_parser = arguments::origin,
        required_unless_present_any = ["har", "file"]
    )]
    origin: Option<Origin>,
    /// What makes the request [default: fetch, or websocket for a `wss:` or `ws:` URL]
    #[arg(long = "as", value_name = "WHAT", value_parser = one_of(ACTIONS))]
    via: Option<Via>,
    /// The method, as the script writes it [default: GET, or POST with `--form`]
    #[arg(long, short = 'X', value_name = "METHOD")]
    method: Option<String>,
    /// A request header that the script sets; repeat the option for more
    #[arg(long, short = 'H', value_name = "NAME: VALUE", value_parser = arguments::header)]
    header: Vec<(String, String)>,
    /// The body of the request, or `@FILE` for that of a file
    #[arg(long, value_name = "TEXT", conflicts_with = "form")]
    body: Option<String>,
    /// A field of the form, or of the `FormData` that is the body; repeat the option for more
    #[arg(long, value_name = "NAME=VALUE", value_parser = arguments::field)]
    form: Vec<(String, String)>,
    /// Let the request outlive the page (`keepalive: true`)
    #[arg(long)]
    keepalive: bool,
    /// Listen to events of `xhr.upload`, which forces a preflight [implies `--as xhr`]
    #[arg(long)]
    upload_listener: bool,
    /// Fetch this as well after the first URL, with the cookies and the preflights that the browser has then; repeat the option for more
    ///
    /// Everything but the URL and the method is as in the first fetch. `GET` and `HEAD` have no body and no `Content-Type`.
    #[arg(
        long,
        value_name = "[METHOD ]URL",
        value_parser = arguments::later_fetch,
        conflicts_with_all = ["print", "audit", "fix", "response", "preflight_response", "har", "file"]
    )]
    then: Vec<(Option<String>, Url)>,
    /// The credentials mode of the fetch
    #[arg(long, value_name = "MODE", default_value = "same-origin", value_parser = one_of(CREDENTIALS))]
    credentials: Credentials,
    /// A cookie that the server has set before, as in `Set-Cookie`; repeat the option for more
    #[arg(long, value_name = "NAME=VALUE; …", value_parser = arguments::cookie)]
    cookie: Vec<String>,
    /// A URL that the user visits before; the cookies of its response are kept
    #[arg(long, value_name = "URL", value_parser = arguments::url)]
    login: Option<Url>,
    /// The redirect mode of the fetch
    #[arg(long, value_name = "MODE", default_value = "follow", value_parser = one_of(REDIRECTS))]
    redirect: Redirect,
    /// The mode of the fetch
    #[arg(long, value_name = "MODE", default_value = "cors", value_parser = one_of(MODES))]
    mode: Mode,
    /// The `crossorigin` attribute of an element
    #[arg(long, value_name = "VALUE", value_parser = one_of(CROSS_ORIGINS))]
    crossorigin: Option<CrossOrigin>,
    /// The kind of frame that the page is, if its origin is `null` for that reason; `--origin` is then the page around it
    #[arg(long, value_name = "KIND", value_parser = one_of(FRAMES))]
    frame: Option<Frame>,
    /// The origin in the address bar, if the page is in a frame
    #[arg(long, value_name = "ORIGIN", value_parser = arguments::origin)]
    top_level: Option<Origin>,
    /// The `Referrer-Policy` of the page
    #[arg(long, value_name = "POLICY", value_parser = one_of(referrer_policies()))]
    referrer_policy: Option<ReferrerPolicy>,
    /// The browser whose behavior to follow
    #[arg(long, value_name = "NAME", default_value = "all", value_parser = one_of(browser_sets()))]
    browser: Browsers,
    /// A PEM file with certificates to trust in addition to the system's
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Accept certificates that are not trusted, which no browser does; the report says so
    #[arg(long)]
    insecure: bool,
    /// Connect to this address for a host and a port, instead of looking up the name; repeat the option for more
    #[arg(long, value_name = "HOST:PORT:ADDRESS")]
    resolve: Vec<Resolve>,
    /// The version of HTTP for `https:` URLs [default: the newest that the server speaks]
    #[arg(long, value_name = "VERSION", value_parser = one_of(HTTP_VERSIONS))]
    http: Option<HttpVersion>,
    /// The time limit of all requests together, or of each request with `--audit` or `--file`, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = arguments::seconds)]
    timeout: Duration,
    /// Send only what the page sends, without requests that find out more
    #[arg(long)]
    only: bool,
    #[command(flatten)]
    audit: AuditOptions,
    #[command(flatten)]
    offline: OfflineOptions,
    #[command(flatten)]
    expectations: ExpectationsOptions,
    /// Print the requests for another tool; only `har` sends them
    #[arg(long, value_enum, value_name = "TOOL", conflicts_with_all = ["audit", "format"])]
    print: Option<Printed>,
    /// If the fetch is blocked, also print a configuration that allows it; without STACK for what the server's headers tell of
    #[arg(long, value_enum, value_name = "STACK", num_args = 0..=1, conflicts_with_all = ["print", "format", "har", "file"])]
    fix: Option<Option<Stack>>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The forms in which the requests can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Printed {
    /// The first request as a curl command
    Curl,
    /// The fetch as JavaScript, for the console of the page
    Fetch,
    /// The preflight and the request as a Postman collection
    Postman,
    /// The exchanges as an HTTP Archive
    Har,
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
    arguments.check_format()?;
    if let Some(path) = &arguments.offline.har {
        return check_har(path, arguments.first_browser(), arguments.format).await;
    }
    if let Some(path) = &arguments.expectations.file {
        let expectations = expectations::read(path)?;
        let live = Arc::new(arguments.network()?);
        let network = arguments.audit.paced(live.clone(), true);
        let result = check_expectations(path, &expectations, &network, arguments.format).await;
        warn_about_connections(&live);
        return result;
    }
    let targets = arguments.targets()?;
    let check = arguments.check(&targets)?;
    match arguments.print {
        Some(Printed::Curl) => return print_unsent(curl(&check, &arguments.connecting()).await),
        Some(Printed::Postman) => return print_unsent(postman(&check).await),
        Some(Printed::Fetch) => {
            let text =
                snippet(&check).ok_or("--print fetch: only `fetch` and `xhr` are calls of a script")?;
            print(&text)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Printed::Har) | None => {}
    }
    if arguments.offline.has_responses() {
        return check_responses(&arguments.offline, check, arguments.format).await;
    }
    let network = arguments.network()?;
    let network = if check.audit { network } else { network.with_shared_limit() };
    look_up(&check, &network).await;
    let live = Arc::new(network);
    let network = arguments.audit.paced(live.clone(), check.audit);
    if !arguments.then.is_empty() {
        return check_several(arguments, check, &live, network).await;
    }
    if arguments.audit.urls.is_some() || arguments.format == Format::Sarif {
        let result = audit_all(&check, targets, &network, arguments.format).await;
        warn_about_connections(&live);
        return result;
    }
    let (url, origin) = (check.request.url.clone(), check.page.origin.clone());
    let report: CheckReport = run_in(&arguments.browser.0, check, network).await;
    let report = report.with_connection_notes(live.notes());
    match (arguments.print, arguments.format) {
        (Some(_), _) => print(&har(&report)?)?,
        (None, Format::Json) => print(&to_json(&report)?)?,
        (None, _) => print(&to_text(&report))?,
    }
    if let Some(stack) = arguments.fix {
        match fix(&report, &origin, arguments.credentials, stack) {
            Ok(text) => print(&text)?,
            Err(why) => eprintln!("--fix: {why}"),
        }
    }
    print_failure(&url, &report);
    Ok(ExitCode::from(report.exit_code()))
}

/// Makes several fetches in one browser after the other. The exit code is the highest of the single fetches.
async fn check_several(
    arguments: &Arguments,
    first: Check,
    live: &LiveNetwork,
    network: Arc<dyn Network>,
) -> CommandResult {
    let origin = arguments.origin.as_ref().ok_or("a check needs a URL and `--origin`")?;
    let mut checks = vec![first];
    for (method, url) in &arguments.then {
        let check = arguments.check_of(url, origin, method.as_deref())?;
        look_up(&check, live).await;
        checks.push(check);
    }
    let urls: Vec<Url> = checks.iter().map(|check| check.request.url.clone()).collect();
    let reports = run_all_in(&arguments.browser.0, checks, network).await;
    let reports: Vec<_> =
        reports.into_iter().map(|report| report.with_connection_notes(live.notes())).collect();
    match arguments.format {
        Format::Json => print(&to_json_of_all(&reports)?)?,
        _ => print(&to_text_of_all(&reports))?,
    }
    for (url, report) in urls.iter().zip(&reports) {
        print_failure(url, report);
    }
    Ok(ExitCode::from(reports.iter().map(CheckReport::exit_code).max().unwrap_or_default()))
}

/// Prints what the results rest on that a browser would not accept.
fn warn_about_connections(live: &LiveNetwork) {
    for note in live.notes() {
        eprintln!("warning: {}", note.text);
    }
}

/// Prints why no response arrived, if that is so.
fn print_failure(url: &Url, report: &CheckReport) {
    if let Some(failure) = report.failure() {
        eprintln!("error: {url}: {}{}", failure_message(failure), option_hint(failure.kind));
    }
}

/// Prints requests that were not sent, or why the browser would send none.
fn print_unsent(text: Result<String, Blocked>) -> CommandResult {
    Ok(match text {
        Ok(text) => {
            print(&text)?;
            ExitCode::SUCCESS
        }
        Err(blocked) => {
            eprintln!("the browser sends nothing: {blocked}");
            ExitCode::FAILURE
        }
    })
}

fn setup_message(error: TlsError) -> String {
    match error {
        TlsError::Certificates { .. } => format!("--cacert {error}"),
        TlsError::Tls(_) => error.to_string(),
    }
}

/// The option that can help with a failure, as a sentence to append to its message.
fn option_hint(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Certificate => {
            " For a development certificate, pass the CA with `--cacert FILE`, or look past it with `--insecure`."
        }
        FailureKind::Timeout => " `--timeout SECONDS` sets another time limit.",
        _ => "",
    }
}

impl Arguments {
    /// The URL of the command line, and those of a file.
    fn targets(&self) -> Result<Vec<Target>, String> {
        let mut targets: Vec<Target> = self.url.iter().map(|url| (url.clone(), None)).collect();
        if let Some(path) = &self.audit.urls {
            targets.extend(read_urls(path)?);
        }
        Ok(targets)
    }

    /// The browser to follow where only one can be.
    fn first_browser(&self) -> &Profile {
        // Every value of the option has a browser.
        &self.browser.0[0]
    }

    /// The network of real servers.
    fn network(&self) -> Result<LiveNetwork, String> {
        LiveNetwork::connecting(self.connecting(), self.timeout).map_err(setup_message)
    }

    fn connecting(&self) -> Connecting {
        Connecting {
            authorities: self.cacert.clone(),
            addresses: self.resolve.clone(),
            accepts_every_certificate: self.insecure,
            version: self.http,
        }
    }

    /// Each format belongs to some of the things that the command does.
    fn check_format(&self) -> Result<(), &'static str> {
        match self.format {
            Format::Sarif if !self.audit.audit => Err("`--format sarif` needs `--audit`"),
            Format::Junit | Format::Markdown if self.expectations.file.is_none() => {
                Err("`--format junit` and `--format markdown` need `--file FILE`")
            }
            _ => Ok(()),
        }
    }

    /// The check of the first target.
    fn check(&self, targets: &[Target]) -> Result<Check, String> {
        let (Some((url, _)), Some(origin)) = (targets.first(), &self.origin) else {
            return Err("a check needs a URL and `--origin`".to_owned());
        };
        self.check_of(url, origin, None)
    }

    /// The check of a URL, with another method than that of the first fetch if there is one.
    fn check_of(&self, url: &Url, origin: &Origin, later_method: Option<&str>) -> Result<Check, String> {
        let via = self.via(url)?;
        let url = socket_url(url, via)?;
        if self.http == Some(HttpVersion::Http2) && matches!(url.scheme(), "http" | "ws") {
            return Err(format!("--http 2: browsers speak HTTP/2 over TLS only, and {url} is without TLS"));
        }
        let is_posted = !self.form.is_empty();
        let own_method = self.method.as_deref().unwrap_or(if is_posted { "POST" } else { "GET" });
        let method = later_method.unwrap_or(own_method);
        let has_body =
            later_method.is_none_or(|method| !matches!(&*method.to_ascii_uppercase(), "GET" | "HEAD"));
        let mut request = FetchRequest::new(url)
            .with_method(method)
            .with_headers(self.header.clone())
            .with_mode(self.mode)
            .with_credentials(self.credentials)
            .with_redirect(self.redirect)
            .with_keepalive(self.keepalive);
        if let Some(body) = self.body.as_ref().filter(|_| has_body) {
            let body = arguments::body(body).map_err(|error| format!("--body {error}"))?;
            request = request.with_body(body);
        }
        if !has_body {
            request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        }
        let setup = Setup {
            via,
            cross_origin: self.crossorigin,
            fields: self.form.iter().filter(|_| has_body).cloned().collect(),
            cookies: self.cookie.clone(),
            login: self.login.clone(),
            has_upload_listener: self.upload_listener,
            only: self.only,
            ..Setup::default()
        };
        let profile = self.first_browser().clone();
        Ok(Check { page: self.page(origin), request, profile, audit: self.audit.audit, setup })
    }

    /// What makes the request for a URL.
    fn via(&self, url: &Url) -> Result<Via, String> {
        let is_socket = matches!(url.scheme(), "ws" | "wss");
        let default = match self.upload_listener {
            true => Via::Xhr,
            false if is_socket => Via::WebSocket,
            false => Via::Fetch,
        };
        let via = self.via.unwrap_or(default);
        if self.upload_listener && via != Via::Xhr {
            return Err(
                "--upload-listener: only an `XMLHttpRequest` has `upload`; leave `--as` out".to_owned()
            );
        }
        if self.keepalive && via != Via::Fetch {
            return Err("--keepalive: only `fetch()` has this option".to_owned());
        }
        Ok(via)
    }

    fn page(&self, origin: &Origin) -> Page {
        let page = page(origin, self.frame, self.top_level.as_ref(), self.referrer_policy);
        // The report says that Chromium asks. What follows is about users who agree.
        let granted = NetworkPermissions { local: Permission::Granted, loopback: Permission::Granted };
        page.with_network_permissions(granted)
    }
}

/// The URL with the scheme that suits what makes the request: that of a WebSocket, or that of anything else.
fn socket_url(url: &Url, via: Via) -> Result<Url, String> {
    let is_socket = matches!(url.scheme(), "ws" | "wss");
    match (via, is_socket) {
        (Via::WebSocket, false) => {
            let text = url.as_str().replacen("http", "ws", 1);
            Url::parse(&text).map_err(|error| format!("{text}: {error}"))
        }
        (Via::WebSocket, true) | (_, false) => Ok(url.clone()),
        (via, true) => Err(format!("--as {}: only a WebSocket can have the URL {url}", via.as_str())),
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
