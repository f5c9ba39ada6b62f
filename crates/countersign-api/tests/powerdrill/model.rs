//! Random histories of two teams of two, against a model that knows no storage and no catalog.

use serde_json::json;

use crate::{
    client::{Begun, Client, Field, chunked, form, named},
    common::{Answer, House},
};

const STEPS: usize = 16;

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

    fn one_of<'a, T>(&mut self, of: &'a [T]) -> Option<(usize, &'a T)> {
        let place = self.roll(of.len().max(1));
        of.get(place).map(|it| (place, it))
    }
}

/// Somebody: of which team, and which of the team.
type Who = (usize, usize);

struct Dataset {
    id: String,
    owner: Who,
    is_deleted: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// It waits for its part, or has it: with the right bytes or with others.
    Waiting(Option<bool>),
    Ready,
    /// It was ready, and its bytes are gone.
    Gone,
}

struct Upload {
    begun: Begun,
    etag: String,
    owner: Who,
    state: State,
    is_text: bool,
}

struct Source {
    id: String,
    dataset: usize,
    upload: usize,
    name: &'static str,
    is_valid: bool,
    is_deleted: bool,
}

#[derive(Default)]
struct Model {
    datasets: Vec<Dataset>,
    uploads: Vec<Upload>,
    sources: Vec<Source>,
}

const NAMES: [&str; 3] = ["a.csv", "b.csv", "c.pdf"];

impl Model {
    /// What a wish for a data source comes to: a code, and the data source that is there already.
    fn wish(
        &self,
        who: Who,
        (dataset, upload, name): (Option<usize>, usize, &str),
    ) -> (u32, Option<usize>) {
        if dataset.is_some_and(|dataset| self.datasets[dataset].is_deleted) {
            return (300_003, None);
        }
        let owner = dataset.map(|dataset| self.datasets[dataset].owner);
        let found = |it: &Source| it.upload == upload && !it.is_deleted;
        match owner {
            Some((team, _)) if team != who.0 => return (300_003, None),
            Some(owner) if owner != who => return (300_002, None),
            _ => {}
        }
        if self.uploads[upload].owner != who {
            return (300_003, None);
        }
        match self.sources.iter().position(found) {
            Some(place) => {
                let it = &self.sources[place];
                let is_same =
                    it.name == name && dataset.is_none_or(|dataset| dataset == it.dataset);
                if is_same { (0, Some(place)) } else { (300_011, None) }
            }
            None if self.uploads[upload].state == State::Ready => (0, None),
            None => (300_003, None),
        }
    }

    fn complete(&self, who: Who, upload: usize) -> u32 {
        let upload = &self.uploads[upload];
        match upload.state {
            _ if upload.owner != who || upload.begun.parts.is_empty() => 300_003,
            State::Waiting(Some(true)) | State::Ready => 0,
            State::Waiting(_) => 300_001,
            State::Gone => 300_003,
        }
    }

    fn read(&self, who: Who, source: usize) -> u32 {
        let source = &self.sources[source];
        let is_there = self.datasets[source.dataset].owner.0 == who.0 && !source.is_deleted;
        if is_there { 0 } else { 300_003 }
    }

    fn delete(&self, who: Who, source: usize) -> u32 {
        match self.datasets[self.sources[source].dataset].owner {
            (team, _) if team != who.0 => 300_003,
            _ if self.datasets[self.sources[source].dataset].is_deleted => 300_003,
            owner if owner != who => 300_002,
            _ => self.read(who, source),
        }
    }

    /// Whoever may delete a dataset may change it.
    fn change(&self, who: Who, dataset: usize) -> u32 {
        match &self.datasets[dataset] {
            it if it.owner.0 != who.0 || it.is_deleted => 300_003,
            it if it.owner != who => 300_002,
            _ => 0,
        }
    }

    fn delete_dataset(&mut self, dataset: usize) {
        self.datasets[dataset].is_deleted = true;
        for source in self.sources.iter_mut().filter(|it| it.dataset == dataset) {
            source.is_deleted = true;
            self.uploads[source.upload].state = State::Gone;
        }
    }

    /// The data sources of a dataset, newest first.
    fn listed(&self, dataset: usize) -> Vec<&Source> {
        let is_in = |it: &&Source| it.dataset == dataset && !it.is_deleted;
        self.sources.iter().rev().filter(is_in).collect()
    }
}

/// A history: the people, what they did, and the model of it.
struct History<'h> {
    clients: Vec<Vec<Client<'h>>>,
    model: Model,
    dice: Dice,
    seed: u64,
}

impl<'h> History<'h> {
    async fn new(house: &'h House, seed: u64) -> Self {
        let mut clients = Vec::new();
        for team in ["acme", "evil"] {
            // Users of the same names, in teams that nobody had before.
            let team = format!("{team} {seed}");
            let (ann, bob) =
                (Client::new(house, &team, "ann").await, Client::new(house, &team, "bob").await);
            clients.push(vec![ann, bob]);
        }
        Self { clients, model: Model::default(), dice: Dice(seed), seed }
    }

    fn client(&self, (team, user): Who) -> &Client<'h> {
        &self.clients[team][user]
    }

    #[track_caller]
    fn check(&self, what: &str, answer: &Answer, code: u32) {
        assert_eq!(answer.body["code"], code, "{what}, seed {}: {:?}", self.seed, answer.body);
    }

    async fn step(&mut self) {
        let who = (self.dice.roll(2), self.dice.roll(2));
        match self.dice.roll(18) {
            0 | 1 => self.create_dataset(who).await,
            2..=3 => self.begin(who).await,
            4..=6 => self.put_part().await,
            7..=8 => self.complete(who).await,
            9..=10 => self.upload(who).await,
            11..=13 => self.wish(who).await,
            14 => self.read(who).await,
            15 => self.delete_dataset(who).await,
            16 => self.change_dataset(who).await,
            _ => self.delete(who).await,
        }
    }

    async fn create_dataset(&mut self, who: Who) {
        let id = self.client(who).dataset("d").await;
        self.model.datasets.push(Dataset { id, owner: who, is_deleted: false });
    }

    async fn begin(&mut self, who: Who) {
        let begun = self.client(who).begin("a.txt", 3).await;
        let state = State::Waiting(None);
        let upload = Upload { begun, etag: "x".into(), owner: who, state, is_text: false };
        self.model.uploads.push(upload);
    }

    /// Whoever has the URL.
    async fn put_part(&mut self) {
        let (is_text, is_whole) = (self.dice.roll(2) == 0, self.dice.roll(4) > 0);
        let house = self.clients[0][0].house;
        let Some((place, _)) = self.dice.one_of(&self.model.uploads) else { return };
        let upload = &mut self.model.uploads[place];
        let Some(item) = upload.begun.parts.first() else { return };
        let bytes: &[u8] = if is_text { b"a,b" } else { b"a\0b" };
        let etag = item.put(house, if is_whole { bytes } else { &bytes[..2] }).await;
        assert_eq!(etag.is_some(), matches!(upload.state, State::Waiting(_)), "seed {}", self.seed);
        if let Some(etag) = etag {
            upload.etag = etag;
            upload.state = State::Waiting(Some(is_whole));
            upload.is_text = is_text;
        }
    }

    async fn complete(&mut self, who: Who) {
        let Some((place, upload)) = self.dice.one_of(&self.model.uploads) else { return };
        let code = self.model.complete(who, place);
        let etags = named(std::slice::from_ref(&upload.etag));
        let answer = self.client(who).try_complete(&upload.begun, etags).await;
        self.check("complete", &answer, code);
        if code == 0 {
            self.model.uploads[place].state = State::Ready;
        }
    }

    async fn upload(&mut self, who: Who) {
        let is_text = self.dice.roll(2) == 0;
        let bytes: &[u8] = if is_text { b"a,b" } else { b"\0" };
        let client = self.client(who);
        let form =
            form(&[Field::File("file", "a.txt", bytes), Field::Text("user_id", client.user)]);
        let answer = client.send_form("", chunked(form)).await;
        self.check("upload", &answer, 0);
        let file_object_key = answer.body["data"]["file_object_key"].as_str().unwrap().into();
        let begun = Begun { upload_id: "x".into(), file_object_key, parts: vec![] };
        let state = State::Ready;
        self.model.uploads.push(Upload { begun, etag: "x".into(), owner: who, state, is_text });
    }

    async fn wish(&mut self, who: Who) {
        let has_dataset = self.dice.roll(4) > 0;
        let dataset = self.dice.one_of(&self.model.datasets).map(|(place, _)| place);
        let dataset = dataset.filter(|_| has_dataset);
        let Some((place, upload)) = self.dice.one_of(&self.model.uploads) else { return };
        let name = NAMES[self.dice.roll(NAMES.len())];
        let (code, found) = self.model.wish(who, (dataset, place, name));
        let body = json!({
            "name": name, "type": "FILE", "file_object_key": upload.begun.file_object_key,
        });
        let path =
            dataset.map(|it| format!("/datasets/{}/datasources", self.model.datasets[it].id));
        let path = path.unwrap_or_else(|| "/datasources".into());
        let answer = self.client(who).post(&path, body).await;
        self.check("wish", &answer, code);
        let made = &answer.body["data"];
        if let Some(found) = found {
            assert_eq!(made["id"], self.model.sources[found].id, "seed {}", self.seed);
        } else if code == 0 {
            let is_valid = name != "c.pdf" && upload.is_text;
            if dataset.is_none() {
                let id = made["dataset_id"].as_str().unwrap().into();
                self.model.datasets.push(Dataset { id, owner: who, is_deleted: false });
            }
            let dataset = dataset.unwrap_or(self.model.datasets.len() - 1);
            let id = made["id"].as_str().unwrap().into();
            self.model.sources.push(Source {
                id,
                dataset,
                upload: place,
                name,
                is_valid,
                is_deleted: false,
            });
            if !is_valid {
                self.model.uploads[place].state = State::Gone;
            }
        }
    }

    async fn read(&mut self, who: Who) {
        let Some((place, source)) = self.dice.one_of(&self.model.sources) else { return };
        let code = self.model.read(who, place);
        let dataset = &self.model.datasets[source.dataset].id;
        let path = format!("/datasets/{dataset}/datasources/{}", source.id);
        self.check("read", &self.client(who).get(&path).await, code);
        let link = self.client(who).post(&format!("{path}/presign"), json!({})).await;
        let code = if code == 0 && !source.is_valid { 300_008 } else { code };
        self.check("presign", &link, code);
        if code == 0 {
            let house = self.client(who).house;
            let url = link.body["data"]["presigned_url"].as_str().unwrap();
            let object = house.verified("GET", url, &[]);
            assert_eq!(house.stored(&object).await.unwrap(), b"a,b", "seed {}", self.seed);
        }
    }

    async fn delete(&mut self, who: Who) {
        let Some((place, source)) = self.dice.one_of(&self.model.sources) else { return };
        let code = self.model.delete(who, place);
        let dataset = &self.model.datasets[source.dataset].id;
        let path = format!("/datasets/{dataset}/datasources/{}", source.id);
        self.check("delete", &self.client(who).delete(&path).await, code);
        if code == 0 {
            let upload = source.upload;
            self.model.sources[place].is_deleted = true;
            self.model.uploads[upload].state = State::Gone;
        }
    }

    async fn change_dataset(&mut self, who: Who) {
        let Some((place, dataset)) = self.dice.one_of(&self.model.datasets) else { return };
        let code = self.model.change(who, place);
        let path = format!("/datasets/{}", dataset.id);
        let answer = self.client(who).post(&path, json!({ "description": "changed" })).await;
        self.check("change", &answer, code);
    }

    async fn delete_dataset(&mut self, who: Who) {
        let is_v1 = self.dice.roll(2) == 0;
        let Some((place, dataset)) = self.dice.one_of(&self.model.datasets) else { return };
        let code = self.model.change(who, place);
        let path = format!("/datasets/{}", dataset.id);
        if is_v1 {
            let answer = self.client(who).v1_as_self("DELETE", &path, &json!(null)).await;
            self.check("delete all", &answer, if code == 0 { 0 } else { 100_001 });
        } else {
            self.check("delete all", &self.client(who).delete(&path).await, code);
        }
        if code == 0 {
            self.model.delete_dataset(place);
        }
    }

    /// Everybody sees all of their team, and nothing else.
    async fn check_lists(&mut self) {
        for team in 0..2 {
            let who = (team, self.dice.roll(2));
            let page = self.client(who).get("/datasets?page_size=100").await;
            let all = self.model.datasets.iter().rev();
            let all = all.filter(|it| it.owner.0 == team && !it.is_deleted);
            self.check_page(&page, &all.map(|it| &*it.id).collect::<Vec<_>>());
            for (place, dataset) in self.model.datasets.iter().enumerate() {
                let path = format!("/datasets/{}/datasources", dataset.id);
                if dataset.owner.0 != team || dataset.is_deleted {
                    self.check("list", &self.client(who).get(&path).await, 300_003);
                    continue;
                }
                let page = self.client(who).get(&format!("{path}?page_size=100")).await;
                let listed = self.model.listed(place);
                self.check_page(&page, &listed.iter().map(|it| &*it.id).collect::<Vec<_>>());
                let valid = listed.iter().filter(|it| it.is_valid);
                let page = self.client(who).get(&format!("{path}?status=synched")).await;
                self.check_page(&page, &valid.map(|it| &*it.id).collect::<Vec<_>>());
            }
        }
    }

    #[track_caller]
    fn check_page(&self, page: &Answer, ids: &[&str]) {
        let records = page.body["data"]["records"].as_array().unwrap().iter();
        let found: Vec<_> = records.map(|record| record["id"].as_str().unwrap()).collect();
        assert_eq!(found, ids, "seed {}", self.seed);
        assert_eq!(page.body["data"]["total_items"], ids.len(), "seed {}", self.seed);
    }
}

async fn go(seeds: std::ops::Range<u64>) {
    let house = House::new().await;
    for seed in seeds {
        let mut history = History::new(&house, seed).await;
        for _ in 0..STEPS {
            history.step().await;
        }
        // It takes as long as all the rest.
        if seed % 2 == 0 {
            history.check_lists().await;
        }
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
