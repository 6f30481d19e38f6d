//! How long a lookup waits, what it caches, and how much it asks at a time.

use std::time::Duration;

/// How long a [`Lookup`](crate::Lookup) waits, what it caches, and how many questions it asks at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupOptions {
    pub(super) deadline: Duration,
    pub(super) max_age: Duration,
    pub(super) capacity: usize,
    pub(super) max_questions: usize,
}

impl LookupOptions {
    /// Sets how long a request waits for an answer. The default is 2 seconds. A later answer denies.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets how long an answer is cached. The default is 60 seconds. Zero caches nothing.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Sets how many answers are cached. The default is 10,000. When the cache is full, origins that are seldom asked for
    /// leave it.
    #[must_use]
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// Sets how many questions may wait for an answer at the same time. The default is 256. Requests with the same origin share
    /// one question.
    ///
    /// A client can send any number of different origins. With this bound it cannot cause any number of questions: while all
    /// of them wait, every other origin that is not cached is denied at once, like one whose lookup failed.
    #[must_use]
    pub fn max_questions(mut self, max_questions: usize) -> Self {
        self.max_questions = max_questions;
        self
    }
}

impl Default for LookupOptions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(2),
            max_age: Duration::from_secs(60),
            capacity: 10_000,
            max_questions: 256,
        }
    }
}
