//! A client that sends pipelines, malformed requests and random changes of valid ones, each over a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;

use super::raw::{answers, exchange};
use super::{PATIENCE, World, shown};
use crate::expectation::judge_malformed;
use crate::policy::ALWAYS;
use crate::report::Tally;
use crate::request::{Asked, Kind, Version};

/// How long to wait for a response to bytes that the server may take for half a request.
const SHORT: Duration = Duration::from_millis(200);

/// The most requests of a pipeline.
const PIPELINE: usize = 8;

/// Sends until the test ends.
pub async fn run(world: Arc<World>, seed: u64) -> Tally {
    let mut random = Rng::with_seed(seed);
    let mut tally = Tally::default();
    while !world.ends() {
        match random.u8(..4) {
            0 => pipeline(&world, &mut random, &mut tally).await,
            1 => changed(&world, &mut random, &mut tally).await,
            2 => http2(&world, &mut random, &mut tally).await,
            _ => case(&world, &mut random, &mut tally).await,
        }
    }
    tally
}

/// Sends several valid requests at once. Each must be answered, in order.
async fn pipeline(world: &World, random: &mut Rng, tally: &mut Tally) {
    let count = random.usize(2..=PIPELINE);
    let asked: Vec<_> = (0..count)
        .map(|_| {
            loop {
                let asked = Asked { kind: Kind::Pipelined, ..Asked::random(random, Version::Http1) };
                // actix-http answers a `HEAD` out of order, with or without CORS, if a request with a body is before it.
                if asked.body.is_empty() && asked.method != "HEAD" {
                    return asked;
                }
            }
        })
        .collect();
    let bytes: Vec<u8> =
        asked.iter().enumerate().flat_map(|(index, asked)| asked.to_bytes(index + 1 == count)).collect();
    let begun = world.begin();
    let received = match exchange(world, &bytes, PATIENCE).await {
        Ok(received) => received,
        Err(error) => return tally.wrong(Kind::Pipelined, format!("no connection: {error}")),
    };
    let methods: Vec<_> = asked.iter().map(|asked| asked.method).collect();
    let answers = match answers(&received.bytes, &methods) {
        Ok(answers) => answers,
        Err(wrong) => return tally.wrong(Kind::Pipelined, format!("in a pipeline: {wrong}")),
    };
    if answers.len() != count {
        let first = asked.get(answers.len()).map(shown).unwrap_or_default();
        let wrong = format!("{} responses to {count} requests; unanswered: {first}", answers.len());
        return tally.wrong(Kind::Pipelined, wrong);
    }
    for (asked, answer) in asked.iter().zip(answers) {
        world.count(tally, asked, &begun, Ok(answer));
    }
}

/// Sends a valid request with random changes.
async fn changed(world: &World, random: &mut Rng, tally: &mut Tally) {
    let asked = loop {
        let asked = Asked::random(random, Version::Http1);
        // One changed byte would ask for another status, or for a body.
        if asked.status < 500 && !asked.path.starts_with("/status") && asked.method != "HEAD" {
            break asked;
        }
    };
    let mut bytes = asked.to_bytes(true);
    for _ in 0..random.usize(1..6) {
        let at = random.usize(..bytes.len());
        match random.u8(..3) {
            0 => bytes[at] = random.u8(..),
            1 => bytes.insert(at, random.u8(..)),
            _ => bytes.truncate(at.max(1)),
        }
    }
    // A request is never followed by another one that was not sent, so more responses would come out of a body.
    check(world, tally, &bytes, false, 2).await;
}

/// Sends one of the [`CASES`].
async fn case(world: &World, random: &mut Rng, tally: &mut Tally) {
    let case = &CASES[random.usize(..CASES.len())];
    let text = case.text.replace("ORIGIN", ALWAYS).replace("LONG", &"x".repeat(9000));
    let mut bytes = text.into_bytes();
    if case.has_raw_bytes {
        bytes.iter_mut().filter(|byte| **byte == b'\x01').for_each(|byte| *byte = 0xff);
    }
    check(world, tally, &bytes, case.must_reject, case.responses).await;
}

async fn check(world: &World, tally: &mut Tally, bytes: &[u8], must_reject: bool, most: usize) {
    let shown = || format!("to {}", String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).escape_debug());
    let begun = world.begin();
    let received = match exchange(world, bytes, SHORT).await {
        Ok(received) => received,
        Err(error) => return tally.wrong(Kind::Malformed, format!("no connection: {error}")),
    };
    let method = if bytes.starts_with(b"HEAD") { "HEAD" } else { "" };
    let answers = match answers(&received.bytes, &[method]) {
        Ok(answers) => answers,
        // Half a response is one whose rest is lost.
        Err(_) if !received.is_complete => Vec::new(),
        Err(wrong) => return tally.wrong(Kind::Malformed, format!("{wrong}, {}", shown())),
    };
    if answers.len() > most {
        return tally.wrong(Kind::Malformed, format!("{} responses {}", answers.len(), shown()));
    }
    let policies = world.since(&begun);
    let mut is_rejected = false;
    for answer in &answers {
        match judge_malformed(bytes, answer, &policies, must_reject) {
            Ok(rejected) => is_rejected |= rejected,
            Err(wrong) => return tally.wrong(Kind::Malformed, format!("{wrong}, {}", shown())),
        }
    }
    tally.malformed(is_rejected);
}

/// Opens an HTTP/2 connection and sends frames that break its rules.
async fn http2(world: &World, random: &mut Rng, tally: &mut Tally) {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    let mut bytes = [PREFACE, SETTINGS].concat();
    match random.u8(..5) {
        // Frames of random types with random bytes.
        0 => {
            for _ in 0..random.usize(1..20) {
                let length = random.u8(..64);
                bytes.extend([0, 0, length, random.u8(..12), random.u8(..), 0, 0, 0, random.u8(..8)]);
                bytes.extend((0..length).map(|_| random.u8(..)));
            }
        }
        // Headers that never end, and the connection does.
        1 => bytes.extend([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]),
        // A stream with an even number, which only servers open (RFC 9113, section 5.1.1).
        2 => bytes.extend([0, 0, 1, 1, 5, 0, 0, 0, 2, 0x82]),
        // Streams that are reset at once, again and again.
        3 => {
            for stream in (1..=199).step_by(2) {
                bytes.extend([0, 0, 4, 1, 5, 0, 0, 0, stream, 0x82, 0x86, 0x84, 0x01]);
                bytes.extend([0, 0, 4, 3, 0, 0, 0, 0, stream, 0, 0, 0, 8]);
            }
        }
        // A frame that is longer than allowed.
        _ => bytes.extend([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]),
    }
    match exchange(world, &bytes, SHORT / 3).await {
        Ok(_) => tally.malformed(false),
        Err(error) => tally.wrong(Kind::Malformed, format!("no connection: {error}")),
    }
}

/// A malformed request.
struct Case {
    /// `ORIGIN` stands for an allowed origin, `LONG` for 9,000 bytes.
    text: &'static str,
    /// Whether every byte 1 stands for a byte 255.
    has_raw_bytes: bool,
    /// Whether the server may not accept it.
    must_reject: bool,
    /// The most responses that it may get.
    responses: usize,
}

const fn rejected(text: &'static str) -> Case {
    Case { text, has_raw_bytes: false, must_reject: true, responses: 1 }
}

const fn accepted(text: &'static str, responses: usize) -> Case {
    Case { text, has_raw_bytes: false, must_reject: false, responses }
}

const CASES: &[Case] = &[
    // Broken request lines.
    rejected("GET /echo\r\nhost: api.example\r\norigin: ORIGIN\r\n\r\n"),
    rejected("GET  /echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\n\r\n"),
    rejected("GET /echo HTTP/3.0\r\nhost: api.example\r\norigin: ORIGIN\r\n\r\n"),
    rejected("G(T /echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\n\r\n"),
    rejected("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n"),
    rejected(" GET /echo HTTP/1.1\r\nhost: api.example\r\n\r\n"),
    // Broken header lines.
    rejected("GET /echo HTTP/1.1\r\nhost: api.example\r\norigin : ORIGIN\r\n\r\n"),
    rejected("GET /echo HTTP/1.1\r\nhost: api.example\r\norigin\r\n\r\n"),
    rejected("GET /echo HTTP/1.1\r\nhost: api.example\r\n: ORIGIN\r\n\r\n"),
    rejected("GET /echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\0\r\n\r\n"),
    accepted("GET /echo HTTP/1.1\r\nhost: api.example\r\norigin: evil\r\n ORIGIN\r\n\r\n", 1),
    Case {
        text: "OPTIONS /echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\x01\r\n\
               access-control-request-method: PUT\r\nconnection: close\r\n\r\n",
        has_raw_bytes: true,
        must_reject: false,
        responses: 1,
    },
    // Missing and several hosts, and targets in other forms.
    accepted("GET /echo HTTP/1.1\r\norigin: ORIGIN\r\nconnection: close\r\n\r\n", 1),
    accepted("GET /echo HTTP/1.1\r\nhost: a\r\nhost: b\r\norigin: ORIGIN\r\nconnection: close\r\n\r\n", 1),
    accepted("GET /echo HTTP/1.0\r\norigin: ORIGIN\r\n\r\n", 1),
    accepted("OPTIONS * HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\nconnection: close\r\n\r\n", 1),
    accepted("CONNECT api.example:443 HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\n\r\n", 1),
    accepted(
        "GET http://public.example/echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\nconnection: close\r\n\r\n",
        1,
    ),
    // Unknown methods.
    accepted("PURGE /echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\nconnection: close\r\n\r\n", 1),
    accepted("options /echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\nconnection: close\r\n\r\n", 1),
    // Broken framing. A second request that hides in a body is not answered.
    rejected("POST /echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\ncontent-length: x\r\n\r\n"),
    rejected("POST /echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\ncontent-length: -1\r\n\r\n"),
    rejected(
        "POST /echo HTTP/1.1\r\nhost: api.example\r\ncontent-length: 4\r\ncontent-length: 9\r\n\r\nbodyGET /x",
    ),
    accepted(
        "POST /echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nbody\r\n",
        1,
    ),
    accepted(
        "POST /echo HTTP/1.1\r\nhost: api.example\r\ncontent-length: 9\r\n\r\nGET /echo HTTP/1.1\r\nhost: a\r\n\r\n",
        2,
    ),
    accepted(
        "POST /echo HTTP/1.1\r\nhost: api.example\r\ncontent-length: 60\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n\
         GET /echo HTTP/1.1\r\nhost: a\r\n\r\n",
        2,
    ),
    accepted(
        "POST /echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\ncontent-length: 1000\r\n\r\nhalf",
        1,
    ),
    // A preflight that announces a body.
    accepted(
        "OPTIONS /echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\naccess-control-request-method: PUT\r\n\
         content-length: 1000\r\n\r\nhalf",
        1,
    ),
    // Long lines, and half a head.
    accepted(
        "GET /echo?LONG HTTP/1.1\r\nhost: api.example\r\norigin: ORIGIN\r\nconnection: close\r\n\r\n",
        1,
    ),
    accepted("GET /echo HTTP/1.1\r\nhost: api.example\r\nLONG: ORIGIN\r\nconnection: close\r\n\r\n", 1),
    accepted("GET /echo HTTP/1.1\r\nhost: api.example\r\norigin: ORIG", 0),
];
