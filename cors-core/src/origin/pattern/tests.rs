use rstest::rstest;

use super::*;

use HostPattern::{Any, Exact, Subdomains};

const fn partial<'a>(label: &'a str, domain: &'a str) -> HostPattern<'a> {
    HostPattern::PartialLabel { label, domain }
}

#[rstest]
#[case("https://example.com", "https", Exact("example.com"), PatternPort::Default)]
#[case("https://*.example.org", "https", Subdomains("example.org"), PatternPort::Default)]
#[case("http://localhost:*", "http", Exact("localhost"), PatternPort::Any)]
#[case("https://*.example.org:*", "https", Subdomains("example.org"), PatternPort::Any)]
#[case("https://*.example.org:8443", "https", Subdomains("example.org"), PatternPort::Exact(8443))]
#[case("http://127.0.0.1:3000", "http", Exact("127.0.0.1"), PatternPort::Exact(3000))]
#[case("http://[::1]:3000", "http", Exact("[::1]"), PatternPort::Exact(3000))]
#[case("http://[2001:db8::1]", "http", Exact("[2001:db8::1]"), PatternPort::Default)]
#[case(
    "chrome-extension://abcdefghijklmnop",
    "chrome-extension",
    Exact("abcdefghijklmnop"),
    PatternPort::Default
)]
#[case("https://example.com.", "https", Exact("example.com."), PatternPort::Default)]
#[case("https://*-team.vercel.app", "https", partial("*-team", "vercel.app"), PatternPort::Default)]
#[case("https://app-*.example.com:*", "https", partial("app-*", "example.com"), PatternPort::Any)]
#[case("http://pr-*-web.dev.localhost", "http", partial("pr-*-web", "dev.localhost"), PatternPort::Default)]
#[case("https://xn--bcher-kva.example", "https", Exact("xn--bcher-kva.example"), PatternPort::Default)]
#[case("https://*.xn--bcher-kva.example", "https", Subdomains("xn--bcher-kva.example"), PatternPort::Default)]
#[case("moz-extension://*", "moz-extension", Any, PatternPort::Default)]
#[case("app://.", "app", Exact("."), PatternPort::Default)]
#[case("app://xn--f", "app", Exact("xn--f"), PatternPort::Default)]
fn patterns(
    #[case] text: &str,
    #[case] scheme: &str,
    #[case] host: HostPattern<'_>,
    #[case] port: PatternPort,
) {
    assert_eq!(OriginPattern::parse(text), Ok(OriginPattern { scheme, host, port }));
}

#[rstest]
#[case("", ProblemCode::OriginWithoutScheme, "Write an origin such as `https://example.com`.")]
#[case("example.com", ProblemCode::OriginWithoutScheme, "Write `https://example.com`.")]
#[case("://example.com", ProblemCode::OriginScheme, "Write an origin such as `https://example.com`.")]
#[case("1http://example.com", ProblemCode::OriginScheme, "Write an origin such as `https://example.com`.")]
#[case(
    "file:///home",
    ProblemCode::OriginScheme,
    "Serve the page over http instead: pages from local files have the origin `null`, or `file://` in some applications."
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
#[case(
    "https://b\u{fc}cher.example:8443",
    ProblemCode::OriginWithUnicode,
    "Write `https://xn--bcher-kva.example:8443`."
)]
#[case(
    "https://*.B\u{dc}CHER.example",
    ProblemCode::OriginWithUnicode,
    "Write `https://*.xn--bcher-kva.example`."
)]
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
#[case("https://xn--f", ProblemCode::OriginHost)]
#[case("https://a.xn--zzzz-9999999999.example", ProblemCode::OriginHost)]
#[case("https://xn--abc.example", ProblemCode::OriginHost)]
#[case("https://*.xn--f", ProblemCode::OriginHost)]
#[case("https://example.com:\u{e9}", ProblemCode::OriginWithUnicode)]
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
#[case("https://a*b*.example.com", ProblemCode::MisplacedWildcard)]
#[case("https://a*.*.example.com", ProblemCode::MisplacedWildcard)]
#[case("https://a*", ProblemCode::MisplacedWildcard)]
#[case("https://a*.", ProblemCode::MisplacedWildcard)]
#[case("https://a*.127.0.0.1", ProblemCode::MisplacedWildcard)]
#[case("https://a*.[::1]", ProblemCode::MisplacedWildcard)]
#[case("https://a*.a..example", ProblemCode::OriginHost)]
#[case("https://a$*.example.com", ProblemCode::OriginHost)]
#[case("ws://*", ProblemCode::MisplacedWildcard)]
#[case("moz-extension://a*.b", ProblemCode::MisplacedWildcard)]
#[case("moz-extension://*:8080", ProblemCode::MisplacedWildcard)]
#[case("https://a.*.example.com", ProblemCode::MisplacedWildcard)]
#[case("https://*.*.example.com", ProblemCode::MisplacedWildcard)]
#[case("https://example.*", ProblemCode::MisplacedWildcard)]
#[case("https://example.com:80*", ProblemCode::MisplacedWildcard)]
#[case("https://*.127.0.0.1", ProblemCode::MisplacedWildcard)]
#[case("https://*.[::1]", ProblemCode::MisplacedWildcard)]
#[case("chrome-extension://*.abc", ProblemCode::MisplacedWildcard)]
#[case("chrome-extension://abc:*", ProblemCode::MisplacedWildcard)]
fn faults_by_code(#[case] text: &str, #[case] code: ProblemCode) {
    assert_eq!(OriginPattern::parse(text).unwrap_err().code, code);
}

#[test]
fn names_have_a_maximum_length() {
    let name = |length: usize| {
        let name = "a.".repeat(length / 2) + &"a".repeat(length % 2);
        format!("{}b", &name[..length - 1])
    };
    assert!(OriginPattern::parse(&format!("https://{}", name(253))).is_ok());
    let code = |text: &str| OriginPattern::parse(text).map(|_| ()).map_err(|fault| fault.code);
    assert_eq!(code(&format!("https://{}", name(254))), Err(ProblemCode::OriginHost));
    assert!(code(&format!("https://*.{}", name(251))).is_ok());
    assert_eq!(code(&format!("https://*.{}", name(252))), Err(ProblemCode::OriginHost));
    assert!(code(&format!("https://a*.{}", name(250))).is_ok());
    assert_eq!(code(&format!("https://a*.{}", name(251))), Err(ProblemCode::OriginHost));
    assert!(code(&format!("https://{}*.example", "a".repeat(62))).is_ok());
    assert_eq!(code(&format!("https://{}*.example", "a".repeat(63))), Err(ProblemCode::OriginHost));
    assert_eq!(code(&format!("https://{}.example", "a".repeat(64))), Err(ProblemCode::OriginHost));
}

#[rstest]
#[case("ttp", Some("http"))]
#[case("htpp", Some("http"))]
#[case("htps", Some("https"))]
#[case("ttps", Some("https"))]
#[case("httpss", Some("https"))]
#[case("wss", Some("https"))]
#[case("capaciter", Some("capacitor"))]
#[case("moz-extention", Some("moz-extension"))]
#[case("http", None)]
#[case("app", None)]
#[case("apps", None)]
#[case("obsidian", None)]
fn intended_schemes(#[case] scheme: &str, #[case] expected: Option<&str>) {
    assert_eq!(intended_scheme(scheme), expected);
}

#[rstest]
#[case("https://*.github.io", cfg!(feature = "public-suffix").then_some("github.io"))]
#[case("https://*-team.com", Some("com"))]
#[case("https://*-team.example.com", None)]
#[case("https://github.io", None)]
#[case("https://*-team.localhost", None)]
fn public_suffixes(#[case] text: &str, #[case] expected: Option<&str>) {
    assert_eq!(OriginPattern::parse(text).unwrap().public_suffix(), expected);
}

#[rstest]
#[case("http://app-*.localhost", false)]
#[case("http://app-*.example.com", true)]
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

/// A repair is parsed again, so a mistake there could repeat it for ever.
#[test]
fn every_repair_ends() {
    let pieces = [
        "https", "http?", "://", ":", "/", "\\", "*", ".", ".*", "a", "B", "\u{e9}", "xn--", "@", "[", "]",
        "\"", ",", "^", "$", " ", "0",
    ];
    for first in pieces {
        for second in pieces {
            for third in pieces {
                let text = format!("{first}{second}{third}");
                for text in [format!("https://{text}"), text] {
                    assert_ne!(
                        OriginPattern::parse(&text).err().and_then(|fault| fault.suggestion),
                        Some(text)
                    );
                }
            }
        }
    }
}
