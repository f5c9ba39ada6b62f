//! S-08: a store in trouble. Between the backend and a store that works stands a proxy that spoils
//! its requests; what came of them is looked at without the proxy.
//!
//! What has to hold for each operation and each fault, at each of its requests and at all of them:
//!
//! - It ends, in time, and after a bounded number of requests.
//! - It does nothing twice. What failed can be done again, and then is done.
//! - What is said of it has no secret, no signature and no URL; nor have the logs.

mod canary;
#[path = "../support/folder.rs"]
mod folder;
mod operations;
mod proxy;
#[path = "../behaviour/server.rs"]
mod server;

use std::time::Duration;

use bytes::Bytes;
use countersign_storage::{
    Attributes, PartNumber, PutRequest, S3, S3Error, StoreError, UploadId, bytes_of, collect,
};
use futures_util::{StreamExt, future::join_all, stream};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

use canary::{assert_says_nothing, logs};
use operations::{OPERATIONS, Operation, Scene, key};
use proxy::{Fault, Which};

/// How long the store may be silent here.
const SILENCE_MAX: Duration = Duration::from_millis(500);

/// Silence at each of at most four tries, for at most twice as long before the last begins, and the
/// requests of one operation one after another; with much to spare for a machine that is busy.
const END_MAX: Duration = Duration::from_secs(20);

/// Requests that no operation has more of, with all tries.
const REQUESTS_MAX: usize = 40;

/// Faults before which the store did nothing, or in which it is no matter if it did: sent again, a
/// request that may be repeated comes through.
const PASSING: [Fault; 12] = [
    Fault::Refused(500, "InternalError"),
    Fault::Refused(503, "SlowDown"),
    Fault::Refused(503, "ServiceUnavailable"),
    Fault::Refused(429, "TooManyRequests"),
    Fault::Refused(408, "RequestTimeout"),
    Fault::Reset,
    Fault::Hang,
    Fault::DoneAndRefused(500, "InternalError"),
    Fault::DoneAndRefused(502, "BadGateway"),
    Fault::DoneAndReset,
    Fault::DoneAndHang,
    Fault::Slow,
];

/// Faults of which nothing is promised but that they are survived.
const LASTING: [Fault; 10] = [
    Fault::Truncated,
    Fault::Trickle,
    Fault::ErrorInside,
    Fault::WrongTag,
    Fault::Garbage,
    Fault::Endless,
    Fault::Redirect,
    Fault::Telltale,
    Fault::Skewed,
    Fault::Refused(403, "AccessDenied"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_spoilt_request_is_mended_or_can_be_done_again() {
    let logs = logs();
    let tried = join_all(OPERATIONS.map(spoil_one)).await;
    logs.assert_say_nothing();
    let tried: usize = tried.into_iter().sum();
    println!("{tried} operations with one spoilt request");
    // Each has one request at the least, and is tried once more without any that is spoilt.
    assert!(tried >= 2 * OPERATIONS.len() * (PASSING.len() + LASTING.len()), "{tried}");
}

async fn spoil_one(operation: Operation) -> usize {
    let (scene, mut tried) = (Scene::new().await, 0);
    for fault in PASSING.into_iter().chain(LASTING) {
        let mut request = 0;
        loop {
            request += 1;
            let case = format!("{operation:?}, {fault:?} at request {request}");
            let (seen, is_done) =
                scene.try_with(operation, fault, Which::Only(request), &case).await;
            let is_to_come_through = PASSING.contains(&fault) && operation.is_repeatable();
            assert!(is_done || !is_to_come_through, "{case}");
            tried += 1;
            if seen < usize::try_from(request).unwrap() {
                break;
            }
        }
    }
    tried
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_stays_in_trouble_is_given_up_in_time() {
    let logs = logs();
    let failed = join_all(OPERATIONS.map(spoil_all)).await;
    logs.assert_say_nothing();
    let failed: usize = failed.into_iter().sum();
    println!("{failed} operations with nothing but spoilt requests failed");
    // Who asks for nothing but that it is done can be told so by a spoilt answer.
    assert!(failed >= OPERATIONS.len() * (PASSING.len() + LASTING.len() - 6), "{failed}");
}

async fn spoil_all(operation: Operation) -> usize {
    let (scene, mut failed) = (Scene::new().await, 0);
    for fault in PASSING.into_iter().chain(LASTING).filter(|fault| *fault != Fault::Slow) {
        let case = format!("{operation:?}, {fault:?} always");
        let (_, is_done) = scene.try_with(operation, fault, Which::All, &case).await;
        failed += usize::from(!is_done);
    }
    failed
}

impl Scene {
    /// Does it once. Returns how many requests were seen, and whether it was done.
    async fn try_with(
        &self,
        operation: Operation,
        fault: Fault,
        which: Which,
        case: &str,
    ) -> (usize, bool) {
        let prepared = self.prepare(operation).await;
        self.proxy.plan(fault, which);
        let start = Instant::now();
        let result = self.run(operation, &prepared).await;
        assert!(start.elapsed() < END_MAX, "{case}: {:?}", start.elapsed());
        let seen = self.proxy.seen();
        assert!(seen.len() <= REQUESTS_MAX, "{case}: {seen:?}");
        self.proxy.plan(fault, Which::None);
        if let Err(error) = &result {
            assert_says_nothing(error, case);
        }
        let is_done = result.is_ok();
        self.check(operation, &prepared, result, case).await;
        (seen.len(), is_done)
    }
}

/// More than fits into memory: begun, two parts, completed, looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_object_is_there_whole_or_not_at_all() {
    let faults = [
        Fault::Refused(500, "InternalError"),
        Fault::Refused(503, "SlowDown"),
        Fault::Reset,
        Fault::DoneAndRefused(500, "InternalError"),
        Fault::DoneAndReset,
        Fault::ErrorInside,
        Fault::Truncated,
        Fault::WrongTag,
        Fault::Garbage,
    ];
    let (scene, mut come_through) = (Scene::patient().await, 0);
    let body = Bytes::from(vec![7; 8 * 1024 * 1024 + 1]);
    for (number, fault) in faults.into_iter().enumerate() {
        for request in 1..=5 {
            let (case, at) =
                (format!("{fault:?} at request {request}"), key(&format!("{number}/{request}")));
            let put = PutRequest::new(body.len() as u64);
            scene.proxy.plan(fault, Which::Only(request));
            let result = scene.backend.objects().put(&at, bytes_of(body.clone()), put).await;
            let seen = scene.proxy.seen();
            scene.proxy.plan(fault, Which::None);
            let object = scene.backend.objects().open(&at).await;
            match &result {
                Ok(info) => {
                    assert_eq!(info.size, body.len() as u64, "{case}");
                    come_through += 1;
                }
                Err(error) => assert_says_nothing(error, &case),
            }
            match object {
                Ok(object) => {
                    assert_eq!(collect(object.read(0..u64::MAX)).await.unwrap(), body, "{case}");
                }
                Err(StoreError::NotFound) => assert!(result.is_err(), "{case}"),
                Err(error) => panic!("{case}: {error:?}"),
            }
            // Nothing that is paid for is left, but where the store began what nobody knows of.
            let is_known = request > 1 || result.is_ok();
            let left = scene.uploads_at(&at);
            assert!(left == 0 || !is_known, "{case}: {left} left of {seen:?}, {result:?}");
        }
    }
    assert!(come_through >= 5 * 4, "{come_through}");
}

/// A body that fills every buffer on the way to a store that takes none of it.
#[tokio::test]
async fn a_store_that_takes_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let backend = operations::backend(endpoint, SILENCE_MAX);
    let accepting = tokio::spawn(async move {
        let mut sockets = Vec::new();
        loop {
            sockets.push(listener.accept().await.unwrap());
        }
    });
    let body = bytes_of(vec![7; 64 * 1024 * 1024]);
    let put = PutRequest::new(64 * 1024 * 1024);
    let (upload, number) = (UploadId::new("id").unwrap(), PartNumber::new(1).unwrap());
    let start = Instant::now();
    let result = backend.parts().put_part(&key("k"), &upload, number, body, put).await;
    let StoreError::Backend { source } = result.unwrap_err() else { panic!("another error") };
    assert!(matches!(source.downcast_ref(), Some(S3Error::Silent { .. })), "{source:?}");
    assert!(start.elapsed() >= SILENCE_MAX && start.elapsed() < END_MAX);
    accepting.abort();
}

#[tokio::test]
async fn a_body_that_comes_slowly_is_not_the_fault_of_the_store() {
    let scene = Scene::new().await;
    let parts = scene.backend.parts();
    let upload = parts.create(&key("slow"), Attributes::new()).await.unwrap();
    let chunks = stream::iter(0..5_u8).then(|number| async move {
        sleep(SILENCE_MAX * 3).await;
        Ok(Bytes::from(vec![number; 2 * 1024 * 1024]))
    });
    let put = PutRequest::new(10 * 1024 * 1024);
    let number = PartNumber::new(1).unwrap();
    // Past the proxy, which keeps a body until it has all of it.
    let direct = operations::backend(scene.endpoint(), SILENCE_MAX * 2);
    let slow = direct.parts().put_part(&key("slow"), &upload, number, chunks.boxed(), put).await;
    slow.unwrap();
    assert_eq!(parts.list(&key("slow"), &upload).await.unwrap()[0].size, 10 * 1024 * 1024);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named() {
    let scene = Scene::new().await;
    scene.proxy.plan(Fault::Skewed, Which::All);
    let parts = scene.backend.parts();
    let error = parts.create(&key("k"), Attributes::new()).await.unwrap_err();
    let StoreError::Backend { source } = error else { panic!("{error:?}") };
    let skew: &S3Error = source.downcast_ref().unwrap();
    let S3Error::ClockSkew { theirs: Some(theirs), .. } = skew else { panic!("{skew:?}") };
    assert_eq!(theirs.to_string(), "20261122T000000Z");
    assert!(skew.to_string().contains("the clock of this machine says"), "{skew}");

    // A store that looks for itself, also where it answers without a body.
    let late = operations::settings(scene.endpoint()).with_clock(operations::late);
    let late = S3::new(late).unwrap().backend();
    let put = late.objects().put(&key("k"), bytes_of("x"), PutRequest::new(1)).await.unwrap_err();
    let open = late.objects().open(&key("k")).await.unwrap_err();
    for error in [put, open] {
        let StoreError::Backend { source } = error else { panic!("{error:?}") };
        assert!(matches!(source.downcast_ref(), Some(S3Error::ClockSkew { .. })), "{source:?}");
    }
}
