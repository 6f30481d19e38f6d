//! The adapter `{{crate}}`, and how a {{name}} application becomes a running server.

use {{crate_module}}::{Cors, Policy};
use futures_util::future::{BoxFuture, FutureExt};

use super::{Server, StartError, Subject, SubjectKind, locked_version};

/// `{{crate}}`'s `Cors` around the {{name}} specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct {{type}};

impl Subject for {{type}} {
    fn name(&self) -> &str {
        "{{crate}}"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Adapter
    }

    fn framework(&self) -> &str {
        "{{name}}"
    }

    fn version(&self) -> &str {
        locked_version("{{crate}}")
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        serve(Cors::new(policy)).boxed()
    }
}

/// Serves the specimen behind the middleware on an ephemeral loopback port, over HTTP/1.1 and HTTP/2 with prior
/// knowledge.
async fn serve(_cors: Cors) -> Result<Server, StartError> {
    Err(StartError::Failed(
        "internal/subjects/src/specimen/{{module}}.rs has no routes yet, and internal/subjects/src/subject/{{module}}.rs starts no server"
            .to_owned(),
    ))
}
