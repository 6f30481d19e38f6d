//! Fetch, "scheme fetch" of `data:` URLs.

use data_url::DataUrl;
use url::Url;

use crate::profile::Profile;
use crate::{BlockReason, Blocked, FailureKind, WireResponse};

/// Fetch, "scheme fetch", `data`. Nothing is on the wire.
pub(super) fn data_url_fetch(url: &Url, profile: &Profile) -> Result<WireResponse, Blocked> {
    let failure =
        |detail: String| Blocked::new(BlockReason::NetworkError, detail).with_failure(FailureKind::DataUrl);
    // "data: URL processor".
    let data = DataUrl::process(url.as_str())
        .map_err(|error| failure(format!("{url} is not a valid `data:` URL: {error:?}")))?;
    let (body, _) = data
        .decode_to_vec()
        .map_err(|error| failure(format!("the body of {url} is not valid base64: {error:?}")))?;
    let length = body.len().to_string();
    let response =
        WireResponse::new(200).with_header("content-type", data.mime_type().to_string()).with_body(body);
    Ok(if profile.data_urls_have_a_length {
        response.with_header("content-length", length)
    } else {
        response
    })
}
