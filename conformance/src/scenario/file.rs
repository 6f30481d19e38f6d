//! The structure of a scenario file, before its values are validated.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::header_list::HeaderList;
use super::{CertificateKind, HttpVersion, Kind, On, ReadableType};
use cors_browser::{
    AddressSpace, Credentials, CrossOrigin, EmbedderPolicy, Enctype, FormMethod, Mode, Permission, Redirect,
    ReferrerPolicy, ThirdPartyCookies,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioFile {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) spec: OneOrMany,
    #[serde(default)]
    pub(super) faq: OneOrMany,
    pub(super) harm: Option<String>,
    #[serde(default)]
    pub(super) contract: bool,
    #[serde(default)]
    pub(super) depends_on: OneOrMany,
    pub(super) browsers: Option<BrowsersFile>,
    #[serde(default)]
    pub(super) http: HttpVersion,
    pub(super) policy: Value,
    #[serde(default)]
    pub(super) hosts: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) page: PageFile,
    #[serde(default = "default_servers")]
    pub(super) servers: BTreeMap<String, ServerFile>,
    #[serde(default)]
    pub(super) step: Vec<StepFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BrowsersFile {
    pub(super) only: OneOrMany,
    pub(super) reason: String,
}

/// A string, or a list of strings.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged, expecting = "expected a string or a list of strings")]
pub(super) enum OneOrMany {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::One(_) => false,
            Self::Many(texts) => texts.is_empty(),
        }
    }
}

impl From<OneOrMany> for Vec<String> {
    fn from(written: OneOrMany) -> Self {
        match written {
            OneOrMany::None => Self::new(),
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        }
    }
}

/// A status, a list of them, or a class such as `2xx`.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a status (204), a list of them ([200, 204]) or a class (\"2xx\")")]
pub(super) enum StatusFile {
    One(u16),
    Many(Vec<u16>),
    Class(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageFile {
    #[serde(default = "default_page")]
    pub(super) origin: String,
    pub(super) opaque: Option<OpaqueFile>,
    pub(super) top_level: Option<String>,
    pub(super) user: Option<UserFile>,
    pub(super) referrer_policy: Option<ReferrerPolicy>,
    pub(super) embedder_policy: Option<EmbedderPolicy>,
    pub(super) third_party_cookies: Option<ThirdPartyCookies>,
    pub(super) local_network: Option<Permission>,
    pub(super) loopback_network: Option<Permission>,
}

impl Default for PageFile {
    fn default() -> Self {
        Self {
            origin: default_page(),
            opaque: None,
            top_level: None,
            user: None,
            referrer_policy: None,
            embedder_policy: None,
            third_party_cookies: None,
            local_network: None,
            loopback_network: None,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OpaqueFile {
    Sandboxed,
    Data,
    File,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserFile {
    pub(super) name: String,
    pub(super) password: String,
}

#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected an origin, or a table of `origin`, `policy`, `tls` and `certificate`"
)]
pub(super) enum ServerFile {
    Origin(String),
    Own(OwnServerFile),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnServerFile {
    pub(super) origin: String,
    pub(super) policy: Option<Value>,
    #[serde(default)]
    pub(super) tls: bool,
    pub(super) certificate: Option<CertificateKind>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepFile {
    #[serde(default)]
    pub(super) wait: u32,
    pub(super) fetch: Option<FetchFile>,
    pub(super) xhr: Option<XhrFile>,
    pub(super) link: Option<LinkFile>,
    pub(super) form: Option<FormFile>,
    pub(super) websocket: Option<WebSocketFile>,
    pub(super) eventsource: Option<EventSourceFile>,
    pub(super) img: Option<ElementFile>,
    pub(super) script: Option<ElementFile>,
    pub(super) stylesheet: Option<ElementFile>,
    pub(super) font: Option<ElementFile>,
    pub(super) request: Option<RequestFile>,
    pub(super) page: Option<PageExpectationFile>,
    #[serde(default)]
    pub(super) wire: Vec<WireFile>,
    pub(super) preflights: Option<usize>,
    pub(super) actuals: Option<usize>,
    pub(super) handlers_run: Option<u64>,
    pub(super) document_cookie: Option<String>,
}

/// Where an action of a page happens and what it requests.
#[derive(Debug)]
pub(super) struct TargetFile {
    pub(super) from: Option<String>,
    pub(super) path: Option<String>,
    pub(super) url: Option<String>,
}

/// Declares the table of an action of a page: its own fields, and those of a [`TargetFile`]. `#[serde(flatten)]` would not refuse
/// unknown fields.
macro_rules! page_action {
    ($name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            from: Option<String>,
            path: Option<String>,
            url: Option<String>,
            $($(#[$attribute])* pub(super) $field: $type,)*
        }

        impl $name {
            /// Takes the target out of the table.
            pub(super) fn take_target(&mut self) -> TargetFile {
                TargetFile { from: self.from.take(), path: self.path.take(), url: self.url.take() }
            }
        }
    };
}

page_action! {
    FetchFile {
        #[serde(default = "default_method")]
        method: String,
        #[serde(default)]
        headers: HeaderList,
        body: Option<String>,
        #[serde(default)]
        mode: Mode,
        #[serde(default)]
        credentials: Credentials,
        #[serde(default)]
        redirect: Redirect,
        referrer_policy: Option<ReferrerPolicy>,
        target_address_space: Option<AddressSpace>,
    }
}

page_action! {
    XhrFile {
        #[serde(default = "default_method")]
        method: String,
        #[serde(default)]
        headers: HeaderList,
        body: Option<String>,
        #[serde(default)]
        with_credentials: bool,
        #[serde(default)]
        upload_listener: bool,
    }
}

page_action! {
    LinkFile {}
}

page_action! {
    FormFile {
        #[serde(default)]
        method: FormMethod,
        #[serde(default)]
        enctype: Enctype,
        #[serde(default)]
        fields: HeaderList,
    }
}

page_action! {
    WebSocketFile {
        #[serde(default)]
        protocols: OneOrMany,
    }
}

page_action! {
    EventSourceFile {
        #[serde(default)]
        with_credentials: bool,
    }
}

page_action! {
    ElementFile {
        crossorigin: Option<CrossOrigin>,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestFile {
    #[serde(default = "default_method")]
    pub(super) method: String,
    pub(super) path: String,
    pub(super) server: Option<String>,
    pub(super) http: Option<RawVersionFile>,
    #[serde(default)]
    pub(super) headers: HeaderList,
    pub(super) body: Option<String>,
}

/// The version of one raw request, if it is not the scenario's.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) enum RawVersionFile {
    #[serde(rename = "1.0")]
    Http10,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageExpectationFile {
    pub(super) outcome: OutcomeFile,
    #[serde(default)]
    pub(super) reason: OneOrMany,
    #[serde(rename = "type")]
    pub(super) response_type: Option<ReadableType>,
    pub(super) status: Option<StatusFile>,
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) body_contains: OneOrMany,
    #[serde(default)]
    pub(super) body_json: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) hidden: OneOrMany,
    pub(super) response_url: Option<String>,
    pub(super) redirected: Option<bool>,
    #[serde(default)]
    pub(super) body_fails: bool,
    pub(super) readable: Option<bool>,
    pub(super) document_url: Option<String>,
    pub(super) protocol: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OutcomeFile {
    Readable,
    Opaque,
    OpaqueRedirect,
    Loaded,
    Navigated,
    Opened,
    Blocked,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireFile {
    pub(super) on: On,
    #[serde(default)]
    pub(super) nth: usize,
    pub(super) status: Option<StatusFile>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) lines: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) absent: OneOrMany,
    #[serde(default)]
    pub(super) tokens: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    pub(super) no_tokens: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    pub(super) only_tokens: BTreeMap<String, OneOrMany>,
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) body_contains: OneOrMany,
    #[serde(default)]
    pub(super) body_json: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) no_body: bool,
    pub(super) sent: Option<SentFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentFile {
    pub(super) method: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) lines: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) absent: OneOrMany,
    #[serde(default)]
    pub(super) tokens: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    pub(super) no_tokens: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    pub(super) only_tokens: BTreeMap<String, OneOrMany>,
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) body_contains: OneOrMany,
    #[serde(default)]
    pub(super) body_json: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) no_body: bool,
}

fn default_page() -> String {
    "https://app.example".to_owned()
}

fn default_servers() -> BTreeMap<String, ServerFile> {
    BTreeMap::from([(super::Scenario::MAIN.to_owned(), ServerFile::Origin("https://api.example".to_owned()))])
}

fn default_method() -> String {
    "GET".to_owned()
}
