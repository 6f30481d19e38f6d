//! Endpoints of Poem.

use cors_browser::{NetworkError, WireRequest, WireResponse};
use poem::Endpoint;

use super::{App, body, convert, kind};

/// An endpoint of Poem, such as a `Route`. It answers as Poem's server does: errors become responses.
#[cfg_attr(docsrs, doc(cfg(feature = "poem")))]
impl<E: Endpoint> App<kind::Poem> for E {
    async fn respond(&self, request: WireRequest) -> Result<WireResponse, NetworkError> {
        let (method, uri, headers) = convert::head(&request)?;
        let mut poem_request = poem::Request::builder().method(method).uri(uri).finish();
        *poem_request.headers_mut() = headers;
        poem_request.set_body(request.body.unwrap_or_default());
        let (parts, body) = self.get_response(poem_request).await.into_parts();
        let response = convert::response(parts.status, &parts.headers);
        Ok(body::read(response, body.into_bytes_stream()).await)
    }
}
