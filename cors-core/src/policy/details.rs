//! The problems of a refused policy as a document for HTTP APIs (RFC 9457).

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::{PolicyError, Problem, Warning};

/// A refused policy as a problem details object (RFC 9457), for the response of an API that takes policies.
///
/// It serializes to this JSON, with one entry in `errors` for each problem:
///
/// ```
/// use cors_core::Policy;
/// use serde_json::json;
///
/// let error = Policy::builder().allow_origins(["https://example.com/"]).build().unwrap_err();
/// assert_eq!(
///     serde_json::to_value(error.problem_details())?,
///     json!({
///         "type": "https://github.com/cors-policy/cors/blob/main/docs/errors.md#why-a-policy-is-refused",
///         "title": "The CORS policy is refused",
///         "status": 422,
///         "detail": "allow_origins[0]: `https://example.com/` is not an origin: it ends in a path. Write `https://example.com`.",
///         "errors": [{
///             "code": "origin-with-path",
///             "field": "allow_origins[0]",
///             "value": "https://example.com/",
///             "message": "is not an origin: it ends in a path",
///             "help": "Write `https://example.com`.",
///             "url": "https://github.com/cors-policy/cors/blob/main/docs/errors.md#refused-origin-with-path",
///         }],
///     }),
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// A handler of axum that takes a policy as JSON and answers with its problems:
///
/// ```
/// use axum::Json;
/// use axum::http::{StatusCode, header};
/// use axum::response::{IntoResponse, Response};
/// use cors_core::{PolicyBuilder, ProblemDetails};
///
/// async fn save(Json(policy): Json<PolicyBuilder>) -> Response {
///     match policy.build() {
///         // Here the new policy is stored, and a `PolicyHandle` replaces the current one.
///         Ok(_policy) => StatusCode::NO_CONTENT.into_response(),
///         Err(error) => {
///             let content_type = [(header::CONTENT_TYPE, ProblemDetails::CONTENT_TYPE)];
///             (StatusCode::UNPROCESSABLE_ENTITY, content_type, Json(error.problem_details())).into_response()
///         }
///     }
/// }
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let policy = serde_json::from_str(r#"{"allow_origins": "https://example.com/"}"#)?;
/// # let response = runtime.block_on(save(Json(policy)));
/// # assert_eq!(response.status(), 422);
/// # assert_eq!(response.headers()["content-type"], "application/problem+json");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
#[derive(Clone, Debug, Serialize)]
pub struct ProblemDetails<'e> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    errors: &'e [Problem],
}

impl ProblemDetails<'_> {
    /// The media type of a response with this document.
    pub const CONTENT_TYPE: &'static str = "application/problem+json";

    /// The status code for the response: 422 (RFC 9110, section 15.5.21).
    pub fn status(&self) -> u16 {
        self.status
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl PolicyError {
    /// Returns the problems as a document for the response of an API.
    pub fn problem_details(&self) -> ProblemDetails<'_> {
        let problems: Vec<String> = self.problems().iter().map(Problem::to_string).collect();
        ProblemDetails {
            r#type: concat!(
                env!("CARGO_PKG_REPOSITORY"),
                "/blob/main/docs/errors.md#why-a-policy-is-refused"
            ),
            title: "The CORS policy is refused",
            status: 422,
            detail: problems.join("\n"),
            errors: self.problems(),
        }
    }
}

/// Writes the code, the field, the value, the message, the help, and the address of an explanation.
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { code, note } = self;
        note.serialize(serializer, code.as_str(), code.url())
    }
}

/// Writes the same fields as a [`Problem`].
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { code, note } = self;
        note.serialize(serializer, code.as_str(), code.url())
    }
}

impl super::problem::Note {
    fn serialize<S: Serializer>(&self, serializer: S, code: &str, url: &str) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Problem", 6)?;
        fields.serialize_field("code", code)?;
        fields.serialize_field("field", &self.field)?;
        fields.serialize_field("value", &self.value)?;
        fields.serialize_field("message", &self.what)?;
        fields.serialize_field("help", &self.help)?;
        fields.serialize_field("url", url)?;
        fields.end()
    }
}
