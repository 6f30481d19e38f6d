//! Fetch, "Methods".

/// Fetch, "forbidden method".
pub(super) fn is_forbidden(method: &str) -> bool {
    ["CONNECT", "TRACE", "TRACK"].iter().any(|forbidden| method.eq_ignore_ascii_case(forbidden))
}

/// Fetch, "CORS-safelisted method".
pub(super) fn is_cors_safelisted(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "POST")
}

/// RFC 9110, section 9.2.1, "Safe Methods".
pub(super) fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
}

/// Fetch, method "normalize".
pub(super) fn normalize(method: &str) -> String {
    ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]
        .into_iter()
        .find(|normal| method.eq_ignore_ascii_case(normal))
        .unwrap_or(method)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("get", "GET")]
    #[case("Put", "PUT")]
    #[case("delete", "DELETE")]
    #[case("options", "OPTIONS")]
    #[case("patch", "patch")]
    #[case("PATCH", "PATCH")]
    #[case("eGg", "eGg")]
    fn normalizes_some_methods(#[case] method: &str, #[case] normal: &str) {
        assert_eq!(normalize(method), normal);
    }

    #[rstest]
    #[case("trace", true)]
    #[case("CONNECT", true)]
    #[case("Track", true)]
    #[case("TRACER", false)]
    fn forbidden_methods(#[case] method: &str, #[case] expected: bool) {
        assert_eq!(is_forbidden(method), expected);
    }

    #[rstest]
    #[case("GET", true)]
    #[case("HEAD", true)]
    #[case("POST", true)]
    #[case("get", false)]
    #[case("PUT", false)]
    #[case("OPTIONS", false)]
    fn safelisted_methods(#[case] method: &str, #[case] expected: bool) {
        assert_eq!(is_cors_safelisted(method), expected);
    }
}
