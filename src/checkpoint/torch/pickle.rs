//! Reads a pickle as a description of data. Nothing is imported, called or run.
//!
//! A pickle is a program for a machine with a stack and a memory: most of its instructions put
//! plain values together, and a few call a function by its name. Here such a call makes a tensor
//! or a dictionary where [`super::construct`] knows the name, and else a value that remembers
//! only the name. The instructions are those of Python's `pickletools`, protocols 0 to 5.

use std::io::Read;

use super::construct;
use super::container::Described;
use super::input::{Input, Text};
use super::trouble::{Trouble, damaged, shown};
use super::value::{Heap, Node, Value};

/// Values that wait to be put together; picklers put a thousand at a time.
const MAX_STACK: usize = 4_000_000;

/// One pickle after another, of the same file.
pub(super) struct Machine<R> {
    pub(super) input: Input<R>,
    pub(super) heap: Heap,
    /// All storages that were named.
    pub(super) storages: Vec<Node>,
    stack: Vec<Value>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: Vec<Option<Value>>,
}

impl<R: Read> Machine<R> {
    pub(super) fn new(input: Input<R>) -> Self {
        Self {
            input,
            heap: Heap::default(),
            storages: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Vec::new(),
        }
    }

    /// What was read so far.
    pub(super) fn described(&self) -> Described<'_> {
        Described {
            heap: &self.heap,
            text: self.input.text(),
        }
    }

    /// The values, and all bytes that were read.
    pub(super) fn into_parts(self) -> (Heap, Vec<u8>) {
        (self.heap, self.input.into_text())
    }

    /// Reads one pickle to its end.
    pub(super) fn read(&mut self) -> Result<Value, Trouble> {
        self.stack.clear();
        self.marks.clear();
        self.memo.clear();
        loop {
            let instruction = self.input.byte()?;
            if instruction == b'.' {
                return self.pop();
            }
            self.step(instruction)?;
            if self.stack.len() > MAX_STACK || self.marks.len() > MAX_STACK {
                return Err(damaged("it describes more values than any model has"));
            }
        }
    }

    fn step(&mut self, instruction: u8) -> Result<(), Trouble> {
        let value = match instruction {
            // The protocol and a frame, which matter to nobody.
            0x80 => return self.input.byte().map(|_| ()),
            0x95 => return self.input.number::<8>().map(|_| ()),
            b'(' => {
                self.marks.push(self.stack.len());
                return Ok(());
            }
            b'0' => return self.pop_any(),
            b'1' => return self.above_mark().map(|_| ()),
            b'2' => self.top()?,
            b'N' => Value::None,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            b'I' | b'L' | b'J' | b'K' | b'M' | 0x8a | 0x8b => self.integer(instruction)?,
            b'F' => self.input.line().map(|_| Value::Plain)?,
            b'G' => self.input.number::<8>().map(|_| Value::Plain)?,
            b'S' | b'V' | b'T' | b'U' | b'X' | 0x8c | 0x8d => self.text(instruction)?,
            b'B' | b'C' | 0x8e | 0x96 => self.bytes(instruction)?,
            b't' | b')' | 0x85..=0x87 => self.tuple(instruction)?,
            b'l' => Value::List(self.node_above_mark()?),
            b']' => Value::List(self.heap.node(Vec::new())?),
            b'd' => Value::Dict(self.node_above_mark()?),
            b'}' => Value::Dict(self.heap.node(Vec::new())?),
            0x8f => Value::Plain,
            0x91 => self.above_mark().map(|_| Value::Plain)?,
            b'a' | b'e' | b's' | b'u' | 0x90 => return self.put_into(instruction),
            b'p' | b'q' | b'r' | 0x94 => return self.remember(instruction),
            b'g' | b'h' | b'j' => self.recall(instruction)?,
            b'c' | 0x93 | b'i' => self.named(instruction)?,
            b'R' | 0x81 | 0x92 | b'o' => self.called(instruction)?,
            b'b' => self.built()?,
            b'Q' => self.storage()?,
            other => return Err(unknown(other)),
        };
        self.stack.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, Trouble> {
        // What lies below the last mark belongs to a container that is not complete.
        if self.marks.last() == Some(&self.stack.len()) {
            return Err(underflow());
        }
        self.stack.pop().ok_or_else(underflow)
    }

    /// A value, or a mark where that is on top.
    fn pop_any(&mut self) -> Result<(), Trouble> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(|_| ())
    }

    fn top(&self) -> Result<Value, Trouble> {
        self.stack.last().copied().ok_or_else(underflow)
    }

    fn above_mark(&mut self) -> Result<Vec<Value>, Trouble> {
        let mark = self.marks.pop().ok_or_else(underflow)?;
        if mark > self.stack.len() {
            return Err(underflow());
        }
        Ok(self.stack.split_off(mark))
    }

    fn node_above_mark(&mut self) -> Result<Node, Trouble> {
        let values = self.above_mark()?;
        self.heap.node(values)
    }

    fn integer(&mut self, instruction: u8) -> Result<Value, Trouble> {
        let input = &mut self.input;
        Ok(match instruction {
            b'J' => Value::Int(i64::from(i32::from_le_bytes(input.number()?))),
            b'K' => Value::Int(i64::from(input.byte()?)),
            b'M' => Value::Int(i64::from(u16::from_le_bytes(input.number()?))),
            b'I' | b'L' => {
                let line = input.line()?;
                written_integer(input.bytes(line))
            }
            _ => {
                let len = self.length(instruction == 0x8b)?;
                let text = self.input.take(len)?;
                little_endian(self.input.bytes(text))
            }
        })
    }

    /// A length of one byte, or of four.
    fn length(&mut self, is_long: bool) -> Result<u64, Trouble> {
        Ok(if is_long {
            u64::from(u32::from_le_bytes(self.input.number()?))
        } else {
            u64::from(self.input.byte()?)
        })
    }

    fn text(&mut self, instruction: u8) -> Result<Value, Trouble> {
        if matches!(instruction, b'S' | b'V') {
            let line = self.input.line()?;
            return Ok(self.written_text(instruction, line));
        }
        let len = match instruction {
            0x8d => u64::from_le_bytes(self.input.number()?),
            _ => self.length(matches!(instruction, b'T' | b'X'))?,
        };
        self.input.take(len).map(Value::Text)
    }

    /// Text of protocol 0; with escapes in it, it is none that a tensor is made of.
    fn written_text(&self, instruction: u8, line: Text) -> Value {
        let bytes = self.input.bytes(line);
        if bytes.contains(&b'\\') || instruction == b'S' {
            return Value::Plain;
        }
        Value::Text(line)
    }

    fn bytes(&mut self, instruction: u8) -> Result<Value, Trouble> {
        let len = match instruction {
            0x8e | 0x96 => u64::from_le_bytes(self.input.number()?),
            _ => self.length(instruction == b'B')?,
        };
        self.input.take(len).map(|_| Value::Plain)
    }

    fn tuple(&mut self, instruction: u8) -> Result<Value, Trouble> {
        let values = match instruction {
            b't' => self.above_mark()?,
            b')' => Vec::new(),
            _ => {
                let mut values = Vec::new();
                for _ in 0x84..instruction {
                    values.push(self.pop()?);
                }
                values.reverse();
                values
            }
        };
        self.heap.node(values).map(Value::Tuple)
    }

    /// Puts values into the container below them; into others they go unseen.
    fn put_into(&mut self, instruction: u8) -> Result<(), Trouble> {
        let mut values = match instruction {
            b'a' => vec![self.pop()?],
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.above_mark()?,
        };
        let is_pairs = matches!(instruction, b's' | b'u');
        if is_pairs && values.len() % 2 != 0 {
            return Err(damaged("a dictionary in it has a key without a value"));
        }
        match (self.top()?, is_pairs) {
            (Value::List(node), false) | (Value::Dict(node), true) => {
                self.heap.extend(node, std::mem::take(&mut values))
            }
            (Value::Object(_) | Value::Plain, _) => Ok(()),
            _ => Err(damaged("it puts values into what is no container")),
        }
    }

    fn remember(&mut self, instruction: u8) -> Result<(), Trouble> {
        let value = self.top()?;
        let at = match instruction {
            0x94 => self.memo.len(),
            b'p' => self.place_in_memo()?,
            _ => self.length(instruction == b'r')? as usize,
        };
        // They are numbered from 0 on, and each takes two bytes of the pickle or, by number 0x94,
        // one.
        if at > self.input.at() {
            return Err(damaged("it numbers more values than it has"));
        }
        if at >= self.memo.len() {
            self.memo.resize(at + 1, None);
        }
        if let Some(place) = self.memo.get_mut(at) {
            *place = Some(value);
        }
        Ok(())
    }

    fn recall(&mut self, instruction: u8) -> Result<Value, Trouble> {
        let at = match instruction {
            b'g' => self.place_in_memo()?,
            _ => self.length(instruction == b'j')? as usize,
        };
        let value = self.memo.get(at).copied().flatten();
        value.ok_or_else(|| damaged("it takes up a value that it never had"))
    }

    fn place_in_memo(&mut self) -> Result<usize, Trouble> {
        let line = self.input.line()?;
        match written_integer(self.input.bytes(line)) {
            Value::Int(at) => usize::try_from(at).ok(),
            _ => None,
        }
        .ok_or_else(|| damaged("it numbers a value by what is no number"))
    }

    /// A class or function by its name, or (`i`) an object of it.
    fn named(&mut self, instruction: u8) -> Result<Value, Trouble> {
        let (module, name) = if instruction == 0x93 {
            match (self.pop()?, self.pop()?) {
                (Value::Text(name), Value::Text(module)) => (module, name),
                _ => return Err(damaged("it names a class by what is no text")),
            }
        } else {
            (self.input.line()?, self.input.line()?)
        };
        let (of, called) = (self.input.bytes(module), self.input.bytes(name));
        if construct::is_dangerous(of, called) {
            let found = format!("{}.{}", shown(of), shown(called));
            return Err(Trouble::Dangerous(found));
        }
        let global = self.heap.global(module, name)?;
        if instruction == b'i' {
            self.above_mark()?;
            return Ok(Value::Object(global));
        }
        Ok(Value::Global(global))
    }

    fn called(&mut self, instruction: u8) -> Result<Value, Trouble> {
        let (function, arguments) = match instruction {
            b'o' => {
                let mut values = self.above_mark()?;
                if values.is_empty() {
                    return Err(underflow());
                }
                let arguments = self.heap.node(values.split_off(1))?;
                (values.pop().unwrap_or(Value::None), Value::Tuple(arguments))
            }
            0x92 => {
                self.pop()?;
                let arguments = self.pop()?;
                (self.pop()?, arguments)
            }
            _ => {
                let arguments = self.pop()?;
                (self.pop()?, arguments)
            }
        };
        let Value::Tuple(arguments) = arguments else {
            return Err(damaged("it calls a function without a tuple of arguments"));
        };
        match function {
            Value::Global(global) => {
                construct::call(&mut self.heap, self.input.text(), global, arguments)
            }
            Value::Object(global) => Ok(Value::Object(global)),
            _ => Err(damaged("it calls what is no function")),
        }
    }

    /// Attributes of an object are passed over, such as the `_metadata` of a state dict.
    fn built(&mut self) -> Result<Value, Trouble> {
        self.pop()?;
        match self.pop()? {
            Value::Tensor(_) => Err(damaged("it changes a tensor after it was made")),
            value => Ok(value),
        }
    }

    fn storage(&mut self) -> Result<Value, Trouble> {
        let Value::Tuple(node) = self.pop()? else {
            return Err(damaged("it describes a storage by what is no tuple"));
        };
        self.storages.push(node);
        Ok(Value::Storage(node))
    }
}

fn underflow() -> Trouble {
    damaged("its description of the tensors takes more values than it made")
}

fn unknown(instruction: u8) -> Trouble {
    Trouble::Damaged(format!(
        "its description of the tensors has the instruction {instruction:#04x}, which stands for nothing there"
    ))
}

/// Decimal digits, maybe with the `L` of Python 2; 00 and 01 are how protocol 0 writes truth.
fn written_integer(line: &[u8]) -> Value {
    match line {
        b"00" => return Value::Bool(false),
        b"01" => return Value::Bool(true),
        _ => {}
    }
    let text = std::str::from_utf8(line).unwrap_or_default();
    let text = text.strip_suffix('L').unwrap_or(text);
    text.parse().map_or(Value::Plain, Value::Int)
}

/// A number of any length, in two's complement.
fn little_endian(bytes: &[u8]) -> Value {
    let is_negative = bytes.last().is_some_and(|&last| last >= 0x80);
    let filler = if is_negative { 0xff } else { 0 };
    let mut whole = [filler; 8];
    let Some(place) = whole.get_mut(..bytes.len()) else {
        return Value::Plain;
    };
    place.copy_from_slice(bytes);
    Value::Int(i64::from_le_bytes(whole))
}
