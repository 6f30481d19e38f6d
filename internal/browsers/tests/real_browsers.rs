//! Real browsers start, play scenarios, and leave no process and no file behind.
//!
//! If a browser is not installed, its tests are skipped. With `CORS_BROWSERS=required` they fail instead.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::future::ready;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use cors_browser::{FailureKind, Network, NetworkError, NetworkFuture, Origin, Page, WireRequest};
use cors_conformance::process::all_gone;
use cors_conformance::run::{Judgement, Options, Verdict, play};
use cors_conformance::scenario;
use cors_conformance::subject::Subject;
use cors_conformance::user_agent::{UserAgent, UserAgentError};
use cors_real_browsers::real::{Kind, LaunchError, RealBrowser};
use cors_subjects::registry;
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::Runtime;

/// A network without servers.
struct NoServers;

impl Network for NoServers {
    fn send(&self, _: WireRequest) -> NetworkFuture<'_> {
        Box::pin(ready(Err(NetworkError::new(FailureKind::Refused, "there are no servers"))))
    }
}

/// Starts a browser; `None` if it is not installed and need not be.
fn launch(runtime: &Runtime, kind: Kind) -> Option<RealBrowser> {
    match runtime.block_on(RealBrowser::launch(kind)) {
        Ok(browser) => Some(browser),
        Err(error @ LaunchError::Missing(_)) if env::var_os("CORS_BROWSERS").is_none() => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn play_a_scenario(runtime: &Runtime, user_agent: &Arc<dyn UserAgent>) -> Judgement {
    let mut scenarios = scenario::embedded().unwrap().into_iter();
    let scenario = Arc::new(scenarios.find(|scenario| scenario.id == "preflight/method-not-listed").unwrap());
    let subject: Arc<dyn Subject> = registry::find("cors-axum").unwrap().into();
    runtime.block_on(play(&scenario, &subject, user_agent, Options::default().time_limit))
}

/// The folders in `/proc` of all processes that have the folder of a browser in their arguments or their environment.
fn processes(folder: &Path) -> Vec<PathBuf> {
    let folder = folder.as_os_str().as_encoded_bytes();
    let mentions =
        |path: &Path| fs::read(path).is_ok_and(|text| text.windows(folder.len()).any(|part| part == folder));
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path());
    processes
        .filter(|process| process.file_name().is_some_and(|id| id.as_encoded_bytes()[0].is_ascii_digit()))
        .filter(|process| mentions(&process.join("cmdline")) || mentions(&process.join("environ")))
        .collect()
}

fn assert_nothing_is_left(folder: &Path) {
    all_gone();
    assert!(!folder.exists());
    assert_eq!(processes(folder), Vec::<PathBuf>::new());
}

fn page() -> Page {
    Page::new(Origin::parse("https://app.example").unwrap())
}

#[rstest]
#[case::chromium(Kind::Chromium)]
#[case::firefox(Kind::Firefox)]
#[case::webkit(Kind::WebKit)]
fn nothing_is_left_after_a_scenario(#[case] kind: Kind) {
    let runtime = Runtime::new().unwrap();
    let Some(browser) = launch(&runtime, kind) else { return };
    let folder = browser.folder().to_owned();
    assert!(folder.is_dir() && !processes(&folder).is_empty());
    let user_agent: Arc<dyn UserAgent> = Arc::new(browser);
    let judgement = play_a_scenario(&runtime, &user_agent);
    assert_eq!(judgement.verdict, Verdict::Pass, "{judgement}");

    drop(user_agent);
    drop(runtime);
    assert_nothing_is_left(&folder);
}

#[rstest]
#[case::chromium(Kind::Chromium)]
#[case::firefox(Kind::Firefox)]
#[case::webkit(Kind::WebKit)]
fn nothing_is_left_after_the_driver_was_killed(#[case] kind: Kind) {
    let runtime = Runtime::new().unwrap();
    let Some(browser) = launch(&runtime, kind) else { return };
    let folder = browser.folder().to_owned();
    let user_agent: Arc<dyn UserAgent> = Arc::new(browser);
    let network = Arc::new(NoServers);
    let mut session = runtime.block_on(user_agent.open(&page(), network, &[])).unwrap();
    let is_driver = |process: &PathBuf| {
        fs::read_to_string(process.join("comm"))
            .is_ok_and(|name| name.trim().to_lowercase().ends_with("driver"))
    };
    let driver = processes(&folder).into_iter().find(is_driver).unwrap();
    let id = driver.file_name().unwrap().to_str().unwrap().parse().unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::KILL).unwrap();
    // The connection may still be open at the first attempt. It is closed at the second one.
    for _ in 0..2 {
        let cookie = runtime.block_on(session.document_cookie(&page()));
        assert!(matches!(cookie, Err(UserAgentError::Failed(_))), "{cookie:?}");
    }

    drop(session);
    drop(user_agent);
    drop(runtime);
    assert_nothing_is_left(&folder);
}

#[rstest]
#[case::chromium(Kind::Chromium)]
#[case::firefox(Kind::Firefox)]
#[case::webkit(Kind::WebKit)]
fn nothing_is_left_after_a_panic(#[case] kind: Kind) {
    let panicking = std::thread::spawn(move || {
        let runtime = Runtime::new().unwrap();
        let browser = launch(&runtime, kind)?;
        let folder = browser.folder().to_owned();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _browser = browser;
            panic!("on purpose");
        }));
        assert!(panicked.is_err());
        Some(folder)
    });
    let Some(folder) = panicking.join().unwrap() else { return };
    assert_nothing_is_left(&folder);
}

#[test]
fn nothing_is_left_after_the_display_was_killed() {
    let runtime = Runtime::new().unwrap();
    let Some(browser) = launch(&runtime, Kind::WebKit) else { return };
    let folder = browser.folder().to_owned();
    let user_agent: Arc<dyn UserAgent> = Arc::new(browser);
    let session = runtime.block_on(user_agent.open(&page(), Arc::new(NoServers), &[])).unwrap();
    let is_display =
        |process: &PathBuf| fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == "Xvfb");
    let display = processes(&folder).into_iter().find(is_display).unwrap();
    let id = display.file_name().unwrap().to_str().unwrap().parse().unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::KILL).unwrap();

    drop(session);
    drop(user_agent);
    drop(runtime);
    assert_nothing_is_left(&folder);
}
