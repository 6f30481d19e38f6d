//! Response heads as developer tools and curl print them.

use cors_browser::WireResponse;

/// A response head that is being read.
#[derive(Default)]
struct Head {
    status: Option<u16>,
    reason: String,
    headers: Vec<(String, String)>,
}

/// Reads the heads of responses: raw, from `curl -i` or `curl -v`, or copied from the developer tools of a browser.
///
/// The responses come in the order of the text. Those before the final one of a request (status 1xx, and the answer of a proxy to
/// `CONNECT`) are left out, and bodies are not read. A head without a status has the status 200.
///
/// # Errors
///
/// Which line is not part of a response head, and what to paste instead.
pub fn parse_responses(bytes: &[u8]) -> Result<Vec<WireResponse>, String> {
    let text = decode(bytes);
    let lines: Vec<_> = text.lines().map(|line| line.trim_end_matches('\r')).collect();
    let is_curl = lines.iter().any(|line| line.starts_with("< HTTP/"));
    let lines: Vec<(usize, &str)> = (1..)
        .zip(lines)
        .filter(|(_, line)| !is_curl || line.starts_with('<'))
        .map(|(number, line)| match line.strip_prefix('<').filter(|_| is_curl) {
            Some(rest) => (number, rest.strip_prefix(' ').unwrap_or(rest)),
            None => (number, line),
        })
        .collect();
    let lines = without_indent(lines);
    let first = lines.iter().find(|(_, line)| !line.trim().is_empty());
    let heads = match first {
        None => return Err("there is no response head; paste the status line and the headers".to_owned()),
        Some((_, line)) if status_line(line).is_some() => with_status_lines(&lines)?,
        Some(_) => vec![copied(&lines)?],
    };
    let responses: Vec<_> = heads.into_iter().filter(Head::is_final).map(Head::into_response).collect();
    match responses.is_empty() {
        true => Err("there is no final response, only informational ones (status 1xx)".to_owned()),
        false => Ok(responses),
    }
}

/// Decodes a text. PowerShell writes UTF-16 into files.
fn decode(bytes: &[u8]) -> String {
    let wide = |of: fn([u8; 2]) -> u16, rest: &[u8]| {
        let units: Vec<_> = rest.chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => wide(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => String::from_utf8_lossy(rest).into_owned(),
    }
}

/// Removes the white space that all lines begin with.
fn without_indent(lines: Vec<(usize, &str)>) -> Vec<(usize, &str)> {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let filled = lines.iter().filter(|(_, line)| !line.trim().is_empty());
    let common = filled.map(|(_, line)| indent(line)).min().unwrap_or_default();
    lines.into_iter().map(|(number, line)| (number, line.get(common..).unwrap_or_default())).collect()
}

/// The status and the reason phrase of a status line.
fn status_line(line: &str) -> Option<(u16, &str)> {
    let (_, rest) = line.strip_prefix("HTTP/")?.split_once(' ')?;
    let (status, reason) = rest.trim_start().split_once(' ').unwrap_or((rest.trim(), ""));
    let status = status.parse().ok().filter(|status| matches!(status, 100..=999))?;
    Some((status, reason.trim()))
}

/// Reads heads that begin with status lines. A blank line ends a head, and a body may follow.
fn with_status_lines(lines: &[(usize, &str)]) -> Result<Vec<Head>, String> {
    let mut heads: Vec<Head> = Vec::new();
    let mut in_head = false;
    for &(number, line) in lines {
        let follows_another = heads.last().is_none_or(|head| !in_head && head.is_followed());
        match status_line(line).filter(|_| follows_another) {
            Some((status, reason)) => {
                heads.push(Head { status: Some(status), reason: reason.to_owned(), headers: Vec::new() });
                in_head = true;
            }
            None if line.trim().is_empty() => in_head = false,
            None if in_head => {
                let Some(head) = heads.last_mut() else { continue };
                // RFC 9112, section 5.2: obsolete line folding.
                match (line.starts_with([' ', '\t']), head.headers.last_mut()) {
                    (true, Some((_, value))) => *value = format!("{value} {}", line.trim()),
                    _ => head.headers.push(header(line).ok_or_else(|| not_a_header(number, line))?),
                }
            }
            // A body.
            None => {}
        }
    }
    Ok(heads)
}

/// Reads a head that was copied from developer tools: a header in a line, or its name and its value in two lines.
fn copied(lines: &[(usize, &str)]) -> Result<Head, String> {
    let mut head = Head::default();
    let mut waiting: Option<String> = None;
    for &(number, line) in lines {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let whole = line.split_once(": ").filter(|(name, _)| is_name(name));
        match (waiting.take(), whole) {
            (Some(name), None) => head.add(&name, line),
            (waiting, Some((name, value))) => {
                if let Some(empty) = waiting {
                    head.add(&empty, "");
                }
                head.add(name, value);
            }
            (None, None) => match line.strip_suffix(':').unwrap_or(line) {
                name if is_name(name) => waiting = Some(name.to_owned()),
                _ => {
                    // `name:value`, which HTTP allows and only people write.
                    let (name, value) = header(line).ok_or_else(|| not_a_header(number, line))?;
                    head.add(&name, &value);
                }
            },
        }
    }
    if let Some(name) = waiting {
        head.add(&name, "");
    }
    Ok(head)
}

fn not_a_header(number: usize, line: &str) -> String {
    let start: String = line.chars().take(60).collect();
    format!(
        "line {number}, `{start}`, is not a header; paste the status line and the headers, each with its name, a colon and its value"
    )
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    is_token(name).then(|| (name.to_ascii_lowercase(), value.trim().to_owned()))
}

/// Whether developer tools print such a name: that of a header, of HTTP/2's status, or of the status in Chromium's summary.
fn is_name(name: &str) -> bool {
    is_token(name.strip_prefix(':').unwrap_or(name)) || name.eq_ignore_ascii_case("status code")
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

impl Head {
    fn add(&mut self, name: &str, value: &str) {
        let is_status = matches!(name.to_ascii_lowercase().as_str(), ":status" | "status" | "status code");
        let status = value.split(' ').next().and_then(|status| status.parse().ok());
        match status.filter(|_| is_status) {
            Some(status) => self.status = Some(status),
            None if name.starts_with(':') => {}
            None => self.headers.push((name.to_ascii_lowercase(), value.to_owned())),
        }
    }

    /// Whether it is a response of the server, and the last one to its request.
    fn is_final(&self) -> bool {
        let is_of_a_proxy = self.reason.eq_ignore_ascii_case("connection established");
        !(matches!(self.status, Some(100..=199)) || is_of_a_proxy)
    }

    /// Whether curl prints another head after this one and its body.
    fn is_followed(&self) -> bool {
        !self.is_final() || matches!(self.status, Some(300..=399))
    }

    fn into_response(self) -> WireResponse {
        let response = WireResponse::new(self.status.unwrap_or(200));
        self.headers.into_iter().fold(response, |response, (name, value)| response.with_header(name, value))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const ALLOW: (&str, &str) = ("access-control-allow-origin", "https://app.example");
    const HTML: (&str, &str) = ("content-type", "text/html");

    #[rstest]
    #[case::raw("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: https://app.example\r\nContent-Type: text/html\r\n\r\n<p>a: b", vec![(200, vec![ALLOW, HTML])])]
    #[case::http2("HTTP/2 204\naccess-control-allow-origin:https://app.example\n\n", vec![(204, vec![ALLOW])])]
    #[case::indented("  HTTP/2 403 \n  content-type: text/html\n", vec![(403, vec![HTML])])]
    #[case::folded("HTTP/1.1 200 OK\nx-a: 1\n\t2\n", vec![(200, vec![("x-a", "1 2")])])]
    #[case::empty_value("HTTP/1.1 200 OK\nx-a:\nx-b: 1\n", vec![(200, vec![("x-a", ""), ("x-b", "1")])])]
    #[case::curl_follows(
        "HTTP/1.1 302 Found\nlocation: /x\n\nFound.HTTP/1.1\nHTTP/1.1 200 OK\ncontent-type: text/html\n\nHTTP/1.1 500 No\nx\n",
        vec![(302, vec![("location", "/x")]), (200, vec![HTML])]
    )]
    #[case::interim("HTTP/1.1 200 Connection established\n\nHTTP/1.1 100 Continue\n\nHTTP/1.1 201 Created\nx-a: 1\n", vec![(201, vec![("x-a", "1")])])]
    #[case::verbose(
        "*   Trying 127.0.0.1:80...\n> GET / HTTP/1.1\n> Host: a\n>\n< HTTP/1.1 200 OK\n< content-type: text/html\n<\n{ [5 bytes data]\n<p>a</p>\n* Connection #0 left intact\n",
        vec![(200, vec![HTML])]
    )]
    #[case::copied_lines(":status: 404\ncontent-type: text/html\n", vec![(404, vec![HTML])])]
    #[case::copied_pairs("access-control-allow-origin:\nhttps://app.example\ncontent-type:\ntext/html\n", vec![(200, vec![ALLOW, HTML])])]
    #[case::copied_pairs_without_colon("access-control-allow-origin\nhttps://app.example\ncontent-type\ntext/html\n", vec![(200, vec![ALLOW, HTML])])]
    #[case::copied_empty("x-a:\nx-b: 1\n", vec![(200, vec![("x-a", ""), ("x-b", "1")])])]
    #[case::summary("Status Code:\n403 Forbidden\ncontent-type:\ntext/html\n", vec![(403, vec![HTML])])]
    #[case::bom("\u{feff}HTTP/1.1 200 OK\n", vec![(200, vec![])])]
    fn heads_are_read(#[case] text: &str, #[case] expected: Vec<(u16, Vec<(&str, &str)>)>) {
        let responses = parse_responses(text.as_bytes()).unwrap();
        let read: Vec<_> = responses
            .iter()
            .map(|response| {
                let header = |(name, value): &(String, Vec<u8>)| {
                    (name.clone(), String::from_utf8(value.clone()).unwrap())
                };
                (response.status, response.headers.iter().map(header).collect::<Vec<_>>())
            })
            .collect();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(status, headers)| {
                let header = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
                (status, headers.into_iter().map(header).collect::<Vec<_>>())
            })
            .collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn a_file_of_powershell_is_read() {
        let text: Vec<u8> =
            "\u{feff}HTTP/1.1 204 No Content\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(parse_responses(&text).unwrap()[0].status, 204);
    }

    #[rstest]
    #[case::nothing(" \n\n", "no response head")]
    #[case::a_page("<!doctype html>\n<p>Hello", "line 1, `<!doctype html>`")]
    #[case::a_bad_line("HTTP/1.1 200 OK\nx-a: 1\nnot a header\n", "line 3, `not a header`")]
    #[case::interim("HTTP/1.1 100 Continue\n\n", "no final response")]
    fn other_texts_are_refused(#[case] text: &str, #[case] expected: &str) {
        let error = parse_responses(text.as_bytes()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
