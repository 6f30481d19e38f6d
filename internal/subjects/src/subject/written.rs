//! Values with the Rust code that made them: a report shows how a middleware was configured, and what it shows is what was called.

use std::borrow::Cow;
use std::collections::HashSet;
use std::time::Duration;

use cors_core::PolicySource;

/// A longer expression has each call of a method on a line of its own.
const WIDTH: usize = 80;

/// A value with the code that made it. [`written!`] makes it.
#[derive(Clone, Debug)]
pub(super) struct Written<T> {
    pub(super) value: T,
    /// The first part of the expression, such as `Cors::new()`.
    head: String,
    /// The calls of methods after it, such as `.max_age(60)`.
    calls: Vec<String>,
}

impl<T> Written<T> {
    /// A value that `code` stands for: a variable, or a function that is written out.
    pub(super) fn new(value: T, code: impl Into<String>) -> Self {
        Self { value, head: code.into(), calls: Vec::new() }
    }

    /// The code, on one line if it fits.
    pub(super) fn code(&self) -> String {
        let line = format!("{}{}", self.head, self.calls.concat());
        if line.len() <= WIDTH && !line.contains('\n') {
            return line;
        }
        let calls = self.calls.iter().map(|call| format!("\n    {}", call.replace('\n', "\n    ")));
        std::iter::once(self.head.clone()).chain(calls).collect()
    }

    /// The value, and the code for the call of its method `method`.
    pub(super) fn calling(self, method: &str) -> (T, Call) {
        let Self { value, head, calls } = self;
        (value, Call { head, calls, method: method.to_owned(), arguments: Vec::new() })
    }
}

/// The code of a call whose result is not known yet.
pub(super) struct Call {
    head: String,
    calls: Vec<String>,
    method: String,
    pub(super) arguments: Vec<String>,
}

impl Call {
    /// The result with its code.
    pub(super) fn returned<T>(self, value: T) -> Written<T> {
        let Self { head, mut calls, method, arguments } = self;
        calls.push(format!(".{method}({})", arguments.join(", ")));
        Written { value, head, calls }
    }
}

impl<T, E> Written<Result<T, E>> {
    /// The value that was made, or the error.
    pub(super) fn transpose(self) -> Result<Written<T>, E> {
        let Self { value, mut head, mut calls } = self;
        let value = value?;
        calls.last_mut().unwrap_or(&mut head).push('?');
        Ok(Written { value, head, calls })
    }
}

/// Makes a [`Written`], from the same tokens that are compiled and from the values of the arguments.
///
/// - `written!(Cors::new())` calls a function.
/// - `written!(cors.allow_origin(origin).max_age(60))` calls methods of a variable that is a `Written`.
/// - `written!({ patterns } move |origin| …)` is any other expression, after the values of its variables.
macro_rules! written {
    ($receiver:ident $(. $method:ident ($($argument:expr),* $(,)?))+) => {{
        let written = $receiver;
        $(#[allow(unused_mut)] let (value, mut call) = written.calling(stringify!($method));
        let value = value.$method($($crate::subject::written::argument(&mut call.arguments, $argument)),*);
        let written = call.returned(value);)+
        written
    }};
    ($first:ident $(:: $next:ident)+ ($($argument:expr),* $(,)?)) => {{
        #[allow(unused_mut)]
        let mut arguments = Vec::<String>::new();
        let value = $first $(:: $next)+ ($($crate::subject::written::argument(&mut arguments, $argument)),*);
        let path = concat!(stringify!($first) $(, "::", stringify!($next))+);
        $crate::subject::written::Written::new(value, format!("{path}({})", arguments.join(", ")))
    }};
    ({} $($expression:tt)+) => {
        $crate::subject::written::Written::new(
            $($expression)+,
            $crate::subject::written::on_one_line(stringify!($($expression)+)),
        )
    };
    ({ $($variable:ident),+ } $($expression:tt)+) => {{
        let mut code = String::from("{\n");
        $(code += &$crate::subject::written::binding(stringify!($variable), &$variable);)+
        code += &format!("    {}\n}}", $crate::subject::written::on_one_line(stringify!($($expression)+)));
        $crate::subject::written::Written::new($($expression)+, code)
    }};
}

pub(super) use written;

/// Takes the value of an argument and adds its code.
pub(super) fn argument<A: Argument>(codes: &mut Vec<String>, argument: A) -> A::Value {
    let (value, code) = argument.taken();
    codes.push(code);
    value
}

/// The text of tokens, in which line breaks say nothing.
pub(super) fn on_one_line(tokens: &str) -> String {
    tokens.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line that says what the variable of a closure is.
pub(super) fn binding(name: &str, value: &impl ToCode) -> String {
    format!("    let {name} = {};\n", value.to_code())
}

/// An argument of a call: a value that can be written as code, or one that was written already.
pub(super) trait Argument {
    type Value;

    fn taken(self) -> (Self::Value, String);
}

impl<T: ToCode> Argument for T {
    type Value = T;

    fn taken(self) -> (T, String) {
        let code = self.to_code();
        (self, code)
    }
}

impl<T> Argument for Written<T> {
    type Value = T;

    fn taken(self) -> (T, String) {
        let code = self.code();
        (self.value, code)
    }
}

/// A value as code.
pub(super) trait ToCode {
    fn to_code(&self) -> String;
}

/// Types whose `Debug` is code, after what `$before` adds to it.
macro_rules! debug_is_code {
    ($($type:ty => $before:literal, $after:literal;)*) => {
        $(impl ToCode for $type {
            fn to_code(&self) -> String {
                format!(concat!($before, "{:?}", $after), self)
            }
        })*
    };
}

debug_is_code! {
    bool => "", "";
    i32 => "", "";
    salvo::cors::Any => "", "";
    str => "", "";
    tower_http::cors::Any => "", "";
    usize => "", "";
    http::HeaderName => "HeaderName::from_static(", ")";
    http::HeaderValue => "HeaderValue::from_static(", ")";
}

impl ToCode for http::Method {
    fn to_code(&self) -> String {
        match self.as_str() {
            "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "CONNECT" | "PATCH" | "TRACE" => {
                format!("Method::{self}")
            }
            other => format!("Method::from_bytes(b{other:?}).unwrap()"),
        }
    }
}

/// The policy of an adapter, which is shown on its own.
impl<V> ToCode for PolicySource<V>
where
    V: Clone + for<'a> TryFrom<&'a str>,
{
    fn to_code(&self) -> String {
        "policy".to_owned()
    }
}

impl ToCode for Cow<'_, str> {
    fn to_code(&self) -> String {
        (**self).to_code()
    }
}

impl ToCode for Duration {
    fn to_code(&self) -> String {
        format!("Duration::from_secs({})", self.as_secs())
    }
}

impl ToCode for String {
    fn to_code(&self) -> String {
        format!("{self:?}.to_owned()")
    }
}

impl<T: ToCode> ToCode for Option<T> {
    fn to_code(&self) -> String {
        self.as_ref().map_or_else(|| "None".to_owned(), |value| format!("Some({})", value.to_code()))
    }
}

impl<T: ToCode + ?Sized> ToCode for &T {
    fn to_code(&self) -> String {
        // A string literal is a reference already.
        let code = (**self).to_code();
        if code.starts_with('[') { format!("&{code}") } else { code }
    }
}

impl<A: ToCode, B: ToCode> ToCode for (A, B) {
    fn to_code(&self) -> String {
        format!("({}, {})", self.0.to_code(), self.1.to_code())
    }
}

impl<T: ToCode, const N: usize> ToCode for [T; N] {
    fn to_code(&self) -> String {
        list(self)
    }
}

impl<T: ToCode> ToCode for [T] {
    fn to_code(&self) -> String {
        list(self)
    }
}

/// Written as an array, which every middleware takes as well.
impl<T: ToCode> ToCode for Vec<T> {
    fn to_code(&self) -> String {
        list(self)
    }
}

impl<T: ToCode, S> ToCode for HashSet<T, S> {
    fn to_code(&self) -> String {
        let mut items: Vec<_> = self.iter().map(ToCode::to_code).collect();
        items.sort_unstable();
        format!("HashSet::from([{}])", items.join(", "))
    }
}

fn list<T: ToCode>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(ToCode::to_code).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records what it was given.
    #[derive(Debug, Default, PartialEq)]
    struct Options {
        names: Vec<String>,
        limit: Option<usize>,
    }

    impl Options {
        fn new() -> Self {
            Self::default()
        }

        fn name(mut self, name: &str) -> Self {
            self.names.push(name.to_owned());
            self
        }

        fn named_by(self, name: impl Fn(usize) -> String) -> Self {
            let name = name(self.names.len());
            self.name(&name)
        }

        fn limit(mut self, limit: Option<usize>) -> Self {
            self.limit = limit;
            self
        }

        fn with(self, other: Self) -> Self {
            other.names.iter().fold(self, |options, name| options.name(name))
        }

        fn checked(self, may_be_empty: bool) -> Result<Self, &'static str> {
            if self.names.is_empty() && !may_be_empty { Err("no name") } else { Ok(self) }
        }
    }

    #[test]
    fn what_is_called_is_written() {
        let name = String::from("a");
        let options = written!(Options::new());
        let options = written!(options.name(name.as_str()).limit(Some(2)));
        assert_eq!(options.code(), r#"Options::new().name("a").limit(Some(2))"#);
        assert_eq!(options.value, Options::new().name("a").limit(Some(2)));
    }

    #[test]
    fn an_argument_may_be_written_itself() {
        let inner = written!(Options::new());
        let inner = written!(inner.name("inner"));
        let options = written!(Options::new());
        let options = written!(options.with(inner));
        assert_eq!(options.code(), r#"Options::new().with(Options::new().name("inner"))"#);
        assert_eq!(options.value.names, ["inner"]);
    }

    #[test]
    fn long_code_has_a_call_on_each_line() {
        let long = "a".repeat(WIDTH);
        let options = written!(Options::new());
        let options = written!(options.name(&*long).limit(None));
        assert_eq!(options.code(), format!("Options::new()\n    .name({long:?})\n    .limit(None)"));
    }

    #[test]
    fn a_closure_has_its_variables() {
        let (prefix, numbers) = (String::from("n"), vec![7_usize]);
        let closure = written!({ prefix, numbers } move |index: usize| format!("{prefix}{}", numbers[index]));
        let options = written!(Options::new());
        let options = written!(options.named_by(closure));
        assert_eq!(options.value.names, ["n7"]);
        let lines = [
            "Options::new()",
            "    .named_by({",
            r#"        let prefix = "n".to_owned();"#,
            "        let numbers = [7];",
            r#"        move |index: usize| format!("{prefix}{}", numbers[index])"#,
            "    })",
        ];
        assert_eq!(options.code(), lines.join("\n"));
    }

    #[test]
    fn a_call_that_fails_is_an_error() {
        let (full, empty) = (written!(Options::new()), written!(Options::new()));
        let full = written!(full.checked(true)).transpose().expect("options");
        assert_eq!(full.code(), "Options::new().checked(true)?");
        assert_eq!(written!(empty.checked(false)).transpose().err(), Some("no name"));
    }

    #[test]
    fn values_are_code() {
        let code = |value: &dyn ToCode| value.to_code();
        assert_eq!(code(&["a", "b"]), r#"["a", "b"]"#);
        assert_eq!(code(&&["a"]), r#"&["a"]"#);
        assert_eq!(code(&HashSet::from([2_usize, 1])), "HashSet::from([1, 2])");
        assert_eq!(code(&Duration::from_secs(60)), "Duration::from_secs(60)");
        assert_eq!(code(&http::Method::PUT), "Method::PUT");
        let purge = http::Method::from_bytes(b"PURGE").expect("a method");
        assert_eq!(code(&purge), r#"Method::from_bytes(b"PURGE").unwrap()"#);
        assert_eq!(code(&http::HeaderValue::from_static("a\"b")), r#"HeaderValue::from_static("a\"b")"#);
    }
}
