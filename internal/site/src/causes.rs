//! Why scenarios fail, as sentences about users.
//!
//! Many scenarios fail for one cause, and a scenario about security can fail for a harmless one: a page that had to be blocked was
//! blocked, but for another reason. So the causes look at what was seen, not at how much the scenario matters.

use cors_conformance::run::ScenarioResult;
use cors_conformance::verdict::Mismatch;

/// How bad a cause is for users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Data of users can get into the wrong hands.
    Security,
    /// Pages that should work do not.
    Broken,
    /// Everything works, but worse.
    Worse,
    /// No browser and no cache notices it.
    Unnoticed,
}

impl Severity {
    pub(crate) const ALL: [Self; 4] = [Self::Security, Self::Broken, Self::Worse, Self::Unnoticed];

    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Broken => "broken",
            Self::Worse => "worse",
            Self::Unnoticed => "unnoticed",
        }
    }

    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Security => "Data can reach the wrong site",
            Self::Broken => "Pages break",
            Self::Worse => "It works, but worse",
            Self::Unnoticed => "Different, but no user notices",
        }
    }

    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Security => "A page can read or send something that the policy does not allow.",
            Self::Broken => "A page, a cache or an application does not get what it should.",
            Self::Worse => "Nothing breaks. Users wait longer, or developers search longer.",
            Self::Unnoticed => {
                "These responses differ from what the scenario describes, but no browser and no cache treats them differently. They are listed so that no failing mark in the table stays unexplained."
            }
        }
    }
}

/// A reason why scenarios fail.
pub(crate) struct Cause {
    pub(crate) slug: &'static str,
    pub(crate) severity: Severity,
    /// What it means for users, in one sentence.
    pub(crate) sentence: &'static str,
    /// How it comes about, or what speaks for it.
    pub(crate) explanation: &'static str,
    applies: fn(&ScenarioResult) -> bool,
}

/// The cause of a failing result, if it is one of the known ones.
pub(crate) fn cause_of(result: &ScenarioResult) -> Option<&'static Cause> {
    CAUSES.iter().find(|cause| (cause.applies)(result))
}

/// All causes. The first that applies is the cause of a result. What no user notices is ruled out first; the worst follows.
pub(crate) const CAUSES: &[Cause] = &[
    Cause {
        slug: "unusual-requests",
        severity: Severity::Unnoticed,
        sentence: "Lists of header names that no browser sends are read differently.",
        explanation: "Browsers send `Access-Control-Request-Headers` as one line, sorted, in lower case and without spaces. Other clients may send it in other forms, and the list syntax of HTTP allows that.",
        applies: |result| {
            ["request-headers/loose-list", "request-headers/split-over-lines"]
                .contains(&result.scenario.as_str())
        },
    },
    Cause {
        slug: "equivalent-responses",
        severity: Severity::Unnoticed,
        sentence: "The responses are written differently and mean the same.",
        explanation: "White space in JSON, a status of 200 in place of 204, simple methods in the list of a preflight, or a missing `Vary` on a response that caches do not store.",
        applies: |result| {
            !result.mismatches.is_empty()
                && result.mismatches.iter().all(|mismatch| means_the_same(result, mismatch))
        },
    },
    Cause {
        slug: "range-answered",
        severity: Severity::Unnoticed,
        sentence: "A request for a part of a response gets only this part, where the other servers send all of it.",
        explanation: "The web server cuts the response of the application itself and answers 206. The page asked for that.",
        applies: |result| {
            result.scenario == "request-headers/range-without-a-coding"
                && result.mismatches.iter().all(|mismatch| mismatch.seen == "status 206")
        },
    },
    Cause {
        slug: "look-alike-origins",
        severity: Severity::Security,
        sentence: "Another site with a similar name can read what only the listed sites may read.",
        explanation: "The wildcard or pattern contains more hosts than it seems to: also those where it stands for dots, or for nothing.",
        applies: |result| {
            ["patterns", "look-alike", "null-origin", "predicates"].contains(&result.group.as_str())
                && (is_read(result) || echoes_denied_origin(result))
        },
    },
    Cause {
        slug: "denied-page-reads",
        severity: Severity::Security,
        sentence: "A page that the policy denies can read the response.",
        explanation: "The response carries headers that allow the page.",
        applies: |result| {
            let is_decided_by_others = ["interference", "request-headers"].contains(&result.group.as_str());
            !is_decided_by_others && (is_read(result) || echoes_denied_origin(result))
        },
    },
    Cause {
        slug: "unlisted-headers",
        severity: Severity::Security,
        sentence: "A page can send request headers that the policy does not list, such as `Content-Type: application/json`.",
        explanation: "Some middlewares always allow the names of the CORS-safelisted request headers. A preflight asks for such a name only if its value is not safelisted, and then the answer should be the policy's.",
        applies: |result| result.group == "request-headers" && is_read(result),
    },
    Cause {
        slug: "handler-opens-response",
        severity: Severity::Security,
        sentence: "One handler that sets `Access-Control-Allow-Origin` itself opens its response to a page that the policy denies.",
        explanation: "The handler's header stays in the response. Some projects document this as the way to make an exception for one route, so this row says who wins: the policy or the handler.",
        applies: |result| result.scenario == "interference/own-allow-origin-opens-nothing" && is_read(result),
    },
    Cause {
        slug: "handler-opens-credentials",
        severity: Severity::Security,
        sentence: "One handler that sets `Access-Control-Allow-Credentials` itself lets allowed pages read the data of logged-in users, although the policy allows no credentials.",
        explanation: "The handler's header stays in the response beside the policy's `Access-Control-Allow-Origin`, and the browser sees both.",
        applies: |result| {
            result.scenario == "interference/own-allow-credentials-opens-nothing" && is_read(result)
        },
    },
    Cause {
        slug: "own-site-rejected",
        severity: Severity::Broken,
        sentence: "The site's own forms and requests are answered with 403.",
        explanation: "Browsers send an `Origin` with every POST, also to the page's own server. A middleware that rejects each origin that its policy does not list rejects the site itself.",
        applies: |result| {
            let is_own = ["own-server", "same-origin"].iter().any(|word| result.scenario.contains(word));
            is_own && is_rejected(result)
        },
    },
    Cause {
        slug: "errors-unreadable",
        severity: Severity::Broken,
        sentence: "When a request fails, the page cannot read why: errors come without CORS headers.",
        explanation: "The framework or the server makes the response of a 404, a 405 or a failing handler outside of the middleware. The page sees a CORS error in place of the status.",
        applies: |result| {
            let is_error = ["errors", "rules"].contains(&result.group.as_str())
                || result.scenario == "redirects/caret-in-a-target"
                || result.scenario == "caching/vary-on-errors";
            is_error && is_blocked(result, "missing-allow-origin")
        },
    },
    Cause {
        slug: "preflight-not-answered",
        severity: Severity::Broken,
        sentence: "A preflight is redirected or answered with an error, so that the browser never sends the request itself.",
        explanation: "The router acts before the middleware, or the middleware is tied to routes that exist.",
        applies: |result| {
            is_blocked(result, "preflight-redirected") || is_blocked(result, "preflight-status-not-ok")
        },
    },
    Cause {
        slug: "vary-replaced",
        severity: Severity::Broken,
        sentence: "Where a handler sends a `Vary` of its own, `Origin` or a part of the handler's is missing, so that caches mix up responses.",
        explanation: "One of the two sets the header where it should add to it, or the middleware never sends `Origin`. A cache then hands out a response in the wrong encoding or language, or one that names another site.",
        applies: |result| {
            result
                .mismatches
                .iter()
                .any(|mismatch| wants_vary(mismatch) && mismatch.seen.starts_with("`vary: "))
        },
    },
    Cause {
        slug: "vary-missing",
        severity: Severity::Broken,
        sentence: "A cache can hand a page the response that was made for another site, and the page is then blocked.",
        explanation: "Responses depend on `Origin`, but some of them lack `Vary: Origin`: often those to requests without an `Origin`, or to origins that the policy denies.",
        applies: |result| {
            let lacks_vary = |mismatch: &Mismatch| wants_vary(mismatch) && mismatch.seen == "no `vary`";
            result.scenario == "caching/any-origin-for-a-plain-request"
                || result.mismatches.iter().any(lacks_vary)
        },
    },
    Cause {
        slug: "odd-origins",
        severity: Severity::Unnoticed,
        sentence: "Values of `Origin` that no browser sends are taken for an allowed site.",
        explanation: "They have a path, a user's name or characters that no host has. No browser sends them, so no page gains anything.",
        applies: |result| echoed_origins(result).any(|origin| !is_from_browser(origin)),
    },
    Cause {
        slug: "options-swallowed",
        severity: Severity::Broken,
        sentence: "`OPTIONS` requests that are not preflights never reach the application.",
        explanation: "A preflight has an `Origin` and an `Access-Control-Request-Method`. These middlewares answer other `OPTIONS` requests too. For some, this is a decision that their documentation explains.",
        applies: |result| {
            ["interference/own-options-handler", "interference/options-without-origin"]
                .contains(&result.scenario.as_str())
        },
    },
    Cause {
        slug: "preflight-runs-handler",
        severity: Severity::Broken,
        sentence: "A preflight runs the application's own `OPTIONS` handler.",
        explanation: "Code runs before the policy was asked, and its answer is mixed with that of the middleware.",
        applies: |result| {
            result.group == "interference"
                && result.mismatches.iter().any(|mismatch| {
                    mismatch.about == "handlers" && mismatch.expected == "0 run" && mismatch.seen != "0 run"
                })
        },
    },
    Cause {
        slug: "handler-breaks-route",
        severity: Severity::Broken,
        sentence: "A handler that sets `Access-Control-Allow-Origin` itself breaks its route for the pages that the policy allows.",
        explanation: "The handler's value stays, or is sent beside the policy's. A browser accepts one value only.",
        applies: |result| result.scenario == "interference/own-allow-origin-replaced",
    },
    Cause {
        slug: "allowed-page-blocked",
        severity: Severity::Broken,
        sentence: "A page that the policy allows is blocked.",
        explanation: "The middleware does not recognize the page's origin, or its answer lacks a header.",
        applies: |result| {
            result.mismatches.iter().any(|mismatch| {
                mismatch.about == "page"
                    && mismatch.expected.starts_with("a readable response")
                    && mismatch.seen.starts_with("blocked")
            })
        },
    },
    Cause {
        slug: "connection-closed",
        severity: Severity::Broken,
        sentence: "An unusual request makes the server close the connection.",
        explanation: "The middleware or the server stops in place of answering.",
        applies: |result| {
            result.mismatches.iter().any(|mismatch| {
                mismatch.seen.contains("closed without a response")
                    || mismatch.seen.contains("connection failed")
            })
        },
    },
    Cause {
        slug: "max-age-added",
        severity: Severity::Worse,
        sentence: "Browsers keep the answer to a preflight for longer than the policy says, so that a stricter policy reaches users late.",
        explanation: "A policy without a max-age leaves browsers at five seconds. The middleware sends a time of its own.",
        applies: |result| {
            result.scenario == "caching/default-of-five-seconds"
                && result.mismatches.iter().any(|mismatch| mismatch.seen == "0 preflight requests")
        },
    },
    Cause {
        slug: "methods-in-any-case",
        severity: Severity::Worse,
        sentence: "A page that writes `patch` in place of `PATCH` passes the preflight, and its developer searches the mistake elsewhere.",
        explanation: "Methods are case-sensitive. The preflight allows both spellings, but most applications know only one.",
        applies: |result| {
            result.scenario == "methods/case-sensitive"
                && result.mismatches.iter().any(|mismatch| mismatch.seen == "1 actual request")
        },
    },
    Cause {
        slug: "plain-requests-rejected",
        severity: Severity::Worse,
        sentence: "Requests that CORS does not restrict are answered with 403.",
        explanation: "Forms, event streams and WebSockets of other sites send an `Origin` too. The browser would protect the response by itself. Rejecting the request protects more, and also stops what worked before.",
        applies: |result| result.group != "guard" && is_rejected(result),
    },
    Cause {
        slug: "origin-named-for-all",
        severity: Severity::Worse,
        sentence: "A server that is open to every site names the page's site in place of `*`, so that caches keep a copy for each site.",
        explanation: "Both answers allow the page. With `*` all pages can share one cached response.",
        applies: |result| {
            result.mismatches.iter().any(|mismatch| {
                mismatch.expected == "`access-control-allow-origin: *`"
                    && mismatch.seen.starts_with("`access-control-allow-origin: ")
            })
        },
    },
    Cause {
        slug: "headers-for-strangers",
        severity: Severity::Worse,
        sentence: "Responses to denied pages carry CORS headers that name another site or list what is allowed.",
        explanation: "The browser blocks the page all the same. Its developer sees a misleading message, and strangers learn which site is allowed.",
        applies: |result| {
            result.mismatches.iter().any(|mismatch| {
                mismatch.expected.starts_with("no `access-control-")
                    && mismatch.seen.starts_with("`access-control-")
            }) || is_blocked(result, "preflight-allow-origin-mismatch")
        },
    },
    Cause {
        slug: "more-preflights",
        severity: Severity::Worse,
        sentence: "Pages wait for more preflights than the policy needs.",
        explanation: "The answer to a preflight lists only what the page asked for. An answer that lists everything that is allowed saves the next preflight.",
        applies: |result| result.scenario.starts_with("caching/one-preflight-"),
    },
    Cause {
        slug: "needless-vary",
        severity: Severity::Worse,
        sentence: "Caches keep one copy for each site, although every site may read the response.",
        explanation: "Most of these send `*` only if the request has an `Origin`; then `Vary` is right, and always sending `*` would let caches share one copy.",
        applies: |result| {
            result.mismatches.iter().any(|mismatch| mismatch.expected == "no `origin` in `vary`")
        },
    },
    Cause {
        slug: "guard-differs",
        severity: Severity::Worse,
        sentence: "The protection against forged requests rejects requests that are not forged.",
        explanation: "`Host` may be written in upper case or with the default port, and `OPTIONS` changes nothing.",
        applies: |result| result.group == "guard",
    },
    Cause {
        slug: "other-reason",
        severity: Severity::Unnoticed,
        sentence: "The page is blocked as it should be, but for another reason.",
        explanation: "The browser's console shows another message.",
        applies: |result| !result.mismatches.is_empty() && result.mismatches.iter().all(is_blocked_otherwise),
    },
];

/// Whether a page read what it should not.
fn is_read(result: &ScenarioResult) -> bool {
    result.mismatches.iter().any(|mismatch| {
        mismatch.about == "page"
            && mismatch.expected.starts_with("blocked")
            && mismatch.seen.starts_with("a readable response")
    })
}

fn is_blocked(result: &ScenarioResult, reason: &str) -> bool {
    let start = format!("blocked ({reason}");
    result.mismatches.iter().any(|mismatch| mismatch.about == "page" && mismatch.seen.starts_with(&start))
}

fn is_blocked_otherwise(mismatch: &Mismatch) -> bool {
    mismatch.about == "page"
        && mismatch.expected.starts_with("blocked")
        && mismatch.seen.starts_with("blocked")
}

/// Whether the server rejects a request that should get to the application.
fn is_rejected(result: &ScenarioResult) -> bool {
    let wants_success = |mismatch: &Mismatch| {
        ["status 200", "a readable response", "an opaque response", "1 run", "to be on the wire", "2 actual"]
            .iter()
            .any(|start| mismatch.expected.starts_with(start))
    };
    responses(result).any(|status| status == "403") && result.mismatches.iter().any(wants_success)
}

/// The statuses of the responses on the wire.
fn responses(result: &ScenarioResult) -> impl Iterator<Item = &str> {
    let lines = result.exchanges.iter().filter_map(|line| line.strip_prefix("< "));
    lines
        .map(|line| line.split(' ').next().unwrap_or_default())
        .filter(|word| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The methods of the requests on the wire.
fn methods(result: &ScenarioResult) -> impl Iterator<Item = &str> {
    let lines = result.exchanges.iter().filter_map(|line| line.strip_prefix("> "));
    lines.filter_map(|line| {
        let (method, target) = line.split_once(' ')?;
        (!method.ends_with(':') && target.contains("://")).then_some(method)
    })
}

/// Whether the response allows the origin of the request, and should not.
fn echoes_denied_origin(result: &ScenarioResult) -> bool {
    echoed_origins(result).any(is_from_browser)
}

/// The origins that were sent, that should be denied, and that the response allows.
fn echoed_origins(result: &ScenarioResult) -> impl Iterator<Item = &str> {
    let origins = result.exchanges.iter().filter_map(|line| {
        let (name, value) = line.strip_prefix("> ")?.split_once(": ")?;
        name.eq_ignore_ascii_case("origin").then_some(value)
    });
    origins.filter(|origin| {
        let allowed = format!("`access-control-allow-origin: {origin}`");
        let is_echoed = |mismatch: &Mismatch| {
            mismatch.expected.starts_with("no `access-control-") && mismatch.seen == allowed
        };
        result.mismatches.iter().any(is_echoed)
    })
}

/// Whether a browser may send this value of `Origin`.
fn is_from_browser(origin: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else { return origin == "null" };
    let is_host = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._:[]".contains(&byte);
    !scheme.is_empty() && host.bytes().all(is_host)
}

fn wants_vary(mismatch: &Mismatch) -> bool {
    mismatch.expected.ends_with("once each in `vary`")
}

/// Whether no browser and no cache treats what was seen differently from what was expected.
fn means_the_same(result: &ScenarioResult, mismatch: &Mismatch) -> bool {
    let Mismatch { expected, seen, .. } = mismatch;
    if let Some(body) = expected.strip_prefix("the body ") {
        let without_spaces = |text: &str| text.replace([' ', '`'], "");
        return without_spaces(body) == without_spaces(seen);
    }
    let is_preflight =
        mismatch.about.starts_with("preflight") || methods(result).all(|method| method == "OPTIONS");
    if is_preflight && wants_vary(mismatch) {
        return true;
    }
    // Caches store no 403 unless they are told to.
    if wants_vary(mismatch) && responses(result).all(|status| status == "403") {
        return true;
    }
    let methods_line = "`access-control-allow-methods: ";
    if is_preflight && expected.starts_with(methods_line) && seen.starts_with(methods_line) {
        return true;
    }
    is_preflight && expected == "status 204" && seen == "status 200"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn causes_of_single_scenarios() {
        for (scenario, mismatch, expected) in [
            (
                "methods/case-sensitive",
                ("wire", "0 actual requests", "1 actual request"),
                "methods-in-any-case",
            ),
            (
                "caching/default-of-five-seconds",
                ("wire", "1 preflight request", "0 preflight requests"),
                "max-age-added",
            ),
            (
                "request-headers/range-without-a-coding",
                ("page", "status 200", "status 206"),
                "range-answered",
            ),
        ] {
            assert_eq!(cause(scenario, &[mismatch], &[]), Some(expected));
            assert_eq!(cause("zebra/stripes", &[mismatch], &[]), None);
            assert_eq!(cause(scenario, &[("page", "status 200", "status 500")], &[]), None);
        }
    }

    fn cause(scenario: &str, mismatches: &[(&str, &str, &str)], exchanges: &[&str]) -> Option<&'static str> {
        cause_of(&fixture::failing(scenario, mismatches, exchanges)).map(|cause| cause.slug)
    }

    #[test]
    fn every_cause_has_its_own_name_and_text() {
        let slugs: std::collections::BTreeSet<_> = CAUSES.iter().map(|cause| cause.slug).collect();
        assert_eq!(slugs.len(), CAUSES.len());
        for cause in CAUSES {
            assert!(cause.sentence.ends_with('.') && cause.explanation.ends_with('.'), "{}", cause.slug);
            assert_eq!(cause.sentence.matches('`').count() % 2, 0, "{}", cause.slug);
            assert_eq!(cause.explanation.matches('`').count() % 2, 0, "{}", cause.slug);
        }
    }

    #[test]
    fn what_a_denied_page_can_read_is_about_security() {
        let read = ("page", "blocked (missing-allow-origin)", "a readable response (cors, 200)");
        assert_eq!(cause("xhr/stranger", &[read], &[]), Some("denied-page-reads"));
        assert_eq!(cause("patterns/suffix", &[read], &[]), Some("look-alike-origins"));
        let opened = "interference/own-allow-origin-opens-nothing";
        assert_eq!(cause(opened, &[read], &[]), Some("handler-opens-response"));
    }

    #[test]
    fn an_origin_that_is_repeated_is_worse_than_one_that_is_named() {
        let seen =
            ("actual response", "no `access-control-*`", "`access-control-allow-origin: https://a.example`");
        let exchange = |origin| ["> GET https://api.example/", origin, "< 200"];
        assert_eq!(
            cause("xhr/stranger", &[seen], &exchange("> Origin: https://a.example")),
            Some("denied-page-reads")
        );
        assert_eq!(
            cause("xhr/stranger", &[seen], &exchange("> Origin: https://b.example")),
            Some("headers-for-strangers")
        );
    }

    #[test]
    fn an_origin_that_no_browser_sends_harms_no_one() {
        let exchange = ["> GET https://api.example/", "> origin: https://x@a.example", "< 200"];
        let seen = (
            "actual response",
            "no `access-control-*`",
            "`access-control-allow-origin: https://x@a.example`",
        );
        assert_eq!(cause("patterns/x", &[seen], &exchange), Some("odd-origins"));
        for origin in ["null", "file://", "https://a.example", "http://[::1]:8080", "app://bundle-1"] {
            assert!(is_from_browser(origin), "{origin}");
        }
        for origin in [
            "",
            "a.example",
            "https://A.example",
            "https://a.example/",
            "file:///index.html",
            "https://*.a.example",
        ] {
            assert!(!is_from_browser(origin), "{origin}");
        }
    }

    #[test]
    fn a_security_scenario_can_fail_for_a_harmless_cause() {
        let body = ("page", "the body `[\"a\",\"b\"]`", "`[\"a\", \"b\"]`");
        assert_eq!(cause("cookies/http-only", &[body], &[]), Some("equivalent-responses"));
        let vary = ("actual response", "`origin` once each in `vary`", "no `vary`");
        assert_eq!(
            cause("patterns/x", &[vary], &["> OPTIONS https://api.example/", "< 204"]),
            Some("equivalent-responses")
        );
        assert_eq!(
            cause("patterns/x", &[vary], &["> GET https://api.example/", "< 403"]),
            Some("equivalent-responses")
        );
        assert_eq!(
            cause("patterns/x", &[vary], &["> GET https://api.example/", "< 200"]),
            Some("vary-missing")
        );
        let unmarked =
            ("actual response", "`access-control-allow-origin: *`", "no `access-control-allow-origin`");
        assert_eq!(cause("caching/any-origin-for-a-plain-request", &[unmarked], &[]), Some("vary-missing"));
        let otherwise = ("page", "blocked (credentials-not-allowed)", "blocked (allow-origin-mismatch: …)");
        assert_eq!(cause("credentials/x", &[otherwise], &[]), Some("other-reason"));
    }

    #[test]
    fn the_own_site_is_told_apart_from_others() {
        let rejected = ("page", "status 200", "status 403");
        let exchange = ["> POST https://app.example/echo", "< 403"];
        assert_eq!(cause("opaque/same-origin-page", &[rejected], &exchange), Some("own-site-rejected"));
        assert_eq!(cause("forms/stranger-posts", &[rejected], &exchange), Some("plain-requests-rejected"));
    }

    #[test]
    fn an_unknown_mismatch_has_no_cause() {
        assert_eq!(cause("zebra/x", &[("page", "stripes", "dots")], &[]), None);
        assert_eq!(cause("zebra/x", &[], &[]), None);
    }
}
