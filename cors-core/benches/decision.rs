//! How many instructions a decision takes, counted by callgrind: a figure that does not depend on what else the machine does.
//!
//! `cargo bench -p cors-policy-core` needs valgrind, and gungraun-runner of the version in the workspace's manifest.

#![expect(clippy::unwrap_used, reason = "a benchmark of constants")]

use std::env;
use std::process::{Command, Stdio};

fn main() {
    // Without `--bench` it is `cargo test --all-targets` that runs this, to see whether it can be run.
    let is_benchmark =
        env::args().any(|argument| argument == "--bench" || argument.starts_with("--gungraun"));
    if !is_benchmark {
        return;
    }
    for program in ["valgrind", "gungraun-runner"] {
        let answer =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        // The runner answers with an error, as it is to be called by a benchmark only; that is an answer, too.
        if answer.is_err() && !is_measured() {
            eprintln!(
                "skipped: counting instructions needs `{program}`, which is not installed (docs/performance.md)"
            );
            return;
        }
    }
    instructions::run();
}

/// Whether this is the process that callgrind looks at, which has an empty environment.
fn is_measured() -> bool {
    env::args().any(|argument| argument.starts_with("--gungraun"))
}

mod instructions {
    use std::hint::black_box;

    use cors_core::{Decision, Policy};
    use gungraun::{library_benchmark, library_benchmark_group, main};
    use http::{HeaderValue, Request};

    fn policy() -> Policy {
        Policy::builder()
            .allow_origins([
                "https://app.example.com",
                "https://admin.example.com",
                "https://shop.example.org",
            ])
            .allow_methods(["GET", "PUT"])
            .allow_headers(["authorization", "content-type"])
            .expose_headers("x-request-id")
            .allow_credentials(true)
            .max_age(7200)
            .build()
            .unwrap()
    }

    fn case(method: &str, headers: &[(&str, &str)]) -> (Policy, Request<()>) {
        let mut request = Request::builder().method(method).uri("/item");
        let others = [
            ("host", "api.example.com"),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
            ("accept", "*/*"),
            ("accept-language", "en-US,en;q=0.5"),
            ("accept-encoding", "gzip, deflate, br, zstd"),
        ];
        for (name, value) in others.iter().chain(headers) {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        // The first clone of a value allocates; a server's values share the buffer that they were read into.
        drop(request.headers().clone());
        (policy(), request)
    }

    fn plain() -> (Policy, Request<()>) {
        case("GET", &[])
    }

    fn actual() -> (Policy, Request<()>) {
        case("PUT", &[("origin", "https://admin.example.com")])
    }

    fn denied() -> (Policy, Request<()>) {
        case("PUT", &[("origin", "https://stranger.example.net")])
    }

    fn preflight() -> (Policy, Request<()>) {
        case(
            "OPTIONS",
            &[
                ("access-control-request-method", "PUT"),
                ("access-control-request-headers", "authorization,content-type"),
                ("origin", "https://admin.example.com"),
            ],
        )
    }

    type Decided = (Policy, Request<()>, Decision<HeaderValue>);

    // What is given back is dropped after the measurement.
    #[library_benchmark]
    #[bench::plain(plain())]
    #[bench::actual(actual())]
    #[bench::denied(denied())]
    #[bench::preflight(preflight())]
    fn decide((policy, request): (Policy, Request<()>)) -> Decided {
        let decision = black_box(&policy).decide(black_box(&request));
        (policy, request, decision)
    }

    library_benchmark_group!(name = decision, benchmarks = decide);
    main!(library_benchmark_groups = decision);

    pub(super) fn run() {
        main();
    }
}
