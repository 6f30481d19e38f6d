//! The entries of a list field, and the types that a list field takes.

/// The entries of a list field as they were written.
#[derive(Clone, Debug, Default)]
pub struct Names {
    entries: Vec<String>,
    /// A single string was written, so its position means nothing.
    is_single: bool,
    /// The positions of the entries in a file's list, if some were left out because they are not strings.
    positions: Option<Vec<usize>>,
}

impl Names {
    /// A list in a file, without the entries that are not strings.
    #[cfg(feature = "serde")]
    pub(in crate::policy) fn at_positions(entries: Vec<String>, positions: Vec<usize>) -> Self {
        Self { entries, is_single: false, positions: Some(positions) }
    }

    pub(in crate::policy) fn one(entry: &str) -> Self {
        Self { entries: vec![entry.to_owned()], is_single: true, positions: None }
    }

    pub(in crate::policy) fn many(entries: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let entries = entries.into_iter().map(|entry| entry.as_ref().to_owned()).collect();
        Self { entries, is_single: false, positions: None }
    }

    /// Adds the entries of another list at the end.
    pub(in crate::policy) fn extend(&mut self, others: Self) {
        if let Some(positions) = &mut self.positions {
            let next = positions.last().map_or(0, |last| last + 1);
            positions.extend((next..).take(others.entries.len()));
        }
        self.is_single = self.entries.is_empty() && others.is_single;
        self.entries.extend(others.entries);
    }

    pub(in crate::policy) fn as_slice(&self) -> &[String] {
        &self.entries
    }

    /// The field of the name at `position`, as messages write it.
    pub(in crate::policy) fn place(&self, field: &str, position: usize) -> String {
        if self.is_single {
            return field.to_owned();
        }
        let position = self.positions.as_ref().map_or(position, |positions| positions[position]);
        format!("{field}[{position}]")
    }
}

/// What a list field of a [`PolicyBuilder`](crate::PolicyBuilder) takes: one name, or a collection of names.
///
/// A name is a string or anything else that implements `AsRef<str>`, such as `http::Method` and `http::HeaderName` of every
/// version of the `http` crate. A collection is anything that can be iterated over: an array, a slice, a `Vec`, a set, an
/// `Option`, an iterator. With the feature `http`, an origin can also be an `http::HeaderValue`.
///
/// ```
/// use std::collections::BTreeSet;
///
/// use cors_core::Policy;
/// use http::{HeaderValue, Method, header};
///
/// let partners = BTreeSet::from(["https://partner.example".to_owned()]);
/// let local = cfg!(debug_assertions).then_some("http://localhost:*");
/// let policy = Policy::builder()
///     .allow_origins("https://app.example")
///     .allow_origins(&partners)
///     .allow_origins(local)
///     .allow_origins(HeaderValue::from_static("https://admin.example"))
///     .allow_methods([Method::PUT, Method::DELETE])
///     .allow_headers([header::CONTENT_TYPE])
///     .expose_headers(["x-a", "x-b"].iter().map(|name| name.to_uppercase()))
///     .build()?;
/// assert_eq!(policy.allow_methods(), ["PUT", "DELETE"]);
/// # Ok::<(), cors_core::PolicyError>(())
/// ```
///
/// `Kind` only tells the implementations apart, and the compiler finds it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a name nor a collection of names",
    note = "a name is anything that implements `AsRef<str>`; an `Option<Vec<String>>` works as `option.iter().flatten()`"
)]
pub trait IntoNames<Kind> {
    #[doc(hidden)]
    fn into_names(self) -> Names;
}

/// One name.
#[derive(Debug)]
pub struct One;

/// A collection of names.
#[derive(Debug)]
pub struct Many;

impl<N: AsRef<str>> IntoNames<One> for N {
    fn into_names(self) -> Names {
        Names::one(self.as_ref())
    }
}

impl<C: IntoIterator<Item: AsRef<str>>> IntoNames<Many> for C {
    fn into_names(self) -> Names {
        Names::many(self)
    }
}

/// Header values, which are origins. They are not text, because they can contain other bytes.
#[cfg(feature = "http")]
mod values {
    use std::borrow::Cow;

    use http::HeaderValue;

    use super::{IntoNames, Names};

    #[derive(Debug)]
    pub struct OneValue;

    #[derive(Debug)]
    pub struct ManyValues;

    #[derive(Debug)]
    pub struct ManyBorrowedValues;

    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    impl IntoNames<OneValue> for HeaderValue {
        fn into_names(self) -> Names {
            Names::one(&text(&self))
        }
    }

    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    impl IntoNames<OneValue> for &HeaderValue {
        fn into_names(self) -> Names {
            Names::one(&text(self))
        }
    }

    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    impl<C: IntoIterator<Item = HeaderValue>> IntoNames<ManyValues> for C {
        fn into_names(self) -> Names {
            Names::many(self.into_iter().map(|value| text(&value).into_owned()))
        }
    }

    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    impl<'a, C: IntoIterator<Item = &'a HeaderValue>> IntoNames<ManyBorrowedValues> for C {
        fn into_names(self) -> Names {
            Names::many(self.into_iter().map(text))
        }
    }

    /// Bytes that are not UTF-8 become characters that are not ASCII, so that the origin is refused.
    fn text(value: &HeaderValue) -> Cow<'_, str> {
        String::from_utf8_lossy(value.as_bytes())
    }
}
