//! One scenario in a real browser.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, FutureExt};

use super::automation::{Automation, Place};
use super::gateway::Visit;
use super::proxy::{PAGE, PAGES, Proxy, page_path, without_page_path};
use super::record::Record;
use super::script;
use cors_browser::{
    ElementRequest, EventSourceRequest, Exchange, FetchRequest, Fetched, Navigation, OpaqueKind, Origin,
    Outcome, Page, PageAction, SecurityError, WebSocketRequest, XhrRequest,
};
use cors_conformance::user_agent::{Session, UserAgentError};

/// The only path of the specimen application that asks for a user name and a password.
const CHALLENGE: &str = "/private";

/// The host of the page around a frame if the scenario does not say where the frame is.
pub(crate) const FRAME_HOST: &str = "frame.example";

/// How long to wait for the console messages of a failed fetch. Another process sends them, after the fetch has failed.
const CONSOLE_LIMIT: Duration = Duration::from_millis(400);

/// The messages are complete when no new one arrives for this long.
const QUIET_TIME: Duration = Duration::from_millis(40);

/// How long a page may take to leave its document.
const NAVIGATION_LIMIT: Duration = Duration::from_secs(5);

/// The pause between two looks at the document.
const NAVIGATION_PAUSE: Duration = Duration::from_millis(10);

/// The pages of one scenario.
pub(super) struct RealSession<A> {
    automation: A,
    network: PageNetwork,
    /// Where pages that are files are written.
    folder: PathBuf,
    pages: Vec<OpenPage>,
}

struct OpenPage {
    page: Page,
    /// Where the page is: a tab or a frame in it.
    place: Place,
    console: String,
    /// Whether authentication prompts are answered.
    is_answering: bool,
}

/// What answers the requests of a session's pages.
pub(super) enum PageNetwork {
    /// The proxy of the session.
    Proxy(Proxy),
    /// Servers to which Chromium connects itself.
    Direct(Visit),
}

impl PageNetwork {
    /// The exchanges so far.
    fn record(&self) -> &Record {
        match self {
            Self::Proxy(proxy) => &proxy.record,
            Self::Direct(visit) => &visit.record,
        }
    }
}

/// Whether the suite can serve a page of this origin.
pub(super) fn can_be_served(origin: &Origin) -> bool {
    match origin {
        Origin::Opaque => true,
        Origin::Tuple { scheme, .. } => matches!(scheme.as_str(), "http" | "https"),
    }
}

impl<A: Automation> RealSession<A> {
    /// A session whose pages have `network` as their only network.
    pub(super) fn new(automation: A, network: PageNetwork, folder: PathBuf) -> Self {
        Self { automation, network, folder, pages: Vec::new() }
    }

    /// The index of a page among the open ones; opens the page if necessary.
    async fn page(&mut self, page: &Page) -> Result<usize, UserAgentError> {
        if let Some(position) = self.pages.iter().position(|open| open.page == *page) {
            return Ok(position);
        }
        let place = self.open_page(page).await?;
        let console = self.automation.watch_console(&place).await?;
        self.pages.push(OpenPage { page: page.clone(), place, console, is_answering: false });
        Ok(self.pages.len() - 1)
    }

    /// Opens a page in a new tab. Returns the page's place, which is the tab or a frame in it.
    async fn open_page(&self, page: &Page) -> Result<Place, UserAgentError> {
        let tab = self.automation.open_tab().await?;
        if let Some(permissions) = page.network_permissions {
            let top_level = page.top_level.as_ref().unwrap_or(&page.origin);
            self.automation.set_network_permissions(top_level, permissions).await?;
        }
        let policies = page_path(page);
        // A frame with an opaque origin needs a page around it; any origin will do.
        let top_level = match (&page.top_level, &page.origin) {
            (Some(top_level), _) => address(top_level, ""),
            (None, Origin::Opaque) => format!("https://{FRAME_HOST}{PAGES}"),
            (None, origin) => address(origin, &policies),
        };
        let (sandbox, source) = match (&page.origin, page.opaque) {
            (Origin::Opaque, OpaqueKind::File) => {
                self.automation.navigate(&tab, &format!("file://{}", self.file()?.display())).await?;
                return Ok(tab);
            }
            (Origin::Opaque, OpaqueKind::Sandboxed) => {
                ("allow-scripts allow-forms", format!("{top_level}{policies}"))
            }
            (Origin::Opaque, OpaqueKind::Data) => ("", format!("data:text/html,{PAGE}")),
            (origin, _) => ("", address(origin, &policies)),
        };
        self.automation.navigate(&tab, &top_level).await?;
        if page.origin != Origin::Opaque && page.top_level.is_none() {
            return Ok(tab);
        }
        self.automation.call(&tab, script::FRAME, &[sandbox, &source]).await?;
        let frame = self.automation.frame(&tab).await?;
        frame.ok_or_else(|| UserAgentError::Failed(format!("the frame {source} does not appear")))
    }

    /// Writes a page to the disk and returns its path.
    fn file(&self) -> Result<PathBuf, UserAgentError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("page-{number}.html"));
        std::fs::write(&path, PAGE)
            .map_err(|error| UserAgentError::Failed(format!("{}: {error}", path.display())))?;
        Ok(path)
    }

    /// Makes sure that the authentication prompts of a page are answered.
    async fn answer_prompts(&mut self, position: usize, path: &str) -> Result<(), UserAgentError> {
        let is_needed = self.needs_answers(path);
        let open = &mut self.pages[position];
        if is_needed && !open.is_answering {
            self.automation.answer_prompts(&open.place, open.page.user.as_ref()).await?;
            open.is_answering = true;
        }
        Ok(())
    }

    /// Whether prompts must be answered during a request for this path.
    fn needs_answers(&self, path: &str) -> bool {
        self.automation.may_always_answer_prompts() || path == CHALLENGE
    }

    /// Calls a function in a page and waits for its promise. Returns the string that it resolves to.
    async fn call(
        &self,
        position: usize,
        function: &str,
        arguments: &[&str],
    ) -> Result<String, UserAgentError> {
        self.automation.call(&self.pages[position].place, function, arguments).await
    }

    /// Calls a function that lets a page leave its document, such as a click on a link, and waits for the next document.
    ///
    /// Returns `false` if the page stays for [`NAVIGATION_LIMIT`]. A tab or frame keeps its place when its document changes.
    async fn leave(&self, place: &Place, function: &str, arguments: &[&str]) -> Result<bool, UserAgentError> {
        // The mark disappears with the document. The function runs later, because its page may be gone before it returns.
        let leave = format!(
            "(...arguments) => {{ window.corsConformanceLeaves = true; setTimeout(() => ({function})(...arguments), 0); }}"
        );
        // Firefox shows an empty document in between, and fills the next one before its `load` event only.
        let is_next = "() => {
            if (window.corsConformanceLeaves) return \"\";
            const [entry] = performance.getEntriesByType(\"navigation\");
            const isPage = document.URL.startsWith(\"http\");
            const isReady = isPage ? entry?.loadEventEnd > 0 : document.URL !== \"about:blank\";
            return isReady ? document.readyState : \"loading\";
        }";
        self.automation.call_as_user(place, &leave, arguments).await?;
        let deadline = Instant::now() + NAVIGATION_LIMIT;
        loop {
            tokio::time::sleep(NAVIGATION_PAUSE).await;
            // Calls fail while one document replaces another.
            let state = self.automation.call(place, is_next, &[]).await;
            match state {
                Ok(state) if state == "complete" => return Ok(true),
                Ok(state) if state.is_empty() && Instant::now() > deadline => return Ok(false),
                Err(error) if Instant::now() > deadline => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Forgets exchanges and messages from before, such as those of loading the page.
    fn start_watching(&self, position: usize) {
        self.network.record().take();
        self.automation.take_console(&self.pages[position].console);
    }

    /// What came of the action in a page since [`start_watching`](Self::start_watching).
    async fn fetched(&self, position: usize, outcome: Outcome) -> Fetched {
        let console = &self.pages[position].console;
        let console = match &outcome {
            Outcome::Blocked(blocked) => {
                let mut lines = self.wait_for_console(console).await;
                // The model's page is at the root of its origin.
                lines.iter_mut().for_each(|line| *line = without_page_path(line));
                // A browser also prints a rejection or an exception that no script handles.
                if blocked.detail != script::ERROR_EVENT {
                    lines.push(blocked.detail.clone());
                }
                lines
            }
            _ => self.automation.take_console(console),
        };
        Fetched::new(outcome, self.network.record().take(), console)
    }

    /// Waits for the lines that a failed fetch prints.
    async fn wait_for_console(&self, console: &str) -> Vec<String> {
        let deadline = Instant::now() + CONSOLE_LIMIT;
        let mut lines = Vec::new();
        loop {
            tokio::time::sleep(QUIET_TIME).await;
            let more = self.automation.take_console(console);
            let is_complete = more.is_empty() && !lines.is_empty() || Instant::now() > deadline;
            lines.extend(more);
            if is_complete {
                return lines;
            }
        }
    }
}

impl<A: Automation> RealSession<A> {
    async fn fetch(&mut self, page: &Page, request: &FetchRequest) -> Result<Fetched, UserAgentError> {
        let argument = script::argument(request);
        self.run_script(page, request.url.path(), script::FETCH, &argument, script::outcome).await
    }

    async fn open_web_socket(
        &mut self,
        page: &Page,
        request: &WebSocketRequest,
    ) -> Result<Fetched, UserAgentError> {
        let argument = script::web_socket_argument(request);
        self.run_script(page, request.url.path(), script::WEB_SOCKET, &argument, script::opened).await
    }

    async fn open_event_source(
        &mut self,
        page: &Page,
        request: &EventSourceRequest,
    ) -> Result<Fetched, UserAgentError> {
        let argument = script::event_source_argument(request);
        self.run_script(page, request.url.path(), script::EVENT_SOURCE, &argument, script::opened).await
    }

    async fn send_xhr(&mut self, page: &Page, request: &XhrRequest) -> Result<Fetched, UserAgentError> {
        let position = self.page(page).await?;
        self.answer_prompts(position, request.url.path()).await?;
        self.start_watching(position);
        let result = self.call(position, script::XHR, &[&script::xhr_argument(request)]).await?;
        let sent = self.network.record().urls();
        let outcome = script::xhr_outcome(&result, &page.origin, &request.url, sent.iter());
        Ok(self.fetched(position, outcome.map_err(UserAgentError::Failed)?).await)
    }

    async fn load(&mut self, page: &Page, element: &ElementRequest) -> Result<Fetched, UserAgentError> {
        let argument = script::element_argument(element);
        let path = element.url.path();
        self.run_script(page, path, script::ELEMENT, &argument, script::element_outcome).await
    }

    /// Runs a script that makes a request for `path`, and reads its result.
    async fn run_script(
        &mut self,
        page: &Page,
        path: &str,
        script: &str,
        argument: &str,
        read: fn(&str) -> Result<Outcome, String>,
    ) -> Result<Fetched, UserAgentError> {
        let position = self.page(page).await?;
        self.answer_prompts(position, path).await?;
        self.start_watching(position);
        let result = self.call(position, script, &[argument]).await?;
        let outcome = read(&result).map_err(UserAgentError::Failed)?;
        Ok(self.fetched(position, outcome).await)
    }

    /// Follows a link or submits a form. The page is opened in a tab of its own for that, so that other actions find it where it
    /// was.
    async fn follow(&mut self, page: &Page, navigation: &Navigation) -> Result<Fetched, UserAgentError> {
        let place = self.open_page(page).await?;
        if self.needs_answers(navigation.url.path()) {
            self.automation.answer_prompts(&place, page.user.as_ref()).await?;
        }
        // Exchanges from loading the page do not belong to the navigation.
        self.network.record().take();
        let has_left = self.leave(&place, script::FOLLOW, &[&script::follow_argument(navigation)]).await?;
        let document = if has_left {
            let document = self.automation.call(&place, script::DOCUMENT, &[]).await?;
            script::document(&document).map_err(UserAgentError::Failed)?
        } else {
            None
        };
        let exchanges = self.network.record().take();
        let last = exchanges
            .last()
            .and_then(|last: &Exchange| Some((&last.request.url, last.response.as_ref().ok()?)));
        let outcome = script::navigated(has_left, document, last);
        Ok(Fetched::new(outcome, exchanges, Vec::new()))
    }
}

impl<A: Automation> Session for RealSession<A> {
    fn act<'a>(
        &'a mut self,
        page: &'a Page,
        action: PageAction,
    ) -> BoxFuture<'a, Result<Fetched, UserAgentError>> {
        async move {
            match action {
                PageAction::Fetch(request) => self.fetch(page, &request).await,
                PageAction::Xhr(request) => self.send_xhr(page, &request).await,
                PageAction::Navigate(navigation) => self.follow(page, &navigation).await,
                PageAction::WebSocket(request) => self.open_web_socket(page, &request).await,
                PageAction::EventSource(request) => self.open_event_source(page, &request).await,
                PageAction::Element(element) => self.load(page, &element).await,
                action => Err(UserAgentError::Unable(format!("{action:?} is not supported"))),
            }
        }
        .boxed()
    }

    fn document_cookie<'a>(
        &'a mut self,
        page: &'a Page,
    ) -> BoxFuture<'a, Result<Result<String, SecurityError>, UserAgentError>> {
        async move {
            let position = self.page(page).await?;
            let result = self.call(position, script::COOKIE, &[]).await?;
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

/// The URL of the suite's page at an origin. The rest of the path says which policies the page has.
fn address(origin: &Origin, path: &str) -> String {
    format!("{origin}{PAGES}{path}")
}
