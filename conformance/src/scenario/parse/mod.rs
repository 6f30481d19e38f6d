//! Validation of a parsed file: finds every problem, not only the first.

use std::collections::BTreeMap;

use cors_core::PolicyBuilder;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::file::{BrowsersFile, OpaqueFile, OwnServerFile, PageFile, ScenarioFile, ServerFile};
use super::program::Program;
use super::{Browsers, Kind, Problem, Scenario, ServerPlan, ServerPolicy};
use cors_browser::{NetworkPermissions, OpaqueKind, Origin, Page, Permission, User};

use text::{is_identifier, is_slug, server_origin};

mod expectation;
mod step;
mod text;

/// The documents that `spec` may name a section of.
const DOCUMENTS: [&str; 23] = [
    "chips",
    "css-fonts",
    "fetch",
    "fetch-metadata",
    "html",
    "html-forms",
    "html-navigation",
    "html-sse",
    "layered-cookies",
    "local-network-access",
    "mixed-content",
    "referrer-policy",
    "rfc6265bis",
    "rfc6454",
    "rfc6455",
    "rfc9110",
    "rfc9111",
    "rfc9112",
    "rfc9113",
    "semantics",
    "url",
    "websockets",
    "xhr",
];

/// Parses the text of one file whose path is `<id>.toml`.
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

/// The servers' origins by name, also of those with an invalid policy.
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
            self.add("id", format!("`{id}` is not `<group>/<name>` of lower-case letters, digits and `-`"));
        }
        if file.title.trim().is_empty() {
            self.add("title", "is empty: write one sentence that says what holds");
        }
        let spec: Vec<String> = file.spec.into();
        let faq: Vec<String> = file.faq.into();
        self.references(&spec, &faq);
        let harm = file.harm.filter(|harm| !harm.trim().is_empty());
        if file.kind == Kind::Security && harm.is_none() {
            self.add("harm", "is missing: write one sentence that says what harm is done if a security scenario does not hold");
        }
        let browsers = file.browsers.map(|file| self.browsers(file));
        let page = self.page_of(file.page);
        let (origins, servers) = self.servers(&file.policy, &file.hosts, file.servers);
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
            browsers,
            http: file.http,
            page,
            servers,
            steps,
        }
    }

    fn browsers(&mut self, file: BrowsersFile) -> Browsers {
        let only: Vec<String> = file.only.into();
        let known = Browsers::KNOWN.join(", ");
        if only.is_empty() {
            self.add("browsers.only", format!("is empty: name some of {known}"));
        }
        for name in only.iter().filter(|name| !Browsers::KNOWN.contains(&name.as_str())) {
            self.add("browsers.only", format!("`{name}` is not a browser: write one of {known}"));
        }
        if file.reason.trim().is_empty() {
            self.add("browsers.reason", "is empty: say how the other browsers differ");
        }
        Browsers { only, reason: file.reason }
    }

    fn page_of(&mut self, file: PageFile) -> Page {
        let origin = self.page_origin("page.origin", &file.origin);
        if file.opaque.is_some() && origin != Origin::Opaque {
            self.add("page.opaque", "is for `origin = \"null\"` only");
        }
        let mut page = Page::new(origin);
        page.opaque = match file.opaque {
            None | Some(OpaqueFile::Sandboxed) => OpaqueKind::Sandboxed,
            Some(OpaqueFile::Data) => OpaqueKind::Data,
            Some(OpaqueFile::File) => OpaqueKind::File,
        };
        page.top_level = file.top_level.map(|text| self.page_origin("page.top_level", &text));
        let is_served = !matches!(page.opaque, OpaqueKind::Data | OpaqueKind::File);
        for (name, is_there) in [
            ("referrer_policy", file.referrer_policy.is_some()),
            ("embedder_policy", file.embedder_policy.is_some()),
        ] {
            if is_there && !is_served {
                self.add(format!("page.{name}"), "is a response header, which only a page from a server has");
            }
        }
        page.referrer_policy = file.referrer_policy.unwrap_or_default();
        page.embedder_policy = file.embedder_policy.unwrap_or_default();
        page.third_party_cookies = file.third_party_cookies;
        page.network_permissions =
            (file.local_network.is_some() || file.loopback_network.is_some()).then(|| NetworkPermissions {
                local: file.local_network.unwrap_or(Permission::Dismissed),
                loopback: file.loopback_network.unwrap_or(Permission::Dismissed),
            });
        page.user = file.user.map(|user| User { name: user.name, password: user.password });
        page
    }

    fn page_origin(&mut self, field: &str, text: &str) -> Origin {
        Origin::parse(text).unwrap_or_else(|| {
            self.add(field, format!("`{text}` is not an origin: write `https://app.example`, or `null`"));
            Origin::Opaque
        })
    }

    fn references(&mut self, spec: &[String], faq: &[String]) {
        if spec.is_empty() && faq.is_empty() {
            self.add("spec", "is missing, and so is `faq`: cite the section that requires it, or the question that it answers");
        }
        for reference in spec {
            let sound = reference.split_once('#').is_some_and(|(document, section)| {
                DOCUMENTS.contains(&document) && !section.is_empty() && !section.contains(char::is_whitespace)
            });
            if !sound {
                self.add(
                    "spec",
                    format!(
                        "`{reference}` is not a section: write `document#section`, where document is one of {}",
                        DOCUMENTS.join(", ")
                    ),
                );
            }
        }
        for slug in faq {
            if !is_slug(slug) {
                self.add(
                    "faq",
                    format!("`{slug}` is not the slug of a question: write lower-case words joined by `-`"),
                );
            }
        }
    }

    fn servers(
        &mut self,
        policy: &Value,
        hosts: &BTreeMap<String, Value>,
        files: BTreeMap<String, ServerFile>,
    ) -> (Origins, BTreeMap<String, ServerPlan>) {
        let policy = self.policy("policy", policy);
        let mut by_host = BTreeMap::new();
        for (host, policy) in hosts {
            let policy = self.policy(&format!("hosts.{host}"), policy);
            by_host.extend(policy.map(|policy| (host.clone(), policy)));
        }
        if !files.contains_key(Scenario::MAIN) {
            self.add("servers.main", "is missing: one of the servers has to be called `main`");
        }
        let mut origins = Origins::new();
        let mut servers = BTreeMap::new();
        for (name, file) in files {
            let file = match file {
                ServerFile::Own(file) => file,
                ServerFile::Origin(origin) => {
                    OwnServerFile { origin, policy: None, tls: false, certificate: None }
                }
            };
            let text = file.origin;
            let tls = file.tls.then(|| file.certificate.unwrap_or_default());
            if file.tls && !text.starts_with("https:") {
                self.add(
                    format!("servers.{name}.tls"),
                    format!("is for an `https:` origin, not for `{text}`"),
                );
            }
            if file.certificate.is_some() && !file.tls {
                self.add(format!("servers.{name}.certificate"), "is for `tls = true` only");
            }
            let policy = match file.policy {
                Some(own) => self.policy(&format!("servers.{name}.policy"), &own),
                None => policy.clone(),
            };
            let Some(origin) = server_origin(&text) else {
                self.add(
                    format!("servers.{name}"),
                    format!(
                        "`{text}` is not the origin of a server: write `https://api.example`, without a path"
                    ),
                );
                continue;
            };
            if let Some((twin, _)) = origins.iter().find(|(_, other)| **other == origin) {
                let message = format!("has the origin of `{twin}`: every server needs its own");
                self.add(format!("servers.{name}"), message);
            }
            origins.insert(name.clone(), origin.clone());
            // Without a policy a problem has been reported, so that the file is refused.
            let hosts = by_host.clone();
            servers.extend(policy.map(|policy| (name, ServerPlan { origin, policy, hosts, tls })));
        }
        (origins, servers)
    }

    fn policy(&mut self, field: &str, policy: &Value) -> Option<ServerPolicy> {
        let mut policy = policy.clone();
        let program = match Program::take(&mut policy) {
            Ok(program) => program,
            Err((table, error)) => {
                self.add(format!("{field}.{table}"), error);
                return None;
            }
        };
        let builder = match PolicyBuilder::deserialize(policy) {
            Ok(builder) => program.add_predicate(builder),
            Err(error) => {
                self.add(field, error.to_string());
                return None;
            }
        };
        match program.add_lookup(builder).build() {
            Ok(policy) => Some(ServerPolicy { policy, program }),
            Err(error) => {
                for problem in error.problems() {
                    self.add(format!("{field}.{}", problem.field()), problem.to_string());
                }
                None
            }
        }
    }
}
