//! The smallest policy that lets a page do what it asked for, for the stack that a server's responses tell of.

use cors_core::{Policy, PolicyError};

use super::Stack;

/// What a page asked a server for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The origin of the page.
    pub origin: String,
    /// The method.
    pub method: String,
    /// The request headers that need permission.
    pub headers: Vec<String>,
    /// Whether the request may carry credentials.
    pub credentials: bool,
}

/// The smallest policy that allows what a page asked for.
///
/// # Errors
///
/// No safe policy allows it: for example, credentials for the origin `null`.
pub fn minimal_policy(asked: &Asked) -> Result<Policy, PolicyError> {
    let is_safelisted = matches!(asked.method.as_str(), "GET" | "HEAD" | "POST");
    Policy::builder()
        .allow_origins([asked.origin.as_str()])
        .allow_methods((!is_safelisted).then_some(asked.method.as_str()))
        .allow_headers(&asked.headers)
        .allow_credentials(asked.credentials)
        .build()
}

/// A header, a text that its value contains in lower case, and the stack that sends it. Applications come before the servers and
/// networks that stand in front of them.
const TELLING: &[(&str, &str, Stack)] = &[
    ("x-powered-by", "express", Stack::Express),
    ("x-powered-by", "asp.net", Stack::AspNet),
    ("x-aspnet-version", "", Stack::AspNet),
    ("server", "kestrel", Stack::AspNet),
    ("server", "microsoft-iis", Stack::AspNet),
    ("server", "werkzeug", Stack::Flask),
    ("server", "wsgiserver", Stack::Django),
    ("server", "uvicorn", Stack::Starlette),
    ("server", "rocket", Stack::Rocket),
    ("x-runtime", "", Stack::Rails),
    ("x-application-context", "", Stack::Spring),
    ("server", "amazons3", Stack::S3),
    ("apigw-requestid", "", Stack::ApiGateway),
    ("x-amz-apigw-id", "", Stack::ApiGateway),
    ("x-amz-cf-id", "", Stack::CloudFront),
    ("server", "caddy", Stack::Caddy),
    ("server", "nginx", Stack::Nginx),
    ("server", "openresty", Stack::Nginx),
    ("server", "apache", Stack::Apache),
];

/// The stack that the headers of a response tell of, and the header that does. The names are in lower case.
pub fn guess<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Option<(Stack, &'static str)> {
    let headers: Vec<_> = headers
        .into_iter()
        .map(|(name, value)| (name, String::from_utf8_lossy(value).to_ascii_lowercase()))
        .collect();
    let tells =
        |known: &str, part: &str| headers.iter().any(|(name, value)| *name == known && value.contains(part));
    // Tomcat and other servers of the same foundation are not its web server.
    let found = TELLING.iter().find(|(name, part, stack)| {
        tells(name, part) && !(*stack == Stack::Apache && tells("server", "coyote"))
    });
    found.map(|(name, _, stack)| (*stack, *name))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[("server", "nginx/1.22.1")], Some(Stack::Nginx))]
    #[case(&[("server", "nginx"), ("x-powered-by", "Express")], Some(Stack::Express))]
    #[case(&[("server", "AmazonS3"), ("x-amz-cf-id", "a")], Some(Stack::S3))]
    #[case(&[("server", "Apache/2.4.62 (Debian)")], Some(Stack::Apache))]
    #[case(&[("server", "Apache-Coyote/1.1")], None)]
    #[case(&[("server", "Werkzeug/3.1.3 Python/3.12")], Some(Stack::Flask))]
    #[case(&[("x-runtime", "0.01"), ("server", "nginx")], Some(Stack::Rails))]
    #[case(&[("server", "gws")], None)]
    #[case(&[], None)]
    fn stacks_are_guessed(#[case] headers: &[(&str, &str)], #[case] expected: Option<Stack>) {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
        assert_eq!(guess(headers).map(|(stack, _)| stack), expected);
    }

    #[test]
    fn the_policy_is_the_smallest() {
        let asked = Asked {
            origin: "https://app.example".to_owned(),
            method: "PUT".to_owned(),
            headers: vec!["x-token".to_owned()],
            credentials: true,
        };
        let policy = minimal_policy(&asked).unwrap();
        assert_eq!(policy.allow_origins().collect::<Vec<_>>(), ["https://app.example"]);
        assert_eq!(
            (policy.allow_methods(), policy.allow_headers()),
            (&["PUT".to_owned()][..], &["x-token".to_owned()][..])
        );
        assert!(policy.allow_credentials() && policy.max_age().is_none());

        let read = Asked { method: "GET".to_owned(), headers: Vec::new(), credentials: false, ..asked };
        let policy = minimal_policy(&read).unwrap();
        assert!(
            policy.allow_methods().is_empty()
                && policy.allow_headers().is_empty()
                && !policy.allow_credentials()
        );
    }

    #[rstest]
    #[case::null("null", true)]
    #[case::null_without_credentials("null", false)]
    #[case::insecure("http://app.example", true)]
    fn what_no_safe_policy_allows_is_refused(#[case] origin: &str, #[case] credentials: bool) {
        let asked =
            Asked { origin: origin.to_owned(), method: "GET".to_owned(), credentials, ..Asked::default() };
        assert!(minimal_policy(&asked).is_err());
    }
}
