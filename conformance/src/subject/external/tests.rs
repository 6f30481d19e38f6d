#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use rstest::rstest;
use tempfile::TempDir;

use super::*;

/// A command that writes its process id into a file, and the folder of the file.
struct Program {
    folder: TempDir,
    subject: External,
}

impl Program {
    fn new(script: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let command = format!("cd '{}' && {script}", folder.path().display());
        let subject =
            External::new("program", command).with_limits(Duration::from_secs(5), Duration::from_millis(300));
        Self { folder, subject }
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).unwrap_or_default().trim().to_owned()
    }

    /// Whether the process whose id is in a file is running; a zombie is not.
    fn is_running(&self, file: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.read(file))).unwrap_or_default();
        // The state comes after the name of the program, which may contain parentheses.
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
    }
}

/// Waits until a process has ended: the signal that kills it does not wait.
async fn has_ended(program: &Program, file: &str) -> bool {
    for _ in 0..200 {
        if !program.is_running(file) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

fn policy() -> Policy {
    Policy::builder()
        .allow_origins("https://app.example")
        .max_age(std::time::Duration::from_secs(60))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_program_gets_policy_host_and_port() {
    let program = Program::new(
        r#"printf '%s' "$CORS_POLICY" >policy; echo "$HOST:$PORT" >address; echo listening here; exec sleep 60"#,
    );
    let server = program.subject.start(&policy()).await.unwrap();
    assert_eq!(program.read("address"), server.address().to_string());
    assert_eq!(serde_json::from_str::<Policy>(&program.read("policy")).unwrap(), policy());
    server.stop().await;
}

#[tokio::test]
async fn a_program_is_stopped_with_sigterm() {
    let program = Program::new(
        r#"trap 'echo term >how; exit' TERM; echo $$ >id; echo listening; while :; do sleep 0.01; done"#,
    );
    let server = program.subject.start(&policy()).await.unwrap();
    assert!(program.is_running("id"));
    server.stop().await;
    assert_eq!(program.read("how"), "term");
    assert!(!program.is_running("id"));
}

#[tokio::test]
async fn a_program_that_ignores_sigterm_is_killed_with_its_children() {
    let program = Program::new(
        r#"trap '' TERM; sleep 60 & echo $! >child; echo $$ >id; echo listening; while :; do sleep 0.01; done"#,
    );
    let server = program.subject.start(&policy()).await.unwrap();
    assert!(program.is_running("id") && program.is_running("child"));
    server.stop().await;
    assert!(!program.is_running("id"));
    assert!(has_ended(&program, "child").await);
}

#[tokio::test]
async fn a_program_is_stopped_when_its_server_is_dropped() {
    let program = Program::new("echo $$ >id; echo listening; exec sleep 60");
    let server = program.subject.start(&policy()).await.unwrap();
    assert!(program.is_running("id"));
    drop(server);
    assert!(has_ended(&program, "id").await);
}

#[rstest]
#[case::ends("echo no such flag >&2; exit 3", "ended before", "no such flag")]
#[case::silent("echo hello; echo $$ >id; exec sleep 60", "did not print a line", "hello")]
#[tokio::test]
async fn the_error_of_a_program_that_does_not_start_has_its_last_lines(
    #[case] script: &str,
    #[case] reason: &str,
    #[case] words: &str,
) {
    let program = Program::new(script);
    let subject = program.subject.clone().with_limits(Duration::from_millis(500), Duration::from_millis(100));
    let Err(StartError::Failed(text)) = subject.start(&policy()).await else {
        panic!("it started");
    };
    assert!(text.contains(reason) && text.contains(words), "{text}");
    assert!(has_ended(&program, "id").await);
}

#[tokio::test]
async fn a_program_that_prints_much_is_not_blocked() {
    let program = Program::new(
        r#"trap 'exit' TERM; head -c 1000000 /dev/zero | tr '\0' 'a' >&2; echo; echo listening; head -c 1000000 /dev/zero; echo done >wrote; sleep 60 & wait"#,
    );
    let server = program.subject.start(&policy()).await.unwrap();
    for _ in 0..200 {
        if program.read("wrote") == "done" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(program.read("wrote"), "done");
    server.stop().await;
}
