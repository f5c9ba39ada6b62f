//! `serve`: the server, with everything wired.

mod buckets;
mod client;
mod first_start;
mod grants;
mod http;
mod imports;
mod key_ring;
mod origins;
mod prefix_uploads;
mod s3;
mod settings;

use std::{io::Write as _, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{Router, extract::State, http::StatusCode, routing::get};
use countersign::{Addressing, Endpoint, MasterKey, Region};
use countersign_api::App;
use countersign_catalog::{Catalog, SqliteCatalog};
use countersign_gateway::{Gateway, prefix_router};
use countersign_storage::{Backend, PrefixSigner, UrlSigner};
use tokio::net::TcpListener;

pub(crate) use self::settings::Serve;
use self::{
    buckets::Buckets,
    grants::CatalogGrants,
    http::Stop,
    key_ring::KeyRing,
    origins::Origins,
    prefix_uploads::TokenUploads,
    settings::{S3Place, Settings, Storage},
};
use crate::{clock, data_dir::DataDir, environment::AwsEnvironment};

/// The region that our URLs are signed for. There is one server, so the name is a formality; S3
/// clients have it as their default.
pub(crate) const REGION: &str = "us-east-1";

/// The bucket of the platform: what the dialects store.
const BUCKET: &str = "countersign";

/// How often bytes are looked for that a failed deletion or a late upload left.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// How often imports are looked for that nobody holds any more: more often than a lease lasts.
const SWEEP_IMPORTS_EVERY: Duration = Duration::from_secs(15);

impl Serve {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        let settings = Settings::resolve(self, &AwsEnvironment::read())?;
        tracing_subscriber::fmt()
            .with_max_level(settings.log)
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .init();
        let data = DataDir::open(&settings.data)?;
        let _lock = data.lock()?;
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("cannot listen on {}", settings.listen))?;
        let origins = Origins::new(&settings, listener.local_addr()?)?;
        let catalog = Arc::new(data.catalog().await?);
        let house = House::build(&settings, &data, &origins, Arc::clone(&catalog)).await?;
        data.remember_endpoint(house.gateway_endpoint.as_deref())?;

        // Whoever reads that it is ready may ask it to end at once.
        let stop = Stop::catch()?;
        let welcome = first_start::welcome(&*catalog, origins.api()).await?;
        print_now(&format!("Countersign is ready at {}\n{welcome}", origins.api()))?;
        let app = Arc::clone(&house.app);
        let sweeper = tokio::spawn(sweep(Arc::clone(&app)));
        let proxies = settings.rate.trusted_proxies.clone();
        http::serve(listener, house.router(&origins)?, proxies, stop).await?;
        sweeper.abort();
        app.stop_imports().await;
        catalog.close().await;
        Ok(())
    }
}

/// Written whole and flushed: whoever started us reads it from a pipe.
fn print_now(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

/// Side by side: deleting many bytes takes long, and a lease is not to wait for that.
async fn sweep(app: Arc<App>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    let mut import_ticks = tokio::time::interval(SWEEP_IMPORTS_EVERY);
    let doomed = async {
        loop {
            ticks.tick().await;
            app.sweep_clients();
            app.sweep_abandoned().await;
            app.sweep_doomed().await;
        }
    };
    let imports = async {
        loop {
            import_ticks.tick().await;
            app.sweep_imports().await;
        }
    };
    // Neither ends.
    tokio::select! {
        () = doomed => {}
        () = imports => {}
    }
}

/// The two planes, over one catalog and one place for the bytes.
struct House {
    app: Arc<App>,
    data_plane: Router,
    /// Where the objects are served, if we serve them.
    gateway_endpoint: Option<String>,
    catalog: Arc<dyn Catalog>,
}

/// The bytes, and who signs URLs to them.
struct Bytes {
    backend: Backend,
    url_signer: UrlSigner,
    /// What serves these URLs; none, where an S3 does.
    gateway: Option<Gateway>,
}

impl House {
    async fn build(
        settings: &Settings,
        data: &DataDir,
        origins: &Origins,
        catalog: Arc<SqliteCatalog>,
    ) -> anyhow::Result<Self> {
        let catalog: Arc<dyn Catalog> = catalog;
        let master: MasterKey = data.master_key()?;
        let prefix_key = master.prefix_token_key();
        let bytes = match &settings.storage {
            Storage::S3(place) => Bytes::on_s3(place).await?,
            Storage::Folder(folder) => {
                Bytes::in_folder(folder.clone(), origins, master, &catalog).await?
            }
            Storage::Data => Bytes::in_folder(data.objects(), origins, master, &catalog).await?,
        };
        let prefix_signer = PrefixSigner::new(prefix_key.clone(), origins.prefix_base());
        let signers = (bytes.url_signer, prefix_signer);
        let app = App::new(Arc::clone(&catalog), bytes.backend, signers, clock::server_now)
            .with_rate_limits(settings.rate.limits);
        let app = Arc::new(imports::with_imports(app, settings, origins)?);
        let uploads = Arc::new(TokenUploads(Arc::clone(&app)));
        let gateway_endpoint = bytes.gateway.is_some().then(|| origins.s3_endpoint());
        let data_plane = match bytes.gateway {
            Some(gateway) => gateway.with_prefix_uploads(prefix_key, uploads).router(),
            None => prefix_router(prefix_key, uploads, clock::server_now),
        };
        Ok(Self { app, data_plane, gateway_endpoint, catalog })
    }

    fn router(self, origins: &Origins) -> anyhow::Result<Router> {
        let health = Router::new().route("/healthz", get(healthz)).with_state(self.catalog);
        let api = origins.only_on_api(countersign_api::router(self.app))?;
        Ok(api.merge(health).merge(self.data_plane))
    }
}

impl Bytes {
    /// In a folder, served by our gateway.
    async fn in_folder(
        folder: PathBuf,
        origins: &Origins,
        master: MasterKey,
        catalog: &Arc<dyn Catalog>,
    ) -> anyhow::Result<Self> {
        let buckets = Arc::new(Buckets::new(folder));
        let backend = buckets.open(BUCKET).await.context("cannot open the storage")?;
        let endpoint = Endpoint::parse(&origins.s3_endpoint(), Addressing::Path)?;
        let ring = KeyRing::new(master, Arc::clone(catalog))?;
        let (region, bucket) = (Region::new(REGION)?, endpoint.bucket(BUCKET)?);
        let url_signer =
            UrlSigner::new(ring.platform().clone(), region, bucket, clock::server_now());
        let grants = Arc::new(CatalogGrants::new(Arc::clone(catalog), buckets));
        let gateway = Gateway::new(endpoint, region, Arc::new(ring), grants, clock::server_now);
        Ok(Self { backend, url_signer, gateway: Some(gateway) })
    }

    /// In a bucket of an S3, which serves its URLs itself.
    async fn on_s3(place: &S3Place) -> anyhow::Result<Self> {
        let s3 = s3::open(place).await?;
        let url_signer = s3.url_signer(clock::server_now());
        Ok(Self { backend: s3.backend(), url_signer, gateway: None })
    }
}

/// Ready is who can read the catalog.
async fn healthz(State(catalog): State<Arc<dyn Catalog>>) -> (StatusCode, &'static str) {
    match catalog.has_api_keys().await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::error!(%error, "the catalog cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the catalog cannot be read\n")
        }
    }
}
