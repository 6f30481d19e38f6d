//! The names of the fields: in files, in environment variables, and in other libraries.

/// The fields of a policy file, in the order in which they are written.
pub(super) const FIELDS: [&str; 11] = [
    "allow_origins",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "allow_credentials",
    "max_age",
    "preflight_status",
    "diagnostics",
    "dangerously_allow",
    RULES,
    GUARD,
];

/// The fields of a guard, in the order in which they are written.
pub(super) const GUARD_FIELDS: [&str; 7] = [
    "cross_site_writes",
    "foreign_origins",
    "websockets",
    "allow_hosts",
    "own_origins",
    "exempt",
    "report_only",
];

/// The fields that hold for the whole policy, so that a rule cannot have them.
#[cfg(feature = "serde")]
pub(super) const WHOLE_POLICY: [&str; 4] = ["preflight_status", "diagnostics", RULES, GUARD];

/// The field with the rules. It has no environment variable.
pub(super) const RULES: &str = "rules";

/// The field with the guard. It has no environment variable.
pub(super) const GUARD: &str = "guard";

/// Whether a field has an environment variable.
pub(super) fn is_variable(field: &str) -> bool {
    FIELDS.contains(&field) && field != RULES && field != GUARD
}

/// A place in a rule, such as `rules[1].allow_origins[2]`: the number of the rule, and the place in it.
pub(super) fn split_rule(place: &str) -> Option<(usize, &str)> {
    let (number, place) = place.strip_prefix(RULES)?.strip_prefix('[')?.split_once(']')?;
    Some((number.parse().ok()?, place.strip_prefix('.').unwrap_or(place)))
}

/// How messages write the fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Spelling {
    /// What the names of environment variables start with, if the policy comes from there.
    prefix: Option<String>,
}

impl Spelling {
    /// Fields are environment variables: `CORS_ALLOW_ORIGINS` for the prefix `CORS_`.
    pub(super) fn variables(prefix: &str) -> Self {
        Self { prefix: Some(prefix.to_owned()) }
    }

    /// The name of a field, or of a place in it such as `allow_origins[2]`.
    pub(super) fn field(&self, place: &str) -> String {
        let end = place.find('[').unwrap_or(place.len());
        let (field, position) = place.split_at(end);
        match &self.prefix {
            Some(prefix) if is_variable(field) => {
                format!("{prefix}{}{position}", field.to_ascii_uppercase())
            }
            _ => place.to_owned(),
        }
    }

    /// A sentence whose parts between backticks are fields or values of a file.
    pub(super) fn text(&self, sentence: &str) -> String {
        if self.prefix.is_none() {
            return sentence.to_owned();
        }
        let parts = sentence.split('`').enumerate();
        let parts = parts.map(|(number, part)| match number % 2 {
            0 => part.to_owned(),
            _ => self.code(part),
        });
        parts.collect::<Vec<_>>().join("`")
    }

    /// A field, a value, or an assignment, from TOML to the form of an environment variable.
    fn code(&self, code: &str) -> String {
        match code.split_once(" = ") {
            Some((field, value)) => format!("{}={}", self.field(field), bare(value)),
            None if code.starts_with(['[', '"']) => bare(code),
            None => self.field(code),
        }
    }
}

/// A list or a string of TOML without brackets and quotes.
fn bare(value: &str) -> String {
    let entries = value.trim_start_matches('[').trim_end_matches(']').split(',');
    entries.map(|entry| entry.trim().trim_matches('"')).collect::<Vec<_>>().join(",")
}

/// What to say about a field that a policy does not have.
pub(super) struct Explanation {
    pub(super) what: &'static str,
    pub(super) help: String,
    /// A field of a policy was probably meant.
    pub(super) is_recognized: bool,
}

/// Explains a field that a policy does not have.
pub(super) fn explain(written: &str) -> Explanation {
    let name = squash(written);
    if let Some(field) = FIELDS.iter().find(|field| squash(field) == name) {
        return did_you_mean(field);
    }
    if name.starts_with("allowprivatenetwork") || name == "privatenetworkaccess" {
        return Explanation {
            what: "browsers have abandoned Private Network Access, so this field no longer exists",
            help: "Leave it out. Browsers now ask the user before a page may use the local network (Local Network Access), and no response header is needed.".to_owned(),
            is_recognized: true,
        };
    }
    if name == "rule" {
        return did_you_mean(RULES);
    }
    if GUARD_NAMES.contains(&name.as_str()) {
        return did_you_mean(GUARD);
    }
    if let Some(field) = GUARD_FIELDS.iter().find(|field| squash(field) == name) {
        return Explanation {
            what: "is a field of the guard",
            help: format!("Write `{field}` in the table `[guard]`."),
            is_recognized: true,
        };
    }
    if let Some((_, help)) = ADVICE.iter().find(|(names, _)| names.contains(&name.as_str())) {
        return Explanation { what: "unknown field", help: (*help).to_owned(), is_recognized: true };
    }
    if let Some((field, _)) = OTHER_NAMES.iter().find(|(_, names)| names.contains(&name.as_str())) {
        return did_you_mean(field);
    }
    match nearest(written, &FIELDS) {
        Some(field) => did_you_mean(field),
        None => Explanation {
            what: "unknown field",
            help: format!("Leave it out. The fields are {}.", FIELDS.join(", ")),
            is_recognized: false,
        },
    }
}

/// Explains a field that a guard does not have.
#[cfg(feature = "serde")]
pub(super) fn explain_in_guard(written: &str) -> Explanation {
    let name = squash(written);
    let known = GUARD_FIELDS.iter().find(|field| squash(field) == name).copied();
    let other = GUARD_OTHER_NAMES.iter().find(|(_, names)| names.contains(&name.as_str()));
    let nearest = || nearest(written, &GUARD_FIELDS);
    if let Some(field) = known.or(other.map(|(field, _)| *field)).or_else(nearest) {
        return did_you_mean(field);
    }
    let help = match FIELDS.contains(&written) {
        true => "Write it at the top level of the policy.".to_owned(),
        false => format!("Leave it out. The fields are {}.", GUARD_FIELDS.join(", ")),
    };
    Explanation { what: "a guard does not have this field", help, is_recognized: false }
}

fn did_you_mean(field: &str) -> Explanation {
    Explanation { what: "unknown field", help: format!("Did you mean `{field}`?"), is_recognized: true }
}

/// A name without the differences between `allow_origins`, `allowOrigins`, `Allow-Origins` and `CORS_ALLOW_ORIGINS`.
fn squash(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let name = letters.map(|letter| letter.to_ascii_lowercase()).collect::<String>();
    let name = name.strip_prefix("accesscontrol").unwrap_or(&name);
    match name.strip_prefix("cors") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => name.to_owned(),
    }
}

/// The names that other libraries and servers have for protection against forged requests, squashed.
const GUARD_NAMES: [&str; 6] =
    ["csrf", "csrfprotection", "xsrf", "crossoriginprotection", "antiforgery", "csrflayer"];

/// The names that others have for a field of a guard, squashed.
#[cfg(feature = "serde")]
const GUARD_OTHER_NAMES: [(&str, &[&str]); 5] = [
    ("allow_hosts", &["hosts", "host", "allowedhosts", "allowhost", "trustedhosts", "hostallowlist"]),
    ("own_origins", &["ownorigin", "selforigin", "selforigins", "sameorigin", "sameorigins"]),
    (
        "exempt",
        &[
            "exemption",
            "exemptions",
            "exemptpaths",
            "bypass",
            "insecurebypasspatterns",
            "ignore",
            "skip",
            "except",
        ],
    ),
    ("websockets", &["websocket", "ws"]),
    ("report_only", &["reportonly", "dryrun", "logonly"]),
];

/// The names that other libraries and servers have for a field, squashed.
const OTHER_NAMES: [(&str, &[&str]); 8] = [
    (
        "allow_origins",
        &[
            "origin",
            "origins",
            "alloworigin",
            "allowedorigin",
            "allowedorigins",
            "allowedoriginpatterns",
            "alloworiginpatterns",
            "originpatterns",
            "originwhitelist",
            "originslist",
            "trustedorigins",
            "withorigins",
            "domains",
            "alloweddomains",
            "allowlist",
            "whitelist",
        ],
    ),
    (
        "allow_methods",
        &["method", "methods", "allowmethod", "allowedmethod", "allowedmethods", "withmethods"],
    ),
    (
        "allow_headers",
        &[
            "header",
            "headers",
            "allowheader",
            "allowedheader",
            "allowedheaders",
            "requestheaders",
            "withheaders",
            "additionalheaders",
        ],
    ),
    (
        "expose_headers",
        &[
            "exposed",
            "exposeheader",
            "exposedheader",
            "exposedheaders",
            "exposeallowedheaders",
            "responseheaders",
            "withexposedheaders",
            "additionalexposedheaders",
        ],
    ),
    (
        "allow_credentials",
        &[
            "credential",
            "credentials",
            "credentialed",
            "allowcredential",
            "allowscredentials",
            "allowedcredentials",
            "supportcredentials",
            "supportscredentials",
            "withcredentials",
        ],
    ),
    (
        "max_age",
        &[
            "age",
            "maxageinseconds",
            "maxageseconds",
            "preflightmaxage",
            "setpreflightmaxage",
            "preflightmaxageseconds",
            "cachemaxage",
        ],
    ),
    (
        "preflight_status",
        &["optionssuccessstatus", "preflightsuccessstatus", "preflightstatuscode", "optionsstatus"],
    ),
    ("diagnostics", &["debug", "diagnostic"]),
];

/// What to do about settings of other libraries that are not fields of a policy. The names are squashed.
const ADVICE: [(&[&str], &str); 17] = [
    (
        &["alloworiginif", "alloworiginsif", "lookup"],
        "Leave it out: it is a function, which only code can add.",
    ),
    (
        &[
            "alloworiginregex",
            "alloworiginregexes",
            "alloworiginsregex",
            "allowedoriginregex",
            "allowedoriginregexes",
            "allowedoriginsregex",
            "allowedoriginspatterns",
            "originregex",
            "originregexwhitelist",
            "originsregex",
        ],
        "Write patterns such as `https://*.example.com` in `allow_origins`. There are no regular expressions.",
    ),
    (
        &[
            "allowallorigin",
            "allowallorigins",
            "allowanyorigin",
            "anyorigin",
            "originallowall",
            "permissive",
            "sendwildcard",
        ],
        "Write `allow_origins = \"*\"` for any origin.",
    ),
    (&["allowanymethod", "allowallmethods"], "Write `allow_methods = \"*\"` for any method."),
    (
        &["allowanyheader", "allowallheaders"],
        "Write `allow_headers = [\"*\", \"authorization\"]` for any header.",
    ),
    (&["exposeanyheader", "exposeallheaders"], "Write `expose_headers = \"*\"` for any header."),
    (
        &[
            "allowedoriginfn",
            "alloworiginfn",
            "alloworiginfunc",
            "alloworiginrequestfunc",
            "alloworiginvaryrequestfunc",
            "alloworiginwithcontextfunc",
            "setisoriginallowed",
        ],
        "Write the origins, or patterns such as `https://*.example.com`, in `allow_origins`.",
    ),
    (
        &["vary", "varyheader", "disablevaryheader", "setvaryheader"],
        "Leave it out: `Vary` is written whenever the response depends on the origin.",
    ),
    (
        &[
            "automaticoptions",
            "disablepreflight",
            "optionspassthrough",
            "optionsresponsestatus",
            "preflightcontinue",
        ],
        "Leave it out: every preflight is answered by the policy, and all other `OPTIONS` requests reach the application.",
    ),
    (
        &["blockonoriginmismatch", "shortcircuit", "strictpreflight", "alwayssend", "interceptexceptions"],
        "Leave it out: every response has the headers that the policy demands, and a request from another origin reaches the application without being readable.",
    ),
    (
        &[
            "fairingroutebase",
            "fairingrouterank",
            "path",
            "paths",
            "resources",
            "routes",
            "urlpattern",
            "urlsregex",
        ],
        "Leave it out: the application decides to which routes a policy applies.",
    ),
    (
        &["disable", "disabled", "enable", "enabled"],
        "Leave it out. Write `allow_origins = []` to switch CORS off.",
    ),
    (
        &["allowwildcard", "allowwildcards", "allowsubdomains"],
        "Leave it out: patterns such as `https://*.example.com` in `allow_origins` always work.",
    ),
    (&["allowbrowserextensions"], "List each extension in `allow_origins`, such as `chrome-extension://id`."),
    (
        &["allowwebsockets"],
        "Leave it out: a page on a WebSocket has the origin of its `http` or `https` address.",
    ),
    (
        &["allowfiles", "allownull", "allownullorigin"],
        "Write `null` or `file://` in `allow_origins`, and add `dangerously_allow = [\"null-origin\"]`.",
    ),
    (
        &[
            "dangerouslytolerateinsecureorigins",
            "dangerouslytoleratesubdomainsofpublicsuffixes",
            "dangerous",
            "dangers",
        ],
        "Write `dangerously_allow` with the exceptions that are intended.",
    ),
];

/// The most typing errors that a misspelt field can have to be recognized.
const MAX_TYPOS: usize = 3;

/// The field that was probably meant.
fn nearest(written: &str, fields: &[&'static str]) -> Option<&'static str> {
    let written = written.to_ascii_lowercase().replace('-', "_");
    fields
        .iter()
        .map(|field| (strsim::osa_distance(&written, field), *field))
        .filter(|(distance, _)| *distance <= MAX_TYPOS)
        .min()
        .map(|(_, field)| field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_squashed_and_unique() {
        let names = OTHER_NAMES.iter().map(|(_, names)| *names).chain(ADVICE.iter().map(|(names, _)| *names));
        let names = names.chain([&GUARD_NAMES[..]]);
        let mut names: Vec<_> = names.flat_map(|names| names.iter()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(names.iter().all(|name| squash(name) == **name));
        assert!(OTHER_NAMES.iter().all(|(field, _)| FIELDS.contains(field)));
    }

    #[test]
    fn fields_are_written_as_variables() {
        let spelling = Spelling::variables("CORS_");
        assert_eq!(spelling.field("allow_origins[2]"), "CORS_ALLOW_ORIGINS[2]");
        assert_eq!(spelling.field("max_ages"), "max_ages");
        let sentence = "Add `dangerously_allow = [\"null-origin\"]`, or leave out `max_age`, or write `\"*\"`, `[\"*\", \"a\"]` or `allow_origins = []`.";
        let expected = "Add `CORS_DANGEROUSLY_ALLOW=null-origin`, or leave out `CORS_MAX_AGE`, or write `*`, `*,a` or `CORS_ALLOW_ORIGINS=`.";
        assert_eq!(spelling.text(sentence), expected);
        assert_eq!(Spelling::default().text(sentence), sentence);
    }
}
