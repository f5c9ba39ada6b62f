//! `serve`: the server, with everything wired.

mod buckets;
mod first_start;
mod grants;
mod http;
mod key_ring;
mod origins;
mod prefix_uploads;
mod settings;

use std::{io::Write as _, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{Router, extract::State, http::StatusCode, routing::get};
use countersign::{Addressing, Endpoint, MasterKey, Region};
use countersign_api::App;
use countersign_catalog::{Catalog, SqliteCatalog};
use countersign_gateway::Gateway;
use countersign_storage::{PrefixSigner, UrlSigner};
use tokio::net::TcpListener;

pub(crate) use self::settings::Serve;
use self::{
    buckets::Buckets, grants::CatalogGrants, key_ring::KeyRing, origins::Origins,
    prefix_uploads::TokenUploads, settings::Settings,
};
use crate::{clock, data_dir::DataDir};

/// The region that our URLs are signed for. There is one server, so the name is a formality; S3
/// clients have it as their default.
pub(crate) const REGION: &str = "us-east-1";

/// The bucket of the platform: what the dialects store.
const BUCKET: &str = "countersign";

/// How often bytes are looked for that a failed deletion or a late upload left.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

impl Serve {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        let settings = Settings::resolve(self)?;
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
        data.remember_endpoint(&origins.s3_endpoint())?;

        let welcome = first_start::welcome(&*catalog, origins.api()).await?;
        print_now(&format!("Countersign is ready at {}\n{welcome}", origins.api()))?;
        let sweeper = tokio::spawn(sweep(Arc::clone(&house.app)));
        http::serve(listener, house.router(&origins)?).await?;
        sweeper.abort();
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

async fn sweep(app: Arc<App>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    loop {
        ticks.tick().await;
        app.sweep_doomed().await;
    }
}

/// The two planes, over one catalog and one folder of buckets.
struct House {
    app: Arc<App>,
    gateway: Gateway,
    catalog: Arc<dyn Catalog>,
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
        let folder = settings.storage.clone().unwrap_or_else(|| data.objects());
        let buckets = Arc::new(Buckets::new(folder));
        let platform = buckets.open(BUCKET).await.context("cannot open the storage")?;

        let endpoint = Endpoint::parse(&origins.s3_endpoint(), Addressing::Path)?;
        let ring = KeyRing::new(master, Arc::clone(&catalog))?;
        let region = Region::new(REGION)?;
        let bucket = endpoint.bucket(BUCKET)?;
        let url_signer =
            UrlSigner::new(ring.platform().clone(), region, bucket, clock::server_now());
        let prefix_signer = PrefixSigner::new(prefix_key.clone(), origins.prefix_base());
        let signers = (url_signer, prefix_signer);
        let app = App::new(Arc::clone(&catalog), platform, signers, clock::server_now);
        let app = Arc::new(app);
        let grants = CatalogGrants::new(Arc::clone(&catalog), buckets);
        let gateway =
            Gateway::new(endpoint, region, Arc::new(ring), Arc::new(grants), clock::server_now)
                .with_prefix_uploads(prefix_key, Arc::new(TokenUploads(Arc::clone(&app))));
        Ok(Self { app, gateway, catalog })
    }

    fn router(self, origins: &Origins) -> anyhow::Result<Router> {
        let health = Router::new().route("/healthz", get(healthz)).with_state(self.catalog);
        let api = origins.only_on_api(countersign_api::router(self.app))?;
        Ok(api.merge(health).merge(self.gateway.router()))
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
