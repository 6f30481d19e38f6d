//! The commands, run as a program.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

fn xtask(arguments: &[&str], input: &str) -> Output {
    start(arguments, input).wait_with_output().expect("an end")
}

fn start(arguments: &[&str], input: &str) -> Child {
    let mut command = Command::new(XTASK);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a start");
    // A command that does not read its input may have ended.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

#[test]
fn every_adapter_passes_every_judged_scenario() {
    let output = xtask(&["conformance", "--format", "json"], "");
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    let subjects = run["subjects"].as_array().unwrap();
    assert!(subjects.iter().all(|subject| subject["kind"] == "adapter"));
    for subject in subjects {
        assert_eq!(subject["results"].as_array().unwrap().len() as u64, run["scenarios"].as_u64().unwrap());
        let is_excused = |result: &Value| {
            let detail = result["detail"].as_str().unwrap_or_default();
            detail.starts_with("only of ") || detail.starts_with("not judged: ")
        };
        let failed: Vec<_> = subject["results"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|result| match result["verdict"].as_str() {
                Some("pass") => false,
                Some("limit") => result["limit"]["reason"].as_str().is_none(),
                Some("not-asked") => !is_excused(result),
                _ => true,
            })
            .collect();
        assert!(failed.is_empty(), "{} fails {failed:#?}", subject["name"]);
        let counts = ["passed", "failed", "limits", "disputed", "cannot_express", "not_asked", "errors"]
            .map(|count| subject[count].as_u64().unwrap());
        assert_eq!(counts.iter().sum::<u64>(), run["scenarios"].as_u64().unwrap());
    }
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn the_readme_shows_what_the_command_prints() {
    let readme = include_str!("../../README.md");
    let shown = readme.split("```text\n").nth(1).and_then(|text| text.split("```").next()).unwrap();
    let printed = stdout(&xtask(&["conformance"], ""));
    let printed: Vec<_> = printed.lines().collect();
    let missing: Vec<_> = shown.lines().filter(|line| !printed.contains(line)).collect();
    assert!(shown.lines().count() > 9 && missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_program_is_tested_like_an_adapter() {
    let command = format!(
        r#"mine=printf %s "$CORS_POLICY" | exec '{XTASK}' serve --subject cors-axum --policy - --port "$PORT""#
    );
    let arguments = ["conformance", "--external", &command, "--scenario", "preflight/*", "--format", "json"];
    let output = xtask(&arguments, "");
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    let subjects = run["subjects"].as_array().unwrap();
    assert_eq!(subjects.len(), 1);
    assert_eq!(subjects[0]["name"], "mine");
    assert_eq!(subjects[0]["kind"], "external");
    assert!(subjects[0]["passed"].as_u64().unwrap() > 5, "{run:#}");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn a_harness_is_judged_like_the_subject_that_it_serves() {
    let verdicts = |arguments: &[&str]| {
        let output = xtask(&[&["conformance", "--format", "json"], arguments].concat(), "");
        let run: Value = serde_json::from_slice(&output.stdout).unwrap();
        let subject = &run["subjects"][0];
        assert_eq!(subject["problems"], Value::Null, "{subject:#}");
        let results = subject["results"].as_array().unwrap().iter();
        results
            .map(|result| (result["scenario"].clone(), result["verdict"].clone(), result["detail"].clone()))
            .collect::<Vec<_>>()
    };
    let command = format!("mine=exec '{XTASK}' harness --subject tower-http");
    let programs = verdicts(&["--harness", &command]);
    let own = verdicts(&["--subject", "tower-http"]);
    assert_eq!(programs.len(), own.len());
    let same = programs.iter().zip(&own).filter(|(program, own)| program.1 == own.1).count();
    let different: Vec<_> = programs.iter().zip(&own).filter(|(program, own)| program.1 != own.1).collect();
    // What only exists in one process cannot be given to a program, and it has one policy for all hosts.
    assert!(different.iter().all(|(program, _)| program.1 == "cannot-express"), "{different:#?}");
    assert!(same > own.len() * 9 / 10, "{same} of {}", own.len());
}

#[test]
fn a_program_that_fails_leads_to_exit_code_1() {
    let arguments = ["conformance", "--external", "broken=exit 3", "--scenario", "preflight/granted"];
    let output = xtask(&arguments, "");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("`exit 3` ended before it printed a line"), "{}", stdout(&output));
}

#[test]
fn failures_of_other_middleware_do_not_fail_the_run() {
    let output = xtask(&["conformance", "--subject", "tower-http", "--format", "json"], "");
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(run["subjects"][0]["failed"].as_u64().unwrap() > 0, "{run:#}");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn a_report_is_written_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xml");
    let path = path.to_str().unwrap();
    let arguments = ["conformance", "--subject", "cors-axum", "--scenario", "preflight/granted"];
    let output = xtask(&[&arguments[..], &["--format", "junit", "--out", path]].concat(), "");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), ""));
    assert!(stderr(&output).contains(
        "1 scenario x 1 subject: 1 passed, 0 failed, 0 limits, 0 cannot be expressed, 0 not asked, 0 errors"
    ));
    assert!(std::fs::read_to_string(path).unwrap().contains("<testcase name=\"preflight/granted\""));
}

/// A scenario that tower-http fails.
const FAILED: &str = "interference/own-allow-credentials-opens-nothing";

#[test]
fn a_baseline_shows_what_changed_and_decides_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let compare = |subject: &str, options: &[&str]| {
        let arguments = ["compare", "--subject", subject, "--scenario", FAILED];
        xtask(&[&arguments, options].concat(), "")
    };
    let old = stdout(&compare("tower-http", &["--format", "json"]));
    assert_eq!(old.matches(r#""verdict":"fail""#).count(), 1, "{old}");

    let same = compare("tower-http", &["--baseline", &write("same.json", &old)]);
    assert!(stderr(&same).contains("since the baseline: nothing changed"), "{}", stderr(&same));
    assert_eq!(same.status.code(), Some(0));

    let held = old.replace(r#""verdict":"fail""#, r#""verdict":"pass""#);
    let worse = compare("tower-http", &["--baseline", &write("held.json", &held)]);
    let expected = format!("1 regression\n  tower-http, {FAILED}: pass before, fail now: ");
    assert!(stderr(&worse).contains(&expected), "{}", stderr(&worse));
    assert_eq!(worse.status.code(), Some(1));

    let broken = compare("tower-http", &["--baseline", &write("broken.json", "{}")]);
    assert!(stderr(&broken).contains("broken.json: not the JSON report of a run: "), "{}", stderr(&broken));
    assert_eq!(broken.status.code(), Some(2));
}

#[test]
fn a_whole_comparison_has_its_date_and_its_unsafe_configurations() {
    let output = xtask(&["compare", "--subject", "warp-cors", "--format", "json"], "");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["date"].as_str().unwrap().len(), "2026-01-02".len());
    assert_eq!(report["unsafe_configurations"][0]["subject"], "warp-cors");
    assert_eq!(report["subjects"][0]["name"], "warp-cors");

    let page = stdout(&xtask(&["compare", "--subject", "warp-cors", "--format", "html"], ""));
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("warp-cors"), "{page}");
}

#[test]
fn subjects_and_scenarios_can_be_listed() {
    let output =
        xtask(&["conformance", "--list", "--subject", "cors-axum", "--scenario", "preflight/g*"], "");
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    assert!(text.contains("cors-axum") && text.contains("preflight/granted"), "{text}");
    assert!(!text.contains("cors-warp") && !text.contains("credentials/"), "{text}");
}

#[rstest]
#[case(&["conformance", "--subject", "cors-axxum"], "no subject is called `cors-axxum`")]
#[case(&["conformance", "--scenario", "no-such/*"], "no scenario is called `no-such/*`")]
#[case(&["conformance", "--scenario", "a["], "`a[` is not a pattern")]
#[case(&["conformance", "--external", "mine"], "`mine` does not name a program")]
#[case(&["conformance", "--external", "cors-axum=true"], "two subjects are called `cors-axum`")]
#[case(&["conformance", "--out", "/no/such/folder/report"], "--out /no/such/folder/report: ")]
#[case(&["conformance", "--format", "yaml"], "invalid value 'yaml'")]
#[case(&["conformance", "--user-agent", "lynx"], "invalid value 'lynx'")]
#[case(&["conformance", "--browser", "lynx"], "invalid value 'lynx'")]
#[case(&["conformance", "--user-agent", "firefox", "--browser", "chromium"], "leave it out with a real browser")]
#[case(&["agreement", "--browser", "lynx"], "invalid value 'lynx'")]
#[case(&["agreement", "--scenario", "no-such/*"], "no scenario is called `no-such/*`")]
#[case(&["agreement", "--subject", "cors-axxum"], "no subject is called `cors-axxum`")]
#[case(&["conformance", "--jobs", "0"], "invalid value '0'")]
#[case(&["conformance", "--surprise"], "unexpected argument '--surprise'")]
#[case(&["serve", "--subject", "cors-*", "--policy", "-"], "no subject is called `cors-*`")]
#[case(&["serve", "--subject", "cors-axum", "--policy", "/no/such/file"], "/no/such/file")]
#[case(&["serve", "--subject", "cors-axum"], "--policy")]
#[case(&["policy"], "FILE")]
#[case(&[], "Usage")]
fn a_wrong_argument_is_an_error_with_exit_code_2(#[case] arguments: &[&str], #[case] expected: &str) {
    let output = xtask(arguments, "");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
}

#[test]
fn a_refused_policy_is_shown_with_all_of_its_problems() {
    let policy = "allow_origins = [\"https://a.example/\", \"HTTP://b.example\"]\npreflight_status = 399";
    let output = xtask(&["serve", "--subject", "cors-axum", "--policy", "-"], policy);
    assert_eq!(output.status.code(), Some(2));
    for problem in ["https://a.example/", "HTTP://b.example", "399"] {
        assert!(stderr(&output).contains(problem), "{}", stderr(&output));
    }
}

#[rstest]
fn a_server_prints_its_address_and_stops_after_a_signal(
    #[values(
        "cors-actix",
        "cors-axum",
        "cors-poem",
        "cors-rocket",
        "cors-warp",
        "actix-cors",
        "ntex-cors",
        "poem-cors",
        "rocket_cors",
        "salvo-cors",
        "tower-http",
        "warp-cors"
    )]
    subject: &str,
    #[values(Signal::INT, Signal::TERM)] signal: Signal,
    #[values("http", "https")] scheme: &str,
) {
    let tls = if scheme == "https" { ["--tls"].as_slice() } else { &[] };
    let arguments = [&["serve", "--subject", subject, "--policy", "-"], tls].concat();
    let mut child = start(&arguments, r#"{ "allow_origins": ["https://app.example"] }"#);
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    let address = line.strip_prefix(&format!("listening on {scheme}://127.0.0.1:"));
    let port: u16 = address.and_then(|port| port.trim().parse().ok()).unwrap_or_else(|| panic!("{line}"));
    let _idle = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();

    kill_process(Pid::from_child(&child), signal).unwrap();
    let status = wait(&mut child);
    assert_eq!(status.code(), Some(0));
    assert_eq!(std::io::read_to_string(lines).unwrap(), "", "more than one line");
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}

fn wait(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return status;
        }
        if Instant::now() > deadline {
            child.kill().expect("a child");
            panic!("did not stop");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn no_program_is_left_after_an_interrupted_run() {
    let folder = tempfile::tempdir().unwrap();
    let ids = folder.path().join("ids");
    let command = |name| format!("{name}=echo $$ >>'{}'; exec sleep 60", ids.display());
    let mut child =
        start(&["conformance", "--external", &command("mine"), "--external", &command("other")], "");
    let deadline = Instant::now() + Duration::from_secs(20);
    while std::fs::read_to_string(&ids).unwrap_or_default().is_empty() {
        assert!(Instant::now() < deadline, "no program was started");
        std::thread::sleep(Duration::from_millis(20));
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(wait(&mut child).code(), Some(130));
    for id in std::fs::read_to_string(&ids).unwrap().lines() {
        let gone = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            !is_running(id)
        });
        assert!(gone, "{id} is still running");
    }
}

/// Whether a process with this id exists and is not a zombie.
fn is_running(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The state is after the name of the program, which may contain parentheses.
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}
