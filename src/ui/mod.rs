//! The window: theme, widgets and views. The only folder that names egui.

pub mod colormap;
pub mod fonts;
pub mod format;
pub mod theme;

pub mod picture;
pub mod raster;

pub mod dialogs;
pub mod widgets;

pub mod action;
pub mod commands;
pub mod inspector;
pub mod prefs;
mod shell;
pub mod views;
mod windows;

pub mod app;
mod carry_out;
pub mod charts;
mod guard;
pub mod trouble;
