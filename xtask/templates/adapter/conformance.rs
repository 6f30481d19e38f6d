//! The adapter passes the CORS conformance suite.

use {{crate_module}}::Cors;
use cors_conformance::Suite;
use cors_conformance::subject::{BoxFuture, Policy, Server, StartError, Subject};

mod specimen;

/// The specimen application behind the adapter.
struct {{type}};

impl Subject for {{type}} {
    fn name(&self) -> &str {
        "{{crate}}"
    }

    fn framework(&self) -> &str {
        "{{name}}"
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        Box::pin(specimen::start(Cors::new(policy)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_conforms() {
    Suite::embedded().run({{type}}).await.assert_clean();
}
