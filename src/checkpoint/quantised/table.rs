//! The stored tensors of a whole checkpoint, from which each scheme takes what is its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::dtype::Dtype;
use super::super::error::CheckpointError;
use super::super::layout;
use super::super::source::{Source, Stored};
use super::super::tensor::Tensor;
use super::settings::Settings;
use crate::files;
use crate::numeric::Float;

/// What is left of the stored tensors, and what was made of others.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) settings: Settings,
    stored: BTreeMap<String, Tensor>,
    made: BTreeMap<String, Tensor>,
    /// The file that was read from last: hundreds of small tensors lie in one.
    open: Option<(PathBuf, File)>,
}

/// A scheme, and the tensor that stands for all that belongs to one weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) scheme: &'static str,
    pub(super) tensor: &'a Tensor,
}

impl Table {
    pub(super) fn new(settings: Settings, tensors: Vec<Tensor>) -> Self {
        let named = |tensor: Tensor| (tensor.name.clone(), tensor);
        Self {
            settings,
            stored: tensors.into_iter().map(named).collect(),
            made: BTreeMap::new(),
            open: None,
        }
    }

    /// Everything, the stored ones first.
    pub(super) fn into_tensors(self) -> Vec<Tensor> {
        let mut tensors: Vec<Tensor> = self.stored.into_values().collect();
        tensors.extend(self.made.into_values());
        tensors
    }

    /// Whether any weight was quantised.
    pub(super) fn has_made(&self) -> bool {
        !self.made.is_empty()
    }

    pub(super) fn stored(&self) -> impl Iterator<Item = &Tensor> {
        self.stored.values()
    }

    /// What stands before `ending` in the names that end so.
    pub(super) fn stems(&self, ending: &str) -> Vec<String> {
        let stems = self
            .stored
            .keys()
            .filter_map(|name| name.strip_suffix(ending));
        stems.map(ToOwned::to_owned).collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Tensor> {
        self.stored.get(name)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Tensor> {
        self.stored.remove(name)
    }

    /// Takes what must be there.
    pub(super) fn need(&mut self, of: Of<'_>, name: &str) -> Result<Tensor, CheckpointError> {
        self.take(name)
            .ok_or_else(|| of.misfit(format!("`{name}` beside it"), "no such tensor"))
    }

    pub(super) fn forget(&mut self, names: impl Fn(&str) -> bool) {
        self.stored.retain(|name, _| !names(name));
    }

    /// Puts the weight in the place of what it was made from.
    pub(super) fn put(
        &mut self,
        of: Of<'_>,
        name: String,
        dtype: Dtype,
        shape: Vec<usize>,
        source: Arc<dyn Source>,
    ) -> Result<(), CheckpointError> {
        if layout::elements(&shape) != Some(source.elements()) {
            let found = format!("{} weights", source.elements());
            return Err(of.misfit(format!("the shape {shape:?}"), &found));
        }
        if self.stored.contains_key(&name) || self.made.contains_key(&name) {
            let found = "another tensor of that name beside it";
            return Err(of.misfit(format!("one weight `{name}`"), found));
        }
        let tensor = Tensor::coded(name.clone(), dtype, shape, source);
        self.made.insert(name, tensor);
        Ok(())
    }

    /// The bytes of a small tensor that describes others; read from the file, not from its map.
    pub(super) fn description(
        &mut self,
        of: Of<'_>,
        tensor: &Tensor,
        most: usize,
    ) -> Result<Vec<u8>, CheckpointError> {
        let stored = of.plain(tensor)?;
        let len = stored.range.len();
        if len > most {
            let expected = format!("at most {most} bytes in `{}`", tensor.name);
            return Err(of.misfit(expected, &format!("{len}")));
        }
        let path = stored.file.path().to_owned();
        let read = |file: &mut File| -> std::io::Result<Vec<u8>> {
            let mut bytes = vec![0; len];
            file.seek(SeekFrom::Start(stored.range.start as u64))?;
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read(self.file(&path)?);
        bytes.map_err(|error| CheckpointError::unreadable(&path, error.into()))
    }

    fn file(&mut self, path: &Path) -> Result<&mut File, CheckpointError> {
        let known = self.open.take().filter(|(known, _)| known == path);
        let open = match known {
            Some(open) => open,
            None => {
                let (file, _) =
                    files::open(path).map_err(|error| CheckpointError::unreadable(path, error))?;
                (path.to_owned(), file)
            }
        };
        Ok(&mut self.open.insert(open).1)
    }
}

impl Of<'_> {
    /// An error that names the scheme, the tensor, what was expected and what was found.
    pub(super) fn misfit(&self, expected: impl Into<String>, found: &str) -> CheckpointError {
        let path = self
            .tensor
            .plainly_stored()
            .map(|stored| stored.file.path());
        CheckpointError::Quantised {
            path: path.unwrap_or(Path::new("")).to_owned(),
            scheme: self.scheme,
            tensor: self.tensor.name.clone(),
            expected: expected.into(),
            found: found.to_owned(),
        }
    }

    pub(super) fn plain(&self, tensor: &Tensor) -> Result<Stored, CheckpointError> {
        let stored = tensor.plainly_stored().cloned();
        stored.ok_or_else(|| self.misfit("plain numbers", tensor.dtype.name()))
    }

    /// The bytes of `tensor`, which must have this format and this shape.
    pub(super) fn exactly(
        &self,
        tensor: &Tensor,
        dtype: Dtype,
        shape: &[usize],
    ) -> Result<Stored, CheckpointError> {
        self.shape(tensor, shape)?;
        self.dtype(tensor, &[dtype])?;
        self.plain(tensor)
    }

    pub(super) fn shape(&self, tensor: &Tensor, shape: &[usize]) -> Result<(), CheckpointError> {
        if tensor.shape == shape {
            return Ok(());
        }
        let expected = format!("`{}` of shape {shape:?}", tensor.name);
        Err(self.misfit(expected, &shape_of(tensor)))
    }

    pub(super) fn dtype(&self, tensor: &Tensor, known: &[Dtype]) -> Result<(), CheckpointError> {
        if known.contains(&tensor.dtype) {
            return Ok(());
        }
        let names: Vec<&str> = known.iter().map(|dtype| dtype.name()).collect();
        let expected = format!("`{}` of {}", tensor.name, names.join(" or "));
        Err(self.misfit(expected, tensor.dtype.name()))
    }

    /// The float format of `tensor`.
    pub(super) fn float(&self, tensor: &Tensor) -> Result<Float, CheckpointError> {
        let float = tensor.dtype.float();
        float
            .ok_or_else(|| self.misfit(format!("`{}` of floats", tensor.name), tensor.dtype.name()))
    }

    /// Rows and columns of `tensor`, which must have both.
    pub(super) fn matrix(&self, tensor: &Tensor) -> Result<[usize; 2], CheckpointError> {
        match tensor.shape[..] {
            [rows, columns] => Ok([rows, columns]),
            _ => {
                let expected = format!("`{}` with two dimensions", tensor.name);
                Err(self.misfit(expected, &shape_of(tensor)))
            }
        }
    }
}

/// A shape for a message; a forged one may have more dimensions than anybody reads.
pub(super) fn shape_of(tensor: &Tensor) -> String {
    match tensor.shape.get(..8) {
        Some(first) if tensor.shape.len() > 8 => format!("{first:?} and so on"),
        _ => format!("{:?}", tensor.shape),
    }
}
