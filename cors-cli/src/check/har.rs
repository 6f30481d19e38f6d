//! The exchanges of a check as an HTTP Archive (HAR 1.2).

use std::time::SystemTime;

use cors_browser::{Exchange, WireRequest, WireResponse};
use serde_json::{Value, json};

use super::{CheckReport, role};

/// Returns the exchanges of a report as an HTTP Archive, which the network panel of every browser can import; the text ends with a line
/// feed.
///
/// # Errors
///
/// None in practice: every exchange can be written as JSON.
pub fn har(report: &CheckReport) -> Result<String, serde_json::Error> {
    let started = timestamp(SystemTime::now());
    let page = report.fetched.exchanges.iter();
    let extra = report.extra_requests().iter().map(|extra| &extra.exchange);
    let entries: Vec<_> = page.chain(extra).map(|exchange| entry(exchange, &started)).collect();
    let archive = json!({
        "log": {
            "version": "1.2",
            "creator": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
            "entries": entries,
        }
    });
    let mut text = serde_json::to_string_pretty(&archive)?;
    text.push('\n');
    Ok(text)
}

fn entry(exchange: &Exchange, started: &str) -> Value {
    json!({
        "startedDateTime": started,
        // Times are not measured, and the format has no way to say so for these.
        "time": 0,
        "request": request(&exchange.request),
        "response": match &exchange.response {
            Ok(answer) => response(answer),
            Err(error) => failure(&error.detail),
        },
        "cache": {},
        "timings": { "send": 0, "wait": 0, "receive": 0 },
        "comment": role(exchange).as_str(),
    })
}

fn request(request: &WireRequest) -> Value {
    let query: Vec<_> =
        request.url.query_pairs().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut object = json!({
        "method": request.method,
        "url": request.url.as_str(),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers(&request.headers),
        "queryString": query,
        "headersSize": -1,
        "bodySize": request.body.as_ref().map_or(0, Vec::len),
    });
    if let Some(body) = &request.body {
        let kind = request.header("content-type").map(String::from_utf8_lossy).unwrap_or_default();
        object["postData"] = json!({ "mimeType": kind, "text": String::from_utf8_lossy(body) });
    }
    object
}

fn response(response: &WireResponse) -> Value {
    let line = |name: &str| {
        response.lines(name).next().map(String::from_utf8_lossy).unwrap_or_default().into_owned()
    };
    let phrase =
        http::StatusCode::from_u16(response.status).ok().and_then(|status| status.canonical_reason());
    json!({
        "status": response.status,
        "statusText": phrase.unwrap_or_default(),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers(&response.headers),
        "content": {
            "size": response.body.len(),
            "mimeType": line("content-type"),
            "text": String::from_utf8_lossy(&response.body),
        },
        "redirectURL": line("location"),
        "headersSize": -1,
        "bodySize": response.body.len(),
    })
}

/// What browsers write if no response came: status 0.
fn failure(detail: &str) -> Value {
    json!({
        "status": 0,
        "statusText": "",
        "httpVersion": "",
        "cookies": [],
        "headers": [],
        "content": { "size": 0, "mimeType": "" },
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
        "comment": detail,
    })
}

fn headers(headers: &[(String, Vec<u8>)]) -> Vec<Value> {
    headers
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": String::from_utf8_lossy(value) }))
        .collect()
}

/// A time as ISO 8601, made of the only date format that the program can write: `Sat, 28 Nov 2026 10:00:00 GMT`.
fn timestamp(time: SystemTime) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let date = httpdate::fmt_http_date(time);
    let words: Vec<_> = date.split(' ').collect();
    let [_, day, month, year, clock, _] = words.as_slice() else { return date };
    let month = MONTHS.iter().position(|name| name == month).unwrap_or_default() + 1;
    format!("{year}-{month:02}-{day}T{clock}.000Z")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_timestamp_is_iso_8601() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_860_000);
        assert_eq!(timestamp(time), "2026-11-28T10:00:00.000Z");
    }
}
