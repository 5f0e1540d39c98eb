//! A value with fields inside fields, to take apart.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shop {
    pub(crate) name: String,
    pub(crate) region: Region,
    pub(crate) counts: (u32, (u32, String)),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Region {
    pub(crate) name: String,
    pub(crate) cities: Vec<String>,
}

pub(crate) fn shop() -> Shop {
    let region = Region { name: "EU".to_owned(), cities: vec!["Ghent".to_owned()] };
    Shop { name: "corner".to_owned(), region, counts: (1, (2, "three".to_owned())) }
}
