//! Telling the desktop of work that has ended while the user is elsewhere.

use super::Workbench;
use crate::jobs::{Failure, Ticket};

impl Workbench {
    /// Shows a message outside the window, where the desktop has a place for such.
    pub fn tell_desktop(&mut self, title: impl Into<String>, text: impl Into<String>) {
        let (title, text) = (title.into(), text.into());
        let tell = move |_: &Ticket| show(&title, &text).map_err(Failure::Failed);
        self.jobs
            .spawn_quietly("Telling the desktop", tell, |_: &mut Self, result| {
                // A desktop without such messages is no fault of anybody's.
                if let Err(Failure::Failed(why)) = result {
                    log::info!("the desktop was not told: {why}");
                }
            });
    }
}

/// Calls `Notify` of the Desktop Notifications Specification 1.2.
#[cfg(target_os = "linux")]
fn show(title: &str, text: &str) -> Result<(), String> {
    use std::collections::BTreeMap;
    use std::time::Duration;
    use zbus::connection::Builder;
    use zbus::zvariant::Value;

    const NAME: &str = "org.freedesktop.Notifications";
    /// A desktop that does not answer by then does not answer.
    const PATIENCE: Duration = Duration::from_secs(5);
    /// How long it is shown is the desktop's to say.
    const USUAL_TIME: i32 = -1;
    let new: u32 = 0;
    let hints = BTreeMap::from([("desktop-entry", Value::from("kinfolk"))]);
    let actions: [&str; 0] = [];
    // The text may hold markup; names of models are text.
    let text = crate::html::escaped(text);
    let message = (
        "Kinfolk",
        new,
        "kinfolk",
        title,
        &text[..],
        &actions[..],
        hints,
        USUAL_TIME,
    );
    let tell = async {
        let bus = Builder::session()?.method_timeout(PATIENCE).build().await?;
        let path = "/org/freedesktop/Notifications";
        bus.call_method(Some(NAME), path, Some(NAME), "Notify", &message)
            .await
    };
    let told = zbus::block_on(tell);
    told.map(drop).map_err(|error| error.to_string())
}

#[cfg(not(target_os = "linux"))]
fn show(_: &str, _: &str) -> Result<(), String> {
    Err("it is not asked on this system".to_owned())
}
