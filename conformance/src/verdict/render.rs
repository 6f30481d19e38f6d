//! Exchanges as text for people.

use cors_browser::Exchange;

/// The most bytes of a value or of a body that are shown.
const SHOWN: usize = 200;

/// The lines of an exchange: `>` before what was sent, `<` before what came back.
pub fn exchange(exchange: &Exchange) -> Vec<String> {
    let request = &exchange.request;
    let mut lines = vec![format!("> {} {}", request.method, text(request.url.as_str().as_bytes()))];
    lines.extend(request.headers.iter().map(|(name, value)| format!("> {name}: {}", text(value))));
    lines.extend(body('>', request.body.as_deref().unwrap_or_default()));
    match &exchange.response {
        Ok(response) => {
            lines.push(format!("< {}", response.status));
            lines.extend(response.headers.iter().map(|(name, value)| format!("< {name}: {}", text(value))));
            lines.extend(body('<', &response.body));
        }
        Err(error) => lines.push(format!("< no response: {error}")),
    }
    lines
}

fn body(direction: char, body: &[u8]) -> Option<String> {
    (!body.is_empty()).then(|| format!("{direction} | {}", text(body)))
}

/// Bytes as text: what is not printable is escaped, what is long is cut.
pub(super) fn text(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes[..bytes.len().min(SHOWN)].utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                let mut buffer = [0; 4];
                escape(character.encode_utf8(&mut buffer).as_bytes(), &mut shown);
            } else {
                shown.push(character);
            }
        }
        escape(chunk.invalid(), &mut shown);
    }
    if bytes.len() > SHOWN {
        shown.push_str(&format!("… ({} bytes)", bytes.len()));
    }
    shown
}

fn escape(bytes: &[u8], shown: &mut String) {
    for byte in bytes {
        shown.push_str(&format!("\\x{byte:02x}"));
    }
}
