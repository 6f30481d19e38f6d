//! The steps of a scenario.

use std::time::Duration;

use url::Url;

use super::text::unescape;
use super::{Origins, Problems};
use crate::scenario::file::{RawVersionFile, RequestFile, StepFile, TargetFile};
use crate::scenario::{Action, On, RawRequest, Scenario, Step};
use cors_browser::{
    Element, ElementRequest, EventSourceRequest, FetchRequest, Form, Navigation, Origin, PageAction,
    WebSocketRequest, XhrRequest,
};

/// The fields of a step that are an action.
const ACTIONS: [&str; 11] = [
    "`fetch`",
    "`xhr`",
    "`link`",
    "`form`",
    "`websocket`",
    "`eventsource`",
    "`img`",
    "`script`",
    "`stylesheet`",
    "`font`",
    "`request`",
];

/// Where an action happens and what it requests. A missing URL has been reported as a problem.
struct ActionTarget {
    from: Option<Origin>,
    url: Option<Url>,
}

/// An action of a page. A missing action has been reported as a problem.
struct Written {
    from: Option<Origin>,
    action: Option<PageAction>,
}

impl ActionTarget {
    fn then(self, action: impl FnOnce(Url) -> PageAction) -> Written {
        Written { from: self.from, action: self.url.map(action) }
    }
}

impl Problems {
    pub(super) fn steps(&mut self, origins: &Origins, files: Vec<StepFile>) -> Vec<Step> {
        let mut steps = Vec::new();
        for (index, file) in files.into_iter().enumerate() {
            let field = format!("step[{index}]");
            steps.extend(self.step(&field, origins, file));
        }
        if self.found.is_empty() && !steps.iter().any(Step::expects_something) {
            self.add(
                "step",
                "no step expects anything, so the scenario cannot fail: add `page`, `wire` or a count",
            );
        }
        steps
    }

    fn step(&mut self, field: &str, origins: &Origins, mut file: StepFile) -> Option<Step> {
        let written = self.page_actions(field, origins, &mut file);
        let (from, action) = match (written.len(), file.request) {
            (1, None) => {
                let Written { from, action } = written.into_iter().next()?;
                (from, action.map(Action::Page))
            }
            (0, Some(request)) => {
                let has_page =
                    [("page", file.page.is_some()), ("document_cookie", file.document_cookie.is_some())];
                for (name, _) in has_page.into_iter().filter(|(_, is_there)| *is_there) {
                    self.add(
                        format!("{field}.{name}"),
                        "a raw request has no page: write the expectation into `wire`",
                    );
                }
                if file.preflights.is_some() || file.actuals.is_some() {
                    self.add(field, "a raw request is one exchange: remove `preflights` and `actuals`");
                }
                if file.wire.iter().any(|wire| wire.on == On::Preflight || wire.nth > 0) {
                    self.add(
                        format!("{field}.wire"),
                        "the one exchange of a raw request is `on = \"actual\"`",
                    );
                }
                (None, self.raw_request(field, origins, request).map(Action::Request))
            }
            _ => {
                self.add(field, format!("needs exactly one action: {}", ACTIONS.join(", ")));
                (None, None)
            }
        };
        let page = file.page.and_then(|page| self.page(&format!("{field}.page"), page));
        let mut wire = Vec::new();
        for (index, file) in file.wire.into_iter().enumerate() {
            wire.push(self.wire(&format!("{field}.wire[{index}]"), file));
        }
        Some(Step {
            wait: Duration::from_secs(file.wait.into()),
            action: action?,
            from,
            page,
            wire,
            preflights: file.preflights,
            actuals: file.actuals,
            handlers_run: file.handlers_run,
            document_cookie: file.document_cookie,
        })
    }

    /// Takes all actions of a page out of a step. A valid step has one action.
    fn page_actions(&mut self, field: &str, origins: &Origins, file: &mut StepFile) -> Vec<Written> {
        let mut written = Vec::new();
        if let Some(mut fetch) = file.fetch.take() {
            let target = self.target(&format!("{field}.fetch"), origins, fetch.take_target());
            written.push(target.then(|url| {
                let mut request = FetchRequest::new(url)
                    .with_method(fetch.method)
                    .with_headers(fetch.headers.0)
                    .with_mode(fetch.mode)
                    .with_credentials(fetch.credentials)
                    .with_redirect(fetch.redirect);
                request.body = fetch.body.map(String::into_bytes);
                request.referrer_policy = fetch.referrer_policy;
                request.target_address_space = fetch.target_address_space;
                PageAction::Fetch(request)
            }));
        }
        if let Some(mut xhr) = file.xhr.take() {
            let target = self.target(&format!("{field}.xhr"), origins, xhr.take_target());
            written.push(target.then(|url| {
                let mut request = XhrRequest::new(url);
                request.method = xhr.method;
                request.headers = xhr.headers.0;
                request.body = xhr.body.map(String::into_bytes);
                request.with_credentials = xhr.with_credentials;
                request.has_upload_listener = xhr.upload_listener;
                PageAction::Xhr(request)
            }));
        }
        if let Some(mut link) = file.link.take() {
            let target = self.target(&format!("{field}.link"), origins, link.take_target());
            written.push(target.then(|url| PageAction::Navigate(Navigation::link(url))));
        }
        if let Some(mut written_form) = file.form.take() {
            let target = self.target(&format!("{field}.form"), origins, written_form.take_target());
            written.push(target.then(|url| {
                let mut form = Form::default();
                form.method = written_form.method;
                form.enctype = written_form.enctype;
                form.fields = written_form.fields.0;
                PageAction::Navigate(Navigation::form(url, form))
            }));
        }
        if let Some(mut web_socket) = file.websocket.take() {
            let target = self.target(&format!("{field}.websocket"), origins, web_socket.take_target());
            written.push(target.then(|mut url| {
                // A `path` is on the main server, whose origin is written with an HTTP scheme.
                let scheme = match url.scheme() {
                    "http" => Some("ws"),
                    "https" => Some("wss"),
                    _ => None,
                };
                if let Some(scheme) = scheme {
                    // The URL standard lets a special scheme become another special scheme.
                    let _ = url.set_scheme(scheme);
                }
                let mut request = WebSocketRequest::new(url);
                request.protocols = web_socket.protocols.into();
                PageAction::WebSocket(request)
            }));
        }
        if let Some(mut event_source) = file.eventsource.take() {
            let target = self.target(&format!("{field}.eventsource"), origins, event_source.take_target());
            written.push(target.then(|url| {
                let mut request = EventSourceRequest::new(url);
                request.with_credentials = event_source.with_credentials;
                PageAction::EventSource(request)
            }));
        }
        let elements = [
            (Element::Image, file.img.take()),
            (Element::Script, file.script.take()),
            (Element::Stylesheet, file.stylesheet.take()),
            (Element::Font, file.font.take()),
        ];
        for (element, file) in elements {
            if let Some(mut file) = file {
                let field = format!("{field}.{}", element.as_str());
                if element == Element::Font && file.crossorigin.is_some() {
                    self.add(
                        format!("{field}.crossorigin"),
                        "a font has no such attribute: it always uses CORS",
                    );
                }
                let target = self.target(&field, origins, file.take_target());
                written.push(target.then(|url| {
                    let mut request = ElementRequest::new(element, url);
                    request.cross_origin = file.crossorigin;
                    PageAction::Element(request)
                }));
            }
        }
        written
    }

    /// The page and the URL of an action.
    fn target(&mut self, field: &str, origins: &Origins, file: TargetFile) -> ActionTarget {
        let from = file.from.map(|text| self.page_origin(&format!("{field}.from"), &text));
        let url = match (file.path, file.url) {
            (Some(path), None) if path.starts_with('/') => {
                origins.get(Scenario::MAIN).and_then(|main| main.join(&path).ok())
            }
            (Some(path), None) => {
                self.add(
                    format!("{field}.path"),
                    format!("`{path}` does not begin with `/`: write `/{path}`"),
                );
                None
            }
            (None, Some(url)) => {
                let parsed = Url::parse(&url).ok();
                if parsed.is_none() {
                    self.add(
                        format!("{field}.url"),
                        format!("`{url}` is not an absolute URL: write `https://api.example/echo`"),
                    );
                }
                parsed
            }
            _ => {
                self.add(field, "needs either a `path` on `main` or a `url`");
                None
            }
        };
        ActionTarget { from, url }
    }

    fn raw_request(&mut self, field: &str, origins: &Origins, file: RequestFile) -> Option<RawRequest> {
        let name = file.server.as_deref().unwrap_or(Scenario::MAIN);
        let Some(origin) = origins.get(name) else {
            // A missing `main` is reported with the servers.
            if name != Scenario::MAIN {
                self.add(
                    format!("{field}.request.server"),
                    format!(
                        "there is no server `{name}` in `[servers]`: write one of {}",
                        origins.keys().cloned().collect::<Vec<_>>().join(", ")
                    ),
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
                    format!("`{value}` has a `\\` that starts neither `\\xNN` nor `\\\\`"),
                ),
            }
        }
        Some(RawRequest {
            origin: origin.clone(),
            method: file.method,
            target: file.path,
            is_http10: matches!(file.http, Some(RawVersionFile::Http10)),
            headers,
            body: file.body.map(String::into_bytes),
        })
    }
}
