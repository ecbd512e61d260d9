//! From a name to a client of its store, with the credentials of the environment.
//!
//! These are the usual ones of each store: `AWS_*` (with `AWS_ENDPOINT_URL` for others that speak
//! S3), `GOOGLE_*`, `AZURE_*`. Nothing is taken from anywhere else, and nothing is kept.

use std::sync::Arc;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::{ClientConfigKey, ClientOptions, ObjectStore, RetryConfig};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use super::super::access;
use super::super::name::{Name, Scheme};
use super::super::patience::Patience;

/// The store of a name; `query` stands behind the addresses of a web server.
pub(super) fn store(
    name: &Name,
    query: Option<&str>,
    patience: Patience,
) -> object_store::Result<Arc<dyn ObjectStore>> {
    let root = name.root();
    let retry = RetryConfig {
        // Asking again is done in one place, for all stores and for every way to fail.
        max_retries: 0,
        ..RetryConfig::default()
    };
    let is_plain = root.starts_with("http://");
    let options = options(patience);
    Ok(match name.scheme {
        Scheme::S3 => {
            let builder = AmazonS3Builder::from_env().with_url(root).with_retry(retry);
            let local = is_local("AWS_ENDPOINT_URL") || is_local("AWS_ENDPOINT");
            Arc::new(
                builder
                    .with_client_options(options.with_allow_http(local))
                    .build()?,
            )
        }
        Scheme::Google => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(root);
            let builder = builder.with_retry(retry);
            Arc::new(builder.with_client_options(options).build()?)
        }
        Scheme::Azure => {
            let builder = MicrosoftAzureBuilder::from_env().with_url(root);
            let builder = builder.with_retry(retry);
            let local = is_local("AZURE_STORAGE_ENDPOINT") || is_set("AZURE_STORAGE_USE_EMULATOR");
            Arc::new(
                builder
                    .with_client_options(options.with_allow_http(local))
                    .build()?,
            )
        }
        Scheme::Web => {
            let url = query.map_or_else(|| root.to_owned(), |query| format!("{root}/?{query}"));
            let builder = HttpBuilder::new().with_url(url).with_retry(retry);
            let options = match root == access::endpoint() {
                true => options.with_default_headers(for_the_hub()),
                false => options,
            };
            Arc::new(
                builder
                    .with_client_options(options.with_allow_http(is_plain))
                    .build()?,
            )
        }
    })
}

fn options(patience: Patience) -> ClientOptions {
    let agent = concat!("kinfolk/", env!("CARGO_PKG_VERSION"));
    ClientOptions::new()
        .with_config(ClientConfigKey::UserAgent, agent)
        .with_connect_timeout(patience.stall.min(LONGEST_CONNECT))
        // A long answer may take its time, as long as something comes.
        .with_timeout_disabled()
}

/// The user's token, which goes to the hub alone: where the hub leads elsewhere, it is left out.
fn for_the_hub() -> HeaderMap {
    let value =
        access::token().and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
    let header = |mut value: HeaderValue| {
        value.set_sensitive(true);
        (AUTHORIZATION, value)
    };
    value.into_iter().map(header).collect()
}

const LONGEST_CONNECT: std::time::Duration = std::time::Duration::from_secs(10);

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Whether a variable that the user has set names an address without TLS.
fn is_local(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| value.starts_with("http://"))
}
