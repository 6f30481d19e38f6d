//! HTML, "create a potential-CORS request", and CSS Fonts, "fetch a font".

use super::constructor::encode_path;
use super::{Destination, Request, RequestMode};
use crate::steps::Steps;
use crate::{Credentials, CrossOrigin, Element, ElementRequest, Page, Profile};

impl Request {
    /// The request of an element or of a CSS rule.
    pub(crate) fn of_element(
        page: &Page,
        element: &ElementRequest,
        profile: &Profile,
        steps: &dyn Steps,
    ) -> Self {
        let destination = match element.element {
            Element::Image => Destination::Image,
            Element::Script => Destination::Script,
            Element::Stylesheet => Destination::Style,
            Element::Font => Destination::Font,
        };
        let (mode, credentials) = match element.element {
            // CSS Fonts, "fetch a font": always CORS.
            Element::Font => match steps.font_mode(profile) {
                RequestMode::NoCors => (RequestMode::NoCors, Credentials::Include),
                mode => (mode, Credentials::SameOrigin),
            },
            _ => steps.element_mode(element.cross_origin),
        };
        let mut request = Self {
            mode,
            destination,
            credentials,
            ..Self::new(page, encode_path(element.url.clone(), profile), steps)
        };
        let accept = match destination {
            Destination::Image => Some(profile.image_accept),
            Destination::Font => Some(profile.font_accept),
            _ => None,
        };
        if let Some(accept) = accept {
            request.headers.append("Accept", accept);
        }
        request.set_default_headers();
        request
    }
}

/// HTML, "create a potential-CORS request", steps 1 to 4.
pub(crate) fn element_mode(attribute: Option<CrossOrigin>) -> (RequestMode, Credentials) {
    match attribute {
        None => (RequestMode::NoCors, Credentials::Include),
        Some(CrossOrigin::Anonymous) => (RequestMode::Cors, Credentials::SameOrigin),
        Some(CrossOrigin::UseCredentials) => (RequestMode::Cors, Credentials::Include),
    }
}
