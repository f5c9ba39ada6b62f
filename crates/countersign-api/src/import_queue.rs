//! The imports that are under way in this process: whose turn it is, and which are to stop.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use countersign_catalog::Identity;
use countersign_import::{Fetcher, ImportUrl};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use uuid::Uuid;

use crate::error::ApiError;

/// How many files are fetched at once, and how many may wait for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportLimits {
    /// The most that are fetched at once.
    pub running_max: usize,
    /// The most that are fetched at once for one team.
    pub running_of_team_max: usize,
    /// The most that are fetched or wait.
    pub under_way_max: usize,
    /// The most that are fetched or wait for one team.
    pub under_way_of_team_max: usize,
    /// The longest that one waits.
    pub wait_max: Duration,
}

impl Default for ImportLimits {
    /// 8 and 2 at once, 128 and 32 with those that wait, an hour.
    fn default() -> Self {
        Self {
            running_max: 8,
            running_of_team_max: 2,
            under_way_max: 128,
            under_way_of_team_max: 32,
            wait_max: Duration::from_hours(1),
        }
    }
}

/// What somebody wants to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImportWish {
    pub(crate) owner: Identity,
    pub(crate) dataset: Option<Uuid>,
    pub(crate) name: Box<str>,
    pub(crate) file_name: Box<str>,
    pub(crate) url: ImportUrl,
}

/// The imports of this process.
pub(crate) struct ImportQueue {
    pub(crate) fetcher: Fetcher,
    pub(crate) limits: ImportLimits,
    /// Held while an import is begun, so that one that is asked for twice is begun once.
    pub(crate) beginning: tokio::sync::Mutex<()>,
    running: Arc<Semaphore>,
    under_way: Places,
}

/// By the ids of their uploads.
#[derive(Clone, Default)]
struct Places(Arc<Mutex<HashMap<Uuid, UnderWay>>>);

struct UnderWay {
    wish: ImportWish,
    running_of_team: Arc<Semaphore>,
    stop: watch::Sender<bool>,
}

/// A place in the queue. Dropped, it is given back.
pub(crate) struct Ticket {
    pub(crate) stop: Stop,
    upload: Uuid,
    running_of_team: Arc<Semaphore>,
    places: Places,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.places.lock().remove(&self.upload);
    }
}

impl Places {
    /// What a thread that panicked left is whole: every change is one step.
    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, UnderWay>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an import is to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Returns once it is.
    pub(crate) async fn requested(&mut self) {
        // Who could ask for it is gone, and the import with him.
        drop(self.0.wait_for(|is_requested| *is_requested).await);
    }
}

impl fmt::Debug for ImportQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportQueue")
            .field("fetcher", &self.fetcher)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl ImportQueue {
    pub(crate) fn new(fetcher: Fetcher, limits: ImportLimits) -> Self {
        Self {
            fetcher,
            limits,
            beginning: tokio::sync::Mutex::default(),
            running: Arc::new(Semaphore::new(limits.running_max)),
            under_way: Places::default(),
        }
    }

    /// The upload of an import that was asked for in the same words, and is under way.
    pub(crate) fn find(&self, wish: &ImportWish) -> Option<Uuid> {
        let under_way = self.under_way.lock();
        let mut found = under_way.iter().filter(|(_, other)| other.wish == *wish);
        found.next().map(|(upload, _)| *upload)
    }

    /// Takes a place, if there is one.
    pub(crate) fn enter(&self, upload: Uuid, wish: ImportWish) -> Result<Ticket, ApiError> {
        let mut under_way = self.under_way.lock();
        let team = wish.owner.team;
        let of_team = |other: &&UnderWay| other.wish.owner.team == team;
        if under_way.len() >= self.limits.under_way_max
            || under_way.values().filter(of_team).count() >= self.limits.under_way_of_team_max
        {
            return Err(ApiError::Unavailable);
        }
        let running_of_team = under_way.values().find(of_team).map_or_else(
            || Arc::new(Semaphore::new(self.limits.running_of_team_max)),
            |other| Arc::clone(&other.running_of_team),
        );
        let (stop, stopped) = watch::channel(false);
        let ticket = Ticket {
            stop: Stop(stopped),
            upload,
            running_of_team: Arc::clone(&running_of_team),
            places: self.under_way.clone(),
        };
        under_way.insert(upload, UnderWay { wish, running_of_team, stop });
        Ok(ticket)
    }

    /// Waits until it is this one's turn, which lasts as long as what is returned.
    pub(crate) async fn turn(&self, ticket: &Ticket) -> Option<[OwnedSemaphorePermit; 2]> {
        // Its team's first: who waits for that takes nobody else's place.
        let of_team = Arc::clone(&ticket.running_of_team).acquire_owned().await.ok()?;
        let of_all = Arc::clone(&self.running).acquire_owned().await.ok()?;
        Some([of_team, of_all])
    }

    /// Stops an import, if it is under way here.
    pub(crate) fn stop(&self, upload: Uuid) {
        if let Some(found) = self.under_way.lock().get(&upload) {
            found.stop.send_replace(true);
        }
    }

    /// Stops all, and says how many there are.
    pub(crate) fn stop_all(&self) -> usize {
        let under_way = self.under_way.lock();
        for found in under_way.values() {
            found.stop.send_replace(true);
        }
        under_way.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_catalog::{TeamId, UserId};
    use countersign_import::{Guard, Limits, SystemResolver};
    use tokio::time::timeout;

    use super::*;

    const LIMITS: ImportLimits = ImportLimits {
        running_max: 3,
        running_of_team_max: 2,
        under_way_max: 6,
        under_way_of_team_max: 4,
        wait_max: Duration::from_hours(1),
    };

    fn queue() -> ImportQueue {
        let guard = Guard::new(Arc::new(SystemResolver));
        ImportQueue::new(Fetcher::new(guard, Limits::default()).unwrap(), LIMITS)
    }

    fn wish(queue: &ImportQueue, team: i64, name: &str) -> ImportWish {
        let owner = Identity { team: TeamId::new(team), user: UserId::new("ada").unwrap() };
        let url = queue.fetcher.guard().parse("https://files.example/a.csv?key=1").unwrap();
        ImportWish { owner, dataset: None, name: name.into(), file_name: name.into(), url }
    }

    async fn has_turn(queue: &ImportQueue, ticket: &Ticket) -> Option<[OwnedSemaphorePermit; 2]> {
        timeout(Duration::from_millis(20), queue.turn(ticket)).await.ok().flatten()
    }

    #[tokio::test]
    async fn a_team_has_its_share_and_no_more() {
        let queue = queue();
        let enter = |team| queue.enter(Uuid::new_v4(), wish(&queue, team, "a.csv"));
        let ours: Vec<_> = (0..4).map(|_| enter(1).unwrap()).collect();
        assert!(matches!(enter(1), Err(ApiError::Unavailable)));
        let theirs = [enter(2).unwrap(), enter(2).unwrap()];
        assert!(matches!(enter(3), Err(ApiError::Unavailable)), "the queue is full");

        let first = has_turn(&queue, &ours[0]).await.unwrap();
        let _second = has_turn(&queue, &ours[1]).await.unwrap();
        assert!(has_turn(&queue, &ours[2]).await.is_none(), "two of a team at once");
        let third = has_turn(&queue, &theirs[0]).await.unwrap();
        assert!(has_turn(&queue, &theirs[1]).await.is_none(), "three at once");
        drop(third);
        assert!(has_turn(&queue, &ours[2]).await.is_none());
        drop(first);
        assert!(has_turn(&queue, &ours[2]).await.is_some());

        drop(ours);
        assert!(enter(1).is_ok());
    }

    #[tokio::test]
    async fn the_same_wish_is_found_while_it_is_under_way() {
        let queue = queue();
        let upload = Uuid::new_v4();
        let ticket = queue.enter(upload, wish(&queue, 1, "a.csv")).ok().unwrap();
        assert_eq!(queue.find(&wish(&queue, 1, "a.csv")), Some(upload));
        let mut elsewhere = wish(&queue, 1, "a.csv");
        elsewhere.dataset = Some(Uuid::new_v4());
        let mut another = wish(&queue, 1, "a.csv");
        another.url = queue.fetcher.guard().parse("https://files.example/a.csv?key=2").unwrap();
        for other in [wish(&queue, 2, "a.csv"), wish(&queue, 1, "b.csv"), elsewhere, another] {
            assert_eq!(queue.find(&other), None, "{other:?}");
        }
        drop(ticket);
        assert_eq!(queue.find(&wish(&queue, 1, "a.csv")), None);
    }

    #[tokio::test]
    async fn who_is_to_stop_hears_of_it_early_and_late() {
        let queue = queue();
        let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
        let first = queue.enter(one, wish(&queue, 1, "a.csv")).ok().unwrap();
        let second = queue.enter(other, wish(&queue, 1, "b.csv")).ok().unwrap();
        queue.stop(one);
        first.stop.clone().requested().await;
        let mut waits = second.stop.clone();
        assert!(timeout(Duration::from_millis(20), waits.requested()).await.is_err());
        assert_eq!(queue.stop_all(), 2);
        waits.requested().await;
        drop((first, second));
        assert_eq!(queue.stop_all(), 0);
    }

    #[test]
    fn no_url_is_shown() {
        let queue = queue();
        let shown = format!("{:?} {queue:?}", wish(&queue, 1, "a.csv"));
        assert!(!shown.contains("key=1"), "{shown}");
    }
}
