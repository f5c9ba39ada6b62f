use std::{fmt, time::Duration};

use rustix::time::{ClockId, clock_gettime};

/// The same work by several, to be timed in one run.
#[derive(Debug)]
pub struct Case<'a> {
    /// What the case is called in the report.
    pub name: String,
    /// What nobody can do without, and nothing else. The first is the one that ratios are taken
    /// to; none where nothing has to be hashed.
    pub floors: Vec<Entry<'a>>,
    /// Countersign.
    pub ours: Entry<'a>,
    /// The others.
    pub peers: Vec<Entry<'a>>,
}

impl<'a> Case<'a> {
    /// A case of which only Countersign is known yet.
    pub fn new(name: impl Into<String>, ours: Entry<'a>) -> Self {
        Self { name: name.into(), floors: Vec::new(), ours, peers: Vec::new() }
    }

    /// With one more floor.
    #[must_use]
    pub fn with_floor(mut self, floor: Entry<'a>) -> Self {
        self.floors.push(floor);
        self
    }

    /// With one more peer.
    #[must_use]
    pub fn with_peer(mut self, peer: Entry<'a>) -> Self {
        self.peers.push(peer);
        self
    }

    /// The floors, ours, the peers.
    pub fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry<'a>> {
        self.floors.iter_mut().chain([&mut self.ours]).chain(&mut self.peers)
    }
}

/// One who does the work of a case.
pub struct Entry<'a> {
    name: String,
    urls_per_call: u32,
    call: Box<dyn FnMut() + 'a>,
}

impl<'a> Entry<'a> {
    /// Work that a call does for one URL.
    pub fn new(name: impl Into<String>, call: impl FnMut() + 'a) -> Self {
        Self { name: name.into(), urls_per_call: 1, call: Box::new(call) }
    }

    /// Says that a call does the work for so many URLs.
    #[must_use]
    pub const fn with_urls_per_call(mut self, urls: u32) -> Self {
        self.urls_per_call = urls;
        self
    }

    /// Who it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For how many URLs a call does the work.
    #[must_use]
    pub const fn urls_per_call(&self) -> u32 {
        self.urls_per_call
    }

    /// Does the work.
    pub fn call(&mut self) {
        (self.call)();
    }

    /// Does the work so many times, and says for how long the processor was at it. The clock is
    /// read before the first and after the last.
    pub fn time(&mut self, calls: u32) -> Duration {
        let start = processor_time();
        for _ in 0..calls {
            self.call();
        }
        processor_time().saturating_sub(start)
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("name", &self.name)
            .field("urls_per_call", &self.urls_per_call)
            .finish_non_exhaustive()
    }
}

/// The time of this thread: it stands still while others have the processor.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}
