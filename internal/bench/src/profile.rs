//! One kind of request again and again, for a profiler.

use std::hint::black_box;
use std::rc::Rc;
use std::str::FromStr;

use crate::framework::{Framework, Middleware};
use crate::request::Kind;
use crate::sources::Sources;

/// An application and the request that it answers, as written on the command line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profiled {
    framework: Framework,
    middleware: Middleware,
    request: Kind,
}

impl FromStr for Profiled {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let [framework, middleware, request] = text.split(':').collect::<Vec<_>>()[..] else {
            return Err("expected FRAMEWORK:MIDDLEWARE:REQUEST".to_owned());
        };
        let kinds = || Kind::ALL.map(Kind::name).join(", ");
        Ok(Self {
            framework: clap::ValueEnum::from_str(framework, false)?,
            middleware: clap::ValueEnum::from_str(middleware, false)?,
            request: Kind::ALL
                .into_iter()
                .find(|kind| kind.name() == request)
                .ok_or_else(|| format!("unknown request `{request}`, expected one of: {}", kinds()))?,
        })
    }
}

/// Answers `rounds` batches of requests.
pub(crate) fn run(profiled: Profiled, rounds: usize) -> std::io::Result<()> {
    let Profiled { framework, middleware, request } = profiled;
    let runtime = Rc::new(tokio::runtime::Builder::new_current_thread().enable_all().build()?);
    let application = framework.application(middleware, &Sources::fixed(), &runtime);
    for _ in 0..rounds {
        black_box(application.time(request));
    }
    Ok(())
}
