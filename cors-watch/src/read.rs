//! From the bytes of a file to a policy.

use std::path::Path;

use cors_core::{Policy, PolicyBuilder};

use crate::FileError;
use crate::error::Cause;

/// The format of a policy file, which the end of its name tells.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    Toml,
    Json,
}

impl Format {
    pub(crate) fn of(path: &Path) -> Result<Self, FileError> {
        let extension = path.extension().unwrap_or_default();
        if extension.eq_ignore_ascii_case("toml") {
            Ok(Self::Toml)
        } else if extension.eq_ignore_ascii_case("json") {
            Ok(Self::Json)
        } else {
            Err(FileError::new(path, Cause::UnknownFormat))
        }
    }
}

/// Reads a policy from the content of the file.
pub(crate) fn policy(path: &Path, format: Format, content: &[u8]) -> Result<Policy, FileError> {
    let syntax = |message: String| FileError::new(path, Cause::Syntax(message));
    let text = std::str::from_utf8(content).map_err(|_| syntax("the file is not UTF-8 text".to_owned()))?;
    // Some editors on Windows start a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let builder: PolicyBuilder = match format {
        Format::Toml => toml::from_str(text).map_err(|error| syntax(error.to_string()))?,
        Format::Json => serde_json::from_str(text).map_err(|error| syntax(error.to_string()))?,
    };
    builder.build().map_err(|error| FileError::new(path, Cause::Refused(error)))
}
