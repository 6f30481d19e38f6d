//! Reads a file of expected results, and reports every problem with its line.

use std::collections::{BTreeMap, HashSet};

use cors_browser::{BlockReason, FetchRequest, Origin, Profile};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::{Case, Expectations, Expected, Problem, Step};
use crate::check::{PageResult, arguments};
use crate::command::values::{
    self, CREDENTIALS, Choice, FRAMES, MODES, REDIRECTS, profiles, referrer_policies,
};

/// The most cases of a file.
const CASE_LIMIT: usize = 10_000;

const FILE_FIELDS: &[&str] = &["browsers", "check", "pages", "urls"];
const REQUEST_FIELDS: &[&str] = &[
    "body",
    "credentials",
    "expect",
    "headers",
    "method",
    "mode",
    "readable_headers",
    "reason",
    "redirect",
    "status",
];

/// The results of a fetch.
const RESULTS: [Choice<PageResult>; 3] = [
    ("readable", "The page can read the response", PageResult::Readable),
    ("opaque", "The fetch succeeds, and the page cannot read the response", PageResult::Opaque),
    ("blocked", "The browser blocks the fetch", PageResult::Blocked),
];

type Value<'i> = Spanned<DeValue<'i>>;

impl Expectations {
    /// Parses the text of a file. `${NAME}` in a value becomes what `variable` returns for `NAME`, such as an environment variable.
    ///
    /// # Errors
    ///
    /// Every problem of the file, in the order of its lines.
    pub fn parse(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<Problem>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let ends = text.match_indices('\n').map(|(position, _)| position).collect();
        let mut reader = Reader { ends, variable, problems: Vec::new() };
        for error in &errors {
            let start = error.span().map_or(0, |span| span.start);
            reader.problem(start, format!("not valid TOML: {}", error.message().replace('\n', ", ")));
        }
        let cases = reader.file(table.get_ref());
        let mut problems = reader.problems;
        problems.sort_by_key(|problem| problem.line);
        problems.dedup();
        if problems.is_empty() { Ok(Self { cases }) } else { Err(problems) }
    }
}

struct Reader<'a> {
    ends: Vec<usize>,
    variable: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<Problem>,
}

/// The names of pages or URLs, with their values.
type Names = BTreeMap<String, String>;

/// A list that the file gives, or nothing if it has a problem.
struct Context {
    pages: Names,
    urls: Names,
    browsers: Vec<Profile>,
}

impl Reader<'_> {
    fn line(&self, position: usize) -> usize {
        self.ends.partition_point(|end| *end < position) + 1
    }

    fn problem(&mut self, position: usize, message: impl Into<String>) {
        let line = self.line(position);
        self.problems.push(Problem { line, message: message.into() });
    }

    fn file(&mut self, table: &DeTable<'_>) -> Vec<Case> {
        self.unknown_fields(table, FILE_FIELDS);
        let browsers = self.browsers(table).unwrap_or_else(|| vec![Profile::chromium()]);
        let context =
            Context { pages: self.names(table, "pages"), urls: self.names(table, "urls"), browsers };
        let mut cases = Vec::new();
        let mut names = HashSet::new();
        let checks = self.tables(table, "check");
        if checks.is_empty() && self.problems.is_empty() {
            self.problem(0, "the file has no checks; write at least one `[[check]]`");
        }
        for (position, check) in checks {
            let read = self.check(position, check, &context);
            if let Some(name) = read.first().map(|case| &case.name)
                && !names.insert(name.clone())
            {
                self.problem(position, format!("two checks have the name `{name}`; give one another name"));
            }
            cases.extend(read);
            if cases.len() > CASE_LIMIT {
                self.problem(
                    position,
                    format!("the file has more than {CASE_LIMIT} combinations of pages, URLs and browsers"),
                );
                break;
            }
        }
        cases
    }

    fn check(&mut self, position: usize, table: &DeTable<'_>, context: &Context) -> Vec<Case> {
        let has_steps = field(table, "step").is_some();
        let mut known = vec!["browsers", "frame", "name", "pages", "referrer_policy", "top_level"];
        known.extend(if has_steps { &["step"][..] } else { &["urls"] });
        known.extend(if has_steps { &[][..] } else { REQUEST_FIELDS });
        self.unknown_fields(table, &known);
        let name = self.required_text(table, position, "name").unwrap_or_default();
        let pages = self.pages(table, position, context);
        let frame = self.choice(table, "frame", &FRAMES);
        let top_level = self
            .positioned_text(table, "top_level")
            .and_then(|(position, text)| self.page(position, &text, context));
        let referrer_policy = self.choice(table, "referrer_policy", &referrer_policies());
        let browsers = self.browsers(table).unwrap_or_else(|| context.browsers.clone());
        let scripts: Vec<Vec<Step>> = if has_steps {
            vec![self.steps(table, context)]
        } else {
            let urls = self.urls(table, position, context);
            let expected = self.expected(table, position);
            let configure = self.request(table);
            let script = |url| {
                let request = Box::new(configure(url));
                Some(vec![Step::Fetch { request, expected: expected.clone()? }])
            };
            urls.into_iter().filter_map(script).collect()
        };
        let line = self.line(position);
        let mut cases = Vec::new();
        for page in &pages {
            for steps in &scripts {
                for browser in &browsers {
                    cases.push(Case {
                        name: name.clone(),
                        line,
                        page: values::page(page, frame, top_level.as_ref(), referrer_policy),
                        browser: browser.clone(),
                        steps: steps.clone(),
                    });
                }
            }
        }
        cases
    }

    fn steps(&mut self, table: &DeTable<'_>, context: &Context) -> Vec<Step> {
        let mut steps = Vec::new();
        for (position, step) in self.tables(table, "step") {
            let is_cookie = field(step, "cookie").is_some();
            let mut known = vec!["url"];
            known.extend(if is_cookie { &["cookie"] } else { REQUEST_FIELDS });
            self.unknown_fields(step, &known);
            let text = self.required_text(step, position, "url");
            let place = field(step, "url").map_or(position, |value| value.span().start);
            let url = text.and_then(|text| self.url(place, &text, context));
            if is_cookie {
                let cookie = self.text(step, "cookie");
                if let (Some(url), Some(cookie)) = (url, cookie) {
                    steps.push(Step::Cookie { url, cookie });
                }
                continue;
            }
            let expected = self.expected(step, position);
            let configure = self.request(step);
            if let (Some(url), Some(expected)) = (url, expected) {
                steps.push(Step::Fetch { request: Box::new(configure(url)), expected });
            }
        }
        steps
    }

    /// Reads the fields of a request, and returns the request for a URL.
    fn request(&mut self, table: &DeTable<'_>) -> impl Fn(Url) -> FetchRequest + use<> {
        let method = self.text(table, "method");
        let body = self.text(table, "body");
        let credentials = self.choice(table, "credentials", &CREDENTIALS).unwrap_or_default();
        let mode = self.choice(table, "mode", &MODES).unwrap_or_default();
        let redirect = self.choice(table, "redirect", &REDIRECTS).unwrap_or_default();
        let headers = self.headers(table);
        move |url| {
            let mut request = FetchRequest::new(url)
                .with_headers(headers.clone())
                .with_credentials(credentials)
                .with_mode(mode)
                .with_redirect(redirect);
            if let Some(method) = &method {
                request = request.with_method(method);
            }
            if let Some(body) = &body {
                request = request.with_body(body.as_bytes());
            }
            request
        }
    }

    fn headers(&mut self, table: &DeTable<'_>) -> Vec<(String, String)> {
        let Some(value) = field(table, "headers") else { return Vec::new() };
        let DeValue::Table(headers) = value.get_ref() else {
            self.problem(
                value.span().start,
                "`headers` has to be a table; write `headers = { X-Name = \"value\" }`",
            );
            return Vec::new();
        };
        let mut read = Vec::new();
        for (name, value) in headers {
            for value in self.text_list(value, &format!("headers.{}", name.get_ref())) {
                read.push((name.get_ref().to_string(), value.1));
            }
        }
        read
    }

    fn expected(&mut self, table: &DeTable<'_>, position: usize) -> Option<Expected> {
        if field(table, "expect").is_none() {
            self.problem(
                position,
                "`expect` is missing; write `expect = \"readable\"`, `\"opaque\"` or `\"blocked\"`",
            );
        }
        let result = self.choice(table, "expect", &RESULTS);
        let reason = self.reason(table);
        let status = self.status(table);
        let readable_headers = match field(table, "readable_headers") {
            Some(value) => {
                self.text_list(value, "readable_headers").into_iter().map(|(_, name)| name).collect()
            }
            None => Vec::new(),
        };
        let result = result?;
        for (name, needed) in [
            ("reason", PageResult::Blocked),
            ("status", PageResult::Readable),
            ("readable_headers", PageResult::Readable),
        ] {
            if let Some(value) = field(table, name).filter(|_| result != needed) {
                let needed =
                    RESULTS.iter().find(|(.., other)| *other == needed).map_or("", |(text, ..)| text);
                self.problem(value.span().start, format!("`{name}` needs `expect = \"{needed}\"`"));
            }
        }
        Some(Expected { result, reason, status, readable_headers })
    }

    fn reason(&mut self, table: &DeTable<'_>) -> Option<BlockReason> {
        let (position, text) = self.positioned_text(table, "reason")?;
        let found = BlockReason::ALL.iter().copied().find(|reason| reason.as_str() == text);
        if found.is_none() {
            let names: Vec<_> = BlockReason::ALL.iter().map(|reason| reason.as_str()).collect();
            let hint =
                similar(&text, &names).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            self.problem(position, format!("`{text}` is not a reason that `cors explain` knows{hint}"));
        }
        found
    }

    fn status(&mut self, table: &DeTable<'_>) -> Option<u16> {
        let value = field(table, "status")?;
        let status = match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
            _ => None,
        };
        let status = status.filter(|status| matches!(status, 100..=599));
        if status.is_none() {
            self.problem(value.span().start, "`status` has to be a number from 100 to 599");
        }
        status
    }

    fn browsers(&mut self, table: &DeTable<'_>) -> Option<Vec<Profile>> {
        let value = field(table, "browsers")?;
        let mut browsers = Vec::new();
        let choices = profiles();
        for (position, text) in self.text_list(value, "browsers") {
            browsers.extend(self.chosen(position, "browsers", &text, &choices));
        }
        if browsers.is_empty() && self.problems.is_empty() {
            self.problem(value.span().start, "`browsers` is empty; write `[\"chromium\"]`");
        }
        Some(browsers)
    }

    fn pages(&mut self, table: &DeTable<'_>, position: usize, context: &Context) -> Vec<Origin> {
        let mut pages = Vec::new();
        for (position, text) in self.required_list(table, position, "pages", "[\"https://app.example.com\"]")
        {
            pages.extend(self.page(position, &text, context));
        }
        pages
    }

    /// The origin of a page that is given by its name or its origin.
    fn page(&mut self, position: usize, text: &str, context: &Context) -> Option<Origin> {
        let text = context.pages.get(text).map_or(text, String::as_str);
        match arguments::origin(text) {
            Ok(page) => Some(page),
            Err(error) => {
                self.problem(position, named(text, "page", "pages", &error, &context.pages));
                None
            }
        }
    }

    fn urls(&mut self, table: &DeTable<'_>, position: usize, context: &Context) -> Vec<Url> {
        let list = self.required_list(table, position, "urls", "[\"https://api.example.com/users\"]");
        list.into_iter().filter_map(|(position, text)| self.url(position, &text, context)).collect()
    }

    fn url(&mut self, position: usize, text: &str, context: &Context) -> Option<Url> {
        let text = context.urls.get(text).map_or(text, String::as_str);
        match arguments::url(text) {
            Ok(url) => Some(url),
            Err(error) => {
                self.problem(position, named(text, "URL", "urls", &error, &context.urls));
                None
            }
        }
    }

    /// Reads a table of names and values.
    fn names(&mut self, table: &DeTable<'_>, name: &str) -> Names {
        let Some(value) = field(table, name) else { return Names::new() };
        let DeValue::Table(entries) = value.get_ref() else {
            self.problem(
                value.span().start,
                format!("`{name}` has to be a table; write `[{name}]` and a name in each line"),
            );
            return Names::new();
        };
        let mut names = Names::new();
        for (key, value) in entries {
            let place = format!("{name}.{}", key.get_ref());
            if let Some(text) = self.text_of(value, &place) {
                names.insert(key.get_ref().to_string(), text);
            }
        }
        names
    }

    /// The tables of a list of tables, with their places.
    fn tables<'t, 'i>(&mut self, table: &'t DeTable<'i>, name: &str) -> Vec<(usize, &'t DeTable<'i>)> {
        let Some(value) = field(table, name) else { return Vec::new() };
        let mut tables = Vec::new();
        if let DeValue::Array(entries) = value.get_ref() {
            for entry in entries {
                match entry.get_ref() {
                    DeValue::Table(inner) => tables.push((entry.span().start, inner)),
                    _ => self.problem(
                        entry.span().start,
                        format!("write `[[{name}]]`, and the fields in lines of their own"),
                    ),
                }
            }
        } else {
            self.problem(value.span().start, format!("write `[[{name}]]` with two brackets"));
        }
        tables
    }

    fn required_text(&mut self, table: &DeTable<'_>, position: usize, name: &str) -> Option<String> {
        if field(table, name).is_none() {
            self.problem(position, format!("`{name}` is missing"));
        }
        self.text(table, name)
    }

    fn required_list(
        &mut self,
        table: &DeTable<'_>,
        position: usize,
        name: &str,
        example: &str,
    ) -> Vec<(usize, String)> {
        match field(table, name) {
            None => {
                self.problem(position, format!("`{name}` is missing; write `{name} = {example}`"));
                Vec::new()
            }
            Some(value) => {
                if matches!(value.get_ref(), DeValue::Array(entries) if entries.is_empty()) {
                    self.problem(
                        value.span().start,
                        format!("`{name}` is empty; write `{name} = {example}`"),
                    );
                }
                self.text_list(value, name)
            }
        }
    }

    fn text(&mut self, table: &DeTable<'_>, name: &str) -> Option<String> {
        self.positioned_text(table, name).map(|(_, text)| text)
    }

    fn positioned_text(&mut self, table: &DeTable<'_>, name: &str) -> Option<(usize, String)> {
        let value = field(table, name)?;
        Some((value.span().start, self.text_of(value, name)?))
    }

    /// Reads a text or a list of texts, each with its place.
    fn text_list(&mut self, value: &Value<'_>, name: &str) -> Vec<(usize, String)> {
        let values = match value.get_ref() {
            DeValue::Array(values) => values.iter().collect(),
            _ => vec![value],
        };
        values
            .into_iter()
            .filter_map(|value| Some((value.span().start, self.text_of(value, name)?)))
            .collect()
    }

    fn text_of(&mut self, value: &Value<'_>, name: &str) -> Option<String> {
        let DeValue::String(text) = value.get_ref() else {
            self.problem(value.span().start, format!("`{name}` has to be a text in quotes"));
            return None;
        };
        self.expand(value.span().start, text)
    }

    /// Replaces `${NAME}`.
    fn expand(&mut self, position: usize, text: &str) -> Option<String> {
        let mut parts = text.split("${");
        let mut expanded = parts.next().unwrap_or_default().to_owned();
        let mut is_complete = true;
        for part in parts {
            let Some((name, rest)) = part.split_once('}') else {
                self.problem(position, "`${` has no `}`");
                return None;
            };
            match (self.variable)(name) {
                Some(value) => expanded.push_str(&value),
                None => {
                    self.problem(position, format!("the environment variable `{name}` is not set"));
                    is_complete = false;
                }
            }
            expanded.push_str(rest);
        }
        is_complete.then_some(expanded)
    }

    fn choice<T: Clone>(&mut self, table: &DeTable<'_>, name: &str, choices: &[Choice<T>]) -> Option<T> {
        let (position, text) = self.positioned_text(table, name)?;
        self.chosen(position, name, &text, choices)
    }

    fn chosen<T: Clone>(
        &mut self,
        position: usize,
        name: &str,
        text: &str,
        choices: &[Choice<T>],
    ) -> Option<T> {
        let found = choices.iter().find(|(known, ..)| *known == text).map(|(.., value)| value.clone());
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(known, ..)| format!("`{known}`")).collect();
            self.problem(
                position,
                format!("`{text}` is not a value of `{name}`; write {}", names.join(" or ")),
            );
        }
        found
    }

    fn unknown_fields(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys() {
            let name = key.get_ref();
            if known.contains(&&**name) {
                continue;
            }
            let hint = match similar(name, known) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("the fields are {}", known.join(", ")),
            };
            self.problem(key.span().start, format!("unknown field `{name}`; {hint}"));
        }
    }
}

fn field<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<&'t Value<'i>> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
}

/// The known name that is most like a misspelt one.
fn similar<'a>(text: &str, known: &[&'a str]) -> Option<&'a str> {
    let distances = known.iter().map(|name| (strsim::damerau_levenshtein(text, name), *name));
    distances.min().filter(|(distance, name)| *distance <= 1 + name.len() / 5).map(|(_, name)| name)
}

/// The problem of a page or URL that is neither a name nor valid.
fn named(text: &str, what: &str, table: &str, error: &str, names: &Names) -> String {
    let is_name =
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let known: Vec<_> = names.keys().map(String::as_str).collect();
    match similar(text, &known) {
        Some(name) if is_name => format!("`{text}` is not the name of a {what}; did you mean `{name}`?"),
        _ if is_name => format!("`[{table}]` has no `{text}`, and it is not a {what}: {error}"),
        _ => format!("`{text}`: {error}"),
    }
}
