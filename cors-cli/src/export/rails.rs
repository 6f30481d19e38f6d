//! Rails, with rack-cors.

use super::limits::Limits;
use super::model::{Model, Terms};
use super::quote::{list, regex, single, slashes};

/// An initializer, with a block for each rule and one for the policy itself. rack-cors takes the first whose origins match.
pub(super) fn write(model: &Model, limits: &mut Limits) -> String {
    limits.check_preflight_status(model, 200);
    let allowing = model.in_order().filter(|terms| terms.any || !terms.origins.is_empty());
    let blocks: Vec<_> = allowing.map(|terms| block(terms, limits)).collect();
    let blocks = if blocks.is_empty() { "  # No origin is allowed.\n".to_owned() } else { blocks.join("\n") };
    format!(
        "# config/initializers/cors.rb\n\
         Rails.application.config.middleware.insert_before 0, Rack::Cors do\n{blocks}end"
    )
}

fn block(terms: &Terms, limits: &mut Limits) -> String {
    let mut options = vec![methods(terms, limits)];
    options.push(match limits.headers_or_all(terms) {
        None => "headers: :any".to_owned(),
        Some(names) => {
            limits.check_content_type(terms);
            format!("headers: {}", list(names, single))
        }
    });
    if !terms.expose.is_empty() {
        options.push(format!("expose: {}", list(&terms.expose, single)));
    }
    if terms.credentials {
        options.push("credentials: true".to_owned());
    }
    options.push(match terms.max_age {
        Some(seconds) => format!("max_age: {seconds}"),
        // A time is always sent, and the default is two hours.
        None => "max_age: 5 # what browsers take without a time".to_owned(),
    });
    format!(
        "  allow do\n    origins {}\n    resource '*',\n      {}\n  end\n",
        origins(terms),
        options.join(",\n      ")
    )
}

fn origins(terms: &Terms) -> String {
    if terms.any {
        return "'*'".to_owned();
    }
    let is_web = |origin: &str| origin.starts_with("http://") || origin.starts_with("https://");
    let exact = terms.exact().filter(|origin| is_web(origin)).map(single);
    // Others, such as `null`, are taken for host names. In Ruby `^` and `$` are about lines.
    let others = terms.exact().filter(|origin| !is_web(origin)).map(|origin| format!("^{}$", regex(origin)));
    let patterns = others.chain(terms.patterns().map(str::to_owned)).map(|regex| {
        let inner = regex.strip_prefix('^').unwrap_or(&regex);
        slashes(&format!("\\A{}\\z", inner.strip_suffix('$').unwrap_or(inner)))
    });
    exact.chain(patterns).collect::<Vec<_>>().join(",\n            ")
}

fn methods(terms: &Terms, limits: &mut Limits) -> String {
    if terms.all_methods {
        let text = "`*` stands for DELETE, GET, HEAD, OPTIONS, PATCH, POST and PUT only.";
        limits.left_out(terms.field("allow_methods"), text);
        return "methods: :any".to_owned();
    }
    let names = terms.methods.iter().filter(|name| {
        let has_lower = name.contains(|letter: char| letter.is_ascii_lowercase());
        if has_lower {
            let text = format!("rack-cors writes methods in upper case, so that `{name}` is left out.");
            limits.left_out(terms.field("allow_methods"), text);
        }
        !has_lower
    });
    let names: Vec<_> = names.map(|name| name.to_ascii_lowercase()).collect();
    let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase());
    format!(
        "methods: {}",
        list(&names, |name| if is_plain(name) { format!(":{name}") } else { single(name) })
    )
}
