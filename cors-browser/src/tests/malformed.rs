//! Responses that break the grammar of HTTP.

use rstest::rstest;

use super::*;

const ALLOW: &str = "access-control-allow-origin";
const EXPOSE: (&str, &[u8]) = ("access-control-expose-headers", b"*");

async fn fetch(profile: Profile, headers: &[(&str, &[u8])]) -> Fetched {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_vec())).collect();
    let answer = WireResponse { headers, ..reply(200, &[]) };
    browser_as(profile, move |_| Ok(answer.clone())).fetch(&page(APP), get(API)).await
}

#[rstest]
#[case(b"a\x01b", "a\x01b")]
#[case(b"a\x0bb", "a\x0bb")]
#[case(b"a\x7fb", "a\x7fb")]
#[case(b"a\xffb", "a\u{ff}b")]
#[tokio::test]
async fn control_bytes_in_other_headers_do_not_matter(#[case] value: &[u8], #[case] read: &str) {
    for profile in [Profile::standard(), Profile::chromium(), Profile::firefox()] {
        let fetched = fetch(profile, &[(ALLOW, b"*"), EXPOSE, ("x-a", value)]).await;
        assert_eq!(response(&fetched).header("x-a"), Some(read));
    }
}

#[rstest]
#[case(b"*\x01")]
#[case(b"\x0c*")]
#[case(b"*\x7f")]
#[tokio::test]
async fn control_bytes_in_allow_origin_do_not_hide_the_verdict(#[case] value: &[u8]) {
    let fetched = fetch(Profile::standard(), &[(ALLOW, value)]).await;
    assert_eq!(blocked(&fetched), BlockReason::AllowOriginMismatch);
}

#[tokio::test]
async fn a_nul_byte_breaks_the_response() {
    let fetched = fetch(Profile::standard(), &[(ALLOW, b"*"), ("x-a", b"a\0b")]).await;
    assert_eq!(blocked(&fetched), BlockReason::NetworkError);
}

#[rstest]
#[case::standard(Profile::standard(), true)]
#[case::chromium(Profile::chromium(), true)]
#[case::firefox(Profile::firefox(), false)]
#[case::webkit(Profile::webkit(), false)]
#[tokio::test]
async fn white_space_before_the_colon(#[case] profile: Profile, #[case] counts: bool) {
    for name in ["access-control-allow-origin ", "access-control-allow-origin\t"] {
        let fetched = fetch(profile.clone(), &[(name, b"*")]).await;
        assert_eq!(matches!(fetched.outcome, Outcome::Response(_)), counts);
    }
}

#[rstest]
#[case("x a")]
#[case("x(a")]
#[case("")]
#[tokio::test]
async fn a_name_that_is_not_a_token_is_ignored(#[case] name: &str) {
    let fetched = fetch(Profile::standard(), &[(ALLOW, b"*"), EXPOSE, (name, b"1")]).await;
    let names: Vec<_> = response(&fetched).headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [ALLOW, "access-control-expose-headers"]);
}

#[rstest]
#[case("location")]
#[case("content-disposition")]
#[case("content-length")]
#[tokio::test]
async fn browsers_reject_different_lines_of_some_headers(#[case] name: &str) {
    for profile in [Profile::chromium(), Profile::firefox()] {
        let fetched = fetch(profile.clone(), &[(ALLOW, b"*"), (name, b"4"), (name, b"4")]).await;
        response(&fetched);
        let fetched = fetch(profile, &[(ALLOW, b"*"), (name, b"4"), (name, b"5")]).await;
        assert_eq!(blocked(&fetched), BlockReason::NetworkError);
    }
    response(&fetch(Profile::standard(), &[(ALLOW, b"*"), (name, b"4"), (name, b"5")]).await);
}
