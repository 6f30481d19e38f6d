//! MIME types.

use super::forbidden::split;
use super::list::{HeaderList, isomorphic_decode};
use super::value::{is_token, normalize, trim_end};

/// MIME Sniffing, "MIME type".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MimeType {
    /// The essence, such as `text/plain`, in lower case.
    pub(crate) essence: String,
    /// The parameters, whose names are in lower case.
    parameters: Vec<(String, String)>,
}

impl MimeType {
    /// MIME Sniffing, "parse a MIME type".
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        // Step 1.
        let value = normalize(value);
        // Steps 3 to 5.
        let slash = value.iter().position(|&byte| byte == b'/')?;
        let (kind, rest) = (&value[..slash], &value[slash + 1..]);
        // Steps 7 and 8: white space is stripped from the subtype's end only.
        let semicolon = rest.iter().position(|&byte| byte == b';').unwrap_or(rest.len());
        let subtype = trim_end(&rest[..semicolon]);
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let essence = isomorphic_decode(&[kind, b"/", subtype].concat()).to_ascii_lowercase();
        Some(Self { essence, parameters: parameters(&isomorphic_decode(&rest[semicolon..])) })
    }

    /// Fetch, "extract a MIME type": the last valid one counts.
    pub(crate) fn extract(headers: &HeaderList) -> Option<Self> {
        let values = split(&headers.combined("content-type")?);
        let mut types = values.iter().filter_map(|value| {
            let bytes: Vec<u8> = value.chars().filter_map(|char| u8::try_from(char).ok()).collect();
            Self::parse(&bytes)
        });
        types.rfind(|mime| mime.essence != "*/*")
    }

    /// The value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Replaces the value of a parameter that is there.
    pub(crate) fn set_parameter(&mut self, name: &str, value: &str) {
        for (_, old) in self.parameters.iter_mut().filter(|(other, _)| other == name) {
            value.clone_into(old);
        }
    }

    /// MIME Sniffing, "serialize a MIME type".
    pub(crate) fn serialize(&self) -> String {
        let mut text = self.essence.clone();
        for (name, value) in &self.parameters {
            let value = match is_token(value.as_bytes()) {
                true => value.clone(),
                false => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
            };
            text.push_str(&format!(";{name}={value}"));
        }
        text
    }

    /// MIME Sniffing, "JavaScript MIME type".
    pub(crate) fn is_javascript(&self) -> bool {
        matches!(
            self.essence.as_str(),
            "application/ecmascript"
                | "application/javascript"
                | "application/x-ecmascript"
                | "application/x-javascript"
                | "text/ecmascript"
                | "text/javascript"
                | "text/javascript1.0"
                | "text/javascript1.1"
                | "text/javascript1.2"
                | "text/javascript1.3"
                | "text/javascript1.4"
                | "text/javascript1.5"
                | "text/jscript"
                | "text/livescript"
                | "text/x-ecmascript"
                | "text/x-javascript"
        )
    }

    /// MIME Sniffing, "JSON MIME type".
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.essence.as_str(), "application/json" | "text/json") || self.essence.ends_with("+json")
    }

    /// MIME Sniffing, "XML MIME type".
    pub(crate) fn is_xml(&self) -> bool {
        matches!(self.essence.as_str(), "application/xml" | "text/xml") || self.essence.ends_with("+xml")
    }

    /// MIME Sniffing, "audio or video MIME type" and "image MIME type".
    pub(crate) fn is_media(&self) -> bool {
        ["audio/", "image/", "video/"].iter().any(|kind| self.essence.starts_with(kind))
    }
}

/// "parse a MIME type", step 11. A quoted value ends at its quotation mark.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    let mut rest = text;
    while let Some(after) = rest.strip_prefix(';') {
        let after = after.trim_start_matches(['\t', '\n', '\r', ' ']);
        let end = after.find([';', '=']).unwrap_or(after.len());
        let (name, tail) = (after[..end].to_ascii_lowercase(), &after[end..]);
        let Some(value) = tail.strip_prefix('=') else {
            rest = tail;
            continue;
        };
        let (value, tail) = match value.strip_prefix('"') {
            Some(quoted) => quoted_string(quoted),
            None => {
                let end = value.find(';').unwrap_or(value.len());
                (value[..end].trim_end_matches(['\t', '\n', '\r', ' ']).to_owned(), &value[end..])
            }
        };
        // What follows a quoted value is skipped.
        rest = &tail[tail.find(';').unwrap_or(tail.len())..];
        let is_quoted_string_code_point =
            |char: char| char == '\t' || (' '..='~').contains(&char) || char > '\u{7f}';
        let is_valid = is_token(name.as_bytes()) && value.chars().all(is_quoted_string_code_point);
        if is_valid && !parameters.iter().any(|(other, _)| *other == name) {
            parameters.push((name, value));
        }
    }
    parameters
}

/// Fetch, "collect an HTTP quoted string": the value, and the text after its closing quotation mark.
fn quoted_string(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((index, char)) = chars.next() {
        match char {
            '"' => return (value, &text[index + 1..]),
            '\\' => value.push(chars.next().map_or('\\', |(_, char)| char)),
            _ => value.push(char),
        }
    }
    (value, "")
}

/// Fetch, "determine nosniff".
pub(crate) fn is_nosniff(headers: &HeaderList) -> bool {
    headers
        .combined("x-content-type-options")
        .is_some_and(|value| split(&value).first().is_some_and(|first| first.eq_ignore_ascii_case("nosniff")))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn headers(name: &str, lines: &[&str]) -> HeaderList {
        let mut list = HeaderList::default();
        lines.iter().for_each(|line| list.append(name, *line));
        list
    }

    #[rstest]
    #[case("text/plain", Some("text/plain"))]
    #[case("Text/PLAIN; charset=utf-8", Some("text/plain"))]
    #[case("text/plain ;a=b;c", Some("text/plain"))]
    #[case("text/plain, text/plain", None)]
    #[case("text", None)]
    #[case("/plain", None)]
    #[case("text/", None)]
    #[case("te xt/plain", None)]
    #[case("text /plain", None)]
    #[case("text/ plain", None)]
    #[case("text/\tplain", None)]
    #[case(" text/plain ", Some("text/plain"))]
    fn the_essence_of_a_mime_type(#[case] value: &str, #[case] essence: Option<&str>) {
        assert_eq!(MimeType::parse(value.as_bytes()).map(|mime| mime.essence).as_deref(), essence);
    }

    #[rstest]
    #[case("text/html;charset=utf-8", "text/html;charset=utf-8")]
    #[case("Text/HTML ; Charset=UTF-8 ;x", "text/html;charset=UTF-8")]
    #[case("text/html;charset=\"a b\\\"c\" junk;y=1", "text/html;charset=\"a b\\\"c\";y=1")]
    #[case("text/html;a=1;a=2;=3;b", "text/html;a=1")]
    #[case("text/html;a=\"", "text/html;a=\"\"")]
    fn a_mime_type_is_parsed_and_serialized(#[case] value: &str, #[case] expected: &str) {
        assert_eq!(MimeType::parse(value.as_bytes()).unwrap().serialize(), expected);
    }

    #[rstest]
    #[case(&["text/html"], Some("text/html"))]
    #[case(&["text/html, application/json"], Some("application/json"))]
    #[case(&["text/html", "text/css"], Some("text/css"))]
    #[case(&["text/css, garbage"], Some("text/css"))]
    #[case(&["text/css, */*"], Some("text/css"))]
    #[case(&["text/html;x=\",text/css\""], Some("text/html"))]
    #[case(&["*/*"], None)]
    #[case(&["garbage"], None)]
    #[case(&[], None)]
    fn the_last_valid_mime_type_counts(#[case] lines: &[&str], #[case] essence: Option<&str>) {
        let mime = MimeType::extract(&headers("content-type", lines));
        assert_eq!(mime.map(|mime| mime.essence).as_deref(), essence);
    }

    #[rstest]
    #[case(&["nosniff"], true)]
    #[case(&["NoSniff"], true)]
    #[case(&[" nosniff , x"], true)]
    #[case(&["x, nosniff"], false)]
    #[case(&["no-sniff"], false)]
    #[case(&[], false)]
    fn nosniff(#[case] lines: &[&str], #[case] expected: bool) {
        assert_eq!(is_nosniff(&headers("x-content-type-options", lines)), expected);
    }
}
