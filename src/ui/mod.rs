//! The window: theme, widgets and views. The only folder that names egui.

pub mod colormap;
mod ext;
pub mod fonts;
pub mod format;
pub mod theme;
pub mod ticks;

pub mod paper;

pub mod dialogs;
pub mod widgets;

pub mod action;
mod ask;
pub mod commands;
pub mod inspector;
pub mod prefs;
pub mod report;
mod shell;
mod sketch;
pub mod views;
mod windows;

pub mod app;
pub mod plot;
mod tokens;
mod tour;
pub mod trouble;
