//! How much a header or an index may hold: bounds that no real file meets, each with its reason.
//!
//! They hold while a file is read, so that what a stranger's file makes this program take is a
//! small multiple of the file, whose own length is bounded too.

/// Dimensions of a shape: as many as a tensor of PyTorch can have.
pub(super) const DIMENSIONS: usize = 64;

/// Tensors of one file, and of an index. The largest models that are shared, mixtures of some
/// hundred experts with scales beside every matrix, have about 200,000 in all.
pub(super) const TENSORS: usize = 500_000;

/// Bytes of a tensor's name; real ones have less than 200.
pub(super) const NAME_BYTES: usize = 1024;

/// Bytes of a shard's name: no file system in use takes longer ones.
pub(super) const FILE_NAME_BYTES: usize = 255;

/// Keys of a header's metadata; the trainers that write most of them write about a hundred.
pub(super) const METADATA_KEYS: usize = 10_000;

/// Patterns of an adapter's ranks or alphas: one for every module of the largest models.
pub(super) const PATTERNS: usize = 100_000;
