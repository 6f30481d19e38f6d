//! The catalogue as a page: `docs/errors.md`.

use std::fmt::{self, Write};

use cors_core::{ProblemCode, Reason, WarningCode};

use super::policy::{self, DENYING_POLICY, PolicyExample};
use super::{explanation, is_ambient, question};
use cors_browser::examples::{self, ORIGIN};
use cors_browser::{BlockReason, Credentials, Exchange, Fetched, Mode, Outcome, Profile, Redirect};

const INTRODUCTION: &str = "\
# Reason codes

<!-- Made from the code. Do not edit: `REWRITE=1 cargo test -p cors-cli --test errors` writes it anew. -->

Every code that the browser model, a policy or its decision can give, with its cause, its fix and an example. The codes are stable.
The examples are played, not told: the browser model fetches, and the policies are built and asked. The console lines are those of
Chromium and Firefox for this example; which of them you saw leads you here.

- [What blocks a fetch in the browser](#what-blocks-a-fetch-in-the-browser): `cargo xtask check` and the scenarios use these.
- [What a policy denies](#what-a-policy-denies): the adapters log these in their `tracing` events.
- [Why a policy is refused](#why-a-policy-is-refused) and [what it is warned about](#what-a-policy-is-warned-about):
  `Policy::builder()` and `cargo xtask policy` give these.
";

/// The whole page.
pub fn markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    // Writing into a string cannot fail.
    let _ = write_all(&mut page);
    page
}

fn write_all(page: &mut String) -> fmt::Result {
    writeln!(page, "\n## What blocks a fetch in the browser")?;
    for &reason in BlockReason::ALL {
        write_block_reason(page, reason)?;
    }
    writeln!(
        page,
        "\n## What a policy denies\n\nThe examples meet this policy:\n\n```toml\n{DENYING_POLICY}\n```"
    )?;
    for &reason in Reason::ALL {
        write_denial(page, reason)?;
    }
    writeln!(page, "\n## Why a policy is refused")?;
    for &code in ProblemCode::ALL {
        write_policy(page, code.as_str(), code.url(), policy::problem(code))?;
    }
    writeln!(page, "\n## What a policy is warned about")?;
    for &code in WarningCode::ALL {
        write_policy(page, code.as_str(), code.url(), policy::warning(code))?;
    }
    Ok(())
}

fn write_block_reason(page: &mut String, reason: BlockReason) -> fmt::Result {
    let about = explanation(reason);
    writeln!(page, "\n### `{reason}`\n\n{}\n\n**Fix:** {}\n", about.cause, about.fix)?;
    write!(page, "**Rule:** [{}]({})", about.rule.title, about.rule.url)?;
    if let Some(question) = question(about.faq) {
        write!(page, " · **FAQ:** {}", question.title)?;
    }
    writeln!(page, "\n\n**Example:** on a page of `{ORIGIN}`\n\n```text")?;
    let example = examples::example(reason);
    write!(page, "fetch({:?}", example.url)?;
    let mut options = Vec::new();
    if example.method != "GET" {
        options.push(format!("method: {:?}", example.method));
    }
    for (name, value) in example.headers {
        options.push(format!("headers: {{ {name:?}: {value:?} }}"));
    }
    options.extend(mode(example.mode).map(|mode| format!("mode: {mode:?}")));
    options
        .extend(credentials(example.credentials).map(|credentials| format!("credentials: {credentials:?}")));
    options.extend(redirect(example.redirect).map(|redirect| format!("redirect: {redirect:?}")));
    if !options.is_empty() {
        write!(page, ", {{ {} }}", options.join(", "))?;
    }
    writeln!(page, ")")?;
    let Some(Fetched { exchanges, .. }) = example.play(Profile::standard()) else { return Err(fmt::Error) };
    for exchange in exchanges.iter().take(2) {
        write_exchange(page, exchange)?;
    }
    if exchanges.len() > 2 {
        writeln!(page, "\n… and {} more like this", exchanges.len() - 2)?;
    }
    writeln!(page, "```")?;
    for (name, profile) in [("Chromium", Profile::chromium()), ("Firefox", Profile::firefox())] {
        match example.play(profile.clone()).ok_or(fmt::Error)?.outcome {
            Outcome::Blocked(blocked) => writeln!(page, "\n{name}:\n\n> {}", blocked.console(&profile))?,
            Outcome::Response(_) => writeln!(page, "\n{name} lets it pass.")?,
        }
    }
    Ok(())
}

fn write_exchange(page: &mut String, exchange: &Exchange) -> fmt::Result {
    writeln!(page, "\n{} {}", exchange.request.method, exchange.request.url)?;
    for (name, value) in exchange.request.headers.iter().filter(|(name, _)| !is_ambient(name)) {
        writeln!(page, "{name}: {}", String::from_utf8_lossy(value))?;
    }
    match &exchange.response {
        Ok(response) => {
            writeln!(page, "\n{}", response.status)?;
            for (name, value) in &response.headers {
                writeln!(page, "{name}: {}", String::from_utf8_lossy(value))?;
            }
        }
        Err(error) => writeln!(page, "\n({error})")?,
    }
    Ok(())
}

fn write_denial(page: &mut String, reason: Reason) -> fmt::Result {
    let Some(example) = policy::denial(reason) else { return Err(fmt::Error) };
    writeln!(
        page,
        "{}\n### `{reason}`\n\n{}\n\n**Fix:** {}\n",
        anchor(reason.url()),
        example.cause,
        reason.help()
    )?;
    writeln!(page, "**Example:**\n\n```text\nOPTIONS /item")?;
    for (name, value) in example.headers {
        writeln!(page, "{name}: {value}")?;
    }
    let answer = example.decide().map_or("granted", Reason::as_str);
    writeln!(page, "\n403 ({answer})\n```")
}

/// The target of the link that a code of the policy gives; its heading alone may be that of a block reason, too.
fn anchor(url: &str) -> String {
    let fragment = url.split_once('#').map_or(url, |(_, fragment)| fragment);
    format!("\n<a id=\"{fragment}\"></a>\n")
}

fn write_policy(page: &mut String, code: &str, url: &str, example: Option<PolicyExample>) -> fmt::Result {
    let Some(example) = example else { return Err(fmt::Error) };
    writeln!(page, "{}\n### `{code}`\n\n{}", anchor(url), example.cause)?;
    if example.file.is_empty() {
        return writeln!(page, "\n**Fix:** Split the policy, or use patterns.");
    }
    let language = if example.file.starts_with('{') { "json" } else { "toml" };
    writeln!(page, "\n**Example:**\n\n```{language}\n{}\n```\n\n**Message and fix:**\n", example.file)?;
    policy::remarks(example.file).iter().try_for_each(|(_, message)| writeln!(page, "> {message}"))
}

fn mode(mode: Mode) -> Option<&'static str> {
    match mode {
        Mode::Cors => None,
        Mode::NoCors => Some("no-cors"),
        Mode::SameOrigin => Some("same-origin"),
    }
}

fn credentials(credentials: Credentials) -> Option<&'static str> {
    match credentials {
        Credentials::SameOrigin => None,
        Credentials::Omit => Some("omit"),
        Credentials::Include => Some("include"),
    }
}

fn redirect(redirect: Redirect) -> Option<&'static str> {
    match redirect {
        Redirect::Follow => None,
        Redirect::Error => Some("error"),
        Redirect::Manual => Some("manual"),
    }
}
