//! From a name to a client of its store, with the credentials of the environment.
//!
//! These are the usual ones of each store: `AWS_*` (with `AWS_ENDPOINT_URL` for others that speak
//! S3) or else the profile in `~/.aws`, `GOOGLE_*`, `AZURE_*`. Nothing is taken from anywhere else,
//! and nothing is kept.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex};

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::{ClientConfigKey, ClientOptions, ObjectStore, RetryConfig};

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use super::super::access;
use super::super::name::{Name, Scheme};
use super::super::patience::Patience;
use super::super::trouble::Trouble;
use super::profile;
use crate::parallel::lock;

/// Stores that are connected to already, by their roots and queries: a client reads the
/// certificates of the system when it is made, and keeps connections.
static KNOWN: Mutex<BTreeMap<(String, String), Arc<dyn ObjectStore>>> = Mutex::new(BTreeMap::new());

/// The store of a name, one for all folders in it.
pub(super) fn shared(
    name: &Name,
    query: Option<&str>,
    patience: Patience,
) -> Result<Arc<dyn ObjectStore>, Trouble> {
    let key = (name.root().to_owned(), query.unwrap_or_default().to_owned());
    let mut known = lock(&KNOWN);
    if let Some(store) = known.get(&key) {
        return Ok(Arc::clone(store));
    }
    addresses(name.scheme)?;
    let made = store(name, query, patience).map_err(|error| unclear(&error))?;
    known.insert(key, Arc::clone(&made));
    Ok(made)
}

/// Variables that hold the address of a store.
const ADDRESSES: [(Scheme, &str); 4] = [
    (Scheme::S3, "AWS_ENDPOINT_URL"),
    (Scheme::S3, "AWS_ENDPOINT"),
    (Scheme::S3, "AWS_ENDPOINT_URL_S3"),
    (Scheme::Azure, "AZURE_STORAGE_ENDPOINT"),
];

/// Refuses what is no address: the library takes for granted that it is one.
fn addresses(scheme: Scheme) -> Result<(), Trouble> {
    let own = ADDRESSES.iter().filter(|(of, _)| *of == scheme);
    for (_, variable) in own {
        let Ok(value) = std::env::var(variable) else {
            continue;
        };
        if Url::parse(&value).is_err() {
            let sentence = format!("{variable} is `{value}`, which is no address; set it anew");
            return Err(Trouble::Name(sentence));
        }
    }
    Ok(())
}

/// The store of a name; `query` stands behind the addresses of a web server.
fn store(
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
            let local = is_local("AWS_ENDPOINT_URL") || is_local("AWS_ENDPOINT");
            let builder = with_profile(AmazonS3Builder::from_env().with_url(root));
            let builder = builder.with_client_options(options.with_allow_http(local));
            Arc::new(builder.with_retry(retry).build()?)
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

/// The keys and the region of the user's profile, where the environment says none.
fn with_profile(mut builder: AmazonS3Builder) -> AmazonS3Builder {
    let settings = profile::settings();
    let of = |key: &str| settings.get(key).filter(|value| !value.is_empty());
    let others = [
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_SKIP_SIGNATURE",
    ];
    if let (Some(key), Some(secret), false) = (
        of("aws_access_key_id"),
        of("aws_secret_access_key"),
        others.into_iter().any(is_set),
    ) {
        builder = builder
            .with_access_key_id(key)
            .with_secret_access_key(secret);
        if let Some(token) = of("aws_session_token") {
            builder = builder.with_token(token);
        }
    }
    match of("region").filter(|_| !is_set("AWS_REGION") && !is_set("AWS_DEFAULT_REGION")) {
        Some(region) => builder.with_region(region),
        None => builder,
    }
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

/// Settings that make no sense to the library.
fn unclear(error: &object_store::Error) -> Trouble {
    Trouble::Name(cause(error))
}

/// The innermost cause, in one line.
pub(super) fn cause(error: &object_store::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let said = innermost.to_string();
    said.lines().next().unwrap_or_default().trim().to_owned()
}
