//! What is remembered of the window between two runs.

use eframe::egui::ThemePreference;
use serde::{Deserialize, Serialize};

use super::action::View;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    pub view: View,
    pub inspector: bool,
    pub theme: ThemePreference,
    pub zoom: f32,
    /// Whether the first study that is opened is to be shown around in.
    pub wants_tour: bool,
}

impl Prefs {
    /// Of who has never opened the program.
    pub fn first() -> Self {
        Self {
            wants_tour: true,
            ..Self::default()
        }
    }
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            view: View::Models,
            inspector: true,
            theme: ThemePreference::System,
            zoom: 1.0,
            wants_tour: false,
        }
    }
}
