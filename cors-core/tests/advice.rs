//! What people write in policies that they bring from other libraries, servers and environments: each kind once, with what
//! the message must say.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use cors_core::{Policy, PolicyBuilder};
use rstest::rstest;

/// The text of the only problem.
fn problem(builder: PolicyBuilder) -> String {
    let error = builder.build().unwrap_err();
    let [problem] = error.problems() else { panic!("{error}") };
    problem.to_string()
}

#[rstest]
// Quotes, separators and white space from a file or an environment variable.
#[case("\"https://d.example\"", "it contains its quotes. Write `https://d.example`.")]
#[case("'https://d.example'", "Write `https://d.example`.")]
#[case("\\\"https://d.example\\\"", "Write `https://d.example`.")]
#[case("\u{201c}https://d.example\u{201d}", "Write `https://d.example`.")]
#[case("'*'", "Write `*`.")]
#[case(" *\n", "Write `*`.")]
#[case(
    "https://f.example;",
    "it contains a separator, such as the comma at the end of a list. Write `https://f.example`."
)]
#[case("https://f.example,", "Write `https://f.example`.")]
#[case("https://f.example,\n", "Write `https://f.example`.")]
#[case("https://f.example\n", "Write `https://f.example`.")]
#[case("https://f.example\r\n", "Write `https://f.example`.")]
#[case(
    "https://a.example,https://b.example",
    "Write one origin per entry: `[\"https://a.example\", \"https://b.example\"]`."
)]
#[case(
    "https://a.example/; https://b.example/",
    "Write one origin per entry: `[\"https://a.example\", \"https://b.example\"]`."
)]
#[case(
    "http://localhost:* https://*.a.example",
    "Write one origin per entry: `[\"http://localhost:*\", \"https://*.a.example\"]`."
)]
#[case("[\"https://a.example\"]", "Write one origin per entry: `[\"https://a.example\"]`.")]
#[case(
    "['https://a.example', 'https://b.example']",
    "Write one origin per entry: `[\"https://a.example\", \"https://b.example\"]`."
)]
// Variables that were not replaced.
#[case("https://${HOST}", "it contains a variable that was not replaced")]
#[case("$FRONTEND_URL", "it contains a variable that was not replaced")]
#[case("https://{{ domain }}", "it contains a variable that was not replaced")]
#[case("https://<your-domain>", "it contains a variable that was not replaced")]
// Regular expressions.
#[case(r"^https://.*\.example\.com$", "it is a regular expression. Write `https://*.example.com`.")]
#[case(r"/https:\/\/.*\.example\.com/", "Write `https://*.example.com`.")]
#[case(r"/^https:\/\/(.+\.)?example\.com$/i", "Write `https://*.example.com`.")]
#[case(r"https?://[a-z0-9-]+\.example\.com", "Write `https://*.example.com`.")]
#[case(r"^https?://localhost(:\d+)?$", "Write `http://localhost:*`.")]
#[case(r"http://localhost:[0-9]+", "Write `http://localhost:*`.")]
#[case(
    r"^https://deploy-preview-\d+--site\.netlify\.app$",
    "Write `https://deploy-preview-*--site.netlify.app`."
)]
#[case(
    r"^https://deploy-preview-.*--site\.netlify\.app$",
    "Write `https://deploy-preview-*--site.netlify.app`."
)]
#[case("https://.*.example.com", "Write `https://*.example.com`.")]
#[case(
    "https://(a|b).example.com",
    "it is a regular expression. Write a pattern such as `https://*.example.com`"
)]
#[case(
    ".*",
    "it is a regular expression. Write a pattern such as `https://*.example.com`, or `*` alone for any origin."
)]
#[case(r"example\.com", "Write `https://example.com`.")]
// A `*` where there is no pattern for it.
#[case(
    "http://192.168.*",
    "List each address, or decide in code with `allow_origin_if`: a pattern cannot cover a range of addresses."
)]
#[case(
    "http://192.168.1.*:3000",
    "List each address, or decide in code with `allow_origin_if`: a pattern cannot cover a range of addresses."
)]
#[case(
    "http://10.*",
    "List each address, or decide in code with `allow_origin_if`: a pattern cannot cover a range of addresses."
)]
#[case(
    "http://10.0.0.1*",
    "List each address, or decide in code with `allow_origin_if`: a pattern cannot cover a range of addresses."
)]
#[case("http://192.168.0.0/16", "it is a range of addresses. List each address")]
#[case("http://[fd00::]/8", "it is a range of addresses. List each address")]
#[case("http://*.0.0.1", "List each address: an address has no subdomains.")]
#[case("http://localhost*", "Write `http://localhost:*`.")]
#[case("http://127.0.0.1*", "Write `http://127.0.0.1:*`.")]
#[case("https://example.com*", "Write `https://example.com`.")]
#[case("https://example.com/*", "Write `https://example.com`.")]
#[case("https://*.*.example.com", "Write `https://*.example.com`.")]
#[case("https://**.example.com", "Write `https://*.example.com`.")]
#[case("https://.example.com", "its host starts with a dot. Write `https://*.example.com`.")]
#[case("*.example.com", "Write `https://*.example.com`.")]
#[case(".example.com", "it has no scheme. Write `https://*.example.com`.")]
#[case("https://example.*", "a `*` cannot stand for the end of a domain")]
#[case("https://*", "or `*` alone for any origin.")]
#[case("*://example.com", "Write one entry per scheme.")]
#[case("http://localhost:30*", "Write a port number, or `*` alone for any port.")]
#[case(
    "http://localhost:3000-3010",
    "`3000-3010` is not a valid port. Write a port from 1 to 65535, or `*` for any port"
)]
// Schemes.
#[case("https//example.com", "its scheme does not end in `://`. Write `https://example.com`.")]
#[case("https:/example.com", "Write `https://example.com`.")]
#[case("http:localhost:3000", "Write `http://localhost:3000`.")]
#[case(r"https:\\example.com", "Write `https://example.com`.")]
#[case("https;//example.com", "Write `https://example.com`.")]
#[case("https:///example.com", "Write `https://example.com`.")]
#[case("https://https://example.com", "it has two schemes. Write `https://example.com`.")]
#[case("//example.com", "it has no scheme. Write `https://example.com`.")]
#[case("localhost:3000", "Write `http://localhost:3000`.")]
#[case(
    "file:///home/me/index.html",
    "pages from local files have the origin `null`, or `file://` in some applications."
)]
#[case("file://", "is the origin of every local file in some applications")]
#[case(
    "chrome-extension://*",
    "List those that are yours, such as `chrome-extension://id`. If it is intended, add `dangerously_allow = [\"any-app-origin\"]`."
)]
// Words of other libraries.
#[case("any", "Write `*` alone for any origin.")]
#[case("self", "pages of the server's own origin need no CORS")]
#[case("'self'", "pages of the server's own origin need no CORS")]
#[case("same-origin", "pages of the server's own origin need no CORS")]
#[case("none", "Write an empty list, `allow_origins = []`, to allow no origin.")]
#[case("about:blank", "its pages have the origin `null`, which any site can have")]
#[case("undefined", "its variable had no value")]
#[case("https://%HOST%", "it contains a variable that was not replaced")]
#[case("https://{tenant}.example.com", "it contains a variable that was not replaced")]
#[case("https://a.example|https://b.example", "Write one origin per entry")]
#[case(
    "192.168.*",
    "List each address, or decide in code with `allow_origin_if`: a pattern cannot cover a range of addresses."
)]
#[case("https://*/*", "or `*` alone for any origin.")]
#[case("blob:https://a.example/1", "it has two schemes. Write `https://a.example`.")]
#[case(
    "chrome-extension:*",
    "Write `chrome-extension://*`, which needs `dangerously_allow = [\"any-app-origin\"]`."
)]
#[case("NULL", "Write `null` in lower case")]
// Hosts.
#[case("https://b\u{fc}cher.example", "its host is not ASCII. Write `https://xn--bcher-kva.example`.")]
#[case("https://xn--f", "`xn--f` is not valid Punycode")]
#[case("https://App.example:443/", "Write `https://app.example`.")]
#[case(
    r"https://a.example\b",
    r"`https://a.example\b` is not an origin: it ends in a path. Write `https://a.example`."
)]
fn origins(#[case] origin: &str, #[case] expected: &str) {
    let text = problem(Policy::builder().allow_origins(origin));
    assert!(text.contains(expected), "{text}");
}

#[rstest]
#[case("GET, PUT", "Write one name per entry: `[\"GET\", \"PUT\"]`.")]
#[case("get,put;delete", "Write one name per entry: `[\"GET\", \"PUT\", \"DELETE\"]`.")]
#[case("[\"GET\", \"PUT\"]", "Write one name per entry: `[\"GET\", \"PUT\"]`.")]
#[case("\"PUT\"", "Write `PUT`.")]
#[case("PUT,", "Write `PUT`.")]
#[case("PUT\n", "Write `PUT`.")]
#[case("put", "Write `PUT`.")]
fn methods(#[case] method: &str, #[case] expected: &str) {
    let text = problem(Policy::builder().allow_origins("*").allow_methods(method));
    assert!(text.ends_with(expected), "{text}");
}

#[rstest]
#[case("Content-Type, Authorization", "Write one name per entry: `[\"Content-Type\", \"Authorization\"]`.")]
#[case("'X-A' 'X-B'", "Write one name per entry: `[\"X-A\", \"X-B\"]`.")]
#[case("\"X-A\"", "Write `X-A`.")]
#[case("X-A: 1", "Write one header name such as `x-request-id` per entry.")]
fn headers(#[case] header: &str, #[case] expected: &str) {
    let text = problem(Policy::builder().allow_origins("*").allow_headers(header));
    assert!(text.ends_with(expected), "{text}");
    let text = problem(Policy::builder().allow_origins("*").expose_headers(header));
    assert!(text.ends_with(expected), "{text}");
}

#[rstest]
// tower-http.
#[case("allow_origin", "Did you mean `allow_origins`?")]
#[case("allow_private_network", "browsers have abandoned Private Network Access")]
#[case("vary", "`Vary` is written whenever the response depends on the origin.")]
// actix-cors.
#[case("allowed_origin", "Did you mean `allow_origins`?")]
#[case("allowed_origin_fn", "Write the origins, or patterns")]
#[case("allow_any_origin", "Write `allow_origins = \"*\"` for any origin.")]
#[case("allow_any_method", "Write `allow_methods = \"*\"` for any method.")]
#[case("allow_any_header", "Write `allow_headers = [\"*\", \"authorization\"]` for any header.")]
#[case("expose_any_header", "Write `expose_headers = \"*\"` for any header.")]
#[case("allowed_header", "Did you mean `allow_headers`?")]
#[case("supports_credentials", "Did you mean `allow_credentials`?")]
#[case("send_wildcard", "Write `allow_origins = \"*\"` for any origin.")]
#[case("block_on_origin_mismatch", "Leave it out: every response has the headers that the policy demands")]
// rocket_cors.
#[case("allowed_origins", "Did you mean `allow_origins`?")]
#[case("allowed_methods", "Did you mean `allow_methods`?")]
#[case("fairing_route_base", "the application decides to which routes a policy applies")]
// Express.
#[case("origin", "Did you mean `allow_origins`?")]
#[case("methods", "Did you mean `allow_methods`?")]
#[case("allowedHeaders", "Did you mean `allow_headers`?")]
#[case("exposedHeaders", "Did you mean `expose_headers`?")]
#[case("credentials", "Did you mean `allow_credentials`?")]
#[case("maxAge", "Did you mean `max_age`?")]
#[case("preflightContinue", "every preflight is answered by the policy")]
#[case("optionsSuccessStatus", "Did you mean `preflight_status`?")]
// Starlette and FastAPI.
#[case("allow_origin_regex", "There are no regular expressions.")]
// Flask-CORS.
#[case("origins", "Did you mean `allow_origins`?")]
#[case("resources", "the application decides to which routes a policy applies")]
#[case("automatic_options", "every preflight is answered by the policy")]
#[case("CORS_ORIGINS", "Did you mean `allow_origins`?")]
// django-cors-headers.
#[case("CORS_ALLOWED_ORIGINS", "Did you mean `allow_origins`?")]
#[case("CORS_ALLOWED_ORIGIN_REGEXES", "There are no regular expressions.")]
#[case("CORS_ALLOW_ALL_ORIGINS", "Write `allow_origins = \"*\"` for any origin.")]
#[case("CORS_ORIGIN_WHITELIST", "Did you mean `allow_origins`?")]
#[case("CORS_ORIGIN_ALLOW_ALL", "Write `allow_origins = \"*\"` for any origin.")]
#[case("CORS_PREFLIGHT_MAX_AGE", "Did you mean `max_age`?")]
#[case("CORS_URLS_REGEX", "the application decides to which routes a policy applies")]
// Spring.
#[case("allowed-origin-patterns", "Did you mean `allow_origins`?")]
#[case("exposed-headers", "Did you mean `expose_headers`?")]
// rs/cors and gin.
#[case("AllowedOrigins", "Did you mean `allow_origins`?")]
#[case("AllowOriginFunc", "Write the origins, or patterns")]
#[case("OptionsPassthrough", "every preflight is answered by the policy")]
#[case("Debug", "Did you mean `diagnostics`?")]
#[case("AllowAllOrigins", "Write `allow_origins = \"*\"` for any origin.")]
#[case("AllowBrowserExtensions", "List each extension in `allow_origins`")]
#[case("AllowFiles", "add `dangerously_allow = [\"null-origin\"]`")]
// jub0bs/cors.
#[case("Credentialed", "Did you mean `allow_credentials`?")]
#[case("RequestHeaders", "Did you mean `allow_headers`?")]
#[case("ResponseHeaders", "Did you mean `expose_headers`?")]
#[case("MaxAgeInSeconds", "Did you mean `max_age`?")]
#[case(
    "DangerouslyTolerateInsecureOrigins",
    "Write `dangerously_allow` with the exceptions that are intended."
)]
// The headers themselves, as nginx and Apache set them.
#[case("Access-Control-Allow-Origin", "Did you mean `allow_origins`?")]
#[case("Access-Control-Allow-Methods", "Did you mean `allow_methods`?")]
#[case("Access-Control-Allow-Headers", "Did you mean `allow_headers`?")]
#[case("Access-Control-Expose-Headers", "Did you mean `expose_headers`?")]
#[case("Access-Control-Allow-Credentials", "Did you mean `allow_credentials`?")]
#[case("Access-Control-Max-Age", "Did you mean `max_age`?")]
// Others.
#[case("enabled", "Write `allow_origins = []` to switch CORS off.")]
#[case("max_gae", "Did you mean `max_age`?")]
#[case("colour", "Leave it out. The fields are allow_origins, ")]
fn fields(#[case] field: &str, #[case] expected: &str) {
    let text = format!("allow_origins = \"*\"\n{field} = \"a\"");
    let text = problem(toml::from_str(&text).unwrap());
    assert!(text.starts_with(field) && text.contains(expected), "{text}");
}

#[rstest]
#[case("[cors]\nallow_origins = \"*\"\n")]
#[case("[cors]\norigins = \"*\"\n")]
#[case("[cors]\n")]
#[case("[security.cors]\norigins = \"*\"\n")]
#[case("[http]\nAllowedOrigins = \"*\"\n")]
fn a_table_around_the_policy(#[case] text: &str) {
    let error = toml::from_str::<PolicyBuilder>(text).unwrap().build().unwrap_err();
    let texts: Vec<_> = error.problems().iter().map(ToString::to_string).collect();
    assert!(
        texts.iter().any(|text| text.contains("Write the fields of this table at the top level")),
        "{texts:?}"
    );
}

#[test]
fn any_origin_with_credentials_says_what_scripts_can_send_without_them() {
    let text = problem(Policy::builder().allow_origins("*").allow_credentials(true));
    assert!(text.contains("an `Authorization` header that a script sets itself does not need it"), "{text}");
}

#[rstest]
#[case(
    "ttp://a.example",
    "has the scheme `ttp`, which pages do not have. Write `http://a.example`, or keep it"
)]
#[case("htps://a.example", "Write `https://a.example`, or keep it")]
#[case("wss://a.example", "Write `https://a.example`, or keep it")]
#[case("moz-extention://a", "Write `moz-extension://a`, or keep it")]
#[case("https://*example.com", "Write `https://*.example.com`, which covers subdomains only.")]
#[case("https://*-team.vercel.app", "anyone can register one below `vercel.app`")]
fn warnings(#[case] origin: &str, #[case] expected: &str) {
    let policy = Policy::builder().allow_origins(origin).build().unwrap();
    let [warning] = policy.warnings() else { panic!("{:?}", policy.warnings()) };
    assert!(warning.to_string().contains(expected), "{warning}");
}
