//! What a token lets its bearer do.

/// As what somebody comes. All resources are at one venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Powers {
    /// As a customer.
    Customer,
    /// As an operator of all venues.
    All,
    /// As an operator of the venue that there is.
    Here,
    /// As an operator of another venue, who is like any customer here.
    Elsewhere,
}

impl Powers {
    /// What the token says of the role.
    pub fn role(self) -> &'static str {
        if self == Self::Customer { "customer" } else { "operator" }
    }

    /// What the token says of the venue.
    pub fn venue(self) -> Option<&'static str> {
        match self {
            Self::Customer | Self::All => None,
            Self::Here => Some("main"),
            Self::Elsewhere => Some("pier"),
        }
    }

    /// Whether operators' requests are obeyed here.
    pub fn operates(self) -> bool {
        matches!(self, Self::All | Self::Here)
    }
}
