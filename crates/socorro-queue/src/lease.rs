//! The receipts of the queues of this crate.

use crate::delivery::Receipt;

/// Which delivery of which message a receipt stands for. Message numbers are never used again and
/// each delivery counts up, so that a receipt means one delivery only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    /// The number of the message, unique in its queue.
    pub(crate) message: i64,
    /// The number of the delivery, from 1.
    pub(crate) attempt: u32,
}

impl Lease {
    /// `message.attempt`
    pub(crate) fn to_receipt(self) -> Receipt {
        Receipt::new(format!("{}.{}", self.message, self.attempt))
    }

    /// `None` for the receipt of another kind of queue.
    pub(crate) fn from_receipt(receipt: &Receipt) -> Option<Self> {
        let (message, attempt) = receipt.as_str().split_once('.')?;
        Some(Self {
            message: message.parse().ok()?,
            attempt: attempt.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_receipt_is_read_back(message: i64, attempt: u32) {
            let lease = Lease { message, attempt };
            prop_assert_eq!(Lease::from_receipt(&lease.to_receipt()), Some(lease));
        }

        #[test]
        fn a_strange_receipt_is_refused(text in "[a-z0-9.-]{0,12}") {
            if let Some(lease) = Lease::from_receipt(&Receipt::new(text.clone())) {
                prop_assert!(text.contains('.'), "{text} gave {lease:?}");
            }
        }
    }
}
