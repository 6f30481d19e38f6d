//! Counts the instructions of a decision with callgrind. The counts do not depend on the load of the machine.
//!
//! `cargo bench -p cors-policy-core` needs valgrind, and gungraun-runner in the version of the workspace's `Cargo.lock`.

#![expect(clippy::unwrap_used, reason = "the inputs are constants")]

use std::env;
use std::process::{Command, Stdio};

fn main() {
    // `cargo test --all-targets` runs this without `--bench`. Then there is nothing to measure.
    let is_benchmark =
        env::args().any(|argument| argument == "--bench" || argument.starts_with("--gungraun"));
    if !is_benchmark {
        return;
    }
    for program in ["valgrind", "gungraun-runner"] {
        let answer =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        // The runner exits with an error, because only a benchmark may call it. That still shows that it is installed.
        if answer.is_err() && !is_measured() {
            eprintln!("skipped: counting instructions needs `{program}`, which is not installed");
            return;
        }
    }
    instructions::run();
}

/// Whether this is the process that callgrind measures. It has an empty environment, so no program is found in it.
fn is_measured() -> bool {
    env::args().any(|argument| argument.starts_with("--gungraun"))
}

mod instructions {
    use std::hint::black_box;
    use std::time::Duration;

    use cors_core::{Decision, Policy, PreparedPolicy};
    use gungraun::{library_benchmark, library_benchmark_group, main};
    use http::{HeaderValue, Request};

    const ORIGINS: [&str; 3] =
        ["https://app.example.com", "https://admin.example.com", "https://shop.example.org"];

    fn policy(patterns: &[&str]) -> Policy {
        Policy::builder()
            .allow_origins([&ORIGINS[..], patterns].concat())
            .allow_methods(["GET", "PUT"])
            .allow_headers(["authorization", "content-type"])
            .expose_headers("x-request-id")
            .allow_credentials(true)
            .max_age(Duration::from_secs(7200))
            .build()
            .unwrap()
    }

    fn case(method: &str, headers: &[(&str, &str)]) -> (Policy, Request<()>) {
        case_of(policy(&[]), method, headers)
    }

    fn case_of(policy: Policy, method: &str, headers: &[(&str, &str)]) -> (Policy, Request<()>) {
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
        // The first clone of a value that was made from a string allocates. Values that a server reads share one buffer.
        drop(request.headers().clone());
        // Adapters prepare a policy, and with it the counters of the feature `metrics`.
        drop(PreparedPolicy::<HeaderValue>::new(policy.clone()));
        (policy, request)
    }

    fn plain() -> (Policy, Request<()>) {
        case("GET", &[])
    }

    fn actual() -> (Policy, Request<()>) {
        case("PUT", &[("origin", "https://admin.example.com")])
    }

    fn denied() -> (Policy, Request<()>) {
        case("PUT", &[("origin", "https://other.example.net")])
    }

    /// An origin that a pattern allows.
    fn pattern() -> (Policy, Request<()>) {
        let policy = policy(&["https://*.preview.example.net", "https://*.example.dev:*"]);
        case_of(policy, "PUT", &[("origin", "https://branch-1.team.preview.example.net")])
    }

    /// An origin that a partial label allows, among many for the same domain.
    fn partial_label() -> (Policy, Request<()>) {
        let patterns: Vec<_> = (0..1000).map(|team| format!("https://pr-*-{team}.example.net")).collect();
        let patterns: Vec<_> = patterns.iter().map(String::as_str).collect();
        case_of(policy(&patterns), "PUT", &[("origin", "https://pr-17-999.example.net")])
    }

    /// The longest label, of a domain with partial labels of all lengths, none of which has its port.
    fn longest_label() -> (Policy, Request<()>) {
        let lengths = (0..62_usize).flat_map(|before| (0..62 - before).map(move |after| (before, after)));
        let label = |(before, after)| format!("https://{}*{}", "a".repeat(before), "a".repeat(after));
        let patterns: Vec<_> =
            lengths.filter(|pair| *pair != (0, 0)).map(|pair| label(pair) + ".example.net:8443").collect();
        let patterns: Vec<_> = patterns.iter().map(String::as_str).collect();
        // It ends in the same six bits as 8443, so that the summary of all ports does not end the look-up.
        let origin = format!("https://{}.example.net:8507", "a".repeat(63));
        case_of(policy(&patterns), "PUT", &[("origin", &origin)])
    }

    /// The longest name, below as many patterns as there can be, none of which has its port.
    fn longest() -> (Policy, Request<()>) {
        let nested: Vec<_> =
            (0..115).map(|labels| format!("https://*.{}example.org:8443", "a.".repeat(labels))).collect();
        let patterns: Vec<_> = nested.iter().map(String::as_str).chain(["https://*.example.dev:*"]).collect();
        let origin = format!("https://{}example.org", "a.".repeat(115));
        case_of(policy(&patterns), "PUT", &[("origin", &origin)])
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

    /// As many names as are read.
    fn many_names() -> (Policy, Request<()>) {
        asking_for(&["content-type"; 64].join(","))
    }

    /// The longest name that is read.
    fn long_name() -> (Policy, Request<()>) {
        asking_for(&"a".repeat(4096))
    }

    fn asking_for(names: &str) -> (Policy, Request<()>) {
        case(
            "OPTIONS",
            &[
                ("access-control-request-method", "PUT"),
                ("access-control-request-headers", names),
                ("origin", "https://admin.example.com"),
            ],
        )
    }

    type Decided = (Policy, Request<()>, Decision<HeaderValue>);

    // Returned values are dropped after the measurement.
    #[library_benchmark]
    #[bench::plain(plain())]
    #[bench::actual(actual())]
    #[bench::denied(denied())]
    #[bench::pattern(pattern())]
    #[bench::partial_label(partial_label())]
    #[bench::longest_label(longest_label())]
    #[bench::longest(longest())]
    #[bench::preflight(preflight())]
    #[bench::many_names(many_names())]
    #[bench::long_name(long_name())]
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
