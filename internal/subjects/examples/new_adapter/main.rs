//! The worked example of `docs/new-adapter.md`: an adapter for plain hyper, put through the suite.

use std::process::ExitCode;
use std::sync::Arc;

use cors_conformance::run::{Options, Run, Verdict, run};
use cors_conformance::scenario::{self, LoadError};
use cors_conformance::subject::Subject;
use cors_conformance::user_agent::{Model, UserAgent};

mod adapter;
#[cfg(test)]
mod heads;
mod subject;

async fn conformance() -> Result<Run, LoadError> {
    let scenarios: Vec<_> = scenario::embedded()?.into_iter().map(Arc::new).collect();
    let subject: Arc<dyn Subject> = Arc::new(subject::CorsHyper);
    let browser: Arc<dyn UserAgent> = Arc::new(Model::default());
    Ok(run(&scenarios, &[subject], &browser, Options::default(), |_, _| ()).await)
}

#[tokio::main]
async fn main() -> Result<ExitCode, LoadError> {
    let run = conformance().await?;
    for subject in &run.subjects {
        for result in subject.results.iter().filter(|result| result.verdict == Verdict::Fail) {
            println!("{}: {}", result.scenario, result.detail);
        }
        println!("{}: {} passed, {} failed", subject.name, subject.passed, subject.failed);
    }
    Ok(if run.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_adapter_conforms() {
        let run = conformance().await.unwrap();
        let results = run.subjects.iter().flat_map(|subject| &subject.results);
        let failed: Vec<_> = results.filter(|result| result.verdict == Verdict::Fail).collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }

    #[test]
    fn the_guide_shows_this_code() {
        let guide = include_str!("../../../../docs/new-adapter.md");
        let code = [
            include_str!("adapter.rs"),
            include_str!("heads.rs"),
            include_str!("subject.rs"),
            include_str!("main.rs"),
        ];
        let blocks: Vec<_> =
            guide.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("rust\n")).collect();
        assert!(!blocks.is_empty());
        for block in blocks {
            assert!(code.iter().any(|file| file.contains(block)), "not in the example:\n{block}");
        }
    }
}
