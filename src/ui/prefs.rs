//! What is remembered of the window between two runs.

use eframe::egui::ThemePreference;
use serde::{Deserialize, Serialize};

use super::action::View;

/// Preferences of the window; those of a study are in its document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    pub view: View,
    pub inspector: bool,
    /// Light, dark or the system's.
    pub theme: ThemePreference,
    pub zoom: f32,
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            view: View::Models,
            inspector: true,
            theme: ThemePreference::System,
            zoom: 1.0,
        }
    }
}
