//! `kinfolk layershuffle`: a recipe of layers that are drawn at random.

use super::args::LayerShuffleArgs;
use super::{CliError, out};
use crate::checkpoint::Checkpoint;
use crate::files::write_whole;
use crate::merge::composition::{Drawn, Order, shuffled, stacked};
use crate::merge::plan::locate;
use crate::merge::recipe::{ModelRef, to_yaml};
use crate::workbench::hub_cache;

pub fn run(args: &LayerShuffleArgs) -> Result<(), CliError> {
    let weights = match args.weights.len() {
        0 => vec![1.0; args.models.len()],
        n if n == args.models.len() => args.weights.clone(),
        n => {
            let models = args.models.len();
            let sentence = format!("there are {n} weights for {models} models; give one for each");
            return Err(CliError::Failed(sentence));
        }
    };
    let drawn: Result<Vec<Drawn>, CliError> = (args.models.iter().zip(weights))
        .map(|(text, weight)| {
            let model = ModelRef::parse(text).map_err(CliError::Failed)?;
            let layers = layers(&model, args)?;
            Ok(Drawn {
                model,
                layers,
                weight,
            })
        })
        .collect();
    let order = match args.full_random {
        true => Order::Any,
        false => Order::Kept,
    };
    let slices = shuffled(&drawn?, order, args.seed).map_err(CliError::Failed)?;
    let mut composition = stacked(slices);
    for recipe in &mut composition.recipes {
        recipe.dtype = args.fp16.then(|| "float16".to_owned());
    }
    let text = to_yaml(&composition.recipes).map_err(CliError::failed)?;
    match &args.write_yaml {
        Some(path) => write_whole(path, text.as_bytes()).map_err(CliError::Failed),
        None => {
            out::print_all(text.lines());
            Ok(())
        }
    }
}

fn layers(model: &ModelRef, args: &LayerShuffleArgs) -> Result<u32, CliError> {
    let root = match &args.root.folder {
        Some(root) => root.clone(),
        None => std::env::current_dir().map_err(CliError::failed)?,
    };
    let (revision, hub) = (model.revision.as_deref(), hub_cache());
    let found = locate(&model.path, revision, &root, None, hub.as_deref());
    let path = found.map_err(CliError::Failed)?;
    let checkpoint = Checkpoint::open(&path).map_err(CliError::failed)?;
    u32::try_from(checkpoint.layers()).map_err(CliError::failed)
}
