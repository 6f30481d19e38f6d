//! One scenario in a real browser.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use serde_json::{Value, json};
use thirtyfour::bidi::modules::browser::{CreateUserContext, RemoveUserContext};
use thirtyfour::bidi::modules::browsing_context::{Create, CreateType, GetTree, Navigate, ReadinessState};
use thirtyfour::bidi::modules::script::{CallFunction, EvaluateResult, Target};
use thirtyfour::bidi::{BidiError, BrowsingContextId, UserContextId};

use super::Kind;
use super::console::Console;
use super::driver::Driver;
use super::prompt;
use super::proxy::{PAGE, PAGES, Proxy};
use super::script;
use cors_browser::{
    FetchRequest, Fetched, Network, OpaqueKind, Origin, Outcome, Page, PageAction, SecurityError,
};
use cors_conformance::user_agent::{Session, UserAgentError};

/// The only path of the specimen application that asks for a user name and a password.
const CHALLENGE: &str = "/private";

/// The pages of one scenario, in a user context of their own.
pub(super) struct RealSession {
    kind: Kind,
    driver: Arc<Driver>,
    user_context: UserContextId,
    proxy: Proxy,
    pages: Vec<OpenPage>,
}

struct OpenPage {
    page: Page,
    tab: BrowsingContextId,
    context: BrowsingContextId,
    console: Console,
    /// Whether authentication prompts are answered.
    is_answering: bool,
}

/// Whether the suite can serve a page of this origin.
pub(super) fn can_be_served(origin: &Origin) -> bool {
    match origin {
        Origin::Opaque => true,
        Origin::Tuple { scheme, .. } => matches!(scheme.as_str(), "http" | "https"),
    }
}

impl RealSession {
    pub(super) async fn open(
        kind: Kind,
        driver: Arc<Driver>,
        network: Arc<dyn Network>,
    ) -> Result<Self, UserAgentError> {
        let proxy = Proxy::start(network, driver.certificates.clone())
            .await
            .map_err(|error| UserAgentError::Failed(format!("its proxy does not start: {error}")))?;
        let address = proxy.address();
        // Without this, Chromium connects to loopback without the proxy. Firefox has a preference for it.
        // See `launch::capabilities`.
        let exceptions: &[&str] = match kind {
            Kind::Chromium => &["<-loopback>"],
            Kind::Firefox => &[],
        };
        let context = CreateUserContext {
            proxy: Some(json!({
                "proxyType": "manual", "httpProxy": address, "sslProxy": address, "noProxy": exceptions,
            })),
            ..CreateUserContext::default()
        };
        let user_context = driver.bidi.send(context).await.map_err(failed)?.user_context;
        Ok(Self { kind, driver, user_context, proxy, pages: Vec::new() })
    }

    /// The index of a page among the open ones; opens the page if necessary.
    async fn page(&mut self, page: &Page) -> Result<usize, UserAgentError> {
        if let Some(position) = self.pages.iter().position(|open| open.page == *page) {
            return Ok(position);
        }
        let (tab, context) = self.open_page(page).await?;
        let console = Console::watch(self.kind, &self.driver, &context).await.map_err(failed)?;
        self.pages.push(OpenPage { page: page.clone(), tab, context, console, is_answering: false });
        Ok(self.pages.len() - 1)
    }

    /// Opens a page in a new tab. Returns the tab and the page's own context, which is the tab or a frame in it.
    async fn open_page(&self, page: &Page) -> Result<(BrowsingContextId, BrowsingContextId), UserAgentError> {
        let tab = Create {
            r#type: CreateType::Tab,
            reference_context: None,
            background: Some(true),
            user_context: Some(self.user_context.clone()),
        };
        let tab = self.driver.bidi.send(tab).await.map_err(failed)?.context;
        // A frame with an opaque origin needs a page around it; any origin will do.
        let top_level = match (&page.top_level, &page.origin) {
            (Some(top_level), _) => address(top_level),
            (None, Origin::Opaque) => format!("https://frame.example{PAGES}"),
            (None, origin) => address(origin),
        };
        let (sandbox, source) = match (&page.origin, page.opaque) {
            (Origin::Opaque, OpaqueKind::File) => {
                self.navigate(&tab, &format!("file://{}", self.file()?.display())).await?;
                return Ok((tab.clone(), tab));
            }
            (Origin::Opaque, OpaqueKind::Sandboxed) => ("allow-scripts", top_level.clone()),
            (Origin::Opaque, OpaqueKind::Data) => ("", format!("data:text/html,{PAGE}")),
            (origin, _) => ("", address(origin)),
        };
        self.navigate(&tab, &top_level).await?;
        if page.origin != Origin::Opaque && page.top_level.is_none() {
            return Ok((tab.clone(), tab));
        }
        let frame = self.frame(&tab, sandbox, &source).await?;
        Ok((tab, frame))
    }

    async fn navigate(&self, tab: &BrowsingContextId, url: &str) -> Result<(), UserAgentError> {
        let navigate =
            Navigate { context: tab.clone(), url: url.to_owned(), wait: Some(ReadinessState::Complete) };
        match self.driver.bidi.send(navigate).await {
            Ok(_) => Ok(()),
            Err(error) => Err(navigation_error(url, &error.to_string())),
        }
    }

    /// Makes sure that the authentication prompts of a page are answered.
    async fn answer_prompts(
        &mut self,
        position: usize,
        request: &FetchRequest,
    ) -> Result<(), UserAgentError> {
        let open = &mut self.pages[position];
        // Answering prompts has a side effect in Chromium: redirected requests lose their `Origin`. So prompts are
        // answered only for requests that need it.
        let is_needed = self.kind == Kind::Firefox || request.url.path() == CHALLENGE;
        if is_needed && !open.is_answering {
            prompt::start_answering(&self.driver, &open.tab, open.page.user.as_ref())
                .await
                .map_err(failed)?;
            open.is_answering = true;
        }
        Ok(())
    }

    /// Adds a frame to the page in a tab.
    async fn frame(
        &self,
        tab: &BrowsingContextId,
        sandbox: &str,
        source: &str,
    ) -> Result<BrowsingContextId, UserAgentError> {
        let arguments = vec![script::string_argument(sandbox), script::string_argument(source)];
        self.call(tab, script::FRAME, arguments).await?;
        let tree = GetTree { max_depth: None, root: Some(tab.clone()) };
        let tree = self.driver.bidi.send(tree).await.map_err(failed)?;
        let frame = tree.contexts.into_iter().flat_map(|tab| tab.children).next();
        Ok(frame
            .ok_or_else(|| UserAgentError::Failed(format!("the frame {source} does not appear")))?
            .context)
    }

    /// Writes a page to the disk and returns its path.
    fn file(&self) -> Result<PathBuf, UserAgentError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = self.driver.folder.join(format!("page-{number}.html"));
        std::fs::write(&path, PAGE)
            .map_err(|error| UserAgentError::Failed(format!("{}: {error}", path.display())))?;
        Ok(path)
    }

    /// Calls a function in a page and waits for its promise. Returns the string, or an empty one for any other value.
    async fn call(
        &self,
        context: &BrowsingContextId,
        function: &str,
        arguments: Vec<Value>,
    ) -> Result<String, UserAgentError> {
        let call = CallFunction {
            function_declaration: function.to_owned(),
            await_promise: true,
            target: Target::Context { context: context.clone(), sandbox: None },
            arguments,
            this: None,
            result_ownership: None,
            user_activation: None,
        };
        match self.driver.bidi.send(call).await.map_err(failed)? {
            EvaluateResult::Success { result, .. } => {
                Ok(result["value"].as_str().unwrap_or_default().to_owned())
            }
            EvaluateResult::Exception { exception_details, .. } => Err(UserAgentError::Failed(format!(
                "a script of the suite threw {}",
                exception_details["text"]
            ))),
        }
    }
}

impl Session for RealSession {
    fn act<'a>(
        &'a mut self,
        page: &'a Page,
        action: PageAction,
    ) -> BoxFuture<'a, Result<Fetched, UserAgentError>> {
        async move {
            let PageAction::Fetch(request) = action else { todo!() };
            let position = self.page(page).await?;
            self.answer_prompts(position, &request).await?;
            // Exchanges and messages from loading the page do not belong to the fetch.
            self.proxy.record.take();
            let open = &self.pages[position];
            open.console.take();
            let argument = script::string_argument(&script::argument(&request));
            let result = self.call(&open.context, script::FETCH, vec![argument]).await?;
            let outcome = script::outcome(&result).map_err(UserAgentError::Failed)?;
            let console = match &outcome {
                Outcome::Blocked(blocked) => {
                    let mut lines = open.console.wait().await;
                    // The model's page is at the root of its origin.
                    lines.iter_mut().for_each(|line| *line = line.replace(PAGES, "/"));
                    // A browser also prints a rejection that no script handles.
                    lines.push(blocked.detail.clone());
                    lines
                }
                _ => open.console.take(),
            };
            Ok(Fetched::new(outcome, self.proxy.record.take(), console))
        }
        .boxed()
    }

    fn document_cookie<'a>(
        &'a mut self,
        page: &'a Page,
    ) -> BoxFuture<'a, Result<Result<String, SecurityError>, UserAgentError>> {
        async move {
            let position = self.page(page).await?;
            let result = self.call(&self.pages[position].context, script::COOKIE, Vec::new()).await?;
            script::cookies(&result).map_err(UserAgentError::Failed)
        }
        .boxed()
    }

    fn wait(&mut self, time: Duration) -> BoxFuture<'_, Result<(), UserAgentError>> {
        async move {
            tokio::time::sleep(time).await;
            Ok(())
        }
        .boxed()
    }
}

impl Drop for RealSession {
    fn drop(&mut self) {
        let remove = RemoveUserContext { user_context: self.user_context.clone() };
        let driver = self.driver.clone();
        // Without a runtime, the browser is about to be stopped as well.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // Ignore: a context that cannot be removed ends with the browser.
            runtime.spawn(async move { driver.bidi.send(remove).await.map(drop) });
        }
    }
}

/// The URL of the suite's page at an origin.
fn address(origin: &Origin) -> String {
    format!("{origin}{PAGES}")
}

fn failed(error: BidiError) -> UserAgentError {
    UserAgentError::Failed(error.to_string())
}

/// Why the browser did not open a page. No page can have an origin with a blocked port (Fetch, "port blocking").
fn navigation_error(url: &str, message: &str) -> UserAgentError {
    if ["ERR_UNSAFE_PORT", "deniedPortAccess"].iter().any(|error| message.contains(error)) {
        return UserAgentError::Unable(format!(
            "browsers open no page at {url}, because they block its port"
        ));
    }
    UserAgentError::Failed(message.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::chromium("BiDi command failed: unknown error — net::ERR_UNSAFE_PORT", true)]
    #[case::firefox("BiDi command failed: unknown error — Error: deniedPortAccess", true)]
    #[case::other("BiDi command failed: unknown error — net::ERR_CONNECTION_RESET", false)]
    fn a_page_at_a_blocked_port_cannot_be_played(#[case] message: &str, #[case] expected: bool) {
        let error = navigation_error("https://app.example:1/", message);
        assert_eq!(matches!(error, UserAgentError::Unable(_)), expected, "{error}");
    }
}
