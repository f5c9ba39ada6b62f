//! Random histories of a user and another one of the team, against the model.

use serde_json::{Value, json};

use crate::{
    client::Client,
    common::{Answer, House, wait_secs},
    model::{FILES, Job, Said, State},
};

const STEPS: usize = 20;

/// The clock does not come to another day in the middle of a history: URLs are signed by the day.
const WAITED_SECS_MAX: i64 = 40_000;

/// Good enough to choose, and the same on every machine: `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((it ^ (it >> 31)) % sides as u64).unwrap()
    }
}

struct Dataset {
    id: String,
    version: usize,
}

struct History<'h> {
    ann: Client<'h>,
    bob: Client<'h>,
    datasets: Vec<Dataset>,
    jobs: Vec<Job>,
    dice: Dice,
    seed: u64,
    waited: i64,
}

impl<'h> History<'h> {
    async fn new(house: &'h House, seed: u64) -> Self {
        // A team that nobody had before. It is named for as long as the process lives.
        let team = String::leak(format!("team {seed}"));
        let (ann, bob) =
            (Client::new(house, team, "ann").await, Client::new(house, team, "bob").await);
        let id = ann.dataset("first").await;
        let datasets = vec![Dataset { id, version: 0 }];
        Self { ann, bob, datasets, jobs: Vec::new(), dice: Dice(seed), seed, waited: 0 }
    }

    #[track_caller]
    fn check(&self, what: &str, answer: &Answer, (status, detail): Said) {
        let seed = self.seed;
        assert_eq!(answer.status, status, "{what}, seed {seed}: {:?}", answer.body);
        let member = if status < 300 { "message" } else { "detail" };
        assert_eq!(answer.body[member], detail, "{what}, seed {seed}: {:?}", answer.body);
    }

    async fn step(&mut self) {
        let is_other = self.dice.roll(8) == 0;
        let place = self.dice.roll(self.jobs.len().max(1));
        let choice = self.dice.roll(16);
        if self.jobs.is_empty() || choice < 2 {
            return self.begin().await;
        }
        match choice {
            2..=4 => self.put(place).await,
            5..=7 if is_other => self.meddle(place).await,
            5..=8 => self.complete(place).await,
            9..=11 => self.commit(place).await,
            12 => self.delete(place).await,
            13 => self.wait(),
            14 => self.ann.house.app.sweep_doomed().await,
            _ => self.look_at(place).await,
        }
    }

    async fn begin(&mut self) {
        let target = self.dice.roll(self.datasets.len() + 1);
        let target = (target < self.datasets.len()).then_some(target);
        let id = target.map(|place| self.datasets[place].id.clone());
        let begun = self.ann.begin(id.as_deref(), "a.csv", 3).await;
        self.jobs.push(Job {
            begun,
            target,
            begun_at: self.waited,
            staged: None,
            accepted: b"",
            state: State::Pending,
        });
    }

    /// Whoever has the URL, as long as it holds; and also where the gateway would not let them.
    async fn put(&mut self, place: usize) {
        let bytes = FILES[self.dice.roll(FILES.len())];
        let house = self.ann.house;
        let job = &mut self.jobs[place];
        let headers = [("content-type", "text/csv"), ("content-length", "3")];
        let key = house.checked("PUT", &job.begun.urls[0], &headers);
        let is_alive = self.waited < job.begun_at + 3_600;
        assert_eq!(key.is_some(), is_alive, "seed {}", self.seed);
        if let Some(key) = key {
            house.store(&key, bytes).await;
            job.staged = Some(bytes);
        }
    }

    async fn complete(&mut self, place: usize) {
        let job = &self.jobs[place];
        let (expected, state) = job.completion();
        let answer = self.ann.complete(&job.begun).await;
        self.check("complete", &answer, expected);
        let job = &mut self.jobs[place];
        if job.state == State::Pending {
            // What was taken is there no more; what comes later is not looked at.
            job.accepted = job.staged.take().unwrap_or_default();
        }
        job.state = state;
    }

    async fn commit(&mut self, place: usize) {
        let job = &self.jobs[place];
        let expected = job.commit();
        let answer = self.ann.commit_as(&job.begun, "made").await;
        self.check("commit", &answer, expected);
        if expected.0 == 202 {
            let dataset = if let Some(dataset) = job.target {
                dataset
            } else {
                let id = self.ann.datasets().await[0]["id"].as_str().unwrap().into();
                self.datasets.push(Dataset { id, version: 0 });
                self.datasets.len() - 1
            };
            self.datasets[dataset].version += 1;
            let version = self.datasets[dataset].version;
            self.jobs[place].state = State::Committed { dataset, version, is_deleted: false };
        }
    }

    /// Another one of the team, who may look, and no more.
    async fn meddle(&mut self, place: usize) {
        let job = &self.jobs[place];
        let expected = job.meddling();
        self.check("meddle", &self.bob.complete(&job.begun).await, expected);
        self.check("meddle", &self.bob.commit(&job.begun).await, expected);
        assert_eq!(self.bob.job(&job.begun).await, self.ann.job(&job.begun).await);
    }

    /// Deletes the version that a job became, as Powerdrill does.
    async fn delete(&mut self, place: usize) {
        let State::Committed { dataset, version, is_deleted: false } = self.jobs[place].state
        else {
            return;
        };
        let kept = self.versions_of(dataset).iter().position(|(found, _)| *found == version);
        let listed = self.ann.versions(&self.datasets[dataset].id).await;
        let id = listed[kept.unwrap()]["id"].as_str().unwrap();
        let path = format!("/datasets/{}/datasources/{id}", self.datasets[dataset].id);
        self.ann.powerdrill("DELETE", &path, json!({})).await;
        self.jobs[place].state = State::Committed { dataset, version, is_deleted: true };
    }

    fn wait(&mut self) {
        let secs = [1, 60, 1_799, 3_600][self.dice.roll(4)];
        if self.waited + secs < WAITED_SECS_MAX {
            wait_secs(secs);
            self.waited += secs;
        }
    }

    /// The versions of a dataset that are there, newest first, with their bytes.
    fn versions_of(&self, wanted: usize) -> Vec<(usize, &'static [u8])> {
        let version = |job: &Job| match job.state {
            State::Committed { dataset, version, is_deleted: false } if dataset == wanted => {
                Some((version, job.accepted))
            }
            _ => None,
        };
        let mut versions: Vec<_> = self.jobs.iter().filter_map(version).collect();
        versions.sort_unstable_by_key(|(version, _)| std::cmp::Reverse(*version));
        versions
    }

    async fn look_at(&self, place: usize) {
        let job = &self.jobs[place];
        let (status, failure, dataset) = job.shown();
        let shown = self.ann.job(&job.begun).await;
        let found = (&shown["status"], &shown["error_message"], &shown["dataset_id"]);
        let dataset = dataset.map(|place| self.datasets[place].id.as_str());
        let expected = (&json!(status), &json!(failure), &json!(dataset));
        assert_eq!(found, expected, "seed {}", self.seed);
    }

    async fn check_all(&self) {
        for place in 0..self.jobs.len() {
            self.look_at(place).await;
        }
        let listed = self.bob.datasets().await;
        assert_eq!(listed.len(), self.datasets.len(), "seed {}", self.seed);
        for ((place, dataset), shown) in self.datasets.iter().enumerate().zip(listed.iter().rev()) {
            let versions = self.versions_of(place);
            let is_there = versions.first().is_some_and(|(newest, _)| *newest == dataset.version);
            let file = if is_there { json!("a.csv") } else { Value::Null };
            let found = (&shown["id"], &shown["current_version"], &shown["source_filename"]);
            let expected = (&json!(dataset.id), &json!(dataset.version), &file);
            assert_eq!(found, expected, "seed {}", self.seed);
            let listed = self.bob.versions(&dataset.id).await;
            assert_eq!(listed.len(), versions.len(), "seed {}", self.seed);
            for (shown, (_, bytes)) in listed.iter().zip(versions) {
                let found = self.bob.download(&dataset.id, shown).await;
                assert_eq!(found, bytes, "seed {}", self.seed);
            }
        }
    }

    /// After two days, what was accepted is there, and of what came late nothing.
    async fn check_swept(&self, house: &House) {
        for job in &self.jobs {
            let [staged, accepted] = job.begun.stored(house).await;
            let expected = job.swept();
            let found = (staged.as_deref(), accepted.as_deref());
            assert_eq!(found, expected, "{:?}, seed {}", job.state, self.seed);
        }
    }
}

async fn go(seeds: std::ops::Range<u64>) {
    const TWO_DAYS_SECS: i64 = 2 * 86_400;
    let house = House::new().await;
    for seed in seeds {
        let mut history = History::new(&house, seed).await;
        for _ in 0..STEPS {
            history.step().await;
        }
        // It takes as long as all the rest.
        if seed % 2 == 0 {
            history.check_all().await;
        }
        wait_secs(TWO_DAYS_SECS);
        house.app.sweep_doomed().await;
        history.check_swept(&house).await;
        wait_secs(-TWO_DAYS_SECS - history.waited);
    }
}

#[tokio::test]
async fn random_histories_go_as_the_model_says() {
    go(0..100).await;
}

#[tokio::test]
async fn more_random_histories_go_as_the_model_says() {
    go(100..200).await;
}
