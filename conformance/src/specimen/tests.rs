use rstest::rstest;

use super::*;

#[rstest]
#[case("code=303&to=https%3A%2F%2Fa.example%2F%3Fb", Some((303, "https://a.example/?b")))]
#[case("to=/x", Some((307, "/x")))]
#[case("code=200&to=/x", None)]
#[case("code=304&to=/x", Some((304, "/x")))]
#[case("code=400&to=/x", None)]
#[case("code=308", None)]
fn a_redirect_is_read_from_the_query(#[case] query: &str, #[case] expected: Option<(u16, &str)>) {
    let expected = expected.map(|(code, to)| Redirect { code, to: to.to_owned() });
    assert_eq!(Redirect::from_query(query), expected);
}

#[rstest]
#[case("200", Some((200, "status 200")))]
#[case("204", Some((204, "")))]
#[case("599", Some((599, "status 599")))]
#[case("101", None)]
#[case("600", None)]
#[case("teapot", None)]
fn only_statuses_that_a_handler_can_send_are_accepted(
    #[case] code: &str,
    #[case] expected: Option<(u16, &str)>,
) {
    assert_eq!(status(code), expected.map(|(code, body)| (code, body.to_owned())));
}

#[test]
fn hits_count_by_route() {
    let hits = Hits::default();
    hits.count(route::ECHO);
    hits.clone().count(route::ECHO);
    hits.count(route::ITEM);
    assert_eq!(hits.to_json(), r#"{"/echo":2,"/item/{id}":1}"#);
}

#[test]
fn cookies_are_set_and_read_one_by_one() {
    assert_eq!(cookies_to_set("c=a%3D1%3B+Secure&x=y&c=b=2"), ["a=1; Secure", "b=2"]);
    assert_eq!(cookies_read([b"a=1; b=2".as_slice(), b"c=3"]), r#"["a=1","b=2","c=3"]"#);
}
