//! `cors check --fix`: the configuration that would allow a blocked fetch.

use cors_browser::{Credentials, ExchangeKind, Origin};

use crate::check::{CheckReport, PageResult};
use crate::export::{Asked, Stack, export, guess, minimal_policy};

/// The configuration of `stack`, or of the stack that the server's headers tell of, that would allow a blocked fetch.
///
/// # Errors
///
/// The reason why there is no configuration to print, as a sentence.
pub(super) fn fix(
    report: &CheckReport,
    origin: &Origin,
    credentials: Credentials,
    stack: Option<Stack>,
) -> Result<String, String> {
    if report.page_result() != PageResult::Blocked {
        return Err("the browser does not block the fetch, so there is nothing to configure.".to_owned());
    }
    let mut responses =
        report.exchanges().iter().rev().filter_map(|exchange| exchange.response.as_ref().ok());
    let Some(response) = responses.next() else {
        return Err("no response arrived, so that no configuration can be said to help.".to_owned());
    };
    let (stack, title) = match stack {
        Some(stack) => (stack, stack.title().to_owned()),
        None => {
            let headers: Vec<_> = response
                .headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.as_slice()))
                .collect();
            let headers = headers.iter().map(|(name, value)| (name.as_str(), *value));
            let Some((stack, header)) = guess(headers) else {
                return Err("the response does not tell what the server is; name it, such as `--fix nginx`."
                    .to_owned());
            };
            (stack, format!("{}, which the header `{header}` tells of", stack.title()))
        }
    };
    let policy = minimal_policy(&asked(report, origin, credentials))
        .map_err(|error| format!("no safe policy allows the fetch.\n{error}"))?;
    let text = export(&policy, stack).text;
    Ok(format!("\nThe smallest policy that allows this fetch, for {title}:\n\n{text}"))
}

/// What the page asked for.
fn asked(report: &CheckReport, origin: &Origin, credentials: Credentials) -> Asked {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let preflight = report.exchanges().iter().find(|exchange| exchange.kind == ExchangeKind::Preflight);
    let preflight = preflight.map(|exchange| &exchange.request);
    let method = preflight.and_then(|request| request.header("access-control-request-method")).map(text);
    let first = report.exchanges().first().map(|exchange| exchange.request.method.clone());
    let headers = preflight.and_then(|request| request.header("access-control-request-headers")).map(text);
    let headers = headers.as_deref().unwrap_or_default().split(',').filter(|name| !name.is_empty());
    Asked {
        origin: origin.to_string(),
        method: method.or(first).unwrap_or_default(),
        headers: headers.map(str::to_owned).collect(),
        credentials: credentials == Credentials::Include,
    }
}
