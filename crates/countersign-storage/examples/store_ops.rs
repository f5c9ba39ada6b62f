//! Does what its arguments say to a store, and says how each ended: what `tests/foreign` breaks.
//!
//! `store_ops FOLDER 'put KEY SEED LEN' 'delete KEY' …`; the other calls are in [`act`]. All that
//! touches the folder or speaks runs on one thread, so that its system calls can be counted.

use std::{error::Error, io::Write};

use countersign_storage::{
    CompletedPart, FileStore, ObjectKey, Objects, PartNumber, PartStore, PutRequest, UploadId,
    bytes_of, collect,
};
use futures_util::TryStreamExt;
use object_store::{Attributes, CopyOptions, ObjectStore};
use sha2::{Digest, Sha256};

use self::bodies::body_of;

#[path = "../tests/support/bodies.rs"]
mod bodies;
#[path = "../tests/support/rng.rs"]
#[expect(dead_code, reason = "its bodies are random, its doings are not")]
mod rng;

fn key(text: &str) -> Result<ObjectKey, Box<dyn Error>> {
    Ok(ObjectKey::new(text)?)
}

fn body(seed: &str, len: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(body_of(seed.parse()?, len.parse()?))
}

async fn act(store: &FileStore, call: &str) -> Result<String, Box<dyn Error>> {
    match call.split(' ').collect::<Vec<_>>()[..] {
        ["put", at, seed, len] => {
            let body = body(seed, len)?;
            let put = PutRequest::new(body.len() as u64);
            store.put(&key(at)?, bytes_of(body), put).await?;
        }
        ["delete", at] => Objects::delete(store, &key(at)?).await?,
        ["freeze", from, to] => drop(store.freeze(&key(from)?, &key(to)?).await?),
        ["copy", from, to] => {
            store.copy_opts(&from.into(), &to.into(), CopyOptions::new()).await?;
        }
        ["create", at] => {
            return Ok(store.create(&key(at)?, Attributes::new()).await?.as_str().into());
        }
        ["part", at, upload, number, seed, len] => {
            let (upload, number) = (UploadId::new(upload)?, PartNumber::new(number.parse()?)?);
            let body = body(seed, len)?;
            let put = PutRequest::new(body.len() as u64);
            store.put_part(&key(at)?, &upload, number, bytes_of(body), put).await?;
        }
        ["complete", at, upload, number] => {
            let (upload, number) = (UploadId::new(upload)?, PartNumber::new(number.parse()?)?);
            // Completed again, there are none any more.
            let parts = PartStore::list(store, &key(at)?, &upload).await.unwrap_or_default();
            let mut named = parts
                .into_iter()
                .filter(|part| part.number == number)
                .map(|part| CompletedPart { number, etag: part.etag });
            store
                .complete(&key(at)?, &upload, &named.next().into_iter().collect::<Vec<_>>())
                .await?;
        }
        ["abort", at, upload] => store.abort(&key(at)?, &UploadId::new(upload)?).await?,
        ["parts", at, upload] => {
            let parts = PartStore::list(store, &key(at)?, &UploadId::new(upload)?).await?;
            let part = |part: countersign_storage::Part| {
                format!("{}:{}", part.number.as_u16(), part.etag.as_str())
            };
            return Ok(parts.into_iter().map(part).collect::<Vec<_>>().join(" "));
        }
        ["objects"] => {
            let mut objects = Vec::new();
            let metas: Vec<_> = ObjectStore::list(store, None).try_collect().await?;
            for meta in metas {
                let object = store.open(&key(meta.location.as_ref())?).await?;
                let bytes = collect(object.read(0..u64::MAX)).await?;
                objects.push(format!("{}:{}", meta.location, hex::encode(Sha256::digest(bytes))));
            }
            return Ok(objects.join(" "));
        }
        _ => return Err("no such call".into()),
    }
    Ok(String::new())
}

fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", line.trim_end())?;
    out.flush()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build()?;
    runtime.block_on(async {
        let store = tokio::task::spawn_blocking(move || FileStore::open(folder)).await??;
        for call in arguments {
            let line = match act(&store, &call).await {
                Ok(answer) => format!("ack {call} = {answer}"),
                Err(error) => format!("err {call} = {error}"),
            };
            tokio::task::spawn_blocking(move || say(&line)).await??;
        }
        Ok(())
    })
}
