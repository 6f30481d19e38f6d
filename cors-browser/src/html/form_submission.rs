//! HTML, "form submission".

use url::Url;

use crate::steps::Steps;
use crate::{Enctype, Form, FormMethod};

/// The body of a submitted form, and its `Content-Type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PostResource {
    pub(super) body: Vec<u8>,
    pub(super) content_type: String,
}

/// The start of every boundary. Each browser has one of its own.
const BOUNDARY: &str = "----formboundary";

/// HTML, "form submission algorithm", steps 16 to 22, for a form in a page in UTF-8 whose action has the scheme `http` or `https`:
/// changes the action and returns the body, if there is one.
pub(super) fn submit(form: &Form, action: &mut Url, steps: &dyn Steps) -> Option<PostResource> {
    let entries = entry_list(form);
    match form.method {
        FormMethod::Get => {
            *action = steps.submitted_url(action, &pairs(&entries, steps));
            None
        }
        FormMethod::Post => Some(entity_body(steps.enctype(form), &entries, steps)),
    }
}

/// "Constructing the entry list", for fields that are `<input type="hidden">`.
fn entry_list(form: &Form) -> Vec<(String, String)> {
    let fields = form.fields.iter().filter(|(name, _)| !name.is_empty());
    fields
        .map(|(name, value)| {
            // Step 5.9: the browser writes the encoding of the form.
            let is_charset = name.eq_ignore_ascii_case("_charset_");
            (name.clone(), if is_charset { "UTF-8".to_owned() } else { value.clone() })
        })
        .collect()
}

/// "Converting to a list of name-value pairs".
fn pairs(entries: &[(String, String)], steps: &dyn Steps) -> Vec<(String, String)> {
    let normalize = |text: &str| steps.normalize_newlines(text);
    entries.iter().map(|(name, value)| (normalize(name), normalize(value))).collect()
}

/// "Mutate action URL": the fields replace the query.
pub(crate) fn submitted_url(action: &Url, pairs: &[(String, String)]) -> Url {
    let mut url = action.clone();
    url.set_query(Some(&serialize(pairs)));
    url
}

/// URL, "application/x-www-form-urlencoded serializing".
fn serialize(pairs: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// "Submit as entity body".
fn entity_body(enctype: Enctype, entries: &[(String, String)], steps: &dyn Steps) -> PostResource {
    let pairs = pairs(entries, steps);
    let (body, content_type) = match enctype {
        Enctype::UrlEncoded => (serialize(&pairs), enctype.as_str().to_owned()),
        Enctype::Multipart => {
            let boundary = boundary(&pairs);
            (multipart(&pairs, &boundary, steps), format!("{}; boundary={boundary}", enctype.as_str()))
        }
        Enctype::Plain => (plain(&pairs), enctype.as_str().to_owned()),
    };
    PostResource { body: body.into_bytes(), content_type }
}

/// "multipart/form-data encoding algorithm", for fields that are not files.
fn multipart(pairs: &[(String, String)], boundary: &str, steps: &dyn Steps) -> String {
    let mut body = String::new();
    for (name, value) in pairs {
        let name = steps.escape_name(name);
        body.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    body
}

/// A boundary that no field contains.
fn boundary(pairs: &[(String, String)]) -> String {
    let contains = |boundary: &str| {
        pairs.iter().any(|(name, value)| name.contains(boundary) || value.contains(boundary))
    };
    let mut boundary = BOUNDARY.to_owned();
    while contains(&boundary) {
        boundary.push('x');
    }
    boundary
}

/// "multipart/form-data encoding algorithm", step 3: the name of a field between quotation marks.
pub(crate) fn escape_name(name: &str) -> String {
    name.replace('\n', "%0A").replace('\r', "%0D").replace('"', "%22")
}

/// "text/plain encoding algorithm".
fn plain(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={value}\r\n")).collect()
}

/// "Converting to a list of name-value pairs", steps 2.1 and 2.3: CR and LF become CRLF, unless they are one already.
pub(crate) fn normalize_newlines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::steps::Standard;

    fn form(method: FormMethod, enctype: Enctype, fields: &[(&str, &str)]) -> Form {
        let fields = fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Form { method, enctype, fields }
    }

    #[rstest]
    #[case::plain("https://api.example/x", &[("a", "1"), ("b", "2")], "https://api.example/x?a=1&b=2")]
    #[case::query_is_replaced("https://api.example/x?old=1#f", &[("a", "1")], "https://api.example/x?a=1#f")]
    #[case::no_fields("https://api.example/x?old=1", &[], "https://api.example/x?")]
    #[case::space("https://api.example/", &[("a b", "c+d&e=f")], "https://api.example/?a+b=c%2Bd%26e%3Df")]
    #[case::utf_8("https://api.example/", &[("ä", "✓")], "https://api.example/?%C3%A4=%E2%9C%93")]
    #[case::newlines("https://api.example/", &[("a", "1\n2\r3\r\n4")], "https://api.example/?a=1%0D%0A2%0D%0A3%0D%0A4")]
    #[case::no_name("https://api.example/", &[("", "1"), ("a", "")], "https://api.example/?a=")]
    #[case::charset("https://api.example/", &[("_Charset_", "x")], "https://api.example/?_Charset_=UTF-8")]
    fn a_get_form_changes_the_query(
        #[case] action: &str,
        #[case] fields: &[(&str, &str)],
        #[case] url: &str,
    ) {
        let mut action = Url::parse(action).unwrap();
        let body = submit(&form(FormMethod::Get, Enctype::Multipart, fields), &mut action, &Standard);
        assert_eq!((action.as_str(), body), (url, None));
    }

    const FIELDS: &[(&str, &str)] = &[("a", "1 2"), ("q\"\n", "ä=\n")];

    #[rstest]
    #[case::url_encoded(
        Enctype::UrlEncoded,
        "application/x-www-form-urlencoded",
        "a=1+2&q%22%0D%0A=%C3%A4%3D%0D%0A"
    )]
    #[case::multipart(
        Enctype::Multipart,
        "multipart/form-data; boundary=----formboundary",
        "------formboundary\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1 2\r\n\
         ------formboundary\r\nContent-Disposition: form-data; name=\"q%22%0D%0A\"\r\n\r\nä=\r\n\r\n\
         ------formboundary--\r\n"
    )]
    #[case::plain(Enctype::Plain, "text/plain", "a=1 2\r\nq\"\r\n=ä=\r\n\r\n")]
    fn a_post_form_has_a_body(#[case] enctype: Enctype, #[case] content_type: &str, #[case] body: &str) {
        let mut action = Url::parse("https://api.example/x?y").unwrap();
        let resource = submit(&form(FormMethod::Post, enctype, FIELDS), &mut action, &Standard).unwrap();
        assert_eq!(action.as_str(), "https://api.example/x?y");
        assert_eq!(resource.content_type, content_type);
        assert_eq!(String::from_utf8(resource.body).unwrap(), body);
    }

    #[test]
    fn the_boundary_is_in_no_field() {
        let fields = [("a".to_owned(), format!("{BOUNDARY}x"))];
        assert_eq!(boundary(&fields), format!("{BOUNDARY}xx"));
    }
}
