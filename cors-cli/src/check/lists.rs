//! The lists in CORS headers, and header names that are almost right.

use cors_browser::WireResponse;

/// The response headers of the CORS protocol, and those that decide who can read or cache a response.
const KNOWN: [&str; 8] = [
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Cross-Origin-Resource-Policy",
    "Cross-Origin-Embedder-Policy",
];

/// How similar a name must be to a known one to count as a misspelling, from 0 to 1.
const SIMILARITY: f64 = 0.88;

/// The tokens that a list header was probably meant to have. What separates or quotes them may be wrong.
pub(super) fn tokens(response: &WireResponse, header: &str) -> Vec<String> {
    let lines = response.lines(header).map(String::from_utf8_lossy);
    let mut tokens: Vec<String> = Vec::new();
    for line in lines {
        let words = line.split([',', ';', ' ', '\t']);
        let words = words.map(|word| word.trim_matches(['"', '\'', '[', ']', '(', ')']));
        tokens.extend(words.filter(|word| is_token(word)).map(str::to_owned));
    }
    tokens
}

/// The members of a list header, over all of its lines.
pub(super) fn members(response: &WireResponse, header: &str) -> Vec<String> {
    let lines = response.lines(header).map(String::from_utf8_lossy);
    let mut members = Vec::new();
    for line in lines {
        members.extend(line.split(',').map(trimmed).filter(|member| !member.is_empty()).map(str::to_owned));
    }
    members
}

/// The whole value of a header, its lines joined; `None` without a line.
pub(super) fn value(response: &WireResponse, header: &str) -> Option<String> {
    let lines: Vec<_> = response.lines(header).map(String::from_utf8_lossy).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// A text without the white space that HTTP allows around values.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// RFC 9110, "token".
pub(super) fn is_token(text: &str) -> bool {
    let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// The headers of a response whose names are almost those of CORS headers: what was sent, and what was probably meant.
pub(super) fn misspelt(response: &WireResponse) -> Vec<(String, &'static str)> {
    let mut found: Vec<(String, &'static str)> = Vec::new();
    for (name, _) in &response.headers {
        let lower = name.to_ascii_lowercase().replace('_', "-");
        let is_new = !found.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        match meant(&lower) {
            Some(known) if is_new && !name.eq_ignore_ascii_case(known) => found.push((name.clone(), known)),
            _ => {}
        }
    }
    found
}

/// Whether a header is one of the CORS protocol that only responses have.
pub(super) fn is_of_response(name: &str) -> bool {
    KNOWN[..6].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The known header that a name in lower case is meant to be.
fn meant(name: &str) -> Option<&'static str> {
    const ABBREVIATED: [(&str, &str); 8] = [
        ("allow-origin", "Access-Control-Allow-Origin"),
        ("access-control-origin", "Access-Control-Allow-Origin"),
        ("access-allow-origin", "Access-Control-Allow-Origin"),
        ("access-control-allow-method", "Access-Control-Allow-Methods"),
        ("access-control-allow-header", "Access-Control-Allow-Headers"),
        ("access-control-allow-origins", "Access-Control-Allow-Origin"),
        ("access-control-allowed-origin", "Access-Control-Allow-Origin"),
        ("access-control-expose-header", "Access-Control-Expose-Headers"),
    ];
    let exact = KNOWN.iter().copied().find(|known| known.eq_ignore_ascii_case(name));
    let abbreviated = ABBREVIATED.iter().find(|(short, _)| *short == name).map(|&(_, known)| known);
    // Request headers of the protocol, and the header of a draft that browsers have abandoned, are not misspellings.
    if name.starts_with("access-control-request-") || name == "access-control-allow-private-network" {
        return None;
    }
    exact.or(abbreviated).or_else(|| {
        let similarity =
            |known: &str| strsim::normalized_damerau_levenshtein(&known.to_ascii_lowercase(), name);
        let best =
            KNOWN.iter().copied().max_by(|one, other| similarity(one).total_cmp(&similarity(other)))?;
        (similarity(best) >= SIMILARITY).then_some(best)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Access-Control-Allow-Orgin", Some("Access-Control-Allow-Origin"))]
    #[case("Access-Control-Allow-Origins", Some("Access-Control-Allow-Origin"))]
    #[case("Acess-Control-Allow-Origin", Some("Access-Control-Allow-Origin"))]
    #[case("Access_Control_Allow_Origin", Some("Access-Control-Allow-Origin"))]
    #[case("Access-Control-Allow-Header", Some("Access-Control-Allow-Headers"))]
    #[case("Access-Control-Allow-Credential", Some("Access-Control-Allow-Credentials"))]
    #[case("access-control-allow-origin", None)]
    #[case("Access-Control-Max-Age", None)]
    #[case("Access-Control-Allow-Private-Network", None)]
    #[case("Access-Control-Request-Method", None)]
    #[case("Cross-Origin-Opener-Policy", None)]
    #[case("Allow", None)]
    #[case("Origin", None)]
    fn misspelt_names(#[case] name: &str, #[case] expected: Option<&str>) {
        let response = WireResponse::new(200).with_header(name, "*");
        assert_eq!(misspelt(&response).first().map(|(_, meant)| *meant), expected);
    }

    #[test]
    fn only_tokens_are_kept() {
        let response = WireResponse::new(204)
            .with_header("access-control-allow-methods", "\"PUT\", \"DELETE\"")
            .with_header("access-control-allow-methods", "GET,, PATCH ");
        assert_eq!(tokens(&response, "access-control-allow-methods"), ["PUT", "DELETE", "GET", "PATCH"]);
        let response = WireResponse::new(204).with_header("x", "GET PUT; a=\"b c\", {d}, é");
        assert_eq!(tokens(&response, "x"), ["GET", "PUT", "c"]);
    }
}
