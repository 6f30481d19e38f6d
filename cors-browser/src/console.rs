//! The lines that browsers print to the console about a blocked fetch.

mod event_source;
mod web_socket;

use crate::blocked::{Context, Initiator, InvalidArgument};
use crate::request::RequestMode;
use crate::{AddressSpace, BlockReason, Blocked, Element, Engine, FailureKind, Profile, header};

impl Blocked {
    /// The line that the browser of `profile` prints to its console.
    ///
    /// The standards do not define such a line. For [`Profile::standard`], it is the reason and the detail. It is empty if the
    /// browser prints nothing, as when a navigation leads to no document.
    pub fn console(&self, profile: &Profile) -> String {
        match (profile.engine(), self.context.initiator) {
            (None, _) => return self.to_string(),
            (_, Initiator::Navigation) => return String::new(),
            (Some(Engine::Chromium), Initiator::WebSocket) => {
                return web_socket::chromium(self.reason, &self.detail, &self.context);
            }
            (Some(Engine::Firefox), Initiator::WebSocket) => {
                return web_socket::firefox(self.reason, &self.context);
            }
            (Some(Engine::WebKit), Initiator::WebSocket) => {
                return web_socket::webkit(self.reason, &self.context);
            }
            (Some(engine), Initiator::EventSource) => {
                if let Some(line) = event_source::line(engine, self.reason, &self.context) {
                    return line;
                }
            }
            (_, Initiator::Fetch | Initiator::Xhr | Initiator::Element(_)) => {}
        }
        match profile.engine() {
            Some(Engine::Chromium) => chromium(self.reason, &self.detail, &self.context),
            Some(Engine::Firefox) => firefox(self.reason, &self.context),
            Some(Engine::WebKit) => webkit(self.reason, &self.context),
            None => self.to_string(),
        }
    }
}

/// Chromium: third_party/blink/renderer/platform/loader/cors/cors_error_string.cc,
/// `GetErrorStringForConsoleMessage`, for requests of scripts.
fn chromium(reason: BlockReason, detail: &str, context: &Context) -> String {
    let Context { first_url, url, page_origin, value, .. } = context;
    let written = value;
    let value = escape(value);
    let redirected =
        if first_url == url { String::new() } else { format!("(redirected from '{first_url}') ") };
    let what = match context.initiator {
        Initiator::Fetch | Initiator::Navigation | Initiator::WebSocket => "fetch",
        Initiator::EventSource => "resource",
        Initiator::Xhr => "XMLHttpRequest",
        Initiator::Element(Element::Image) => "image",
        Initiator::Element(Element::Script) => "script",
        Initiator::Element(Element::Stylesheet) => "CSS stylesheet",
        Initiator::Element(Element::Font) => "font",
    };
    let access = format!(
        "Access to {what} at '{url}' {redirected}from origin '{page_origin}' has been blocked by CORS policy: "
    );
    let preflight = "Response to preflight request doesn't pass access control check: ";
    let hint = "Have the server send the header with a valid value.";
    let missing = "No 'Access-Control-Allow-Origin' header is present on the requested resource.";
    let wildcard = "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' \
                    when the request's credentials mode is 'include'.";
    let multiple = format!(
        "The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but only one is allowed. {hint}"
    );
    let mismatch = if context.value.contains(' ') {
        // services/network/public/cpp/cors/cors.cc, `CheckAccess`: a space separates values, as a comma does.
        multiple.clone()
    } else if is_origin(&context.value) {
        format!(
            "The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the supplied origin. {hint}"
        )
    } else {
        format!("The 'Access-Control-Allow-Origin' header contains the invalid value '{value}'. {hint}")
    };
    let credentials = format!(
        "The value of the 'Access-Control-Allow-Credentials' header in the response is '{value}' which must be 'true' \
         when the request's credentials mode is 'include'."
    );
    let with_credentials = match context.initiator {
        Initiator::Xhr => {
            " The credentials mode of requests initiated by the XMLHttpRequest is controlled by the withCredentials \
             attribute."
        }
        _ => "",
    };
    let failed = |error: &str| format!("Failed to load resource: net::{error}");
    match reason {
        BlockReason::MissingAllowOrigin => format!("{access}{missing}"),
        BlockReason::WildcardOriginWithCredentials => format!("{access}{wildcard}{with_credentials}"),
        BlockReason::MultipleAllowOrigin => format!("{access}{multiple}"),
        BlockReason::AllowOriginMismatch => format!("{access}{mismatch}"),
        BlockReason::CredentialsNotAllowed => format!("{access}{credentials}{with_credentials}"),
        BlockReason::PreflightMissingAllowOrigin => format!("{access}{preflight}{missing}"),
        BlockReason::PreflightWildcardWithCredentials => {
            format!("{access}{preflight}{wildcard}{with_credentials}")
        }
        BlockReason::PreflightMultipleAllowOrigin => format!("{access}{preflight}{multiple}"),
        BlockReason::PreflightAllowOriginMismatch => format!("{access}{preflight}{mismatch}"),
        BlockReason::PreflightCredentialsNotAllowed => {
            format!("{access}{preflight}{credentials}{with_credentials}")
        }
        BlockReason::PreflightStatusNotOk => format!("{access}{preflight}It does not have HTTP ok status."),
        BlockReason::PreflightRedirected => {
            format!("{access}{preflight}Redirect is not allowed for a preflight request.")
        }
        BlockReason::InvalidAllowMethods => format!(
            "{access}Cannot parse Access-Control-Allow-Methods response header field in preflight response."
        ),
        BlockReason::InvalidAllowHeaders => format!(
            "{access}Cannot parse Access-Control-Allow-Headers response header field in preflight response."
        ),
        BlockReason::MethodNotAllowed | BlockReason::MethodWildcardWithCredentials => {
            format!(
                "{access}Method {value} is not allowed by Access-Control-Allow-Methods in preflight response."
            )
        }
        BlockReason::HeaderNotAllowed
        | BlockReason::HeaderWildcardWithCredentials
        | BlockReason::AuthorizationNotCoveredByWildcard => format!(
            "{access}Request header field {} is not allowed by Access-Control-Allow-Headers in preflight response.",
            first_refused(context).unwrap_or(value)
        ),
        BlockReason::RedirectWithCredentialsInUrl if !context.is_cors => {
            "TypeError: Failed to fetch".to_owned()
        }
        // Chromium does not print the location.
        BlockReason::RedirectWithCredentialsInUrl => format!(
            "{access}Redirect location '' contains a username and password, which is disallowed for \
             cross-origin requests."
        ),
        BlockReason::ModeSameOriginCrossOrigin if first_url != url => format!(
            "Unsafe attempt to load URL {url} from frame with URL {page_origin}/. Domains, protocols and ports must match.\n"
        ),
        BlockReason::ModeSameOriginCrossOrigin => format!(
            "Fetch API cannot load {url}. Request mode is \"same-origin\" but the URL's origin is not same as the \
             request origin {page_origin}."
        ),
        BlockReason::UnsupportedScheme => {
            format!("Fetch API cannot load {url}. URL scheme \"{value}\" is not supported.")
        }
        BlockReason::MixedContent => format!(
            "Mixed Content: The page at '{page_origin}/' was loaded over HTTPS, but requested an insecure {} \
             '{url}'. This request has been blocked; the content must be served over HTTPS.",
            match context.initiator {
                Initiator::Fetch | Initiator::Navigation | Initiator::WebSocket | Initiator::EventSource =>
                    "resource",
                Initiator::Xhr => "XMLHttpRequest endpoint",
                Initiator::Element(Element::Image) => "element",
                Initiator::Element(Element::Script) => "script",
                Initiator::Element(Element::Stylesheet) => "stylesheet",
                Initiator::Element(Element::Font) => "font",
            }
        ),
        BlockReason::ForbiddenMethod if context.initiator == Initiator::Xhr => format!(
            "SecurityError: Failed to execute 'open' on 'XMLHttpRequest': '{value}' HTTP method is unsupported."
        ),
        BlockReason::LocalNetworkPermission => {
            format!("{access}Permission was denied for this request to access the `{value}` address space.")
        }
        BlockReason::LocalNetworkNotSecure => format!(
            "{access}The request client is not a secure context and the resource is in more-private address space `{value}`."
        ),
        BlockReason::AddressSpaceMismatch => {
            let named = context.named_space.map(AddressSpace::as_str).unwrap_or_default();
            format!(
                "{access}Request had a target IP address space of `{named}` yet the resource is in address space `{value}`."
            )
        }
        BlockReason::ForbiddenMethod => {
            format!("TypeError: Failed to execute 'fetch' on 'Window': '{value}' HTTP method is unsupported.")
        }
        BlockReason::NoCorsMethodNotSafelisted => {
            format!(
                "TypeError: Failed to execute 'fetch' on 'Window': '{value}' is unsupported in no-cors mode."
            )
        }
        BlockReason::InvalidRequest if context.argument == Some(InvalidArgument::NoCorsRedirect) => format!(
            "Fetch API cannot load {url}. Request mode is \"no-cors\" but the redirect mode is not \"follow\"."
        ),
        BlockReason::InvalidRequest if context.initiator == Initiator::Xhr => {
            let (error, method, what) = match context.argument {
                Some(InvalidArgument::HeaderName) => (
                    "SyntaxError",
                    "setRequestHeader",
                    format!("'{written}' is not a valid HTTP header field name."),
                ),
                Some(InvalidArgument::HeaderValue) => (
                    "SyntaxError",
                    "setRequestHeader",
                    format!("'{written}' is not a valid HTTP header field value."),
                ),
                Some(InvalidArgument::HeaderCharacter) => {
                    ("TypeError", "setRequestHeader", "String contains non ISO-8859-1 code point.".to_owned())
                }
                _ => ("SyntaxError", "open", format!("'{written}' is not a valid HTTP method.")),
            };
            format!("{error}: Failed to execute '{method}' on 'XMLHttpRequest': {what}")
        }
        BlockReason::InvalidRequest => {
            let what = match context.argument {
                Some(InvalidArgument::UserInfo) => {
                    format!("Request cannot be constructed from a URL that includes credentials: {written}")
                }
                Some(InvalidArgument::Method) => format!("'{written}' is not a valid HTTP method."),
                Some(InvalidArgument::HeaderName) => "Invalid name".to_owned(),
                Some(InvalidArgument::HeaderValue) => "Invalid value".to_owned(),
                Some(InvalidArgument::HeaderCharacter) => {
                    "Failed to read the 'headers' property from 'RequestInit': String contains non ISO-8859-1 code point."
                        .to_owned()
                }
                Some(InvalidArgument::Body) => "Request with GET/HEAD method cannot have body.".to_owned(),
                _ => format!("{detail}."),
            };
            format!("TypeError: Failed to execute 'fetch' on 'Window': {what}")
        }
        BlockReason::BadPort => failed("ERR_UNSAFE_PORT"),
        BlockReason::TooManyRedirects => failed("ERR_TOO_MANY_REDIRECTS"),
        BlockReason::RedirectLocationInvalid => failed("ERR_INVALID_REDIRECT"),
        BlockReason::RedirectToUnsupportedScheme if is_unsafe_redirect(written) => {
            failed("ERR_UNSAFE_REDIRECT")
        }
        BlockReason::RedirectToUnsupportedScheme => match context.mode {
            Some(RequestMode::NoCors) => failed("ERR_UNKNOWN_URL_SCHEME"),
            Some(RequestMode::SameOrigin) => format!(
                "Unsafe attempt to load URL {written} from frame with URL {page_origin}/. Domains, protocols and ports must \
                 match.\n"
            ),
            _ => format!(
                "Access to {what} at '{written}' (redirected from '{first_url}') from origin '{page_origin}' has been blocked \
                 by CORS policy: Cross origin requests are only supported for protocol schemes: chrome, \
                 chrome-experimental-site-token-provider, chrome-extension, chrome-untrusted, data, http, https, \
                 isolated-app."
            ),
        },
        BlockReason::EmbedderPolicy => {
            failed("ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByCoep")
        }
        // The line about a status has the reason phrase, which the model does not know.
        BlockReason::OpaqueResponseBlocked | BlockReason::ResourceStatusNotOk => String::new(),
        BlockReason::ResourceType => {
            let strictly = if context.is_nosniff { ", and strict MIME type checking is enabled" } else { "" };
            match context.initiator {
                Initiator::Element(Element::Script) => format!(
                    "Refused to execute script from '{url}' because its MIME type ('{value}') is not executable{strictly}."
                ),
                Initiator::Element(Element::Stylesheet) => format!(
                    "Refused to apply style from '{url}' because its MIME type ('{value}') is not a supported stylesheet \
                     MIME type, and strict MIME checking is enabled."
                ),
                Initiator::Element(Element::Font) => format!("Failed to decode downloaded font: {url}"),
                _ => String::new(),
            }
        }
        BlockReason::ResourcePolicy if value == "same-site" => failed("ERR_BLOCKED_BY_RESPONSE.NotSameSite"),
        BlockReason::ResourcePolicy => failed("ERR_BLOCKED_BY_RESPONSE.NotSameOrigin"),
        BlockReason::NetworkError if context.failure == Some(FailureKind::KeepaliveBody) => {
            "TypeError: Failed to fetch".to_owned()
        }
        BlockReason::NetworkError => {
            failed(context.failure.map_or("ERR_FAILED", FailureKind::chromium_error))
        }
        BlockReason::RedirectModeError
        | BlockReason::NoDocument
        | BlockReason::WebSocketHandshakeFailed
        | BlockReason::WebSocketResponseInvalid
        | BlockReason::EventStreamStatus
        | BlockReason::EventStreamType => failed("ERR_FAILED"),
    }
}

/// content/public/common/url_utils.cc, `IsSafeRedirectTarget`: the network stack itself refuses redirects to these schemes, and leaves
/// others to the CORS check. Observed in Chromium 156.
fn is_unsafe_redirect(location: &str) -> bool {
    let scheme = location.split(':').next().unwrap_or_default();
    ["about", "blob", "chrome", "chrome-extension", "data", "file", "filesystem"].contains(&scheme)
}

/// The same file, `EncodeHint`: characters other than printable ASCII become `\uXXXX`.
fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for unit in value.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ 0x20..=0x7e) => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("\\u{unit:04X}")),
        }
    }
    escaped
}

/// services/network/public/cpp/cors/preflight_result.cc, `EnsureAllowedCrossOriginHeaders`: the refused header that comes first in the
/// script. The standard sorts them.
fn first_refused(context: &Context) -> Option<String> {
    let written = context.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    written.into_iter().find(|name| context.refused.contains(name))
}

/// services/network/public/cpp/cors/cors.cc, `CheckAccess`: `null` and valid URLs may be origins.
fn is_origin(value: &str) -> bool {
    value == "null" || url::Url::parse(value).is_ok()
}

/// Firefox: dom/locales/en-US/chrome/security/security.properties, with the names in
/// netwerk/protocol/http/nsCORSListenerProxy.cpp.
fn firefox(reason: BlockReason, context: &Context) -> String {
    let Context { url, value, status, .. } = context;
    let blocked = |why: &str| {
        format!(
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {url}. \
             (Reason: {why})."
        )
    };
    let code = status.map_or_else(|| "(null)".to_owned(), |status| status.to_string());
    match reason {
        BlockReason::MissingAllowOrigin | BlockReason::PreflightMissingAllowOrigin => {
            format!("{} Status code: {code}.", blocked("CORS header ‘Access-Control-Allow-Origin’ missing"))
        }
        BlockReason::MultipleAllowOrigin
        | BlockReason::PreflightMultipleAllowOrigin
        | BlockReason::AllowOriginMismatch
        | BlockReason::PreflightAllowOriginMismatch => {
            blocked(&format!("CORS header ‘Access-Control-Allow-Origin’ does not match ‘{value}’"))
        }
        BlockReason::WildcardOriginWithCredentials | BlockReason::PreflightWildcardWithCredentials => {
            format!(
                "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at ‘{url}’. \
             (Reason: Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is ‘*’)."
            )
        }
        BlockReason::CredentialsNotAllowed | BlockReason::PreflightCredentialsNotAllowed => {
            blocked("expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’")
        }
        BlockReason::PreflightStatusNotOk => {
            format!("{} Status code: {code}.", blocked("CORS preflight response did not succeed"))
        }
        BlockReason::PreflightRedirected => blocked("CORS request external redirect not allowed"),
        BlockReason::MethodNotAllowed | BlockReason::MethodWildcardWithCredentials => {
            blocked("Did not find method in CORS header ‘Access-Control-Allow-Methods’")
        }
        BlockReason::HeaderNotAllowed
        | BlockReason::HeaderWildcardWithCredentials
        | BlockReason::AuthorizationNotCoveredByWildcard => blocked(&format!(
            "header ‘{value}’ is not allowed according to header ‘Access-Control-Allow-Headers’ from CORS preflight \
             response"
        )),
        BlockReason::InvalidAllowMethods => blocked(&format!(
            "invalid token ‘{}’ in CORS header ‘Access-Control-Allow-Methods’",
            first_bad(value)
        )),
        BlockReason::InvalidAllowHeaders => blocked(&format!(
            "invalid token ‘{}’ in CORS header ‘Access-Control-Allow-Headers’",
            first_bad(value)
        )),
        BlockReason::NetworkError if context.is_cors => {
            format!("{} Status code: (null).", blocked("CORS request did not succeed"))
        }
        BlockReason::RedirectWithCredentialsInUrl | BlockReason::RedirectToUnsupportedScheme => {
            format!("{} Status code: (null).", blocked("CORS request did not succeed"))
        }
        BlockReason::MixedContent => format!("Blocked loading mixed active content “{url}”"),
        BlockReason::ForbiddenMethod if context.initiator == Initiator::Xhr => {
            "SecurityError: The operation is insecure.".to_owned()
        }
        BlockReason::ForbiddenMethod | BlockReason::NoCorsMethodNotSafelisted => {
            format!("TypeError: Window.fetch: Invalid request method {value}.")
        }
        BlockReason::InvalidRequest => match context.argument {
            Some(argument) if context.initiator == Initiator::Xhr => firefox_xhr_argument(argument, value),
            Some(argument) => firefox_argument(argument, value),
            None => "TypeError: NetworkError when attempting to fetch resource.".to_owned(),
        },
        BlockReason::EmbedderPolicy | BlockReason::ResourcePolicy => format!(
            "The resource at “{url}” was blocked due to its Cross-Origin-Resource-Policy header (or lack thereof). See \
             https://developer.mozilla.org/docs/Web/HTTP/Cross-Origin_Resource_Policy_(CORP)#"
        ),
        BlockReason::ResourceType => match context.initiator {
            Initiator::Element(Element::Stylesheet) if !context.is_nosniff => format!(
                "The stylesheet {url} was not loaded because its MIME type, “{value}”, is not “text/css”."
            ),
            Initiator::Element(Element::Script) if !context.is_nosniff => {
                format!("Script from “{url}” was blocked because of a disallowed MIME type (“{value}”).")
            }
            Initiator::Element(Element::Script | Element::Stylesheet) => format!(
                "The resource from “{url}” was blocked due to MIME type (“{value}”) mismatch (X-Content-Type-Options: \
                 nosniff)."
            ),
            _ => String::new(),
        },
        BlockReason::OpaqueResponseBlocked | BlockReason::ResourceStatusNotOk => String::new(),
        // Only `fetch()` throws.
        _ if context.initiator != Initiator::Fetch => String::new(),
        // Firefox has no such checks.
        BlockReason::LocalNetworkPermission
        | BlockReason::LocalNetworkNotSecure
        | BlockReason::AddressSpaceMismatch
        | BlockReason::NetworkError
        | BlockReason::BadPort
        | BlockReason::UnsupportedScheme
        | BlockReason::ModeSameOriginCrossOrigin
        | BlockReason::RedirectModeError
        | BlockReason::TooManyRedirects
        | BlockReason::RedirectLocationInvalid
        | BlockReason::NoDocument
        | BlockReason::WebSocketHandshakeFailed
        | BlockReason::WebSocketResponseInvalid
        | BlockReason::EventStreamStatus
        | BlockReason::EventStreamType => {
            "TypeError: NetworkError when attempting to fetch resource.".to_owned()
        }
    }
}

/// Firefox: dom/locales/en-US/chrome/dom/dom.properties, and dom/bindings/Errors.msg.
fn firefox_xhr_argument(argument: InvalidArgument, value: &str) -> String {
    match argument {
        InvalidArgument::HeaderName | InvalidArgument::HeaderValue => {
            "SyntaxError: Invalid header name.".to_owned()
        }
        InvalidArgument::HeaderCharacter => {
            let (index, unit) = first_wide(value);
            format!(
                "TypeError: XMLHttpRequest.setRequestHeader: Cannot convert argument 2 to ByteString because the character at \
                 index {index} has value {unit} which is greater than 255."
            )
        }
        _ => "SyntaxError: An invalid or illegal string was specified".to_owned(),
    }
}

/// The first UTF-16 code unit that does not fit into a byte, with its index.
fn first_wide(value: &str) -> (usize, u16) {
    value.encode_utf16().enumerate().find(|&(_, unit)| unit > 0xff).unwrap_or_default()
}

/// Firefox: dom/bindings/Errors.msg.
fn firefox_argument(argument: InvalidArgument, value: &str) -> String {
    let what = match argument {
        InvalidArgument::UserInfo => format!("{value} is an url with embedded credentials."),
        InvalidArgument::Method => format!("Invalid request method {value}."),
        InvalidArgument::HeaderName => format!("{value} is an invalid header name."),
        InvalidArgument::HeaderValue => format!("{value} is an invalid header value."),
        InvalidArgument::HeaderCharacter => {
            let (index, unit) = first_wide(value);
            format!(
                "Cannot convert element of element of sequence<sequence<ByteString>> branch of \
                 (sequence<sequence<ByteString>> or record<ByteString, ByteString>) to ByteString because the character at \
                 index {index} has value {unit} which is greater than 255."
            )
        }
        InvalidArgument::Body => "HEAD or GET Request cannot have a body.".to_owned(),
        InvalidArgument::NoCorsRedirect
        | InvalidArgument::WebSocketFragment
        | InvalidArgument::WebSocketProtocol => {
            return "TypeError: NetworkError when attempting to fetch resource.".to_owned();
        }
    };
    format!("TypeError: Window.fetch: {what}")
}

/// The first member of a list that is not a token.
fn first_bad(list: &str) -> &str {
    let members = list.split(',').map(str::trim);
    members
        .filter(|member| !member.is_empty())
        .find(|member| !header::is_token(member.as_bytes()))
        .unwrap_or(list)
}

/// The rejection of a fetch in WebKit, for failures about which it prints nothing else that is certain.
const LOAD_FAILED: &str = "TypeError: Load failed";

/// WebKit: Source/WebCore/loader/CrossOriginAccessControl.cpp and CrossOriginPreflightResultCache.cpp, and for the arguments of
/// `fetch()` Source/WebCore/Modules/fetch.
fn webkit(reason: BlockReason, context: &Context) -> String {
    let Context { first_url, url, page_origin, origin, value, status, .. } = context;
    let generic = || format!("Fetch API cannot load {url} due to access control checks.");
    let status = status.unwrap_or_default();
    let bad_status = || format!("Preflight response is not successful. Status code: {status}");
    let redirect = |target: &str, why: &str| {
        format!("Cross-origin redirection to {target} denied by Cross-Origin Resource Sharing policy: {why}")
    };
    match reason {
        // Unlike in Fetch, the status of a preflight's response comes first.
        BlockReason::PreflightMissingAllowOrigin
        | BlockReason::PreflightMultipleAllowOrigin
        | BlockReason::PreflightAllowOriginMismatch
        | BlockReason::PreflightWildcardWithCredentials
        | BlockReason::PreflightCredentialsNotAllowed
            if !matches!(status, 200..=299) =>
        {
            bad_status()
        }
        BlockReason::PreflightStatusNotOk | BlockReason::PreflightRedirected => bad_status(),
        BlockReason::EmbedderPolicy
        | BlockReason::OpaqueResponseBlocked
        | BlockReason::ResourceStatusNotOk
        | BlockReason::ResourceType => String::new(),
        // What else WebKit prints about other requests than those of `fetch()` is not known.
        BlockReason::InvalidRequest
        | BlockReason::ForbiddenMethod
        | BlockReason::MixedContent
        | BlockReason::NetworkError
        | BlockReason::BadPort
        | BlockReason::UnsupportedScheme
            if context.initiator != Initiator::Fetch =>
        {
            String::new()
        }
        // The line about a redirect names its target, which is not known here.
        BlockReason::MissingAllowOrigin
        | BlockReason::MultipleAllowOrigin
        | BlockReason::AllowOriginMismatch
        | BlockReason::WildcardOriginWithCredentials
        | BlockReason::CredentialsNotAllowed
            if matches!(status, 301 | 302 | 303 | 307 | 308) =>
        {
            generic()
        }
        BlockReason::MissingAllowOrigin
        | BlockReason::AllowOriginMismatch
        | BlockReason::PreflightMissingAllowOrigin
        | BlockReason::PreflightAllowOriginMismatch => {
            format!("Origin {origin} is not allowed by Access-Control-Allow-Origin. Status code: {status}")
        }
        BlockReason::MultipleAllowOrigin | BlockReason::PreflightMultipleAllowOrigin => {
            "Access-Control-Allow-Origin cannot contain more than one origin.".to_owned()
        }
        BlockReason::WildcardOriginWithCredentials | BlockReason::PreflightWildcardWithCredentials => {
            "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.".to_owned()
        }
        BlockReason::CredentialsNotAllowed | BlockReason::PreflightCredentialsNotAllowed => {
            "Credentials flag is true, but Access-Control-Allow-Credentials is not \"true\".".to_owned()
        }
        BlockReason::MethodNotAllowed | BlockReason::MethodWildcardWithCredentials => {
            format!("Method {value} is not allowed by Access-Control-Allow-Methods.")
        }
        BlockReason::HeaderNotAllowed
        | BlockReason::HeaderWildcardWithCredentials
        | BlockReason::AuthorizationNotCoveredByWildcard => format!(
            "Request header field {} is not allowed by Access-Control-Allow-Headers.",
            webkit_header_name(value, &context.headers)
        ),
        BlockReason::InvalidAllowMethods => {
            format!("Header Access-Control-Allow-Methods has an invalid value: {value}")
        }
        BlockReason::InvalidAllowHeaders => {
            format!("Header Access-Control-Allow-Headers has an invalid value: {value}")
        }
        BlockReason::RedirectWithCredentialsInUrl => {
            redirect(&without_user_info(value), &format!("redirection URL {value} has credentials"))
        }
        BlockReason::RedirectLocationInvalid if value.is_empty() => LOAD_FAILED.to_owned(),
        BlockReason::RedirectLocationInvalid | BlockReason::RedirectToUnsupportedScheme => {
            redirect(value, "not allowed to follow a cross-origin CORS redirection with non CORS scheme")
        }
        BlockReason::RedirectModeError => format!("Not allowed to follow a redirection while loading {url}"),
        BlockReason::TooManyRedirects => "Load cannot follow more than 20 redirections".to_owned(),
        BlockReason::ResourcePolicy => format!(
            "Cancelled load to {url} because it violates the resource's Cross-Origin-Resource-Policy response header."
        ),
        BlockReason::MixedContent => webkit_mixed_content(context, url),
        BlockReason::ModeSameOriginCrossOrigin if first_url != url => format!(
            "Unsafe attempt to load URL {url} from origin {page_origin}. Domains, protocols and ports must match.\n"
        ),
        BlockReason::ModeSameOriginCrossOrigin => format!("Fetch API cannot load {url}."),
        BlockReason::UnsupportedScheme => "Cross origin requests are only supported for HTTP.".to_owned(),
        BlockReason::BadPort => {
            let port = url::Url::parse(url).ok().and_then(|url| url.port()).unwrap_or_default();
            format!("Not allowed to use restricted network port {port}: {url}")
        }
        BlockReason::ForbiddenMethod => "TypeError: Method is forbidden.".to_owned(),
        BlockReason::NoCorsMethodNotSafelisted => {
            "TypeError: Method must be GET, POST or HEAD in no-cors mode.".to_owned()
        }
        BlockReason::InvalidRequest => webkit_argument(context),
        // WebKit has no Local Network Access. WebSockets and event sources have lines of their own.
        BlockReason::NoDocument
        | BlockReason::WebSocketHandshakeFailed
        | BlockReason::WebSocketResponseInvalid
        | BlockReason::EventStreamStatus
        | BlockReason::EventStreamType
        | BlockReason::LocalNetworkPermission
        | BlockReason::LocalNetworkNotSecure
        | BlockReason::AddressSpaceMismatch
        | BlockReason::NetworkError => LOAD_FAILED.to_owned(),
    }
}

/// WebKit: Source/WebCore/loader/MixedContentChecker.cpp.
fn webkit_mixed_content(context: &Context, url: &str) -> String {
    let page = &context.document_origin;
    let server = url::Url::parse(url).ok();
    let is_loopback = server.is_some_and(|url| AddressSpace::of(&url) == AddressSpace::Loopback);
    // The sentence about a server on loopback has no end.
    let end = if is_loopback { "" } else { " be served over HTTPS." };
    format!(
        "[blocked] The page at {page}/ requested insecure content from {url}. This content was blocked and must{end}\n"
    )
}

/// WebKit: Source/WebCore/Modules/fetch/FetchRequest.cpp and FetchHeaders.cpp.
fn webkit_argument(context: &Context) -> String {
    let value = &context.value;
    let what = match context.argument {
        Some(InvalidArgument::UserInfo) => "URL is not valid or contains user credentials.".to_owned(),
        Some(InvalidArgument::Method) => "Method is not a valid HTTP token.".to_owned(),
        Some(InvalidArgument::HeaderName) => format!("Invalid header name: '{value}'"),
        Some(InvalidArgument::HeaderValue) => {
            let header = context.headers.iter().find(|(_, written)| written == value);
            format!("Header '{}' has invalid value: '{value}'", header.map_or("", |(name, _)| name))
        }
        Some(InvalidArgument::HeaderCharacter) => "Type error".to_owned(),
        Some(InvalidArgument::Body) => format!("Request has method '{value}' and cannot have a body"),
        Some(InvalidArgument::NoCorsRedirect) => {
            return "No-Cors mode requires follow redirect mode".to_owned();
        }
        Some(InvalidArgument::WebSocketFragment | InvalidArgument::WebSocketProtocol) | None => {
            return LOAD_FAILED.to_owned();
        }
    };
    format!("TypeError: {what}")
}

/// The name of a header as WebKit prints it: in its own spelling if it knows the header, otherwise in that of the script.
fn webkit_header_name<'a>(name: &'a str, written: &'a [(String, String)]) -> &'a str {
    let mut written = written.iter().map(|(written, _)| written.as_str());
    header::spelling_of_webkit(name)
        .or_else(|| written.find(|written| written.eq_ignore_ascii_case(name)))
        .unwrap_or(name)
}

/// A URL without its user name and password.
fn without_user_info(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(mut url) => {
            // Ignore: a URL that cannot have a user name has none.
            let _ = url.set_username("").and_then(|()| url.set_password(None));
            url.to_string()
        }
        Err(_) => text.to_owned(),
    }
}
