//! XMLHttpRequest: the request that `open()`, `setRequestHeader()` and `send()` make.

use super::constructor::{encode_path, invalid, valid_header};
use super::{Request, RequestMode};
use crate::blocked::InvalidArgument;
use crate::header::{HeaderList, MimeType, is_token};
use crate::steps::Steps;
use crate::{BlockReason, Blocked, Page, Profile, XhrRequest, method};

impl Request {
    /// XMLHttpRequest, "open()", "setRequestHeader()" and "send()".
    pub(crate) fn of_xhr(
        page: &Page,
        xhr: XhrRequest,
        profile: &Profile,
        steps: &dyn Steps,
    ) -> Result<Self, Blocked> {
        let XhrRequest { url, method, headers, body, with_credentials, has_upload_listener } = xhr;
        // "open()", step 2.
        if !is_token(method.as_bytes()) {
            return Err(invalid(InvalidArgument::Method, &method, "the method is not a token"));
        }
        // "open()", step 3.
        if method::is_forbidden(&method) {
            let detail = format!("a script must not use the method {method}");
            return Err(Blocked::new(BlockReason::ForbiddenMethod, detail).with_value(method));
        }
        // "open()", step 4.
        let method = steps.normalize_method(&method);

        let mut author_headers = HeaderList::default();
        for (name, value) in &headers {
            set_request_header(&mut author_headers, name, value, profile, steps)?;
        }

        // "send()", step 3.
        let body = body.filter(|_| steps.xhr_has_body(&method));
        // "send()", step 4.
        let is_text = body.as_deref().is_some_and(|body| std::str::from_utf8(body).is_ok());
        if is_text {
            set_content_type(&mut author_headers, steps);
        }
        // "send()", step 5.
        let use_cors_preflight = steps.is_upload_observed(has_upload_listener, body.is_some(), profile);
        // "send()", step 6.
        let mut request = Self {
            method,
            headers: author_headers,
            body,
            mode: RequestMode::Cors,
            use_cors_preflight,
            credentials: steps.xhr_credentials(with_credentials),
            ..Self::new(page, encode_path(url, profile), steps)
        };
        request.set_default_headers();
        Ok(request)
    }
}

/// XMLHttpRequest, "setRequestHeader()".
fn set_request_header(
    list: &mut HeaderList,
    name: &str,
    value: &str,
    profile: &Profile,
    steps: &dyn Steps,
) -> Result<(), Blocked> {
    // Steps 3 and 4.
    let value = &valid_header(name, value)?[..];
    // Step 5.
    if !steps.is_forbidden_request_header(name, value, profile) {
        // Step 6.
        match steps.combines_author_headers() {
            true => list.combine(name, value),
            false => list.append(name, value),
        }
    }
    Ok(())
}

/// "send()", step 4, for a body that is a string.
fn set_content_type(headers: &mut HeaderList, steps: &dyn Steps) {
    const TEXT: &str = "text/plain;charset=UTF-8";
    let Some(value) = headers.combined("content-type") else {
        // Step 4.6.
        return headers.append("Content-Type", TEXT);
    };
    // Step 4.5: the charset of a string is always UTF-8.
    let Some(mut mime) = MimeType::parse(&value) else { return };
    let is_other = |charset: &str| !charset.eq_ignore_ascii_case("utf-8");
    if steps.corrects_charset() && mime.parameter("charset").is_some_and(is_other) {
        mime.set_parameter("charset", "UTF-8");
        headers.replace("content-type", &mime.serialize());
    }
}
