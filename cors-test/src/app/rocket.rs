//! Rocket.

use std::io;
use std::str;

use bytes::Bytes;
use cors_browser::{NetworkError, WireRequest, WireResponse};
use futures_util::stream;
use rocket::http::uri::Host;
use rocket::http::{Cookie, Header, Method};
use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::tokio::io::AsyncReadExt as _;

use super::{App, body, kind, target};

/// A client of Rocket. Create it with `Client::untracked`: the page has its own cookies.
#[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
impl App<kind::Rocket> for Client {
    async fn respond(&self, request: WireRequest) -> Result<WireResponse, NetworkError> {
        let local = match request.method.parse::<Method>() {
            Ok(method) => self.req(method, target(&request)),
            // Rocket's server answers with the catcher for 400, as it does to an invalid URI.
            Err(_) => self.req(Method::Get, "\\"),
        };
        let mut local = request.headers.iter().fold(local, |local, (name, value)| {
            // As Rocket's server does.
            local.header(Header::new(name.clone(), String::from_utf8_lossy(value).into_owned()))
        });
        for (name, value) in &request.headers {
            let Ok(value) = str::from_utf8(value) else { continue };
            if name.eq_ignore_ascii_case("host") {
                if let Ok(host) = Host::parse_owned(value.to_owned()) {
                    local.set_host(host);
                }
            } else if name.eq_ignore_ascii_case("cookie") {
                let cookies = value.split(';').filter_map(|cookie| Cookie::parse_encoded(cookie.trim()).ok());
                local = local.cookies(cookies.map(Cookie::into_owned).collect::<Vec<_>>());
            }
        }
        let response = local.body(request.body.unwrap_or_default()).dispatch().await;
        Ok(read(response).await)
    }
}

async fn read(response: LocalResponse<'_>) -> WireResponse {
    let mut converted = WireResponse::new(response.status().code);
    for header in response.headers().iter() {
        converted.headers.push((header.name().as_str().to_owned(), header.value().as_bytes().to_vec()));
    }
    let chunks = stream::try_unfold(response, async |mut response| {
        let mut chunk = vec![0; 64 << 10];
        let length = response.read(&mut chunk).await?;
        chunk.truncate(length);
        Ok::<_, io::Error>((length > 0).then(|| (Bytes::from(chunk), response)))
    });
    body::read(converted, chunks).await
}
