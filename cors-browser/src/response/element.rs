//! What an element makes of a response.

use super::sniff;
use crate::header::{HeaderList, MimeType};
use crate::profile::Profile;
use crate::request::{Request, Tainting};
use crate::steps::Steps;
use crate::{BlockReason, Blocked, Element, Loaded, WireResponse};

/// HTML and CSS Fonts: whether an element that got `response` has a `load` event, and whether scripts can read what it has
/// loaded.
pub(crate) fn load(
    element: Element,
    request: &Request,
    response: &WireResponse,
    profile: &Profile,
    steps: &dyn Steps,
) -> Result<Loaded, Blocked> {
    if let Some(error) = &response.body_error {
        let blocked = Blocked::new(BlockReason::NetworkError, error.detail.as_str());
        return Err(blocked.with_failure(error.kind));
    }
    let headers = HeaderList::from(response.headers.as_slice());
    let mime = MimeType::extract(&headers);
    let essence = mime.as_ref().map_or("", |mime| mime.essence.as_str());
    let body = response.body.as_slice();
    match element {
        // HTML, "update the image data", step 26: the status does not matter.
        Element::Image => {
            // MIME Sniffing, "Sniffing in an image context": SVG is known by its type only.
            let is_image = sniff::is_image(body) || essence == "image/svg+xml";
            usable(is_image, "an image", essence)?;
        }
        // HTML, "fetch a classic script": the type does not matter, unless Fetch blocks it.
        Element::Script => ok_status(response, steps)?,
        // HTML, "Link type `stylesheet`": "process the linked resource".
        Element::Stylesheet => {
            ok_status(response, steps)?;
            let is_stylesheet = steps.is_stylesheet_type(essence) || profile.loads_unusable_stylesheets;
            usable(is_stylesheet, "a stylesheet", essence)?;
        }
        // CSS Fonts, "fetch a font".
        Element::Font => {
            ok_status(response, steps)?;
            usable(sniff::is_font(body), "a font", essence)?;
        }
    }
    Ok(Loaded { is_readable: steps.is_cors_same_origin(request.tainting) })
}

/// HTML, "CORS-same-origin": whether scripts can read the pixels of an image, the errors of a script, and the rules of a
/// stylesheet.
pub(crate) fn is_cors_same_origin(tainting: Tainting) -> bool {
    tainting != Tainting::Opaque
}

fn ok_status(response: &WireResponse, steps: &dyn Steps) -> Result<(), Blocked> {
    if (200..=299).contains(&response.status) || !steps.needs_ok_status() {
        return Ok(());
    }
    let detail = format!("the status is {}", response.status);
    Err(Blocked::new(BlockReason::ResourceStatusNotOk, detail).with_value(response.status.to_string()))
}

fn usable(is_usable: bool, what: &str, essence: &str) -> Result<(), Blocked> {
    if is_usable {
        return Ok(());
    }
    let detail = format!("the response of type `{essence}` is not {what}");
    Err(Blocked::new(BlockReason::ResourceType, detail).with_value(essence))
}
