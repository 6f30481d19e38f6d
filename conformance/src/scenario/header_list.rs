//! Header lists of a scenario file: `{ name = "value" }`, or a list of `["name", "value"]` and
//! `{ name = "…", text = "…", times = 3 }`.

use std::fmt;

use serde::de::{
    Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer,
};

/// The longest value that a repetition may produce, in bytes.
const LONGEST_VALUE: usize = 1 << 20;

/// Header lines of a scenario file, with repetitions expanded.
#[derive(Clone, Debug, Default)]
pub(super) struct HeaderList(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for HeaderList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = HeaderList;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("headers as { name = \"value\" } or as [[\"name\", \"value\"]]")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut lines = Vec::new();
        while let Some(line) = map.next_entry()? {
            lines.push(line);
        }
        Ok(HeaderList(lines))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut lines = Vec::new();
        while let Some(Line(name, value)) = sequence.next_element()? {
            lines.push((name, value));
        }
        Ok(HeaderList(lines))
    }
}

struct Line(String, String);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LineVisitor)
    }
}

struct LineVisitor;

impl<'de> Visitor<'de> for LineVisitor {
    type Value = Line;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .write_str("a header as [\"name\", \"value\"] or as { name = \"…\", text = \"…\", times = 3 }")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Self::Value, A::Error> {
        let name = pair.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let value = pair.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        if pair.next_element::<String>()?.is_some() {
            return Err(A::Error::invalid_length(3, &self));
        }
        Ok(Line(name, value))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let Repetition { name, text, times } = Repetition::deserialize(MapAccessDeserializer::new(map))?;
        if text.len().saturating_mul(times) > LONGEST_VALUE {
            return Err(A::Error::custom(format_args!(
                "the value of `{name}` would be longer than {LONGEST_VALUE} bytes: lower `times`"
            )));
        }
        Ok(Line(name, text.repeat(times)))
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Repetition {
    name: String,
    text: String,
    times: usize,
}
