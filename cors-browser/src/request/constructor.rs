//! Fetch, "Request class" and "Headers class": the request that `fetch()` makes of its arguments.

use url::Url;

use super::Request;
use crate::blocked::InvalidArgument;
use crate::header::{
    HeaderList, is_header_value, is_no_cors_safelisted_request_header, is_privileged_no_cors_name, is_token,
    isomorphic_decode, normalize,
};
use crate::profile::Profile;
use crate::steps::Steps;
use crate::{BlockReason, Blocked, FailureKind, FetchRequest, Mode, Page, method};

/// The most bytes that the bodies of requests with `keepalive` can have. The model has one such request at a time.
const KEEPALIVE_LIMIT: usize = 64 << 10;

impl Request {
    /// Fetch, "new Request(input, init)" and the part of "fetch" that comes before "main fetch".
    pub(crate) fn construct(
        page: &Page,
        init: FetchRequest,
        profile: &Profile,
        steps: &dyn Steps,
    ) -> Result<Self, Blocked> {
        let FetchRequest {
            url,
            method,
            headers,
            body,
            mode,
            credentials,
            redirect,
            referrer_policy,
            target_address_space,
            keepalive,
        } = init;

        // Request constructor: a URL that includes credentials is a TypeError.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                InvalidArgument::UserInfo,
                url.as_str(),
                "the URL has a user name or a password",
            ));
        }
        // Request constructor, `init["method"]`.
        if !is_token(method.as_bytes()) {
            return Err(invalid(InvalidArgument::Method, &method, "the method is not a token"));
        }
        if method::is_forbidden(&method) {
            let detail = format!("a script must not use the method {method}");
            return Err(Blocked::new(BlockReason::ForbiddenMethod, detail).with_value(method));
        }
        let method = steps.normalize_method(&method);
        // Request constructor, mode `no-cors`: the method is CORS-safelisted.
        if mode == Mode::NoCors && !method::is_cors_safelisted(&method) {
            let detail = format!("mode `no-cors` does not allow the method {method}");
            return Err(Blocked::new(BlockReason::NoCorsMethodNotSafelisted, detail).with_value(method));
        }
        // Request constructor, `init["headers"]`: "fill".
        let mut list = HeaderList::default();
        for (name, value) in &headers {
            append(&mut list, mode, name, value, profile, steps)?;
        }
        // Request constructor, `init["body"]`: GET and HEAD have no body.
        if body.is_some() && matches!(method.as_str(), "GET" | "HEAD") {
            return Err(invalid(InvalidArgument::Body, &method, "GET and HEAD cannot have a body"));
        }
        // Request constructor, `init["body"]`: a string has a content type ("extract a body").
        let is_text = body.as_deref().is_some_and(|body| std::str::from_utf8(body).is_ok());
        if is_text && !list.contains("Content-Type") {
            list.append("Content-Type", "text/plain;charset=UTF-8");
        }

        // "HTTP-network-or-cache fetch", step 8.10. Browsers check this before the preflight, the standard does after it.
        if keepalive && body.as_ref().is_some_and(|body| body.len() > KEEPALIVE_LIMIT) {
            let detail = "the body of a request with `keepalive` is larger than 64 KiB";
            return Err(
                Blocked::new(BlockReason::NetworkError, detail).with_failure(FailureKind::KeepaliveBody)
            );
        }

        let mut request = Self {
            method,
            headers: list,
            body,
            mode: mode.into(),
            credentials,
            redirect,
            target_address_space,
            ..Self::new(page, encode_path(url, profile), steps)
        };
        // Request constructor, `init["referrerPolicy"]`.
        if let Some(policy) = referrer_policy {
            request.referrer_policy = policy;
        }
        request.set_default_headers();
        Ok(request)
    }
}

/// URL, "path percent-encode set": the characters that the parser of the `url` crate leaves as they are.
pub(crate) fn encode_path(mut url: Url, profile: &Profile) -> Url {
    if !url.cannot_be_a_base() && url.path().contains(['^', '|']) {
        let path = url.path().replace('^', "%5E");
        let path = if profile.encodes_bars { path.replace('|', "%7C") } else { path };
        url.set_path(&path);
    }
    url
}

/// Fetch, Headers "append", with guard `request` or `request-no-cors`.
fn append(
    list: &mut HeaderList,
    mode: Mode,
    name: &str,
    value: &str,
    profile: &Profile,
    steps: &dyn Steps,
) -> Result<(), Blocked> {
    // Steps 1 and 2.
    let value = &valid_header(name, value)?[..];
    // "validate", step 3: a forbidden request-header is dropped silently.
    if steps.is_forbidden_request_header(name, value, profile) {
        return Ok(());
    }
    // Step 3.
    if mode == Mode::NoCors {
        let mut temporary = list.combined(name).unwrap_or_default();
        if list.contains(name) {
            temporary.extend_from_slice(b", ");
        }
        temporary.extend_from_slice(value);
        if !is_no_cors_safelisted_request_header(name, &temporary, steps) {
            return Ok(());
        }
    }
    // Step 4.
    list.append(name, value);
    // Step 5, "remove privileged no-CORS request-headers".
    if mode == Mode::NoCors {
        list.retain(|name| !is_privileged_no_cors_name(name));
    }
    Ok(())
}

/// The normalized value of a header that a script sets (Fetch, Headers "append", step 1, and "validate", step 1; XMLHttpRequest,
/// "setRequestHeader()", steps 3 and 4).
pub(super) fn valid_header(name: &str, value: &str) -> Result<Vec<u8>, Blocked> {
    let bytes = byte_string(name, value)?;
    let value = normalize(&bytes);
    if !is_token(name.as_bytes()) {
        return Err(invalid(InvalidArgument::HeaderName, name, "the header's name is not a token"));
    }
    if !is_header_value(value) {
        let detail = format!("the value of {name} has a line break or a NUL");
        return Err(invalid(InvalidArgument::HeaderValue, &isomorphic_decode(value), &detail));
    }
    Ok(value.to_vec())
}

/// Web IDL, "ByteString": code points above U+00FF are a TypeError.
fn byte_string(name: &str, value: &str) -> Result<Vec<u8>, Blocked> {
    let bytes: Option<Vec<u8>> = value.chars().map(|char| u8::try_from(char).ok()).collect();
    bytes.ok_or_else(|| {
        invalid(
            InvalidArgument::HeaderCharacter,
            value,
            &format!("the value of {name} has a character above U+00FF"),
        )
    })
}

pub(super) fn invalid(argument: InvalidArgument, value: &str, detail: &str) -> Blocked {
    Blocked::new(BlockReason::InvalidRequest, format!("{value}: {detail}"))
        .with_value(value)
        .with_argument(argument)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::Origin;
    use crate::steps::Standard;

    fn fetch() -> FetchRequest {
        FetchRequest::new(Url::parse("https://api.example/x").unwrap())
    }

    fn page() -> Page {
        Page::new(Origin::parse("https://app.example").unwrap())
    }

    fn construct(init: FetchRequest) -> Result<Request, Blocked> {
        Request::construct(&page(), init, &Profile::standard(), &Standard)
    }

    fn set(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[rstest]
    #[case::user("https://me@api.example/")]
    #[case::password("https://:secret@api.example/")]
    fn rejects_a_url_with_credentials(#[case] url: &str) {
        let blocked = construct(FetchRequest { url: Url::parse(url).unwrap(), ..fetch() }).unwrap_err();
        assert_eq!(blocked.reason, BlockReason::InvalidRequest);
    }

    #[rstest]
    #[case("trace", Mode::Cors, BlockReason::ForbiddenMethod)]
    #[case("CONNECT", Mode::Cors, BlockReason::ForbiddenMethod)]
    #[case("A B", Mode::Cors, BlockReason::InvalidRequest)]
    #[case("", Mode::Cors, BlockReason::InvalidRequest)]
    #[case("PUT", Mode::NoCors, BlockReason::NoCorsMethodNotSafelisted)]
    #[case("OPTIONS", Mode::NoCors, BlockReason::NoCorsMethodNotSafelisted)]
    fn rejects_methods(#[case] method: &str, #[case] mode: Mode, #[case] reason: BlockReason) {
        let blocked = construct(FetchRequest { method: method.to_owned(), mode, ..fetch() }).unwrap_err();
        assert_eq!(blocked.reason, reason);
    }

    #[rstest]
    #[case("x a", "1")]
    #[case("", "1")]
    #[case("x:a", "1")]
    #[case("x-a", "1\n2")]
    #[case("x-a", "1\r2")]
    #[case("x-a", "\u{100}")]
    fn rejects_headers(#[case] name: &str, #[case] value: &str) {
        let blocked = construct(FetchRequest { headers: set(&[(name, value)]), ..fetch() }).unwrap_err();
        assert_eq!(blocked.reason, BlockReason::InvalidRequest);
    }

    #[rstest]
    #[case("GET", true)]
    #[case("head", true)]
    #[case("POST", false)]
    fn rejects_a_body_of_get_and_head(#[case] method: &str, #[case] rejected: bool) {
        let request = FetchRequest { method: method.to_owned(), body: Some(b"x".to_vec()), ..fetch() };
        assert_eq!(construct(request).is_err(), rejected);
    }

    #[test]
    fn drops_forbidden_headers_and_strips_the_values_of_others() {
        let headers =
            set(&[("Origin", "https://evil.example"), ("X-A", " 1\t\n"), ("Cookie", "a=1"), ("X-E", "é")]);
        let request = construct(FetchRequest { headers, ..fetch() }).unwrap();
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["X-A", "X-E", "Accept", "Accept-Language"]);
        assert_eq!(request.headers.combined("x-a").unwrap(), b"1");
        assert_eq!(request.headers.combined("x-e").unwrap(), [0xe9]);
    }

    #[test]
    fn no_cors_keeps_only_no_cors_safelisted_headers() {
        let headers = set(&[
            ("X-A", "1"),
            ("Range", "bytes=0-9"),
            ("Content-Type", "application/json"),
            ("Accept", "text/html"),
            ("Content-Language", "de"),
        ]);
        let request = construct(FetchRequest { mode: Mode::NoCors, headers, ..fetch() }).unwrap();
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Accept", "Content-Language", "Accept-Language"]);
    }

    /// Each value is short enough, but the joined value is not.
    #[test]
    fn no_cors_checks_the_joined_value_of_a_repeated_header() {
        let (a, b) = ("a".repeat(100), "b".repeat(100));
        let headers = set(&[("Accept", &a), ("Accept", &b)]);
        let request = construct(FetchRequest { mode: Mode::NoCors, headers, ..fetch() }).unwrap();
        assert_eq!(request.headers.combined("accept").unwrap(), a.as_bytes());
    }

    #[rstest]
    #[case::text(b"x".to_vec(), &[], Some("text/plain;charset=UTF-8"))]
    #[case::bytes(vec![0xff], &[], None)]
    #[case::own(b"x".to_vec(), &[("content-type", "application/json")], Some("application/json"))]
    fn a_text_body_has_a_content_type(
        #[case] body: Vec<u8>,
        #[case] headers: &[(&str, &str)],
        #[case] expected: Option<&str>,
    ) {
        let init =
            FetchRequest { method: "POST".to_owned(), body: Some(body), headers: set(headers), ..fetch() };
        let value = construct(init).unwrap().headers.combined("content-type");
        assert_eq!(value.as_deref(), expected.map(str::as_bytes));
    }
}
