//! The two threads that wait for the network, started with the first request.

use std::sync::OnceLock;
use std::sync::mpsc::RecvTimeoutError;

use tokio::runtime::{Builder, Runtime};

use super::super::pool::LOOK;
use super::super::trouble::Trouble;
use crate::jobs::is_cancelled_here;

static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();

fn runtime() -> Result<&'static Runtime, Trouble> {
    let start = || {
        // Another part of the process may have chosen one, which is as good.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).thread_name("store").enable_all();
        builder.build().ok()
    };
    let none = || Trouble::Offline("no thread could be started".to_owned());
    RUNTIME.get_or_init(start).as_ref().ok_or_else(none)
}

/// Does `work` on these threads.
pub(super) fn start(work: impl Future<Output = ()> + Send + 'static) -> Result<(), Trouble> {
    runtime()?.spawn(work);
    Ok(())
}

/// Does `work` on these threads and waits for it.
pub(super) fn wait<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Trouble> {
    let (send, came) = std::sync::mpsc::channel();
    start(async move {
        send.send(work.await).ok();
    })?;
    loop {
        match came.recv_timeout(LOOK) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) if is_cancelled_here() => {
                return Err(Trouble::Cancelled);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(ended()),
        }
    }
}

/// For a request that ended by itself.
pub(super) fn ended() -> Trouble {
    Trouble::Offline("the request ended without an answer".to_owned())
}

/// Leave to use the runtime for building what wants one around it.
pub(super) fn entered<T>(build: impl FnOnce() -> T) -> Result<T, Trouble> {
    let _guard = runtime()?.enter();
    Ok(build())
}
