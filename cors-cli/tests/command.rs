//! The commands, run as a program.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use rstest::rstest;
use serde_json::Value;

fn cors(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cors")).args(arguments).output().unwrap()
}

fn check(arguments: &[&str]) -> Output {
    cors(&[&["check"], arguments].concat())
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A server with the same response to every request.
fn serve(response: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/item", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(response.as_bytes());
        }
    });
    url
}

const PUBLIC: &str =
    "HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const DENIED: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

const ORIGIN: [&str; 2] = ["--origin", "https://app.example"];

#[rstest]
#[case::readable(PUBLIC, &[], 0, "readable")]
#[case::readable_and_audited(PUBLIC, &["--audit"], 0, "readable")]
#[case::opaque(DENIED, &["--mode", "no-cors"], 0, "opaque")]
#[case::blocked(DENIED, &[], 1, "blocked")]
#[case::blocked_with_cookies(PUBLIC, &["--credentials", "include"], 1, "blocked")]
#[case::blocked_in_firefox(DENIED, &["-X", "PUT", "-H", "x-a: 1", "--browser", "firefox"], 1, "blocked")]
#[case::never_sent(PUBLIC, &["--method", "TRACE"], 1, "blocked")]
#[case::garbage("hello", &[], 2, "blocked")]
fn the_exit_code_is_the_result(
    #[case] response: &'static str,
    #[case] options: &[&str],
    #[case] code: i32,
    #[case] result: &str,
) {
    let url = serve(response);
    let arguments = [&[url.as_str()], &ORIGIN[..], options].concat();
    let output = check(&arguments);
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains(&format!("{result}: ")), "{}", stdout(&output));
    assert_eq!(stderr(&output).starts_with("error: "), code == 2, "{}", stderr(&output));

    let output = check(&[&arguments, &["--format", "json"][..]].concat());
    assert_eq!(output.status.code(), Some(code));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["verdict"], result);
}

/// A WebSocket is open when the head of the response is there; the connection stays open.
#[test]
fn a_web_socket_is_checked() {
    let response = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
                    sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let url = serve(response).replace("http:", "ws:");
    let output = check(&[&url, "--origin", "http://localhost:5173"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(text.contains("open: the page can send and receive messages"), "{text}");
    assert!(text.contains("Warning: CORS does not apply to WebSockets"), "{text}");
    assert!(text.contains("so it does not check the origin"), "{text}");
}

/// A page whose name has no address is that of a developer, unless it is served over HTTPS.
#[rstest]
#[case("http://app.invalid", "all", false)]
#[case("https://app.invalid", "chromium", true)]
#[case("http://localhost:5173", "all", false)]
fn local_network_access_is_noted_for_public_pages(
    #[case] origin: &str,
    #[case] browser: &str,
    #[case] expected: bool,
) {
    let output = check(&[&serve(PUBLIC), "--origin", origin, "--browser", browser]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text.contains("Local Network Access"), expected, "{text}");
}

#[rstest]
#[case("postman", "\"schema\": \"https://schema.getpostman.com/json/collection/v2.1.0/collection.json\"")]
#[case("fetch", "await fetch(\"https://no-such-host.invalid/x\", {")]
fn nothing_is_sent_to_print_the_requests(#[case] tool: &str, #[case] expected: &str) {
    let arguments =
        ["https://no-such-host.invalid/x", "--origin", "https://app.example", "-X", "PUT", "--print", tool];
    let output = check(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains(expected), "{}", stdout(&output));
}

#[test]
fn an_archive_has_the_exit_code_of_the_check() {
    let output = check(&[&serve(DENIED), "--origin", "http://localhost:5173", "--print", "har"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let archive: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(archive["log"]["entries"][0]["response"]["status"], 403);
}

#[test]
fn the_curl_command_sends_nothing() {
    let arguments =
        ["https://no-such-host.invalid/x", "--origin", "https://app.example", "-X", "PUT", "--print", "curl"];
    let output = check(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("curl --include \\\n  --request 'OPTIONS'"), "{}", stdout(&output));
}

#[rstest]
#[case(&["api.example", "--origin", "https://app.example"], "write `https://api.example`")]
#[case(&["https://api.example", "--origin", "https://app.example/"], "write `https://app.example`")]
#[case(&["https://api.example"], "--origin")]
#[case(&["https://api.example", "--origin", "null", "--header", "x-a"], "write `name: value`")]
#[case(&["https://api.example", "--origin", "null", "--timeout", "never"], "write a number of seconds")]
#[case(&["https://api.example", "--origin", "null", "--cacert", "/no/such/file"], "--cacert /no/such/file: ")]
#[case(&["https://api.example", "--origin", "null", "--browser", "lynx"], "invalid value 'lynx'")]
#[case(&["https://api.example", "--origin", "null", "--print", "curl", "--audit"], "cannot be used with")]
#[case(&["https://api.example", "--origin", "null", "--body", "@/no/such/file"], "--body /no/such/file: ")]
#[case(&["wss://api.example", "--origin", "null", "--as", "img"], "--as img: only a WebSocket")]
#[case(&["https://api.example", "--origin", "https://*.example"], "without `*`")]
#[case(&["https://api.example", "--origin", "null", "--as", "link", "--print", "fetch"], "only `fetch` and `xhr`")]
#[case(&["https://api.example", "--origin", "null", "--resolve", "api.example"], "write a host, a port and an address")]
#[case(&["https://api.example", "--origin", "null", "--http", "3"], "invalid value '3'")]
#[case(&["http://api.example", "--origin", "null", "--http", "2"], "browsers speak HTTP/2 over TLS only")]
#[case(&["https://api.example", "--origin", "null", "--upload-listener", "--as", "fetch"], "only an `XMLHttpRequest` has `upload`")]
#[case(&["https://api.example", "--origin", "null", "--keepalive", "--as", "xhr"], "only `fetch()` has this option")]
#[case(&["https://api.example", "--origin", "null", "--then", "b.example"], "write `https://b.example`")]
#[case(&["https://api.example", "--origin", "null", "--then", "https://b.example", "--audit"], "cannot be used with")]
#[case(&["https://api.example", "--origin", "null", "--urls", "x"], "--audit")]
#[case(&["https://api.example", "--origin", "null", "--audit", "--urls", "/no/such/file"], "--urls /no/such/file: ")]
#[case(&["https://api.example", "--origin", "null", "--audit", "--rate", "0"], "write a number of requests")]
#[case(&["https://api.example", "--origin", "null", "--format", "sarif"], "needs `--audit`")]
#[case(&["https://api.example", "--origin", "null", "--format", "junit"], "need `--file FILE`")]
#[case(&["https://api.example", "--origin", "null", "--response", "/no/such/file"], "--response /no/such/file: ")]
#[case(&["https://api.example", "--origin", "null", "--response", "-", "--preflight-response", "-"], "only one of")]
#[case(&["https://api.example", "--origin", "null", "--response", "x", "--audit"], "cannot be used with")]
#[case(&["--har", "/no/such/file"], "--har /no/such/file: ")]
#[case(&["--har", "x", "--origin", "null"], "cannot be used with")]
#[case(&["--file", "/no/such/file"], "--file /no/such/file: ")]
#[case(&["--file", "x", "https://api.example"], "cannot be used with")]
fn a_wrong_argument_is_an_error_with_exit_code_2(#[case] arguments: &[&str], #[case] expected: &str) {
    let output = check(arguments);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
}

#[test]
fn a_failure_names_the_option_that_can_help() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let output = check(&[&url, "--origin", "https://app.example", "--timeout", "0.2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`--timeout SECONDS` sets another time limit."), "{}", stderr(&output));
}

/// A server that allows every origin and method, and keeps the heads of the requests.
fn recording() -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/item", listener.local_addr().unwrap());
    let heads = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = heads.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let length = stream.read(&mut head).unwrap_or_default();
            let head = String::from_utf8_lossy(&head[..length]).to_lowercase();
            let origin = head.lines().find_map(|line| line.strip_prefix("origin: ")).unwrap_or("*");
            let response = format!(
                "HTTP/1.1 200 OK\r\naccess-control-allow-origin: {origin}\r\naccess-control-allow-methods: PUT\r\n\
                 access-control-allow-headers: content-type\r\naccess-control-allow-credentials: true\r\nvary: origin\r\n\
                 set-cookie: sid=1; SameSite=Lax\r\naccess-control-max-age: 60\r\n\
                 content-length: 0\r\nconnection: close\r\n\r\n"
            );
            let _ = stream.write_all(response.as_bytes());
            log.lock().unwrap().push(head);
        }
    });
    (url, heads)
}

/// The kind of frame, the page around it and the referrer policy change what is sent.
#[rstest]
#[case::page(&[], "origin: http://127.0.0.1:9\r\n", "referer: http://127.0.0.1:9/\r\n")]
#[case::sandboxed(&["--frame", "sandboxed"], "origin: null\r\n", "")]
#[case::data(&["--frame", "data", "--top-level", "http://localhost:9"], "origin: null\r\n", "")]
#[case::frame(&["--top-level", "http://localhost:9"], "origin: http://127.0.0.1:9\r\n", "referer: http://127.0.0.1:9/\r\n")]
#[case::no_referrer(&["--referrer-policy", "no-referrer"], "origin: http://127.0.0.1:9\r\n", "")]
fn the_page_can_be_a_frame(#[case] options: &[&str], #[case] origin: &str, #[case] referrer: &str) {
    let (url, heads) = recording();
    let browser = ["--only", "--browser", "standard"];
    let output = check(&[&[url.as_str(), "--origin", "http://127.0.0.1:9"], options, &browser].concat());
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let heads = heads.lock().unwrap();
    let [head] = heads.as_slice() else { panic!("{heads:?}") };
    assert!(head.contains(origin), "{head}");
    assert_eq!(head.contains("referer: "), !referrer.is_empty(), "{head}");
    assert!(head.contains(referrer), "{head}");
}

/// The top-level site decides whether cookies are sent.
#[rstest]
#[case::own_site(&[], true)]
#[case::in_a_frame_of_another_site(&["--top-level", "http://other.example"], false)]
fn cookies_depend_on_the_page_around(#[case] options: &[&str], #[case] is_sent: bool) {
    let (url, heads) = recording();
    let arguments =
        ["--origin", "http://127.0.0.1:9", "--credentials", "include", "--cookie", "a=1", "--only"];
    let output = check(&[&[url.as_str()], &arguments[..], &["--browser", "standard"], options].concat());
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(heads.lock().unwrap()[0].contains("cookie: a=1"), is_sent, "{heads:?}");
}

/// Later fetches have the cookies and the preflights of the earlier ones.
#[test]
fn several_urls_are_fetched_in_a_row() {
    let (url, heads) = recording();
    let arguments = [
        &[
            url.as_str(),
            "--origin",
            "http://127.0.0.1:9",
            "-X",
            "PUT",
            "-H",
            "Content-Type: application/json",
        ],
        &["--body", "{}", "--credentials", "include", "--only", "--browser", "chromium"][..],
    ]
    .concat();
    let then = format!("GET {url}");
    let output = check(&[&arguments[..], &["--then", &url, "--then", &then]].concat());
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(text.contains(&format!("=== 3 of 3: GET {url}\n")), "{text}");
    assert!(text.contains("it remembers the one of an earlier fetch of this URL for 60 seconds"), "{text}");
    let heads: Vec<String> = heads.lock().unwrap().clone();
    let methods: Vec<_> = heads.iter().filter_map(|head| head.split(' ').next()).collect();
    assert_eq!(methods, ["options", "put", "put", "get"]);
    assert!(!heads[1].contains("cookie: ") && heads[2].contains("cookie: sid=1"), "{heads:?}");
    assert!(!heads[3].contains("content-type") && !heads[3].contains("content-length"), "{}", heads[3]);

    let output = check(&[&arguments[..], &["--then", &url, "--format", "json"]].concat());
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["fetches"].as_array().map(Vec::len), Some(2));
    // The exit code is that of the worst.
    let denied = serve(DENIED);
    let output = check(&[url.as_str(), "--origin", "http://127.0.0.1:9", "--then", &denied]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
}

#[test]
fn an_upload_listener_forces_a_preflight() {
    let (url, heads) = recording();
    let output = check(&[
        &url,
        "--origin",
        "http://127.0.0.1:9",
        "--upload-listener",
        "-X",
        "POST",
        "--body",
        "a",
        "--only",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(heads.lock().unwrap()[0].starts_with("options "), "{heads:?}");
    assert!(stdout(&output).contains("because of the listener on `xhr.upload`"), "{}", stdout(&output));
}

/// The standards can be followed instead of a browser.
#[test]
fn the_standards_are_a_browser() {
    let (url, _) = recording();
    let output =
        check(&[&url, "--origin", "http://127.0.0.1:9", "--browser", "standard", "--format", "json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["browser"], &json["browsers"][0]["browser"]), (&"standard".into(), &"standard".into()));
}

/// Scenarios of the user's own, beside the built-in ones or alone.
#[test]
fn scenarios_of_the_users_own_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let list = |scenario: &str, options: &[&str]| {
        std::fs::create_dir_all(folder.path().join("mine")).unwrap();
        std::fs::write(folder.path().join("mine/first.toml"), scenario).unwrap();
        let folder = folder.path().to_str().unwrap();
        cors(&[&["conformance", "--list", "--scenarios", folder], options].concat())
    };
    let builtin = std::fs::read_to_string("../conformance/scenarios/preflight/granted.toml").unwrap();
    let own = builtin.replace("preflight/granted", "mine/first");
    let output = list(&own, &["--scenario", "mine/*", "--scenario", "preflight/granted"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("mine/first") && text.contains("preflight/granted"), "{text}");
    let text = stdout(&list(&own, &["--only-own"]));
    assert!(text.contains("mine/first") && !text.contains("preflight/granted"), "{text}");
    let output = list("id = \"mine/first\"\n", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("first.toml"), "{}", stderr(&output));
}

/// Runs `cors check` with a file, in a folder of its own, and with standard input.
fn check_with(file: &str, input: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), file).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cors"))
        .arg("check")
        .args(arguments)
        .current_dir(folder.path())
        .env("API", "https://api.example")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

const HEAD: &str = "HTTP/2 200\naccess-control-allow-origin: *\naccess-control-allow-methods: PUT\n";
const URL: &str = "https://no-such-host.invalid/x";

#[rstest]
#[case::readable(&["--response", "file"], 0, "readable: ", "")]
#[case::blocked(&["--response", "file", "--credentials", "include"], 1, "wildcard-origin-with-credentials", "")]
#[case::preflight(&["--preflight-response", "file", "--response", "-", "-X", "PUT"], 0, "readable: ", "")]
#[case::preflight_only(&["--preflight-response", "file", "-X", "DELETE"], 1, "method-not-allowed", "")]
#[case::preflight_missing(&["--response", "file", "-X", "PUT"], 2, "", "pass its response with `--preflight-response FILE`")]
#[case::response_missing(&["--preflight-response", "file", "-X", "PUT"], 2, "", "the preflight is granted")]
#[case::preflight_unused(&["--preflight-response", "file", "--response", "-"], 0, "readable: ", "note: the browser sends no preflight")]
#[case::json(&["--response", "file", "--format", "json"], 0, "\"verdict\": \"readable\"", "")]
fn a_pasted_response_is_judged(
    #[case] options: &[&str],
    #[case] code: i32,
    #[case] printed: &str,
    #[case] error: &str,
) {
    let output = check_with(HEAD, HEAD, &[&[URL], &ORIGIN[..], options].concat());
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains(printed), "{}", stdout(&output));
    assert!(stderr(&output).contains(error), "{}", stderr(&output));
    assert_eq!(stderr(&output).is_empty(), error.is_empty(), "{}", stderr(&output));
}

#[rstest]
#[case(&["--har", "file"], "1 cross-origin requests: 1 blocked")]
#[case(&["--har", "-"], "Access to fetch at 'https://api.example/x' from origin 'https://app.example' has been blocked")]
#[case(&["--har", "-", "--browser", "firefox"], "Cross-Origin Request Blocked")]
#[case(&["--har", "file", "--format", "json"], "\"reason\": \"missing-allow-origin\"")]
fn a_recorded_session_is_judged(#[case] options: &[&str], #[case] printed: &str) {
    let har = r#"{"log":{"entries":[{"request":{"method":"GET","url":"https://api.example/x","headers":[{"name":"Origin",
        "value":"https://app.example"}]},"response":{"status":200,"headers":[]}}]}}"#;
    let output = check_with(har, har, options);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains(printed), "{}", stdout(&output));
}

#[test]
fn a_file_of_expected_results_is_compared() {
    let url = serve(PUBLIC);
    let expectations = |expected: &str| {
        format!(
            "[[check]]\nname = \"one\"\npages = [\"http://app.example\"]\nurls = [\"{url}\"]\nexpect = \"{expected}\"\n"
        )
    };
    let output = check_with(&expectations("readable"), "", &["--file", "file"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("1 expectations: 1 hold"), "{}", stdout(&output));
    for (format, part) in [
        ("table", "DIFFERS"),
        ("json", "\"outcome\": \"differs\""),
        ("junit", "<failure message=\"GET "),
        ("markdown", "| DIFFERS | one |"),
    ] {
        let output = check_with(&expectations("blocked"), "", &["--file", "file", "--format", format]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stdout(&output).contains(part), "{}", stdout(&output));
    }
    // Browsers connect to no port that is reserved; this one was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let down = expectations("blocked").replace(&url, &format!("http://127.0.0.1:{port}/"));
    let output = check_with(&down, "", &["--file", "file"]);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    let output = check_with("[[check]]\nname = 1\nurls = [\"${API}\"]\n", "", &["--file", "file"]);
    assert_eq!(output.status.code(), Some(2));
    let error = stderr(&output);
    for part in
        ["line 2: `name` has to be a text", "line 1: `pages` is missing", "line 1: `expect` is missing"]
    {
        assert!(error.contains(part), "{error}");
    }
}

/// The help says how many requests an audit sends.
#[test]
fn the_help_names_the_limit_of_an_audit() {
    let help = stdout(&check(&["-h"]));
    let limit = cors_cli::check::audit::REQUEST_LIMIT;
    assert!(
        help.replace("\n", " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains(&format!("at most {limit} more requests per URL")),
        "{help}"
    );
}

#[test]
fn a_rate_is_kept() {
    let url = serve(PUBLIC);
    let begun = std::time::Instant::now();
    let output =
        check(&[&[url.as_str()], &ORIGIN[..], &["--audit", "--rate", "50", "--format", "json"]].concat());
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let requests = json["audit"]["requests"].as_u64().unwrap();
    assert!(requests > 10, "{json:#}");
    // The check itself comes first, and the first request does not wait.
    assert!(begun.elapsed().as_millis() >= u128::from(requests * 20), "{requests}: {:?}", begun.elapsed());
}

#[test]
fn a_policy_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    std::fs::write(&path, "allow_origins = \"*\"\n").unwrap();
    let output = cors(&["policy", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains(": accepted\n  Every page on the web may read responses.\n"),
        "{}",
        stdout(&output)
    );

    std::fs::write(&path, "allow_origins = \"https://a.example/\"\n").unwrap();
    let output = cors(&["policy", path.to_str().unwrap(), "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["problems"][0]["code"], "origin-with-path");
}

#[test]
fn a_code_is_explained() {
    let output = cors(&["explain", "missing-allow-origin"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("Blocked: missing-allow-origin\n"), "{}", stdout(&output));

    let output = cors(&["explain", "missing-allow-orgin"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `missing-allow-origin`"), "{}", stderr(&output));
}

#[rstest]
#[case(&["--list", "--scenario", "preflight/granted"], 0, "preflight/granted")]
#[case(&["--external", "broken=exit 3", "--scenario", "preflight/granted"], 1, "`exit 3` ended before it printed a line")]
fn conformance_runs_programs(#[case] arguments: &[&str], #[case] code: i32, #[case] expected: &str) {
    let output = cors(&[&["conformance"], arguments].concat());
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains(expected), "{}", stdout(&output));
}

#[rstest]
#[case(&[], "--harness NAME=COMMAND")]
#[case(&["--external", "mine"], "NAME=COMMAND")]
#[case(&["--external", "a=true", "--external", "a=false"], "two servers are named `a`")]
#[case(&["--external", "a=true", "--scenario", "no-such/*"], "`no-such/*`")]
#[case(&["--external", "a=true", "--browser", "lynx"], "invalid value 'lynx'")]
#[case(&["--external", "a=true", "--out", "/no/such/folder/report"], "--out /no/such/folder/report: ")]
fn a_wrong_argument_of_conformance_is_an_error(#[case] arguments: &[&str], #[case] expected: &str) {
    let output = cors(&[&["conformance"], arguments].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
}

#[rstest]
#[case::named(&["--fix", "express"], "for Express:", "allowedHeaders: ['x-token'],")]
#[case::guessed(&["--fix"], "for nginx, which the header `server` tells of:", "own \"GET, HEAD, POST, PUT\";")]
fn a_blocked_fetch_can_be_fixed(#[case] arguments: &[&str], #[case] title: &str, #[case] line: &str) {
    let url = serve(
        "HTTP/1.1 403 Forbidden\r\nserver: nginx/1.22.1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    let fetch = ["--method", "PUT", "--header", "x-token: 1", "--credentials", "include"];
    let output = check(&[&[url.as_str()], &ORIGIN[..], &fetch, arguments].concat());
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains(title) && text.contains(line) && text.contains("https://app.example"), "{text}");
}

#[rstest]
#[case::readable(PUBLIC, &[], "there is nothing to configure")]
#[case::unknown(DENIED, &[], "name it, such as `--fix nginx`")]
#[case::unsafe_origin(DENIED, &["nginx", "--origin", "null", "--credentials", "include"], "no safe policy allows the fetch")]
fn what_cannot_be_fixed_is_said(
    #[case] response: &'static str,
    #[case] rest: &[&str],
    #[case] expected: &str,
) {
    let url = serve(response);
    let origin = if rest.contains(&"--origin") { &[][..] } else { &ORIGIN[..] };
    let output = check(&[&[url.as_str()], origin, &["--fix"], rest].concat());
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
}

#[test]
fn a_policy_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    std::fs::write(&path, "allow_origins = \"https://app.example\"\nmax_age = 0\n").unwrap();
    let path = path.to_str().unwrap();

    let output = cors(&["policy", "export", "--to", "django", path]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("CORS_ALLOWED_ORIGINS = [\"https://app.example\"]\n"));
    assert!(stderr(&output).starts_with("Django: max_age: "), "{}", stderr(&output));

    let output = cors(&["policy", "export", "--to", "django", "--format", "json", path]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["stack"], &json["limits"][0]["kind"]), (&"django".into(), &"left-out".into()));

    std::fs::write(path, "allow_origins = \"https://app.example/\"\n").unwrap();
    let output = cors(&["policy", "export", "--to", "django", path]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), String::new()));
    assert!(stderr(&output).contains("Write `https://app.example`"));
}

#[test]
fn a_proxy_of_itself_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let server = format!("http://localhost:{}", address.split_once(':').unwrap().1);
    let output = cors(&["proxy", "--to", &server, "--same-origin", folder, "--listen", &address]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("is the address of the proxy itself"), "{}", stderr(&output));
}
