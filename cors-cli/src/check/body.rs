//! The beginning of a response's body, as a person reads it.
//!
//! Browsers ask for compressed bodies, so the check does as well, and a server may compress its error pages.

use std::borrow::Cow;
use std::io::Read;

use cors_browser::WireResponse;

use super::lists;

/// How many bytes are decoded. An error page says why at its beginning, and a small body can become a large one.
const DECODED: u64 = 4096;

/// The body without its content codings: all of it if it has none, its beginning otherwise. `None` if it cannot be decoded.
pub(super) fn decoded(response: &WireResponse) -> Option<Cow<'_, [u8]>> {
    let mut body = Cow::Borrowed(response.body.as_slice());
    // The last coding was applied last.
    for coding in lists::members(response, "content-encoding").iter().rev() {
        body = Cow::Owned(without(&coding.to_ascii_lowercase(), &body)?);
    }
    Some(body)
}

/// The beginning of what a coding was applied to.
fn without(coding: &str, body: &[u8]) -> Option<Vec<u8>> {
    match coding {
        "identity" => Some(body.to_vec()),
        "gzip" | "x-gzip" => read(flate2::read::MultiGzDecoder::new(body)),
        // RFC 9110 means zlib. Some servers leave its frame out, and browsers accept both.
        "deflate" => read(flate2::read::ZlibDecoder::new(body))
            .or_else(|| read(flate2::read::DeflateDecoder::new(body))),
        "br" => read(brotli_decompressor::Decompressor::new(body, 4096)),
        _ => None,
    }
}

/// The first bytes that a decoder yields before it ends or fails, as only the beginning of a body may have been read.
fn read(decoder: impl Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let _ = decoder.take(DECODED).read_to_end(&mut bytes);
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use rstest::rstest;

    use super::*;

    const TEXT: &[u8] =
        b"Invalid CORS request, and some more words that can be compressed, compressed, compressed.";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// `Not allowed by CORS` as `brotli` writes it.
    const BROTLI: &[u8] = b"\x0b\x09\x80Not allowed by CORS\x03";

    #[rstest]
    #[case::none("", TEXT.to_vec(), Some(TEXT))]
    #[case::identity("identity", TEXT.to_vec(), Some(TEXT))]
    #[case::gzip("GZIP", gzip(TEXT), Some(TEXT))]
    #[case::zlib("deflate", zlib(TEXT), Some(TEXT))]
    #[case::raw("deflate", raw(TEXT), Some(TEXT))]
    #[case::twice("deflate, gzip", gzip(&zlib(TEXT)), Some(TEXT))]
    #[case::brotli("br", BROTLI.to_vec(), Some(&b"Not allowed by CORS"[..]))]
    #[case::wrong("gzip", TEXT.to_vec(), None)]
    #[case::wrong_brotli("br", vec![0xff; 9], None)]
    #[case::unknown("zstd", TEXT.to_vec(), None)]
    fn bodies(#[case] coding: &str, #[case] body: Vec<u8>, #[case] expected: Option<&[u8]>) {
        let response = WireResponse::new(403).with_header("Content-Encoding", coding).with_body(body);
        assert_eq!(decoded(&response).as_deref(), expected);
    }

    /// The rest of a long body is not read.
    #[test]
    fn the_beginning_of_a_body_is_enough() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
        let mut body = gzip(&text);
        body.truncate(64 << 10);
        let response = WireResponse::new(403).with_header("Content-Encoding", "gzip").with_body(body);
        assert_eq!(decoded(&response).as_deref(), text.get(..DECODED as usize));
        let bomb = WireResponse::new(403)
            .with_header("Content-Encoding", "gzip, gzip")
            .with_body(gzip(&gzip(&vec![b'a'; 50 << 20])));
        assert_eq!(decoded(&bomb).map(|body| body.len()), Some(DECODED as usize));
    }
}
