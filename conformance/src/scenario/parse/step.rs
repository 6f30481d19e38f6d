//! The steps of a scenario.

use std::time::Duration;

use url::Url;

use super::text::unescape;
use super::{Origins, Problems};
use crate::scenario::file::{FetchFile, RequestFile, StepFile};
use crate::scenario::{Action, On, RawRequest, Scenario, Step};
use cors_browser::FetchRequest;

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

    fn step(&mut self, field: &str, origins: &Origins, file: StepFile) -> Option<Step> {
        let from = file.fetch.as_ref().and_then(|fetch| fetch.from.as_deref());
        let from = from.map(|text| self.page_origin(&format!("{field}.fetch.from"), text));
        let action = match (file.fetch, file.request) {
            (Some(fetch), None) => self.fetch(field, origins, fetch).map(Action::Fetch),
            (None, Some(request)) => {
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
                self.raw_request(field, origins, request).map(Action::Request)
            }
            _ => {
                self.add(field, "needs either a `fetch` or a `request`");
                None
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

    fn fetch(&mut self, field: &str, origins: &Origins, file: FetchFile) -> Option<FetchRequest> {
        let url = match (&file.path, &file.url) {
            (Some(path), None) if path.starts_with('/') => {
                origins.get(Scenario::MAIN).and_then(|main| main.join(path).ok())
            }
            (Some(path), None) => {
                self.add(
                    format!("{field}.fetch.path"),
                    format!("`{path}` does not begin with `/`: write `/{path}`"),
                );
                None
            }
            (None, Some(url)) => {
                let parsed = Url::parse(url).ok();
                if parsed.is_none() {
                    self.add(
                        format!("{field}.fetch.url"),
                        format!("`{url}` is not an absolute URL: write `https://api.example/echo`"),
                    );
                }
                parsed
            }
            _ => {
                self.add(format!("{field}.fetch"), "needs either a `path` on `main` or a `url`");
                None
            }
        };
        let mut request = FetchRequest::new(url?)
            .with_method(file.method)
            .with_headers(file.headers.0)
            .with_mode(file.mode)
            .with_credentials(file.credentials)
            .with_redirect(file.redirect);
        request.body = file.body.map(String::into_bytes);
        request.target_address_space = file.target_address_space;
        Some(request)
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
            headers,
            body: file.body.map(String::into_bytes),
        })
    }
}
