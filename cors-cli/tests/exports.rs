//! Exported policies, served by real servers: the scenarios hold, but for what a stack is known to do otherwise.
//!
//! Each test needs the runtime of a harness, and is left out with a line on standard error if the runtime is missing. `cargo xtask
//! harnesses install` installs all of them. With `CORS_REQUIRE_HARNESSES=1` a missing runtime fails the test.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use cors_cli::export::{Stack, differences};
use cors_conformance::Suite;
use cors_conformance::pattern::Pattern;
use cors_conformance::run::Verdict;
use cors_conformance::subject::harness::Harness;
use cors_conformance::subject::{Subject, SubjectKind};
use cors_core::Policy;
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A quick selection, so that the tests of the workspace stay quick. `--ignored` plays all scenarios.
const QUICK: [&str; 5] = ["preflight/*", "request-headers/*", "patterns/*", "rules/*", "any-origin/*"];

#[derive(serde::Deserialize)]
struct File {
    harness: Vec<Entry>,
    runtime: Vec<Runtime>,
}

#[derive(serde::Deserialize)]
struct Entry {
    command: String,
    runtime: String,
    stack: Option<String>,
}

#[derive(serde::Deserialize)]
struct Runtime {
    name: String,
    test: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../harnesses")
}

/// The harness of a stack; nothing if its runtime is missing.
fn harness(stack: Stack) -> Option<Harness> {
    let text = std::fs::read_to_string(folder().join("harnesses.toml")).unwrap();
    let file: File = toml::from_str(&text).unwrap();
    let entry = file.harness.iter().find(|entry| entry.stack.as_deref() == Some(stack.as_str())).unwrap();
    let runtime = file.runtime.iter().find(|runtime| runtime.name == entry.runtime).unwrap();
    let mut test = Command::new("sh");
    test.args(["-c", &runtime.test]).current_dir(folder()).stdout(Stdio::null()).stderr(Stdio::null());
    if !test.status().unwrap().success() {
        let text = format!("{} is left out: {} is not installed", stack.as_str(), runtime.name);
        assert!(std::env::var_os("CORS_REQUIRE_HARNESSES").is_none(), "{text}");
        // The test harness captures what `eprintln!` prints.
        let _ = writeln!(std::io::stderr(), "{text}; run `cargo xtask harnesses install`");
        return None;
    }
    let program = env!("CARGO_BIN_EXE_cors");
    let command = format!(
        "cd '{}' && CORS_EXPORT='{program}' exec {}",
        folder().canonicalize().unwrap().display(),
        entry.command
    );
    let name = format!("exported-{}", stack.as_str());
    let harness = Harness::new(name, command).of_kind(SubjectKind::Middleware);
    // Servers start slowly on a busy machine.
    let seconds = Duration::from_secs;
    Some(harness.with_limits(seconds(180), seconds(60), seconds(10)))
}

/// Plays scenarios, and compares what does not hold with the stack's known differences.
async fn prove(stack: Stack, selected: &[&str]) {
    let Some(harness) = harness(stack) else { return };
    let patterns = selected.iter().map(|glob| Pattern::parse(glob).unwrap());
    let run = Suite::embedded().select_all(patterns).time_limit(Duration::from_secs(120)).run(harness).await;
    let subject = &run.subjects[0];
    let mut unexpected = BTreeMap::new();
    let known: Vec<_> = differences(stack).iter().flat_map(|difference| difference.scenarios).collect();
    let find = |id: &str| known.iter().find(|glob| Pattern::parse(glob).unwrap().matches(id));
    let mut seen = Vec::new();
    for result in &subject.results {
        match result.verdict {
            Verdict::Pass | Verdict::CannotExpress => {}
            // It may depend on a scenario that does not hold.
            Verdict::NotAsked => seen.extend(find(&result.scenario)),
            Verdict::Error => {
                unexpected.insert(&result.scenario, format!("error: {}", result.detail));
            }
            _ => match find(&result.scenario) {
                Some(glob) => seen.push(glob),
                None => {
                    unexpected.insert(&result.scenario, result.detail.clone());
                }
            },
        }
    }
    let counts =
        Verdict::ALL.map(|verdict| format!("{} {}", subject.count(verdict), verdict.as_str())).join(", ");
    let _ = writeln!(std::io::stderr(), "{}: {counts}", subject.name);
    assert!(subject.problems.is_empty(), "{:#?}", subject.problems);
    assert!(unexpected.is_empty(), "{}: {counts}; unexpected: {unexpected:#?}", subject.name);
    assert!(subject.passed > 0, "{counts}");
    // A difference that no longer is one would be wrong in the documentation.
    let is_whole = selected == ["*"];
    let outdated: Vec<_> = known.iter().filter(|glob| is_whole && !seen.contains(glob)).collect();
    assert!(outdated.is_empty(), "{}: these hold now: {outdated:?}", subject.name);
}

async fn prove_quickly(stack: Stack) {
    prove(stack, &QUICK).await;
}

async fn prove_all(stack: Stack) {
    prove(stack, &["*"]).await;
}

/// A policy whose names have every character that a name can have.
fn odd() -> Policy {
    Policy::builder()
        .allow_origins(["https://xn--bcher-kva.example", "http://[::1]:8080", "https://*.a_b.example:*"])
        .allow_methods(["M'$%!&#", "A`B^+|~"])
        .allow_headers(["x-!#$%&'*+.^_`|~", "x-$cors_terms"])
        .expose_headers(["x-'$%`"])
        .allow_credentials(true)
        .build()
        .unwrap()
}

/// The head of the answer to a request with these lines, in lower case.
async fn head(address: SocketAddr, method: &str, lines: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} /echo HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{lines}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    answer.split("\r\n\r\n").next().unwrap().to_owned()
}

/// The entries of all lines of a header.
fn entries<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let lines = lines.filter(|(known, _)| *known == name).flat_map(|(_, value)| value.split(','));
    lines.map(str::trim).filter(|entry| !entry.is_empty()).collect()
}

async fn prove_odd_names(stack: Stack) {
    let Some(harness) = harness(stack) else { return };
    harness.prepare().await.unwrap();
    let server = harness.start(&odd()).await.unwrap();
    for origin in ["http://[::1]:8080", "https://xn--bcher-kva.example", "https://x.a_b.example:99"] {
        let lines = format!(
            "origin: {origin}\r\naccess-control-request-method: M'$%!&#\r\n\
             access-control-request-headers: x-!#$%&'*+.^_`|~,x-$cors_terms\r\n"
        );
        let preflight = head(server.address(), "OPTIONS", &lines).await;
        assert!(preflight.starts_with("http/1.1 20"), "{preflight}");
        assert_eq!(entries(&preflight, "access-control-allow-origin"), [origin], "{preflight}");
        let methods = entries(&preflight, "access-control-allow-methods");
        assert!(methods.contains(&"m'$%!&#") && methods.contains(&"a`b^+|~"), "{preflight}");
        let headers = entries(&preflight, "access-control-allow-headers");
        assert!(headers.contains(&"x-!#$%&'*+.^_`|~") && headers.contains(&"x-$cors_terms"), "{preflight}");
        let actual = head(server.address(), "GET", &format!("origin: {origin}\r\n")).await;
        assert_eq!(entries(&actual, "access-control-allow-origin"), [origin], "{actual}");
        assert_eq!(entries(&actual, "access-control-expose-headers"), ["x-'$%`"], "{actual}");
    }
    // What a dot or a bracket that is not escaped would match.
    for origin in
        ["https://xn--bcher-kvaxexample", "http://:8080", "https://xa_b.example", "https://x.a_bxexample"]
    {
        let actual = head(server.address(), "GET", &format!("origin: {origin}\r\n")).await;
        assert_eq!(entries(&actual, "access-control-allow-origin"), [""; 0], "{actual}");
    }
    server.stop().await;
}

macro_rules! stacks {
    ($(#[$attribute:meta])* $name:ident, $prove:expr) => {
        #[rstest]
        #[case::express(Stack::Express)]
        #[case::fastify(Stack::Fastify)]
        #[case::hono(Stack::Hono)]
        #[case::koa(Stack::Koa)]
        #[case::starlette(Stack::Starlette)]
        #[case::flask(Stack::Flask)]
        #[case::django(Stack::Django)]
        #[case::nginx(Stack::Nginx)]
        #[case::apache(Stack::Apache)]
        #[case::caddy(Stack::Caddy)]
        #[case::haproxy(Stack::HAProxy)]
        #[tokio::test(flavor = "multi_thread")]
        $(#[$attribute])*
        async fn $name(#[case] stack: Stack) {
            $prove(stack).await;
        }
    };
}

stacks!(names_with_odd_characters_arrive, prove_odd_names);
stacks!(exported_policies_hold, prove_quickly);
stacks!(
    #[ignore = "takes a minute for each server"]
    exported_policies_hold_in_all_scenarios,
    prove_all
);
