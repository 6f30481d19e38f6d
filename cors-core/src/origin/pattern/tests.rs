use rstest::rstest;

use super::*;

#[rstest]
#[case("https://example.com", "https", "example.com", false, PatternPort::Default)]
#[case("https://*.example.org", "https", "example.org", true, PatternPort::Default)]
#[case("http://localhost:*", "http", "localhost", false, PatternPort::Any)]
#[case("https://*.example.org:*", "https", "example.org", true, PatternPort::Any)]
#[case("https://*.example.org:8443", "https", "example.org", true, PatternPort::Exact(8443))]
#[case("http://127.0.0.1:3000", "http", "127.0.0.1", false, PatternPort::Exact(3000))]
#[case("http://[::1]:3000", "http", "[::1]", false, PatternPort::Exact(3000))]
#[case("http://[2001:db8::1]", "http", "[2001:db8::1]", false, PatternPort::Default)]
#[case(
    "chrome-extension://abcdefghijklmnop",
    "chrome-extension",
    "abcdefghijklmnop",
    false,
    PatternPort::Default
)]
#[case("https://example.com.", "https", "example.com.", false, PatternPort::Default)]
fn patterns(
    #[case] text: &str,
    #[case] scheme: &str,
    #[case] host: &str,
    #[case] subdomains: bool,
    #[case] port: PatternPort,
) {
    assert_eq!(OriginPattern::parse(text), Ok(OriginPattern { scheme, host, subdomains, port }));
}

#[rstest]
#[case("", ProblemCode::OriginWithoutScheme, "Write an origin such as `https://example.com`.")]
#[case("example.com", ProblemCode::OriginWithoutScheme, "Write `https://example.com`.")]
#[case("://example.com", ProblemCode::OriginScheme, "Write an origin such as `https://example.com`.")]
#[case("1http://example.com", ProblemCode::OriginScheme, "Write an origin such as `https://example.com`.")]
#[case(
    "file:///home",
    ProblemCode::OriginScheme,
    "Serve the page over http instead: pages from local files have the origin `null`."
)]
#[case("https://example.com/", ProblemCode::OriginWithPath, "Write `https://example.com`.")]
#[case("https://example.com/a,b", ProblemCode::OriginWithPath, "Write `https://example.com`.")]
#[case(
    "https://example.com?u=https://a.example",
    ProblemCode::OriginWithQuery,
    "Write `https://example.com`."
)]
#[case("https://example.com/a/b", ProblemCode::OriginWithPath, "Write `https://example.com`.")]
#[case("https://Example.com:443/", ProblemCode::OriginWithPath, "Write `https://example.com`.")]
#[case("https://example.com?q", ProblemCode::OriginWithQuery, "Write `https://example.com`.")]
#[case("https://example.com#f", ProblemCode::OriginWithFragment, "Write `https://example.com`.")]
#[case("https://me:secret@example.com", ProblemCode::OriginWithUserInfo, "Write `https://example.com`.")]
#[case("https://example.com:443", ProblemCode::OriginWithDefaultPort, "Write `https://example.com`.")]
#[case("http://example.com:80", ProblemCode::OriginWithDefaultPort, "Write `http://example.com`.")]
#[case("https://Example.com", ProblemCode::OriginInUpperCase, "Write `https://example.com`.")]
#[case("HTTPS://example.com", ProblemCode::OriginInUpperCase, "Write `https://example.com`.")]
#[case(" https://example.com", ProblemCode::OriginWithWhiteSpace, "Write `https://example.com`.")]
#[case("\u{a0} https://Example.com/\n", ProblemCode::OriginWithWhiteSpace, "Write `https://example.com`.")]
#[case(
    "https://a.example\nb",
    ProblemCode::OriginWithWhiteSpace,
    "Write an origin such as `https://example.com`."
)]
#[case(" ", ProblemCode::OriginWithWhiteSpace, "Write an origin such as `https://example.com`.")]
#[case("localhost:3000", ProblemCode::OriginWithoutScheme, "Write `http://localhost:3000`.")]
#[case("127.0.0.1:80/app", ProblemCode::OriginWithoutScheme, "Write `http://127.0.0.1`.")]
#[case("[::1]", ProblemCode::OriginWithoutScheme, "Write `http://[::1]`.")]
#[case("localhost.example.com", ProblemCode::OriginWithoutScheme, "Write `https://localhost.example.com`.")]
#[case("https://example.com:08080", ProblemCode::OriginPort, "Write `https://example.com:8080`.")]
#[case("https://[0:0::1]:8443", ProblemCode::OriginHost, "Write `https://[::1]:8443`.")]
fn faults(#[case] text: &str, #[case] code: ProblemCode, #[case] help: &str) {
    let fault = OriginPattern::parse(text).unwrap_err();
    assert_eq!((fault.code, fault.help.as_str()), (code, help));
}

#[rstest]
#[case("https://a.example,https://b.example")]
#[case("https://a.example, https://b.example")]
#[case("https://a.example https://b.example")]
#[case("https://a.example/;https://b.example/")]
#[case("https://a.example,b.example")]
#[case("a.example,b.example")]
#[case(",")]
fn a_list_is_reported_as_one(#[case] text: &str) {
    let fault = OriginPattern::parse(text).unwrap_err();
    assert_eq!(
        (fault.code, fault.what.as_str()),
        (ProblemCode::OriginList, "is not an origin: it is a list")
    );
    assert!(fault.help.starts_with("Write one origin per entry"), "{}", fault.help);
}

#[rstest]
#[case("https://b\u{fc}cher.example", ProblemCode::OriginWithUnicode)]
#[case("https://example.com:", ProblemCode::OriginPort)]
#[case("https://example.com:0", ProblemCode::OriginPort)]
#[case("https://example.com:65536", ProblemCode::OriginPort)]
#[case("https://example.com:http", ProblemCode::OriginPort)]
#[case("http://::1", ProblemCode::OriginHost)]
#[case("http://[::1", ProblemCode::OriginHost)]
#[case("http://127.1", ProblemCode::OriginHost)]
#[case("http://256.0.0.1", ProblemCode::OriginHost)]
#[case("https://", ProblemCode::OriginHost)]
#[case("https://.example.com", ProblemCode::OriginHost)]
#[case("https://a..example.com", ProblemCode::OriginHost)]
#[case("https://exa$mple.com", ProblemCode::OriginHost)]
#[case("https://*", ProblemCode::MisplacedWildcard)]
#[case("*://example.com", ProblemCode::MisplacedWildcard)]
#[case("https://*example.com", ProblemCode::MisplacedWildcard)]
#[case("https://a.*.example.com", ProblemCode::MisplacedWildcard)]
#[case("https://*.*.example.com", ProblemCode::MisplacedWildcard)]
#[case("https://example.*", ProblemCode::MisplacedWildcard)]
#[case("https://example.com:80*", ProblemCode::MisplacedWildcard)]
#[case("https://*.127.0.0.1", ProblemCode::MisplacedWildcard)]
#[case("https://*.[::1]", ProblemCode::MisplacedWildcard)]
#[case("chrome-extension://*", ProblemCode::MisplacedWildcard)]
#[case("chrome-extension://*.abc", ProblemCode::MisplacedWildcard)]
#[case("chrome-extension://abc:*", ProblemCode::MisplacedWildcard)]
fn faults_by_code(#[case] text: &str, #[case] code: ProblemCode) {
    assert_eq!(OriginPattern::parse(text).unwrap_err().code, code);
}

#[rstest]
#[case("http://example.com", true)]
#[case("http://*.example.com:*", true)]
#[case("https://example.com", false)]
#[case("http://localhost:3000", false)]
#[case("http://*.localhost", false)]
#[case("http://127.0.0.1:*", false)]
#[case("http://[::1]", false)]
#[case("chrome-extension://abc", false)]
fn insecure(#[case] text: &str, #[case] expected: bool) {
    assert_eq!(OriginPattern::parse(text).unwrap().is_insecure(), expected);
}
