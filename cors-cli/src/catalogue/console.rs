//! What a line of a browser's console means.

use cors_browser::BlockReason;
use cors_browser::BlockReason as R;

/// What a line says about a blocked request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recognized {
    /// The browser that prints such lines.
    pub browser: &'static str,
    /// The reasons for which it prints them, the most frequent first. Empty if every blocked request has such a line.
    pub reasons: &'static [BlockReason],
}

/// A kind of line: the browser, the words that it contains, and the reasons.
type Rule = (&'static str, &'static [&'static str], &'static [BlockReason]);

const PREFLIGHT: &str = "response to preflight request doesn't pass access control check";
const CHROMIUM: &str = "Chromium";
const FIREFOX: &str = "Firefox";
const WEBKIT: &str = "WebKit";
const SEVERAL: &str = "several browsers";

/// The more telling lines come first. Quotation marks are all `'`, and letters are in lower case.
const RULES: &[Rule] = &[
    // Chromium, preflights.
    (CHROMIUM, &[PREFLIGHT, "no 'access-control-allow-origin' header"], &[R::PreflightMissingAllowOrigin]),
    (CHROMIUM, &[PREFLIGHT, "must not be the wildcard"], &[R::PreflightWildcardWithCredentials]),
    (
        CHROMIUM,
        &[PREFLIGHT, "contains multiple values"],
        &[R::PreflightMultipleAllowOrigin, R::PreflightAllowOriginMismatch],
    ),
    (CHROMIUM, &[PREFLIGHT, "not equal to the supplied origin"], &[R::PreflightAllowOriginMismatch]),
    (CHROMIUM, &[PREFLIGHT, "contains the invalid value"], &[R::PreflightAllowOriginMismatch]),
    (
        CHROMIUM,
        &[PREFLIGHT, "'access-control-allow-credentials' header"],
        &[R::PreflightCredentialsNotAllowed],
    ),
    (CHROMIUM, &[PREFLIGHT, "does not have http ok status"], &[R::PreflightStatusNotOk]),
    (CHROMIUM, &[PREFLIGHT, "redirect is not allowed"], &[R::PreflightRedirected]),
    (CHROMIUM, &["cannot parse access-control-allow-methods"], &[R::InvalidAllowMethods]),
    (CHROMIUM, &["cannot parse access-control-allow-headers"], &[R::InvalidAllowHeaders]),
    (
        CHROMIUM,
        &["is not allowed by access-control-allow-methods in preflight response"],
        &[R::MethodNotAllowed, R::MethodWildcardWithCredentials],
    ),
    (
        CHROMIUM,
        &["is not allowed by access-control-allow-headers in preflight response"],
        &[R::HeaderNotAllowed, R::HeaderWildcardWithCredentials, R::AuthorizationNotCoveredByWildcard],
    ),
    // Chromium, responses.
    (CHROMIUM, &["no 'access-control-allow-origin' header"], &[R::MissingAllowOrigin]),
    (
        CHROMIUM,
        &["'access-control-allow-origin' header", "must not be the wildcard"],
        &[R::WildcardOriginWithCredentials],
    ),
    (
        CHROMIUM,
        &["'access-control-allow-origin' header contains multiple values"],
        &[R::MultipleAllowOrigin, R::AllowOriginMismatch],
    ),
    (CHROMIUM, &["not equal to the supplied origin"], &[R::AllowOriginMismatch]),
    (
        CHROMIUM,
        &["'access-control-allow-origin' header contains the invalid value"],
        &[R::AllowOriginMismatch],
    ),
    (CHROMIUM, &["'access-control-allow-credentials' header in the response"], &[R::CredentialsNotAllowed]),
    (CHROMIUM, &["contains a username and password"], &[R::RedirectWithCredentialsInUrl]),
    (CHROMIUM, &["permission was denied for this request to access"], &[R::LocalNetworkPermission]),
    (CHROMIUM, &["not a secure context and the resource is in more-private"], &[R::LocalNetworkNotSecure]),
    (CHROMIUM, &["request had a target ip address space"], &[R::AddressSpaceMismatch]),
    (
        CHROMIUM,
        &["(redirected from", "only supported for protocol schemes"],
        &[R::RedirectToUnsupportedScheme],
    ),
    (CHROMIUM, &["only supported for protocol schemes"], &[R::UnsupportedScheme]),
    // Chromium, everything else.
    (CHROMIUM, &["request mode is 'same-origin'"], &[R::ModeSameOriginCrossOrigin]),
    (CHROMIUM, &["url scheme '", "is not supported"], &[R::UnsupportedScheme]),
    (CHROMIUM, &["the url's scheme must be either"], &[R::UnsupportedScheme]),
    (CHROMIUM, &["mixed content: the page at"], &[R::MixedContent]),
    (CHROMIUM, &["is unsupported in no-cors mode"], &[R::NoCorsMethodNotSafelisted]),
    (CHROMIUM, &["http method is unsupported"], &[R::ForbiddenMethod]),
    (CHROMIUM, &["redirect mode is not 'follow'"], &[R::InvalidRequest]),
    (CHROMIUM, &["failed to execute 'fetch' on 'window'"], &[R::InvalidRequest]),
    (CHROMIUM, &["on 'xmlhttprequest'"], &[R::InvalidRequest]),
    (CHROMIUM, &["failed to construct 'websocket'"], &[R::InvalidRequest]),
    (CHROMIUM, &["websocket handshake: unexpected response code"], &[R::WebSocketHandshakeFailed]),
    (CHROMIUM, &["error during websocket handshake"], &[R::WebSocketResponseInvalid]),
    (CHROMIUM, &["connection closed before receiving a handshake response"], &[R::NetworkError]),
    (CHROMIUM, &["refused to execute script from"], &[R::ResourceType]),
    (CHROMIUM, &["refused to apply style from"], &[R::ResourceType]),
    (CHROMIUM, &["failed to decode downloaded font"], &[R::ResourceType]),
    (CHROMIUM, &["err_unsafe_port"], &[R::BadPort]),
    (CHROMIUM, &["err_too_many_redirects"], &[R::TooManyRedirects]),
    (CHROMIUM, &["err_invalid_redirect"], &[R::RedirectLocationInvalid]),
    (CHROMIUM, &["err_unsafe_redirect"], &[R::RedirectToUnsupportedScheme]),
    (CHROMIUM, &["err_unknown_url_scheme"], &[R::RedirectToUnsupportedScheme, R::UnsupportedScheme]),
    (CHROMIUM, &["err_blocked_by_orb"], &[R::OpaqueResponseBlocked]),
    (CHROMIUM, &["defaultedtosameoriginbycoep"], &[R::EmbedderPolicy]),
    (CHROMIUM, &["err_blocked_by_response"], &[R::ResourcePolicy, R::EmbedderPolicy]),
    (CHROMIUM, &["net::err_name_not_resolved"], &[R::NetworkError]),
    (CHROMIUM, &["net::err_connection"], &[R::NetworkError]),
    (CHROMIUM, &["net::err_address"], &[R::NetworkError]),
    (CHROMIUM, &["net::err_cert"], &[R::NetworkError]),
    (CHROMIUM, &["net::err_ssl"], &[R::NetworkError]),
    (CHROMIUM, &["net::err_timed_out"], &[R::NetworkError]),
    (CHROMIUM, &["net::err_empty_response"], &[R::NetworkError]),
    (CHROMIUM, &["net::err_invalid_http_response"], &[R::NetworkError]),
    (CHROMIUM, &["net::err_response_headers"], &[R::NetworkError]),
    (CHROMIUM, &["net::err_unexpected_proxy_auth"], &[R::NetworkError]),
    (CHROMIUM, &["net::err_invalid_url"], &[R::NetworkError]),
    (CHROMIUM, &["net::err_internet_disconnected"], &[R::NetworkError]),
    // Firefox.
    (
        FIREFOX,
        &["cors header 'access-control-allow-origin' missing"],
        &[R::MissingAllowOrigin, R::PreflightMissingAllowOrigin],
    ),
    (
        FIREFOX,
        &["multiple cors header 'access-control-allow-origin' not allowed"],
        &[R::MultipleAllowOrigin, R::PreflightMultipleAllowOrigin],
    ),
    (
        FIREFOX,
        &["cors header 'access-control-allow-origin' does not match"],
        &[
            R::AllowOriginMismatch,
            R::PreflightAllowOriginMismatch,
            R::MultipleAllowOrigin,
            R::PreflightMultipleAllowOrigin,
        ],
    ),
    (
        FIREFOX,
        &["credential is not supported if the cors header"],
        &[R::WildcardOriginWithCredentials, R::PreflightWildcardWithCredentials],
    ),
    (
        FIREFOX,
        &["expected 'true' in cors header 'access-control-allow-credentials'"],
        &[R::CredentialsNotAllowed, R::PreflightCredentialsNotAllowed],
    ),
    (
        FIREFOX,
        &["cors preflight response did not succeed"],
        &[R::PreflightStatusNotOk, R::PreflightRedirected],
    ),
    (FIREFOX, &["external redirect not allowed"], &[R::PreflightRedirected]),
    (
        FIREFOX,
        &["did not find method in cors header"],
        &[R::MethodNotAllowed, R::MethodWildcardWithCredentials],
    ),
    (
        FIREFOX,
        &["is not allowed according to header 'access-control-allow-headers'"],
        &[R::HeaderNotAllowed, R::HeaderWildcardWithCredentials, R::AuthorizationNotCoveredByWildcard],
    ),
    // Older versions.
    (
        FIREFOX,
        &["missing token", "in cors header 'access-control-allow-headers'"],
        &[R::HeaderNotAllowed, R::HeaderWildcardWithCredentials],
    ),
    (FIREFOX, &["invalid token", "in cors header 'access-control-allow-methods'"], &[R::InvalidAllowMethods]),
    (FIREFOX, &["invalid token", "in cors header 'access-control-allow-headers'"], &[R::InvalidAllowHeaders]),
    (FIREFOX, &["cors request not http"], &[R::UnsupportedScheme]),
    (
        FIREFOX,
        &["cors request did not succeed"],
        &[R::NetworkError, R::RedirectWithCredentialsInUrl, R::RedirectToUnsupportedScheme],
    ),
    (FIREFOX, &["blocked loading mixed active content"], &[R::MixedContent]),
    (
        FIREFOX,
        &["invalid request method"],
        &[R::ForbiddenMethod, R::NoCorsMethodNotSafelisted, R::InvalidRequest],
    ),
    (FIREFOX, &["is an url with embedded credentials"], &[R::InvalidRequest]),
    (FIREFOX, &["is an invalid header"], &[R::InvalidRequest]),
    (FIREFOX, &["head or get request cannot have a body"], &[R::InvalidRequest]),
    (FIREFOX, &["which is greater than 255"], &[R::InvalidRequest]),
    (FIREFOX, &["syntaxerror: invalid header name"], &[R::InvalidRequest]),
    (FIREFOX, &["an invalid or illegal string was specified"], &[R::InvalidRequest, R::UnsupportedScheme]),
    (FIREFOX, &["securityerror: the operation is insecure"], &[R::ForbiddenMethod, R::MixedContent]),
    (
        FIREFOX,
        &["was blocked due to its cross-origin-resource-policy"],
        &[R::ResourcePolicy, R::EmbedderPolicy],
    ),
    (FIREFOX, &["opaqueresponseblocking"], &[R::OpaqueResponseBlocked]),
    (FIREFOX, &["was not loaded because its mime type"], &[R::ResourceType]),
    (FIREFOX, &["because of a disallowed mime type"], &[R::ResourceType]),
    (FIREFOX, &["was blocked due to mime type"], &[R::ResourceType]),
    (
        FIREFOX,
        &["can't establish a connection to the server at ws"],
        &[R::WebSocketHandshakeFailed, R::WebSocketResponseInvalid, R::NetworkError, R::BadPort],
    ),
    (
        FIREFOX,
        &["can't establish a connection to the server at"],
        &[R::EventStreamStatus, R::EventStreamType, R::NetworkError],
    ),
    // WebKit.
    (
        WEBKIT,
        &["is not allowed by access-control-allow-origin"],
        &[
            R::MissingAllowOrigin,
            R::AllowOriginMismatch,
            R::PreflightMissingAllowOrigin,
            R::PreflightAllowOriginMismatch,
        ],
    ),
    (
        WEBKIT,
        &["access-control-allow-origin cannot contain more than one origin"],
        &[R::MultipleAllowOrigin, R::PreflightMultipleAllowOrigin],
    ),
    (
        WEBKIT,
        &["cannot use wildcard in access-control-allow-origin"],
        &[R::WildcardOriginWithCredentials, R::PreflightWildcardWithCredentials],
    ),
    (
        WEBKIT,
        &["credentials flag is true, but access-control-allow-credentials"],
        &[R::CredentialsNotAllowed, R::PreflightCredentialsNotAllowed],
    ),
    (
        WEBKIT,
        &["is not allowed by access-control-allow-methods"],
        &[R::MethodNotAllowed, R::MethodWildcardWithCredentials],
    ),
    (
        WEBKIT,
        &["is not allowed by access-control-allow-headers"],
        &[R::HeaderNotAllowed, R::HeaderWildcardWithCredentials, R::AuthorizationNotCoveredByWildcard],
    ),
    (WEBKIT, &["access-control-allow-methods has an invalid value"], &[R::InvalidAllowMethods]),
    (WEBKIT, &["access-control-allow-headers has an invalid value"], &[R::InvalidAllowHeaders]),
    (
        WEBKIT,
        &["preflight response is not successful"],
        &[
            R::PreflightStatusNotOk,
            R::PreflightRedirected,
            R::PreflightMissingAllowOrigin,
            R::PreflightMultipleAllowOrigin,
            R::PreflightAllowOriginMismatch,
            R::PreflightWildcardWithCredentials,
            R::PreflightCredentialsNotAllowed,
        ],
    ),
    (WEBKIT, &["cross-origin redirection to", "has credentials"], &[R::RedirectWithCredentialsInUrl]),
    (
        WEBKIT,
        &["cross-origin redirection to", "non cors scheme"],
        &[R::RedirectToUnsupportedScheme, R::RedirectLocationInvalid],
    ),
    (
        WEBKIT,
        &["cross-origin redirection to"],
        &[R::MissingAllowOrigin, R::AllowOriginMismatch, R::MultipleAllowOrigin, R::CredentialsNotAllowed],
    ),
    (WEBKIT, &["not allowed to follow a redirection"], &[R::RedirectModeError]),
    (WEBKIT, &["cannot follow more than 20 redirections"], &[R::TooManyRedirects]),
    (WEBKIT, &["violates the resource's cross-origin-resource-policy"], &[R::ResourcePolicy]),
    (WEBKIT, &["requested insecure content from"], &[R::MixedContent]),
    (WEBKIT, &["cross origin requests are only supported for http"], &[R::UnsupportedScheme]),
    (WEBKIT, &["restricted network port"], &[R::BadPort]),
    (WEBKIT, &["websocket port ", " blocked"], &[R::BadPort]),
    (WEBKIT, &["typeerror: method is forbidden"], &[R::ForbiddenMethod]),
    (WEBKIT, &["method must be get, post or head in no-cors mode"], &[R::NoCorsMethodNotSafelisted]),
    (WEBKIT, &["no-cors mode requires follow redirect mode"], &[R::InvalidRequest]),
    (WEBKIT, &["url is not valid or contains user credentials"], &[R::InvalidRequest]),
    (WEBKIT, &["method is not a valid http token"], &[R::InvalidRequest]),
    (WEBKIT, &["typeerror: invalid header name"], &[R::InvalidRequest]),
    (WEBKIT, &["typeerror: header '", "has invalid value"], &[R::InvalidRequest]),
    (WEBKIT, &["typeerror: request has method", "and cannot have a body"], &[R::InvalidRequest]),
    (WEBKIT, &["typeerror: type error"], &[R::InvalidRequest]),
    (WEBKIT, &["did not match the expected pattern"], &[R::InvalidRequest, R::UnsupportedScheme]),
    (WEBKIT, &["did not accept the websocket handshake"], &[R::WebSocketHandshakeFailed]),
    (WEBKIT, &["server ignored websocket handshake"], &[R::WebSocketResponseInvalid]),
    (WEBKIT, &["server returned incorrect 'sec-websocket-accept' key"], &[R::WebSocketResponseInvalid]),
    (WEBKIT, &["websocket connection to", "connection terminated unexpectedly"], &[R::NetworkError]),
    // Lines that browsers share.
    (SEVERAL, &["unsafe attempt to load url"], &[R::ModeSameOriginCrossOrigin]),
    (SEVERAL, &["eventsource's response has a mime type"], &[R::EventStreamType]),
    (
        SEVERAL,
        &["failed to load resource: the server responded with a status of"],
        &[R::EventStreamStatus, R::ResourceStatusNotOk],
    ),
    // Lines that do not say why.
    (WEBKIT, &["due to access control checks"], &[]),
    (WEBKIT, &["typeerror: load failed"], &[]),
    (WEBKIT, &["not allowed to request resource"], &[]),
    (FIREFOX, &["networkerror when attempting to fetch resource"], &[]),
    (CHROMIUM, &["typeerror: failed to fetch"], &[]),
    (CHROMIUM, &["net::err_failed"], &[]),
    (WEBKIT, &["fetch api cannot load"], &[R::ModeSameOriginCrossOrigin]),
];

/// Recognizes the most telling line of a text from a browser's console. `None` if no line is known.
pub fn recognize(text: &str) -> Option<Recognized> {
    let text = normalized(text);
    let is_match = |(_, words, _): &&Rule| words.iter().all(|word| text.contains(word));
    RULES.iter().find(is_match).map(|&(browser, _, reasons)| Recognized { browser, reasons })
}

/// The URL and the page's origin that a line names, as far as it does.
pub fn named_urls(text: &str) -> (Option<String>, Option<String>) {
    let text = text.replace(['‘', '’', '“', '”', '"'], "'");
    let after = |start: &str| {
        let rest = text.split_once(start)?.1.trim_start_matches('\'');
        let end = rest.find(['\'', ' ', '\n']).unwrap_or(rest.len());
        let word = rest[..end].trim_end_matches(['.', ',', ')', ':']);
        url::Url::parse(word).is_ok().then(|| word.to_owned())
    };
    // After a redirect, the first URL is the one that the page has fetched.
    let starts =
        ["(redirected from '", " at '", "remote resource at ", "cannot load ", "insecure content from "];
    (starts.iter().find_map(|start| after(start)), after("from origin '").or_else(|| after("Origin ")))
}

/// A text in lower case, with one kind of quotation mark and with single spaces.
fn normalized(text: &str) -> String {
    let text = text.to_lowercase().replace(['‘', '’', '“', '”', '"', '`'], "'");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use cors_browser::examples::cases;
    use cors_browser::{Browser, Outcome, Profile};
    use futures_util::FutureExt;
    use rstest::rstest;

    use super::*;

    /// Every line that the browser model prints is recognized, and its reason is among the reasons.
    #[test]
    fn every_line_of_the_model_is_recognized() {
        let mut count = 0;
        for case in cases() {
            for profile in [Profile::chromium(), Profile::firefox(), Profile::webkit()] {
                let (Some(page), Some(action)) = (case.page(), case.action()) else { continue };
                let browser = Browser::new(case.network(), profile.clone());
                let Some(fetched) = browser.act(&page, action).now_or_never() else { continue };
                let Outcome::Blocked(blocked) = fetched.outcome else { continue };
                let line = blocked.console(&profile);
                if line.is_empty() {
                    continue;
                }
                let found = recognize(&line).unwrap_or_else(|| panic!("{}: {line}", case.name));
                let is_named = found.reasons.is_empty() || found.reasons.contains(&blocked.reason);
                assert!(is_named, "{}: {line}: {found:?}", case.name);
                count += usize::from(!found.reasons.is_empty());
            }
        }
        assert!(count > 80, "{count} lines say why");
    }

    #[rstest]
    #[case(
        "Access to XMLHttpRequest at 'https://api.example/a' from origin 'http://localhost:3000' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.",
        CHROMIUM,
        R::MissingAllowOrigin
    )]
    #[case(
        "login:1 Access to fetch at 'https://api.example/a' from origin 'null' has been blocked by CORS policy: Response to preflight request doesn't pass access control check: It does not have HTTP ok status.\n  PUT https://api.example/a net::ERR_FAILED",
        CHROMIUM,
        R::PreflightStatusNotOk
    )]
    #[case(
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.example/a. (Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 200.",
        FIREFOX,
        R::MissingAllowOrigin
    )]
    #[case(
        "Cross-Origin Request Blocked: … (Reason: missing token ‘x-a’ in CORS header ‘Access-Control-Allow-Headers’ from CORS preflight channel).",
        FIREFOX,
        R::HeaderNotAllowed
    )]
    #[case(
        "Access to script at 'file:///C:/app/main.js' from origin 'null' has been blocked by CORS policy: Cross origin requests are only supported for protocol schemes: http, data, chrome, chrome-extension, chrome-untrusted, https.",
        CHROMIUM,
        R::UnsupportedScheme
    )]
    #[case(
        "Access to fetch at 'mailto:a@b.example' (redirected from 'https://api.example/item') from origin 'https://app.example' has been blocked by CORS policy: Cross origin requests are only supported for protocol schemes: chrome, data, http, https.",
        CHROMIUM,
        R::RedirectToUnsupportedScheme
    )]
    #[case("GET mailto:a net::ERR_UNKNOWN_URL_SCHEME", CHROMIUM, R::RedirectToUnsupportedScheme)]
    #[case(
        "[Error] Origin https://app.example is not allowed by Access-Control-Allow-Origin. Status code: 200",
        WEBKIT,
        R::MissingAllowOrigin
    )]
    #[case(
        "[Error] Fetch API cannot load https://api.example/a due to access control checks.\n[Error] Preflight response is not successful. Status code: 404",
        WEBKIT,
        R::PreflightStatusNotOk
    )]
    fn lines_as_people_paste_them(#[case] text: &str, #[case] browser: &str, #[case] reason: BlockReason) {
        let found = recognize(text).unwrap();
        assert_eq!((found.browser, found.reasons.first()), (browser, Some(&reason)));
    }

    #[rstest]
    #[case("TypeError: Failed to fetch")]
    #[case("TypeError: Load failed")]
    #[case("TypeError: NetworkError when attempting to fetch resource.")]
    #[case("Fetch API cannot load https://api.example/item due to access control checks.")]
    fn lines_that_do_not_say_why(#[case] text: &str) {
        assert_eq!(recognize(text).map(|found| found.reasons), Some(&[][..]));
    }

    #[test]
    fn other_texts_are_not_recognized() {
        for text in ["", "missing-allow-orgin", "Uncaught ReferenceError: x is not defined"] {
            assert_eq!(recognize(text), None, "{text}");
        }
    }

    #[rstest]
    #[case(
        "Access to fetch at 'https://b.example/' (redirected from 'https://a.example/x') from origin 'https://app.example' has been",
        Some("https://a.example/x"),
        Some("https://app.example")
    )]
    #[case(
        "disallows reading the remote resource at https://api.example/a?b=c. (Reason: CORS",
        Some("https://api.example/a?b=c"),
        None
    )]
    #[case("Origin https://app.example is not allowed by", None, Some("https://app.example"))]
    #[case("nothing", None, None)]
    fn urls_in_lines(#[case] text: &str, #[case] url: Option<&str>, #[case] origin: Option<&str>) {
        let found = named_urls(text);
        assert_eq!((found.0.as_deref(), found.1.as_deref()), (url, origin));
    }
}
