//! HTML, "navigate": what comes of a link or a form.

use url::Url;

use super::form_submission::submit;
use crate::blocked::{Context, Initiator};
use crate::fetch::HttpResponse;
use crate::request::{Destination, Request, RequestMode, encode_path};
use crate::{
    BlockReason, Blocked, Browser, Credentials, Fetched, Navigated, Navigation, Outcome, Page, WireResponse,
};

impl Browser {
    /// HTML, "navigate", for a link or a form in `page`, which the user clicks.
    ///
    /// A page in the address bar replaces itself, and a frame replaces the content of the frame.
    pub(crate) async fn navigate(&self, page: &Page, navigation: Navigation) -> Fetched {
        let Navigation { mut url, form } = navigation;
        let resource = form.as_ref().and_then(|form| submit(form, &mut url, &*self.steps));
        let mut request = self.navigation_request(page, url.clone());
        if let Some(resource) = resource {
            // "create navigation params by fetching", step 4.
            request.method = "POST".to_owned();
            request.headers.append("Content-Type", resource.content_type);
            request.body = Some(resource.body);
        }
        let asks = form.is_some() && self.profile.asks_before_insecure_forms;
        let request = match url.scheme() {
            // The user declines.
            "http" | "https" if asks && self.steps.is_mixed_content(page, &url, &self.profile) => {
                let detail = format!("a form on a secure page leads to {url}");
                Err(Blocked::new(BlockReason::MixedContent, detail))
            }
            "http" | "https" => Ok(request),
            scheme => {
                let detail = format!("{url} is not an HTTP(S) URL");
                Err(Blocked::new(BlockReason::UnsupportedScheme, detail).with_value(scheme))
            }
        };
        let finish = |request: &Request, response: HttpResponse| self.document(request, response.followed()?);
        self.perform(page, Context::new(page, &url, Initiator::Navigation), request, finish).await
    }

    /// "create navigation params by fetching", steps 3 to 10.
    fn navigation_request(&self, page: &Page, url: Url) -> Request {
        // "beginning navigation": a frame's request has the frame as its destination.
        let destination = if page.is_frame() { Destination::Frame } else { Destination::Document };
        let mut request = Request {
            mode: RequestMode::Navigate,
            destination,
            user_activation: true,
            credentials: Credentials::Include,
            ..Request::new(page, encode_path(url, &self.profile), &*self.steps)
        };
        // Upgrade Insecure Requests, section 3.2.1, "The `Upgrade-Insecure-Requests` HTTP Request Header Field".
        if request.current_url().scheme() == "http" || self.profile.secure_navigations_ask_for_upgrades {
            request.headers.append("Upgrade-Insecure-Requests", "1");
        }
        request.set_default_headers();
        request
    }

    /// "create navigation params by fetching", the last step, and "attempt to populate the history entry's document".
    fn document(&self, request: &Request, response: WireResponse) -> Result<Outcome, Blocked> {
        if !self.steps.shows_document(&response) {
            let detail = format!("the response has status {} and leads to no document", response.status);
            return Err(Blocked::new(BlockReason::NoDocument, detail).with_value(response.status.to_string()));
        }
        let mut url = request.current_url().clone();
        url.set_fragment(None);
        Ok(Outcome::Navigated(Navigated { url, status: response.status, body: response.body }))
    }
}

/// "attempt to populate the history entry's document": whether a response leads to a document. A status of 204 or 205 leaves the
/// page in place, and an attachment is downloaded.
pub(crate) fn shows_document(response: &WireResponse) -> bool {
    let is_attachment = response.lines("content-disposition").any(|line| {
        let kind = line.split(|&byte| byte == b';').next().unwrap_or_default();
        kind.trim_ascii().eq_ignore_ascii_case(b"attachment")
    });
    !matches!(response.status, 204 | 205) && !is_attachment
}
