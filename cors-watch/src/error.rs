use std::path::{Path, PathBuf};
use std::{error, fmt, io};

use cors_core::PolicyError;

/// Why a policy file cannot be used.
///
/// Its text names the file and, for a policy that is refused, every problem with what to write instead.
#[derive(Debug)]
pub struct FileError {
    path: PathBuf,
    cause: Cause,
}

#[derive(Debug)]
pub(crate) enum Cause {
    Unreadable(io::Error),
    /// The thread that watches did not start.
    Unwatched(io::Error),
    UnknownFormat,
    Syntax(String),
    Refused(PolicyError),
}

impl FileError {
    pub(crate) fn new(path: &Path, cause: Cause) -> Self {
        Self { path: path.to_owned(), cause }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The problems of the policy, if the file was read and its policy is refused.
    pub fn policy_error(&self) -> Option<&PolicyError> {
        match &self.cause {
            Cause::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// The error of the operating system, if the file could not be read. Its kind is `NotFound` if the file is missing.
    pub fn io_error(&self) -> Option<&io::Error> {
        match &self.cause {
            Cause::Unreadable(error) | Cause::Unwatched(error) => Some(error),
            _ => None,
        }
    }

    /// Whether both errors have the same text apart from the operating system's.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        match (&self.cause, &other.cause) {
            (Cause::Unreadable(error), Cause::Unreadable(other)) => error.kind() == other.kind(),
            _ => self.to_string() == other.to_string(),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.cause {
            Cause::Unreadable(error) => write!(formatter, "{path}: cannot be read: {error}"),
            Cause::Unwatched(error) => write!(formatter, "{path}: cannot be watched: {error}"),
            Cause::UnknownFormat => {
                write!(
                    formatter,
                    "{path}: the format is not known. Use a file whose name ends in `.toml` or `.json`."
                )
            }
            Cause::Syntax(message) => write!(formatter, "{path}: {}", message.trim_end()),
            Cause::Refused(error) => write!(formatter, "{path}: {error}"),
        }
    }
}

impl error::Error for FileError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.cause {
            Cause::Unreadable(error) | Cause::Unwatched(error) => Some(error),
            Cause::Refused(error) => Some(error),
            Cause::UnknownFormat | Cause::Syntax(_) => None,
        }
    }
}

impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        let kind = error.io_error().map_or(io::ErrorKind::InvalidInput, io::Error::kind);
        Self::new(kind, error)
    }
}
