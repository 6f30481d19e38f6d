//! Configurations that fail ignition, and what is logged.

use std::cell::RefCell;

use cors_rocket::{Cors, Policy};
use log::{Level, LevelFilter, Log, Metadata, Record};
use rocket::error::ErrorKind;
use rocket::figment::providers::{Format, Toml};
use rocket::http::{Header, Method, Status};
use rocket::local::blocking::Client;
use rocket::{Build, Rocket};
use rstest::rstest;

/// Records what the test's own thread logs. A blocking client does all of its work on that thread.
struct Logger;

thread_local! {
    static RECORDS: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        RECORDS.with_borrow_mut(|records| records.push((record.level(), record.args().to_string())));
    }

    fn flush(&self) {}
}

fn logged(level: Level) -> Vec<String> {
    RECORDS.with_borrow(|records| {
        records.iter().filter(|(of, _)| *of == level).map(|(_, message)| message.clone()).collect()
    })
}

fn configured(toml: &str) -> Rocket<Build> {
    // Every test sets the same logger, so only the first call succeeds.
    let _ = log::set_logger(&Logger);
    log::set_max_level(LevelFilter::Info);
    RECORDS.with_borrow_mut(Vec::clear);
    let config = rocket::figment::Figment::from(rocket::Config::default());
    rocket::custom(config.merge(Toml::string(toml).nested()).select("debug"))
}

fn refusal(rocket: Rocket<Build>) -> String {
    let error = Client::debug(rocket).expect_err("ignition fails");
    assert!(matches!(error.kind(), ErrorKind::FailedFairings(_)), "{error}");
    logged(Level::Error).join("\n")
}

fn preflight(client: &Client, path: &str, origin: &'static str) -> Status {
    let request = client.req(Method::Options, path.to_owned());
    let request = request.header(Header::new("origin", origin));
    request.header(Header::new("access-control-request-method", "PUT")).dispatch().status()
}

const VALID: &str = r#"
    [default.cors]
    allow_origins = "https://app.example"
    allow_methods = ["PUT"]

    [default.cors.paths."/admin"]
    allow_origins = ["https://admin.example"]
    allow_methods = "PUT"
    max_age = 86400

    [release.cors]
    allow_origins = "https://release.example"
"#;

#[rstest]
#[case("/", "https://app.example", Status::NoContent)]
#[case("/", "https://admin.example", Status::Forbidden)]
#[case("/admin", "https://admin.example", Status::NoContent)]
#[case("/admin", "https://app.example", Status::Forbidden)]
fn policies_are_read_from_the_configuration(
    #[case] path: &str,
    #[case] origin: &'static str,
    #[case] status: Status,
) {
    let client =
        Client::debug(configured(VALID).attach(Cors::from_config())).expect("the application ignites");
    let warnings = logged(Level::Warn).join("\n");
    assert!(warnings.contains(r#"cors.paths."/admin": "#), "{warnings}");
    assert_eq!(preflight(&client, path, origin), status);
}

#[test]
fn profiles_and_other_sources_override_the_file() {
    let rocket = configured(VALID);
    let figment = rocket.figment().clone().select("release").merge(("cors.max_age", 60));
    // `Client::debug` would select the profile `debug`.
    let client = Client::tracked(rocket.configure(figment).attach(Cors::from_config())).expect("it ignites");
    assert_eq!(preflight(&client, "/", "https://release.example"), Status::NoContent);
    assert_eq!(preflight(&client, "/", "https://app.example"), Status::Forbidden);
}

#[rstest]
#[case::every_problem(
    r#"[default.cors]
    allow_origins = ["https://a.example/", "*.example"]
    allow_credentials = "yes"
    allow_method = "PUT"
    [default.cors.paths.admin]
    allow_origins = "*"
    max_ages = 1"#,
    &["https://a.example/", "*.example", "allow_credentials", "allow_method", "cors.paths.\"admin\"", "/admin"]
)]
#[case::missing("", &["[default.cors]", "allow_origins"])]
#[case::not_a_table("[default]\ncors = 1", &["cors", "expected"])]
#[case::paths_not_tables("[default.cors]\nallow_origins = \"*\"\npaths = [1]", &["paths"])]
#[case::path_not_a_table("[default.cors]\nallow_origins = \"*\"\npaths = { \"/a\" = 1 }", &["cors.paths.\"/a\""])]
#[case::invalid_path("[default.cors]\nallow_origins = \"*\"\npaths.admin.allow_origins = \"*\"", &["\"admin\"", "/admin"])]
fn invalid_configurations_fail_ignition(#[case] toml: &str, #[case] expected: &[&str]) {
    let log = refusal(configured(toml).attach(Cors::from_config()));
    for text in expected {
        assert!(log.contains(text), "the log does not mention {text}:\n{log}");
    }
}

#[test]
fn the_readme_shows_the_actual_log() {
    let toml = "[default.cors]\nallow_method = \"PUT\"\nallow_credentials = 1\nallow_origins = [\"https://app.example/\"]";
    let log = refusal(configured(toml).attach(Cors::from_config()));
    let readme = include_str!("../README.md");
    let (_, block) = readme.split_once("```text\nInvalid CORS policy:\n").expect("the block");
    let (shown, _) = block.split_once("```").expect("its end");
    let logged: Vec<_> = log.lines().filter(|line| line.starts_with("cors: ")).collect();
    assert_eq!(logged, shown.lines().collect::<Vec<_>>());
    assert!(log.contains("Invalid CORS policy:"), "{log}");
}

fn policy() -> Policy {
    Policy::builder().allow_origins("https://app.example").build().expect("a valid policy")
}

#[test]
fn all_invalid_paths_are_logged_at_once() {
    let cors = Cors::new(policy()).with_path("admin", policy()).with_path("/a?b", policy());
    let log = refusal(configured("").attach(cors));
    assert!(log.contains("\"admin\"") && log.contains("\"/a?b\""), "{log}");
}

#[test]
fn attaching_cors_twice_fails_ignition() {
    let log = refusal(configured("").attach(Cors::new(policy())).attach(Cors::new(policy())));
    assert!(log.contains("more than once"), "{log}");
}

#[rstest]
#[case::granted("https://app.example", Status::NoContent)]
#[case::denied("https://other.example", Status::Forbidden)]
fn preflights_log_no_errors(#[case] origin: &'static str, #[case] status: Status) {
    let client =
        Client::debug(configured(VALID).attach(Cors::from_config())).expect("the application ignites");
    RECORDS.with_borrow_mut(Vec::clear);
    assert_eq!(preflight(&client, "/nowhere", origin), status);
    assert_eq!((logged(Level::Error), logged(Level::Warn)), (vec![], vec![]));
    let log = logged(Level::Info).join("\n");
    assert!(log.contains("/nowhere") && log.contains("(CORS)"), "{log}");
}
