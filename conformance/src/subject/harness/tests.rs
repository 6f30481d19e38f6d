#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use rstest::rstest;
use tempfile::TempDir;

use super::*;

/// A harness in `sh`: `$line` is the request, `$id` its id. It writes its process ID into the file `id`, and what it hears into `heard`.
struct Program {
    folder: TempDir,
    subject: Harness,
}

const HELLO: &str = r#"{"hello":{"protocol":1,"name":"sh","framework":"sh 1","middleware":"none 0","level":1,"http2":false}}"#;

const READY: &str = r#"echo '{"ready":{"id":'$id',"port":4,"configuration":"cors()"}}'"#;

/// Long enough for a busy machine to start the programs of the script.
const LIMIT: Duration = Duration::from_secs(2);

impl Program {
    /// A harness that answers `hello` with `hello`, and runs `serve` and `stop` for the other requests.
    fn new(hello: &str, serve: &str, stop: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let command = format!(
            r#"cd '{}' && echo $$ >id && while read -r line; do
                echo "$line" >>heard
                id=$(echo "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
                case "$line" in
                    *'"cmd":"hello"'*) {hello} ;;
                    *'"cmd":"serve"'*) {serve} ;;
                    *) {stop} ;;
                esac
            done; echo end >>heard"#,
            folder.path().display()
        );
        let grace = Duration::from_millis(400);
        Self { folder, subject: Harness::new("program", command).with_limits(LIMIT, LIMIT, grace) }
    }

    fn serving(serve: &str) -> Self {
        Self::new(&format!("echo '{HELLO}'"), serve, r#"echo '{"stopped":{"id":'$id'}}'"#)
    }

    fn heard(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("heard")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn is_running(&self) -> bool {
        let id = std::fs::read_to_string(self.folder.path().join("id")).unwrap_or_default();
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
        // The state comes after the name of the program, which may contain parentheses.
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
    }
}

fn policy() -> Policy {
    Policy::builder().allow_origins("https://app.example").build().unwrap()
}

async fn failure(subject: &Harness) -> String {
    match subject.start(&policy()).await {
        Err(StartError::Failed(reason)) => reason,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it started"),
    }
}

#[tokio::test]
async fn one_program_serves_all_policies() {
    let program = Program::serving(READY);
    program.subject.prepare().await.unwrap();
    assert_eq!((program.subject.framework(), program.subject.version()), ("sh 1", "none 0"));
    assert_eq!((program.subject.level(), program.subject.speaks_http2()), (Level::One, false));

    let servers = futures_util::future::join_all(
        [policy(), policy()].iter().map(|policy| program.subject.start(policy)),
    )
    .await;
    for server in servers {
        let server = server.unwrap();
        assert_eq!(server.address().to_string(), "127.0.0.1:4");
        assert_eq!(server.configuration(), Some("cors()"));
        server.stop().await;
    }
    let heard = program.heard();
    assert_eq!(heard.len(), 5, "{heard:#?}");
    assert_eq!(heard[0], r#"{"cmd":"hello","protocol":1}"#);
    assert!(heard[1].starts_with(r#"{"cmd":"serve","id":"#), "{heard:#?}");
    assert!(heard[1].contains(r#""policy":{"allow_origins":[{"kind":"exact""#), "{heard:#?}");
    assert!(heard[3].starts_with(r#"{"cmd":"stop","id":"#), "{heard:#?}");
}

#[tokio::test]
async fn a_dropped_server_is_stopped_and_a_dropped_harness_ends() {
    let program = Program::serving(READY);
    drop(program.subject.start(&policy()).await.unwrap());
    let was_stopped = || program.heard().iter().any(|line| line.contains("stop"));
    for _ in 0..200 {
        if was_stopped() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(was_stopped(), "{:#?}", program.heard());
    let Program { folder, subject } = program;
    drop(subject);
    crate::process::all_gone();
    let program = Program { folder, subject: Harness::new("gone", "true") };
    assert!(!program.is_running());
}

#[tokio::test]
async fn what_a_middleware_cannot_say_is_told() {
    let program =
        Program::serving(r#"echo '{"cannot":{"id":'$id',"field":"max_age","reason":"0 is dropped"}}'"#);
    for _ in 0..2 * EQUAL_ERRORS {
        match program.subject.start(&policy()).await {
            Err(StartError::Inexpressible(reason)) => assert_eq!(reason, "max_age: 0 is dropped"),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("it started"),
        }
    }
}

#[tokio::test]
async fn unsafe_configurations_are_asked_for_by_name() {
    let hello = HELLO.replace("\"http2\":false", r#""unsafe":["null-origin","prefix"]"#);
    let serve = format!(
        r#"case "$line" in
            *'"unsafe":"null-origin"'*) echo '{{"refused":{{"id":'$id',"reason":"no null"}}}}' ;;
            *'"unsafe":"prefix"'*) echo '{{"ready":{{"id":'$id',"port":5,"warning":"careful"}}}}' ;;
            *) {READY} ;;
        esac"#
    );
    let program = Program::new(&format!("echo '{hello}'"), &serve, ":");
    let answer = program.subject.start_unsafe("null-origin").await.unwrap();
    assert!(matches!(answer, UnsafeStart::Refused(reason) if reason == "no null"));
    let UnsafeStart::Ready { warning, .. } = program.subject.start_unsafe("prefix").await.unwrap() else {
        panic!("it refused");
    };
    assert_eq!(warning.as_deref(), Some("careful"));
    let unknown = program.subject.start_unsafe("unescaped-dot").await;
    assert!(matches!(unknown, Err(StartError::Inexpressible(reason)) if reason.contains("does not offer")));
}

#[rstest]
#[case::dies("echo why >&2; exit 3", &["ended with exit status: 3", "why"])]
#[case::silent(":", &["did not answer `serve` within 2s"])]
#[case::garbage("echo hello", &["printed `hello`, which is not an answer of the protocol"])]
#[case::closes_its_output("exec >&-; sleep 9", &["closed its standard output"])]
#[case::fails(r#"echo '{"failed":{"id":'$id',"reason":"no port"}}'"#, &["failed: no port"])]
#[tokio::test]
async fn an_error_has_a_reason_and_equal_ones_end_the_subject(#[case] serve: &str, #[case] reasons: &[&str]) {
    let program = Program::serving(serve);
    for _ in 0..EQUAL_ERRORS {
        let reason = failure(&program.subject).await;
        assert!(reasons.iter().all(|part| reason.contains(part)), "{reason}");
    }
    let served = program.heard().iter().filter(|line| line.contains("serve")).count();
    let reason = failure(&program.subject).await;
    assert!(reason.contains("given up after 3 equal errors"), "{reason}");
    assert_eq!(program.heard().iter().filter(|line| line.contains("serve")).count(), served);
}

#[tokio::test]
async fn servers_of_one_program_that_ends_are_one_error() {
    let program = Program::serving("sleep 0.2; exit 1");
    program.subject.prepare().await.unwrap();
    let policy = policy();
    let starts = (0..2 * EQUAL_ERRORS).map(|_| program.subject.start(&policy));
    let ended = futures_util::future::join_all(starts).await;
    assert!(ended.iter().all(Result::is_err));
    assert_eq!(lock(&program.subject.errors).equal, 1);
}

#[rstest]
#[case::silent(":", "did not answer `hello`")]
#[case::another_version(
    r#"echo '{"hello":{"protocol":2,"name":"a","framework":"b","middleware":"c"}}'"#,
    "speaks version 2 of the harness protocol, and this suite speaks version 1"
)]
#[case::incomplete(r#"echo '{"hello":{"protocol":1}}'"#, "missing field `name`")]
#[case::level(
    r#"echo '{"hello":{"protocol":1,"name":"a","framework":"b","middleware":"c","level":3}}'"#,
    "3 is not a level of the specimen"
)]
#[case::another_answer(r#"echo '{"stopped":{"id":1}}'"#, "did not answer `hello`")]
#[tokio::test]
async fn a_program_has_to_introduce_itself(#[case] hello: &str, #[case] reason: &str) {
    let program = Program::new(hello, READY, ":");
    let error = program.subject.prepare().await.unwrap_err().to_string();
    assert!(error.contains(reason), "{error}");
}

#[tokio::test]
async fn a_program_that_reads_nothing_blocks_nobody() {
    let subject = Harness::new("deaf", "sleep 60");
    let limit = Duration::from_millis(200);
    let error = subject.with_limits(limit, limit, limit).prepare().await.unwrap_err();
    assert!(error.to_string().contains("did not answer `hello`"), "{error}");
}
