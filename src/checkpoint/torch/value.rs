//! What a pickle describes, as data: values that refer to each other by number.
//!
//! All live in two flat lists, so that neither a deep nor a circular description can make
//! anything here call itself.

use std::collections::BTreeSet;

use super::input::Text;
use super::trouble::{Trouble, damaged};

/// Containers of a file. A tensor takes five, and there are at most half a million tensors with
/// as many moments of an optimiser beside them.
const MAX_NODES: usize = 8_000_000;

/// Values in all containers together; a tensor takes twenty.
const MAX_ITEMS: usize = 24_000_000;

/// How deep containers may lie in each other; real files have less than ten levels.
const MAX_DEPTH: u8 = 100;

/// How many values a file may have if each is counted wherever it is used again.
const MAX_UNFOLDED: u32 = 1 << 30;

/// One value; two words, and copied freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// Something that no tensor is made of: a fraction, bytes, a set, a device.
    Plain,
    None,
    Bool(bool),
    Int(i64),
    Text(Text),
    Tuple(Node),
    List(Node),
    /// Keys and values in turn.
    Dict(Node),
    /// A class or a function, by its name.
    Global(Global),
    /// What the class or function made, or would make.
    Object(Global),
    /// Numbers of the file, as a persistent identifier describes them.
    Storage(Node),
    Tensor(Rebuilt),
}

/// The number of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node(u32);

/// The number of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Global(u32);

/// A call that makes a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rebuilt {
    pub(super) by: Rebuild,
    pub(super) arguments: Node,
}

/// The functions of `torch._utils` that make tensors of storages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rebuild {
    /// `_rebuild_tensor` and `_rebuild_tensor_v2`: storage, offset, shape, strides, and in the
    /// second whether it is trained, hooks, and rarely metadata.
    Typed,
    /// `_rebuild_tensor_v3`: the same with a type before the metadata.
    Untyped,
}

#[derive(Debug, Default)]
struct Items {
    values: Vec<Value>,
    unfolded: u32,
    depth: u8,
}

/// All containers and names of a file.
#[derive(Debug, Default)]
pub(super) struct Heap {
    nodes: Vec<Items>,
    items: usize,
    globals: Vec<(Text, Text)>,
}

impl Heap {
    pub(super) fn node(&mut self, values: Vec<Value>) -> Result<Node, Trouble> {
        if self.nodes.len() >= MAX_NODES {
            return Err(damaged("it describes more objects than any model has"));
        }
        // Below `MAX_NODES`.
        let node = Node(self.nodes.len() as u32);
        self.nodes.push(Items::default());
        self.extend(node, values)?;
        Ok(node)
    }

    pub(super) fn extend(&mut self, node: Node, values: Vec<Value>) -> Result<(), Trouble> {
        self.items += values.len();
        if self.items > MAX_ITEMS {
            return Err(damaged("it describes more values than any model has"));
        }
        let (mut depth, mut unfolded) = (0, 1_u32);
        for value in &values {
            let Some(inner) = value.node() else {
                unfolded = unfolded.saturating_add(1);
                continue;
            };
            if inner == node {
                return Err(damaged("it describes a container that holds itself"));
            }
            let inner = self.nodes.get(inner.0 as usize);
            let inner = inner.map_or((0, 1), |inner| (inner.depth, inner.unfolded));
            depth = inner.0.max(depth);
            unfolded = unfolded.saturating_add(inner.1);
        }
        let Some(own) = self.nodes.get_mut(node.0 as usize) else {
            return Ok(());
        };
        own.depth = own.depth.max(depth.saturating_add(1));
        own.unfolded = own.unfolded.saturating_add(unfolded);
        if own.depth > MAX_DEPTH {
            let reason = format!("it describes containers more than {MAX_DEPTH} deep");
            return Err(Trouble::Damaged(reason));
        }
        if own.unfolded > MAX_UNFOLDED {
            return Err(damaged("it describes more values than any model has"));
        }
        if own.values.is_empty() {
            own.values = values;
        } else {
            own.values.extend(values);
        }
        Ok(())
    }

    /// What the container holds.
    pub(super) fn items(&self, node: Node) -> &[Value] {
        let items = self.nodes.get(node.0 as usize);
        items.map_or(&[], |items| &items.values)
    }

    /// The entries of a dictionary.
    pub(super) fn pairs(&self, node: Node) -> impl Iterator<Item = (Value, Value)> {
        let (pairs, _) = self.items(node).as_chunks::<2>();
        pairs.iter().map(|&[key, value]| (key, value))
    }

    pub(super) fn global(&mut self, module: Text, name: Text) -> Result<Global, Trouble> {
        if self.globals.len() >= MAX_NODES {
            return Err(damaged("it names more classes than any model has"));
        }
        let global = Global(self.globals.len() as u32);
        self.globals.push((module, name));
        Ok(global)
    }

    /// Module and name.
    pub(super) fn name(&self, global: Global) -> Option<(Text, Text)> {
        self.globals.get(global.0 as usize).copied()
    }
    /// How many values all containers have.
    pub(super) fn len(&self) -> usize {
        self.items
    }
}

/// Looks through values and all that they hold, at each container once.
#[derive(Debug, Default)]
pub(super) struct Search {
    seen: BTreeSet<u32>,
}

impl Search {
    /// Whether `is_one` says so of the value or of anything in it that was not seen before.
    pub(super) fn finds(
        &mut self,
        heap: &Heap,
        value: Value,
        is_one: impl Fn(Value) -> bool,
    ) -> bool {
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            if is_one(value) {
                return true;
            }
            let (Value::Tuple(node) | Value::List(node) | Value::Dict(node)) = value else {
                continue;
            };
            if self.seen.insert(node.0) {
                open.extend_from_slice(heap.items(node));
            }
        }
        false
    }
}

impl Value {
    /// The container that this is, or is made of.
    fn node(self) -> Option<Node> {
        match self {
            Self::Tuple(node) | Self::List(node) | Self::Dict(node) | Self::Storage(node) => {
                Some(node)
            }
            Self::Tensor(rebuilt) => Some(rebuilt.arguments),
            _ => None,
        }
    }
}
