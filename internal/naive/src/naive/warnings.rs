//! What gets a warning and is left out (semantics, section 5).

use std::collections::BTreeSet;

use super::NaivePolicy;
use super::origin::wildcard_domain;
use super::refusals::is_suffix;

pub(super) fn is_forbidden_method(name: &str) -> bool {
    ["connect", "trace", "track"].contains(&name.to_lowercase().as_str())
}

pub(super) fn is_protocol_header(name: &str) -> bool {
    let name = name.to_lowercase();
    name == "origin" || name.starts_with("access-control-")
}

pub(super) fn is_forbidden_request_header(name: &str) -> bool {
    let name = name.to_lowercase();
    let names = "accept-charset accept-encoding connection content-length cookie cookie2 date dnt expect host keep-alive \
                 referer set-cookie te trailer transfer-encoding upgrade via";
    names.split(' ').any(|forbidden| forbidden == name)
        || name.starts_with("sec-")
        || name.starts_with("proxy-")
}

pub(super) fn is_forbidden_response_header(name: &str) -> bool {
    ["set-cookie", "set-cookie2"].contains(&name.to_lowercase().as_str())
}

impl NaivePolicy {
    /// The field and the code of every warning about a policy that is not refused, but for entries that others cover.
    pub fn warnings(&self) -> BTreeSet<(String, String)> {
        let mut warnings = BTreeSet::new();
        let mut warn = |field: &str, code: &str| warnings.insert((field.to_owned(), code.to_owned()));
        if self.origins.is_empty() && self.function.is_none() {
            warn("allow_origins", "no-origins");
        }
        for (position, entry) in self.origins.iter().enumerate() {
            if !self.credentials && wildcard_domain(entry).is_some_and(is_suffix) {
                warn(&format!("allow_origins[{position}]"), "public-suffix-pattern");
            }
        }
        for (position, name) in self.methods.iter().enumerate() {
            if is_forbidden_method(name) {
                warn(&format!("allow_methods[{position}]"), "forbidden-method");
            }
        }
        for (field, names, is_forbidden, code) in [
            (
                "allow_headers",
                &self.headers,
                is_forbidden_request_header as fn(&str) -> bool,
                "forbidden-request-header",
            ),
            ("expose_headers", &self.expose, is_forbidden_response_header, "forbidden-response-header"),
        ] {
            for (position, name) in names.iter().enumerate() {
                if is_protocol_header(name) {
                    warn(&format!("{field}[{position}]"), "cors-header");
                } else if is_forbidden(name) {
                    warn(&format!("{field}[{position}]"), code);
                }
            }
        }
        if self.headers == ["*"] {
            warn("allow_headers[0]", "authorization-not-covered");
        }
        match self.max_age.map(|age| age.as_secs()) {
            Some(age) if age > 86_400 => warn("max_age", "max-age-over-a-day"),
            Some(age) if age > 7_200 => warn("max_age", "max-age-over-browser-cap"),
            _ => false,
        };
        for (number, rule) in self.rules.iter().enumerate() {
            let of_rule = rule.warnings().into_iter();
            warnings.extend(of_rule.map(|(field, code)| (format!("rules[{number}].{field}"), code)));
        }
        warnings
    }
}
