//! Rows packed until the reply is full.

/// Takes rows as long as they fit the reply; the first that does not is given back.
#[derive(Debug)]
pub struct Fill<T> {
    rows: Vec<T>,
    room: usize,
    size: fn(&T) -> usize,
    refused: bool,
}

impl<T> Fill<T> {
    /// Room in bytes, and how to measure a row.
    #[must_use]
    pub fn new(room: usize, size: fn(&T) -> usize) -> Self {
        Self { rows: Vec::new(), room, size, refused: false }
    }

    /// Bytes left.
    #[must_use]
    pub fn room(&self) -> usize {
        self.room
    }

    /// Rows taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// None is taken yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes a row, or answers false: the reply is full.
    pub fn push(&mut self, row: T) -> bool {
        let size = (self.size)(&row);
        if self.refused || size > self.room {
            self.refused = true;
            return false;
        }
        self.room -= size;
        self.rows.push(row);
        true
    }

    /// The rows taken; `None` when there were rows and not one fits.
    #[must_use]
    pub fn finish(self) -> Option<Vec<T>> {
        if self.refused && self.rows.is_empty() { None } else { Some(self.rows) }
    }
}
