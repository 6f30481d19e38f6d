//! From the shape of a file to a scenario: every problem of the file is found, not only the first.

use std::collections::BTreeMap;

use cors_core::{Policy, PolicyBuilder};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::expectation::{
    MessageExpectation, On, PageExpectation, Readable, StatusExpectation, WireExpectation,
};
use super::file::{
    FetchFile, OneOrMany, OpaqueFile, OutcomeFile, PageExpectationFile, PageFile, RequestFile, ScenarioFile,
    SentFile, ServerFile, StatusFile, StepFile, WireFile,
};
use super::step::{Action, RawRequest, Step};
use super::{Kind, Problem, Scenario, ServerPlan};
use crate::browser::{BlockReason, FetchRequest, OpaqueSort, Origin, Page, User};
use crate::pattern::Pattern;

/// The documents that `spec` may name a section of.
const DOCUMENTS: [&str; 10] = [
    "fetch",
    "html",
    "url",
    "private-network-access",
    "rfc6454",
    "rfc6265bis",
    "rfc9110",
    "rfc9111",
    "rfc9113",
    "semantics",
];

/// Reads the text of one file whose path is `<id>.toml`.
pub(super) fn scenario(id: &str, text: &str) -> Result<Scenario, Vec<Problem>> {
    let mut problems = Problems { file: format!("{id}.toml"), found: Vec::new() };
    let file: ScenarioFile = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            problems.add("the file", error.to_string().trim_end());
            return Err(problems.found);
        }
    };
    let scenario = problems.scenario(id, file);
    if problems.found.is_empty() { Ok(scenario) } else { Err(problems.found) }
}

/// The servers' origins by name; also of those whose policy is refused.
type Origins = BTreeMap<String, Url>;

struct Problems {
    file: String,
    found: Vec<Problem>,
}

impl Problems {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.found.push(Problem { file: self.file.clone(), field: field.into(), message: message.into() });
    }

    fn scenario(&mut self, id: &str, file: ScenarioFile) -> Scenario {
        if file.id != id {
            self.add(
                "id",
                format!("is `{}`, but the file's path says `{id}`: write the path without `.toml`", file.id),
            );
        }
        if !is_identifier(id) {
            self.add("id", format!("`{id}` is no `<group>/<name>` of lower-case letters, digits and `-`"));
        }
        if file.title.trim().is_empty() {
            self.add("title", "is empty: say in one sentence what holds");
        }
        let spec: Vec<String> = file.spec.into();
        let faq: Vec<String> = file.faq.into();
        self.references(&spec, &faq);
        let harm = file.harm.filter(|harm| !harm.trim().is_empty());
        if file.kind == Kind::Security && harm.is_none() {
            self.add("harm", "is missing: a security scenario says in one sentence who gets hurt");
        }
        let page = self.page_of(file.page);
        let (origins, servers) = self.servers(&file.policy, file.servers);
        let steps = self.steps(&origins, file.step);
        Scenario {
            id: file.id,
            title: file.title,
            kind: file.kind,
            spec,
            faq,
            harm,
            contract: file.contract,
            depends_on: file.depends_on.into(),
            http: file.http,
            page,
            servers,
            steps,
        }
    }

    fn page_of(&mut self, file: PageFile) -> Page {
        let origin = self.page_origin("page.origin", &file.origin);
        if file.opaque.is_some() && origin != Origin::Opaque {
            self.add("page.opaque", "is for `origin = \"null\"` only");
        }
        Page {
            origin,
            opaque: match file.opaque {
                None | Some(OpaqueFile::Sandboxed) => OpaqueSort::Sandboxed,
                Some(OpaqueFile::Data) => OpaqueSort::Data,
                Some(OpaqueFile::File) => OpaqueSort::File,
            },
            top_level: file.top_level.map(|text| self.page_origin("page.top_level", &text)),
            user: file.user.map(|user| User { name: user.name, password: user.password }),
        }
    }

    fn page_origin(&mut self, field: &str, text: &str) -> Origin {
        Origin::parse(text).unwrap_or_else(|| {
            self.add(field, format!("`{text}` is no origin: write `https://app.example`, or `null`"));
            Origin::Opaque
        })
    }

    fn references(&mut self, spec: &[String], faq: &[String]) {
        if spec.is_empty() && faq.is_empty() {
            self.add("spec", "is missing, and so is `faq`: name the section or the question that it answers");
        }
        for reference in spec {
            let sound = reference.split_once('#').is_some_and(|(document, section)| {
                DOCUMENTS.contains(&document) && !section.is_empty() && !section.contains(char::is_whitespace)
            });
            if !sound {
                self.add(
                    "spec",
                    format!(
                        "`{reference}` is no section: write `document#section`, document being one of {}",
                        DOCUMENTS.join(", ")
                    ),
                );
            }
        }
        for slug in faq {
            if !is_slug(slug) {
                self.add(
                    "faq",
                    format!("`{slug}` is no question: write it in lower case, words joined by `-`"),
                );
            }
        }
    }

    fn servers(
        &mut self,
        policy: &Value,
        files: BTreeMap<String, ServerFile>,
    ) -> (Origins, BTreeMap<String, ServerPlan>) {
        let policy = self.policy("policy", policy);
        if !files.contains_key(Scenario::MAIN) {
            self.add("servers.main", "is missing: one of the servers is called `main`");
        }
        let mut origins = Origins::new();
        let mut servers = BTreeMap::new();
        for (name, file) in files {
            let (text, own) = match file {
                ServerFile::Origin(origin) => (origin, None),
                ServerFile::Own(file) => (file.origin, file.policy),
            };
            let policy = match own {
                Some(own) => self.policy(&format!("servers.{name}.policy"), &own),
                None => policy.clone(),
            };
            let Some(origin) = server_origin(&text) else {
                self.add(
                    format!("servers.{name}"),
                    format!("`{text}` is no origin of a server: write `https://api.example`, without a path"),
                );
                continue;
            };
            if let Some((twin, _)) = origins.iter().find(|(_, other)| **other == origin) {
                let message = format!("has the origin of `{twin}`: every server has one of its own");
                self.add(format!("servers.{name}"), message);
            }
            origins.insert(name.clone(), origin.clone());
            // Without a policy there is a problem, and no scenario will come of the file.
            servers.extend(policy.map(|policy| (name, ServerPlan { origin, policy })));
        }
        (origins, servers)
    }

    fn policy(&mut self, field: &str, policy: &Value) -> Option<Policy> {
        let builder = match PolicyBuilder::deserialize(policy) {
            Ok(builder) => builder,
            Err(error) => {
                self.add(field, error.to_string());
                return None;
            }
        };
        match builder.build() {
            Ok(policy) => Some(policy),
            Err(error) => {
                for problem in error.problems() {
                    self.add(format!("{field}.{}", problem.field()), problem.to_string());
                }
                None
            }
        }
    }

    fn steps(&mut self, origins: &Origins, files: Vec<StepFile>) -> Vec<Step> {
        let mut steps = Vec::new();
        for (index, file) in files.into_iter().enumerate() {
            let field = format!("step[{index}]");
            steps.extend(self.step(&field, origins, file));
        }
        if self.found.is_empty() && !steps.iter().any(Step::expects_something) {
            self.add("step", "nothing is expected of any step, so the scenario cannot fail");
        }
        steps
    }

    fn step(&mut self, field: &str, origins: &Origins, file: StepFile) -> Option<Step> {
        let action = match (file.fetch, file.request) {
            (Some(fetch), None) => self.fetch(field, origins, fetch).map(Action::Fetch),
            (None, Some(request)) => {
                if file.page.is_some() {
                    self.add(
                        format!("{field}.page"),
                        "there is no page in a raw request: expect it on the `wire`",
                    );
                }
                if file.preflights.is_some() || file.actuals.is_some() {
                    self.add(field, "a raw request is one exchange: `preflights` and `actuals` say nothing");
                }
                if file.wire.iter().any(|wire| wire.on == On::Preflight || wire.nth > 0) {
                    self.add(
                        format!("{field}.wire"),
                        "the one exchange of a raw request is `on = \"actual\"`",
                    );
                }
                self.raw_request(field, origins, request).map(Action::Request)
            }
            _ => {
                self.add(field, "has to have either a `fetch` or a `request`");
                None
            }
        };
        let page = file.page.and_then(|page| self.page(&format!("{field}.page"), page));
        let mut wire = Vec::new();
        for (index, file) in file.wire.into_iter().enumerate() {
            wire.push(self.wire(&format!("{field}.wire[{index}]"), file));
        }
        Some(Step {
            action: action?,
            page,
            wire,
            preflights: file.preflights,
            actuals: file.actuals,
            handlers_run: file.handlers_run,
        })
    }

    fn fetch(&mut self, field: &str, origins: &Origins, file: FetchFile) -> Option<FetchRequest> {
        let url = match (&file.path, &file.url) {
            (Some(path), None) if path.starts_with('/') => {
                origins.get(Scenario::MAIN).and_then(|main| main.join(path).ok())
            }
            (Some(path), None) => {
                self.add(format!("{field}.fetch.path"), format!("`{path}` does not begin with `/`"));
                None
            }
            (None, Some(url)) => {
                let parsed = Url::parse(url).ok();
                if parsed.is_none() {
                    self.add(format!("{field}.fetch.url"), format!("`{url}` is no absolute URL"));
                }
                parsed
            }
            _ => {
                self.add(format!("{field}.fetch"), "has to have either a `path` on `main` or a `url`");
                None
            }
        };
        Some(FetchRequest {
            url: url?,
            method: file.method,
            headers: file.headers.0,
            body: file.body.map(String::into_bytes),
            mode: file.mode,
            credentials: file.credentials,
            redirect: file.redirect,
            private_network: file.private_network,
        })
    }

    fn raw_request(&mut self, field: &str, origins: &Origins, file: RequestFile) -> Option<RawRequest> {
        let name = file.server.as_deref().unwrap_or(Scenario::MAIN);
        let Some(origin) = origins.get(name) else {
            // That `main` is missing has been said already.
            if name != Scenario::MAIN {
                self.add(
                    format!("{field}.request.server"),
                    format!("there is no server `{name}` in `[servers]`"),
                );
            }
            return None;
        };
        let mut headers = Vec::new();
        for (name, value) in file.headers.0 {
            match unescape(&value) {
                Some(bytes) => headers.push((name, bytes)),
                None => self.add(
                    format!("{field}.request.headers.{name}"),
                    format!("`{value}` has a `\\` that begins neither `\\xNN` nor `\\\\`"),
                ),
            }
        }
        Some(RawRequest {
            origin: origin.clone(),
            method: file.method,
            target: file.path,
            headers,
            body: file.body.map(String::into_bytes),
        })
    }

    fn page(&mut self, field: &str, file: PageExpectationFile) -> Option<PageExpectation> {
        let reasons: Vec<String> = file.reason.into();
        if !reasons.is_empty() && file.outcome != OutcomeFile::Blocked {
            self.add(format!("{field}.reason"), "is for `outcome = \"blocked\"` only");
        }
        for reason in &reasons {
            if !BlockReason::ALL.iter().any(|known| known.as_str() == reason) {
                let known: Vec<_> = BlockReason::ALL.iter().map(|known| known.as_str()).collect();
                let message = format!("`{reason}` is no reason: write one of {}", known.join(", "));
                self.add(format!("{field}.reason"), message);
            }
        }
        let readable = Readable {
            response_type: file.response_type,
            status: self.status(field, file.status),
            body: file.body,
            body_contains: file.body_contains.into(),
            body_json: self.pointers(field, file.body_json),
            headers: lower_case(file.headers),
            hidden: self.patterns(&format!("{field}.hidden"), file.hidden),
            response_url: file.response_url,
            redirected: file.redirected,
        };
        if file.outcome != OutcomeFile::Readable && !readable.is_empty() {
            self.add(field, "only of `outcome = \"readable\"` can a page read anything");
        }
        Some(match file.outcome {
            OutcomeFile::Readable => PageExpectation::Readable(Box::new(readable)),
            OutcomeFile::Opaque => PageExpectation::Opaque,
            OutcomeFile::OpaqueRedirect => PageExpectation::OpaqueRedirect,
            OutcomeFile::Blocked => PageExpectation::Blocked { reasons },
        })
    }

    fn wire(&mut self, field: &str, file: WireFile) -> WireExpectation {
        let status = self.status(field, file.status);
        let response = SentFile {
            method: None,
            headers: file.headers,
            lines: file.lines,
            absent: file.absent,
            tokens: file.tokens,
            no_tokens: file.no_tokens,
            only_tokens: file.only_tokens,
            body: file.body,
            body_contains: file.body_contains,
            body_json: file.body_json,
            no_body: file.no_body,
        };
        let mut sent = file.sent.unwrap_or_default();
        let method = sent.method.take();
        let response = self.message(field, response);
        let request = self.message(&format!("{field}.sent"), sent);
        let expectation = WireExpectation { on: file.on, nth: file.nth, status, response, method, request };
        if expectation.is_empty() {
            self.add(
                field,
                "expects nothing: say what must be there, or count with `preflights` and `actuals`",
            );
        }
        expectation
    }

    fn message(&mut self, field: &str, file: SentFile) -> MessageExpectation {
        if file.no_body && (file.body.is_some() || !file.body_json.is_empty()) {
            self.add(format!("{field}.no_body"), "contradicts the body that is expected as well");
        }
        MessageExpectation {
            headers: lower_case(file.headers),
            lines: lower_case(file.lines),
            absent: self.patterns(&format!("{field}.absent"), file.absent),
            tokens: lower_case(file.tokens),
            no_tokens: lower_case(file.no_tokens),
            only_tokens: lower_case(file.only_tokens),
            body: file.body,
            body_contains: file.body_contains.into(),
            body_json: self.pointers(field, file.body_json),
            no_body: file.no_body,
        }
    }

    fn status(&mut self, field: &str, file: Option<StatusFile>) -> Option<StatusExpectation> {
        let field = format!("{field}.status");
        let accepted = match file? {
            StatusFile::One(status) => vec![status],
            StatusFile::Many(statuses) => statuses,
            StatusFile::Class(class) => {
                let digit = class.strip_suffix("xx").and_then(|digit| digit.parse().ok());
                let Some(digit) = digit.filter(|digit| (1..=5).contains(digit)) else {
                    self.add(field, format!("`{class}` is no class of statuses: write `2xx`"));
                    return None;
                };
                return Some(StatusExpectation::Class(digit));
            }
        };
        if accepted.is_empty() || accepted.iter().any(|status| !(100..=599).contains(status)) {
            self.add(field, format!("{accepted:?} holds no status from 100 to 599"));
            return None;
        }
        Some(StatusExpectation::OneOf(accepted))
    }

    fn pointers(&mut self, field: &str, pointers: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        for pointer in pointers.keys() {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                let message = format!("`{pointer}` is no JSON pointer: write `/headers/x-a/0`");
                self.add(format!("{field}.body_json"), message);
            }
        }
        pointers
    }

    fn patterns(&mut self, field: &str, texts: OneOrMany) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        for text in Vec::from(texts) {
            match Pattern::parse(&text) {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => self.add(field, error.to_string()),
            }
        }
        patterns
    }
}

fn lower_case<T, U: From<T>>(named: BTreeMap<String, T>) -> BTreeMap<String, U> {
    named.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value.into())).collect()
}

/// `\xNN` is the byte NN, `\\` a backslash; everything else stands for itself.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match after {
            [b'\\', after @ ..] => {
                bytes.push(b'\\');
                rest = after;
            }
            [b'x', high, low, after @ ..] => {
                let digits = [char::from(*high).to_digit(16)?, char::from(*low).to_digit(16)?];
                bytes.push(u8::try_from(digits[0] * 16 + digits[1]).ok()?);
                rest = after;
            }
            _ => return None,
        }
    }
    Some(bytes)
}

fn is_identifier(id: &str) -> bool {
    id.split('/').count() >= 2 && id.split('/').all(is_slug)
}

fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn server_origin(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text).then_some(url)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain", Some("plain".as_bytes()))]
    #[case(r"a\x00b", Some("a\0b".as_bytes()))]
    #[case(r"\xfF", Some([0xff].as_slice()))]
    #[case(r"a\\x00", Some(r"a\x00".as_bytes()))]
    #[case("é", Some("é".as_bytes()))]
    #[case(r"\x0", None)]
    #[case(r"\xg0", None)]
    #[case(r"\n", None)]
    fn unescapes(#[case] text: &str, #[case] bytes: Option<&[u8]>) {
        assert_eq!(unescape(text).as_deref(), bytes);
    }

    #[rstest]
    #[case("https://api.example", true)]
    #[case("http://localhost:8080", true)]
    #[case("https://api.example/v1", false)]
    #[case("wss://api.example", false)]
    #[case("null", false)]
    fn knows_a_server_origin(#[case] text: &str, #[case] sound: bool) {
        assert_eq!(server_origin(text).is_some(), sound);
    }
}
