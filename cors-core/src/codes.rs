//! Stable codes: enums whose variants have a text form and an entry in the catalogue.

/// Declares an enum of codes. The first argument is the prefix of the entries' anchors in `docs/errors.md`.
macro_rules! codes {
    ($prefix:literal, $(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The text form. It is stable, so programs can match on it and people can search for it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The address of the entry in the project's catalogue, with an explanation and an example.
            pub const fn url(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!(
                        env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/errors.md#", $prefix, "-", $text,
                    ),)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use codes;
