//! Exchanges as text for people.

use cors_browser::Exchange;

use crate::text::{SHOWN, printable};

/// The lines of an exchange: `>` before each line of the request, `<` before each line of the response.
pub fn exchange(exchange: &Exchange) -> Vec<String> {
    let request = &exchange.request;
    let mut lines =
        vec![format!("> {} {}", text(request.method.as_bytes()), text(request.url.as_str().as_bytes()))];
    lines.extend(
        request.headers.iter().map(|(name, value)| format!("> {}: {}", text(name.as_bytes()), text(value))),
    );
    lines.extend(body('>', request.body.as_deref().unwrap_or_default()));
    match &exchange.response {
        Ok(response) => {
            lines.push(format!("< {}", response.status));
            lines.extend(
                response
                    .headers
                    .iter()
                    .map(|(name, value)| format!("< {}: {}", text(name.as_bytes()), text(value))),
            );
            lines.extend(body('<', &response.body));
        }
        Err(error) => lines.push(format!("< no response: {}", text(error.to_string().as_bytes()))),
    }
    lines
}

fn body(direction: char, body: &[u8]) -> Option<String> {
    (!body.is_empty()).then(|| format!("{direction} | {}", text(body)))
}

pub(super) fn text(bytes: &[u8]) -> String {
    printable(bytes, SHOWN)
}
